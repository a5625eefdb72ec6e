"""Unmodified clients through the proxy: what is read back is what was sent, attested, in every codec."""

import kcattext
import pytest
from checks import attested, same_records
from clients import GO, JAVA, Aiokafka, Confluent, Kcat, sample
from conftest import DIRECT
from kafkalog import CODECS
from lab.kafka import until

CLIENTS = {c.name: c for c in (Confluent, Aiokafka, JAVA, GO, Kcat)}
N = 64


@pytest.fixture(scope="module")
def session(cluster, proxy):
    """Each client's whole session, made once: it produces a topic per codec, then reads each back."""
    done = {}

    def run(name):
        if name in done:
            return done[name]
        client, out = CLIENTS[name], {}
        for i, codec in enumerate(CODECS):
            sent = sample(N, i, 2, client is Kcat, client in (JAVA, GO), client is not Aiokafka)
            topic = cluster.create(f"client-{name}-{codec}-{id(done) % 9973}", partitions=2)
            out[codec] = [topic, sent, None]
        if client in (JAVA, GO):
            jobs = [client.produce_job(t, sent, codec=c) for c, (t, sent, _) in out.items()]
            jobs += [client.consume_job(t, N) for t, _, _ in out.values()]
            results = client.run(proxy.bootstrap, jobs)
            for codec, got in zip(CODECS, results[len(CODECS) :]):
                out[codec][2] = got
        else:
            for codec, x in out.items():
                client.produce(proxy.bootstrap, x[0], x[1], codec=codec)
                x[2] = client.consume(proxy.bootstrap, x[0], N)
        done[name] = out
        return out

    return run


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("name", CLIENTS)
def test_round_trip(cluster, proxy, session, name, codec):
    topic, sent, got = session(name)[codec]
    same_records(sent, got)
    logs = [cluster.log(topic, p) for p in (0, 1)]
    assert any(b.codec == codec for log in logs for b in log.batches), "the codec is the client's"
    assert {b.codec for log in logs for b in log.batches} <= {codec, "none"}
    if DIRECT:
        return
    for p, x in attested(cluster, proxy, topic).items():
        ids = {y["clientId"] for s in x.statements for y in s.kafka["producers"]}
        assert len(ids) == 1, ids
        software = {y.get("softwareName") for s in x.statements for y in s.kafka["producers"]}
        if name in ("java", "franz-go", "confluent-kafka", "kcat"):
            want = {"java": "apache-kafka-java", "franz-go": "kgo"}.get(name, "librdkafka")
            assert software in ({want}, {"confluent-kafka-python"}), software


@pytest.mark.parametrize("headers", [[], [(b"a", b"b=c"), (b"d", b"")]])
def test_what_kcat_prints(headers):
    """Its text is taken apart whatever the bytes of the proxy's headers are: spaces, commas, ends of lines."""
    own = [(b"makoto.content_hash", b"\n1 2 3,x=\n"), (b"makoto.window_id", b"1"), (b"makoto.signature", b",a,\n7 7 7 1 =")]
    for h in (headers, headers + own[:2], headers + own):
        line = b"0 7 1 2 k\n 3 v v " + b",".join(n + b"=" + v for n, v in h) + kcattext.END
        assert list(kcattext.records(line * 2)) == [(0, 7, 1, b"k\n", b"v v", h)] * 2


GROUPS = {
    "java-classic": (JAVA, {"group_protocol": "classic"}),
    "java-848": (JAVA, {"group_protocol": "consumer"}),
    "confluent-classic": (Confluent, {}),
    "confluent-848": (Confluent, {"group_protocol": "consumer"}),
    "aiokafka": (Aiokafka, {}),
    "franz-go": (GO, {}),
}


@pytest.fixture(scope="module")
def mixed(cluster, proxy):
    """A topic with batches of every codec, written by two clients."""
    topic = cluster.create(f"mixed-{id(cluster) % 9973}", partitions=3)
    sent = []
    for i, codec in enumerate(CODECS):
        part = sample(30, 100 + i, 3)
        (Confluent if i % 2 else Aiokafka).produce(proxy.bootstrap, topic, part, codec=codec)
        sent += part
    return topic, sent


@pytest.mark.parametrize("name", GROUPS)
def test_groups(cluster, proxy, mixed, name):
    topic, sent = mixed
    client, props = GROUPS[name]
    group = f"g-{name}-{topic}"
    got = client.consume(proxy.bootstrap, topic, len(sent), group_id=group, **props)
    same_records(sent, sorted(got, key=lambda r: (r.partition, r.offset)))
    assert cluster.committed(group, topic) == {p: cluster.log(topic, p).end for p in range(3)}


def test_share_group(cluster, proxy, mixed):
    topic, sent = mixed
    group = f"share-{topic}"
    cluster.alter_group(group, share_auto_offset_reset="earliest")
    got = JAVA.run(proxy.bootstrap, [JAVA.consume_job(topic, len(sent), op="share", group_id=group)])[0]
    same_records(sent, sorted(got, key=lambda r: (r.partition, r.offset)))
    until("what was acknowledged is settled", lambda: cluster.share_lag(group, topic) == 0)


def test_attested_whole(cluster, proxy, mixed):
    if not DIRECT:
        attested(cluster, proxy, mixed[0])


def test_java_admin(cluster, proxy, mixed):
    r = JAVA.run(proxy.bootstrap, [{"op": "admin", "topic": mixed[0], "props": {}}])[0]
    assert r["partitions"] == 3 and r["clusterId"] == cluster.id and len(r["nodes"]) == 3
    if not DIRECT:
        assert {host for _, host, _ in r["nodes"]} == {"127.0.0.1"}
        assert {port for _, _, port in r["nodes"]} == {proxy.port + n for n in (1, 2, 3)} or len({p for _, _, p in r["nodes"]}) == 3
        assert r["quorumNodes"] == []
