"""Each release of Kafka in lab/releases.py: old and new clients through the proxy, what it asks itself, what it gives.

One broker at a time.  All that a client is sent passes a recording relay, and what clients wrote is attested: by
makotoctl and by verifier.py.  test_hidden.py has brokers that hide APIs, test_backlog.py the newest release.
"""

import os
import struct
import time
import zlib

import kafkalog
import pytest
import wire
from checks import attested, same_records
from clients import JAVA, Confluent, Kcat, Rec, _Program, run_jobs, sample
from kafkalog import CODECS
from lab.kafka import java, until
from lab.releases import RELEASES, ReleaseCluster
from matrix.ways import clean, watched
from proxy import PATIENCE, ctl_verify
from relay import HOST, addresses
from test_check_cluster import checked

pytestmark = pytest.mark.versions
OLDEST = min(RELEASES.values(), key=lambda r: r.number)


class OldKcat(Kcat):
    """kcat with librdkafka 1.0.0, of 2019."""

    name = "librdkafka-old"
    env = {
        "LD_LIBRARY_PATH": os.path.join(wire.cache_dir(), "librdkafka-1.0.0"),
        "LD_PRELOAD": os.path.join(wire.cache_dir(), "librdkafka-1.0.0", "newer.so"),
    }


JAVA_OLD = _Program("java-old", lambda: java("Jobs", lib=OLDEST.lib), {"linger.ms": "20"})
CLIENTS = {c.name: c for c in (JAVA, JAVA_OLD, Confluent, Kcat, OldKcat)}
JAVAS = (JAVA, JAVA_OLD)
N = 8  # records a codec


@pytest.fixture(scope="module", params=RELEASES)
def cluster(request, tmp_path_factory):
    c = ReleaseCluster(RELEASES[request.param], str(tmp_path_factory.mktemp("kafka") / "cluster"))
    try:
        c.start()
        yield c
    finally:
        c.stop()


@pytest.fixture(scope="module")
def way(cluster, tmp_path_factory):
    """The proxy before that broker, its relay, and the statement topic."""
    with watched(cluster, tmp_path_factory.mktemp("proxy"), {"attest.window.max.age": "300ms"}) as w:
        w.address = (HOST, w.relay.base)
        yield w


def check(cluster, way, topic, **kw):
    return attested(cluster, way.proxy, topic, dbom_topic=way.dbom, **kw)


def send(client, bootstrap, topic, parts):
    """parts: [(codec, records, idempotent)], one after another; {codec: offsets} where the client tells them."""
    props = lambda idempotent: {"enable_idempotence": "true" if idempotent else "false", "acks": "all"}  # noqa: E731
    if client in JAVAS:
        client.run(bootstrap, [client.produce_job(topic, rs, codec=c, **props(i)) for c, rs, i in parts])
        return
    for codec, records, idempotent in parts:
        client.produce(bootstrap, topic, records, codec=codec, **props(idempotent))


@pytest.mark.parametrize("name", CLIENTS)
def test_every_codec(cluster, way, topic, name):
    """Written in each codec, every other batch idempotently; read back, equal, attested."""
    client = CLIENTS[name]
    t = topic(name, partitions=2)
    text = issubclass(client, Kcat) if isinstance(client, type) else False
    parts, sent = [], []
    for i, codec in enumerate(CODECS):
        records = [bulky(r) for r in sample(N, i, 2, text)]
        parts.append((codec, records, i % 2 == 0))
        sent += records
    send(client, way.bootstrap, t, parts)
    # librdkafka 1.0.0 asks for the first offset by ListOffsets 0, which brokers from 4.0 on haven't: it can only write there.
    reader = Confluent if client is OldKcat and cluster.release.number >= (4, 0) else client
    same_records(sent, reader.consume(way.bootstrap, t, len(sent)))
    x = check(cluster, way, t)
    batches = [b for p in x.values() for b in p.log.batches]
    assert {b.codec for b in batches} == set(CODECS), "the codec is the client's"
    assert {b.pid >= 0 for b in batches} == {True, False}
    clean(way.relay)


def bulky(r):
    """Compressible, so that no client stores it as it is; null stays."""
    return r if r.value is None else Rec(r.key, r.value + b"z" * 500, r.headers, r.timestamp, r.partition)


@pytest.mark.parametrize("client", (JAVA, JAVA_OLD, Confluent), ids=lambda c: c.name)
def test_transactions(cluster, way, topic, client):
    """Committed, aborted, committed; then in a group, which commits."""
    t = topic(client.name)
    sent = [bulky(r) for r in sample(12, 7)]
    txn = [(True, 5), (False, 3), (True, 4)]
    client.produce(way.bootstrap, t, sent, codec="lz4", txn=txn, transactional_id=f"tx-{t}")
    got = client.consume(way.bootstrap, t, 9, group_id=f"g-{t}", isolation_level="read_committed")
    same_records(sent[:5] + sent[8:], got)
    assert len(check(cluster, way, t)[0].log.aborted) == 3
    check(cluster, way, t, isolation="read_committed")
    clean(way.relay)


# Between brokers, and of no use to clients; the proxy tells none of them.
BETWEEN_BROKERS = {4, 5, 6, 7, 52, 53, 54, 56, 57, 58, 59, 62, 63, 67, 70, 73, 82}


WRITE_TXN_MARKERS = 27  # a broker's too, till Admin.abortTransaction() of 3.0; version 0 is no more in Kafka 4


def test_nothing_is_lost(cluster, way):
    """A client is told of every API and version that it would be told of without the proxy."""
    with wire.Conn(*way.address) as c, cluster.node(1).conn() as d:
        for version in range(cluster.newest("ApiVersions") + 1):
            value = {"ClientSoftwareName": "e2e", "ClientSoftwareVersion": "1"} if version >= 3 else {}
            got, want = c.ask("ApiVersions", version, value), d.ask("ApiVersions", version, value)
            ranges = lambda r: {a["ApiKey"]: (a["MinVersion"], a["MaxVersion"]) for a in r["ApiKeys"]}  # noqa: E731
            lost = {k: v for k, v in ranges(want).items() if ranges(got).get(k) != v}
            if cluster.release.number < (2, 8):
                lost.pop(WRITE_TXN_MARKERS)
            assert set(lost) <= BETWEEN_BROKERS, lost
            assert set(ranges(got)) <= set(ranges(want))
            for name in ("SupportedFeatures", "FinalizedFeatures"):
                assert got.get(name) == want.get(name)
    clean(way.relay)


VALUES = {
    "Metadata": lambda v, t: {"Topics": [{"Name": t}]},
    "FindCoordinator": lambda v, t: {"Key": "some-group"} if v < 4 else {"CoordinatorKeys": ["some-group"]},
    "DescribeCluster": lambda v, t: {},
}


@pytest.mark.parametrize("name", VALUES)
def test_addresses_in_every_version(cluster, way, topic, name):
    t = topic()
    lowest, _ = cluster.ranges.get(wire.request(name).key, (0, -1))
    highest = cluster.newest(name)
    assert highest >= 0 or (name == "DescribeCluster" and cluster.release.number < (2, 8))
    for version in range(max(lowest, 0), highest + 1):
        def answer():
            with wire.Conn(*way.address) as c:
                got = c.ask(name, version, VALUES[name](version, t))
            # The topic of groups' offsets is made when the first group is looked for.
            return None if name == "FindCoordinator" and 15 in (got.get("ErrorCode"), *(x["ErrorCode"] for x in got.get("Coordinators", []))) else got

        told = set(addresses(until(f"{name} {version} is answered", answer)))
        assert told == {(HOST, way.relay.base + 1)}, (name, version, told)
    clean(way.relay)


def now_batch(n=3, **kw):
    now = int(time.time() * 1000)
    return kafkalog.make_batch([kafkalog.Record(0, now + i, b"k%d" % i, b"v%d" % i) for i in range(n)], **kw).pack()


def test_produce_in_every_version(cluster, way, topic):
    t = topic()
    codecs = {v: CODECS[v % 5] if v >= 7 else CODECS[v % 4] for v in range(3, cluster.newest("Produce") + 1)}
    with wire.Conn(*way.address) as c:
        for version, codec in codecs.items():
            name = {"Name": t} if version < 13 else {"TopicId": cluster.metadata(t)["TopicId"]}
            data = [{**name, "PartitionData": [{"Index": 0, "Records": now_batch(2, codec=codec)}]}]
            got = c.ask("Produce", version, {"Acks": -1, "TimeoutMs": 10000, "TopicData": data})
            part = got["Responses"][0]["PartitionResponses"][0]
            assert (part["ErrorCode"], part["BaseOffset"]) == (0, 2 * (version - 3)), (version, got)
    assert len(check(cluster, way, t)[0].log.records) == 2 * len(codecs)
    clean(way.relay)


def test_fetch_in_every_version(cluster, way, topic):
    t = topic()
    Confluent.produce(way.bootstrap, t, sample(3))
    log = cluster.log(t)
    stored = b"".join(b.pack() for b in log.batches)
    for version in range(4, cluster.newest("Fetch") + 1):
        name = {"Topic": t} if version < 13 else {"TopicId": cluster.metadata(t)["TopicId"]}
        parts = [{"Partition": 0, "FetchOffset": 0, "PartitionMaxBytes": 1 << 20}]
        ask = {"MaxWaitMs": 100, "MinBytes": 1, "Topics": [{**name, "Partitions": parts}]}
        with wire.Conn(*way.address) as c, cluster.node(1).conn() as d:
            got, want = c.ask("Fetch", version, ask), d.ask("Fetch", version, ask)
        part = got["Responses"][0]["Partitions"][0]
        assert part["ErrorCode"] == 0 and part["Records"] == stored, version
        got.pop("SessionId", None), want.pop("SessionId", None)
        assert got == want
    clean(way.relay)


# --- what the proxy asks and makes itself ----------------------------------------------------


def test_the_statement_topic(cluster, way, topic):
    """The proxy made it, as it does on any broker, when there was something to state."""
    t = topic()
    Confluent.produce(way.bootstrap, t, sample(2))
    check(cluster, way, t)
    assert len(cluster.partitions(way.dbom)) >= 1
    value = {"Resources": [{"ResourceType": 2, "ResourceName": way.dbom, "ConfigurationKeys": None}]}
    got = cluster.ask("DescribeConfigs", 4, value)["Results"][0]
    configs = {c["Name"]: c["Value"] for c in got["Configs"]}
    assert got["ErrorCode"] == 0 and configs["cleanup.policy"] == "delete"
    assert configs["retention.ms"] == "-1", configs["retention.ms"]


def test_limits_are_read(cluster, way, topic):
    """max.message.bytes is known before the first batch: what fits alone goes with shorter headers or none, once."""
    t = topic(configs={"max.message.bytes": 1000})
    before = way.proxy.metric("makoto_batches_too_large_total")
    sent = [Rec(b"k", b"v" * 900, [], int(time.time() * 1000), 0)]
    Confluent.produce(way.bootstrap, t, sent, acks="all")
    same_records(sent, Confluent.consume(way.bootstrap, t, 1))
    check(cluster, way, t, mode=None)
    assert way.proxy.metric("makoto_batches_too_large_total") == before, "none was refused for its size"


def test_append_time_is_read(cluster, way, topic):
    t = topic(configs={"message.timestamp.type": "LogAppendTime"})
    sent = sample(20, 3)
    Confluent.produce(way.bootstrap, t, sent)
    got = Confluent.consume(way.bootstrap, t, 20)
    same_records(sent, got, timestamps=False)
    assert {r.timestamp_type for r in got} == {1}
    check(cluster, way, t)


def test_login(cluster, new_proxy, topic):
    """The proxy's own login, by SaslHandshake and what of SaslAuthenticate the broker has."""
    t = topic()
    p = new_proxy(
        upstream=cluster.bootstrap_of("SPLAIN"),
        settings={
            "attest.window.max.age": "300ms",
            "kafka.security.protocol": "sasl_plaintext",
            "kafka.sasl.mechanism": "PLAIN",
            "kafka.sasl.username": "sidecar",
            "kafka.sasl.password": "sidecar-pw",
            "clients.authentication": "proxy",
        },
    )
    Confluent.produce(p.bootstrap, t, sample(10))
    attested(cluster, p, t, dbom_topic=p.dbom_topic)


# --- formats before record batch v2 -----------------------------------------------------------


def message_set(magic, values):
    """KIP-32's message sets: what clients wrote before 0.11."""
    out = b""
    for v in values:
        body = struct.pack(">bb", magic, 0) + (struct.pack(">q", int(time.time() * 1000)) if magic else b"")
        body += struct.pack(">i", -1) + struct.pack(">i", len(v)) + v
        message = struct.pack(">I", zlib.crc32(body)) + body
        out += struct.pack(">qi", 0, len(message)) + message
    return out


def produce_old(conn, version, topic, records):
    """Produce before version 3, which the newest definitions lack: no transactional id.  (error, base offset)"""
    conn.correlation += 1
    name = topic.encode()
    body = struct.pack(">hii", -1, 10000, 1) + struct.pack(">h", len(name)) + name + struct.pack(">iii", 1, 0, len(records)) + records
    conn.send_frame(wire.request_header(0, version, conn.correlation, "of-old", False) + body)
    frame = conn.recv_frame()
    assert struct.unpack_from(">i", frame)[0] == conn.correlation
    at = 4 + 4 + 2 + len(name) + 4 + 4
    return struct.unpack_from(">hq", frame, at)


def test_message_sets(cluster, way, topic):
    """Produce 0 to 2 pass unattested, and are counted; from 4.0 on no broker takes them, and the connection ends as without us."""
    t = topic()
    legacy = lambda: way.proxy.metric("makoto_records_unattested_total", reason="legacy-format")  # noqa: E731
    before = legacy()
    if cluster.release.number >= (4, 0):
        for connect in (cluster.node(1).conn, lambda: wire.Conn(*way.address)):
            with connect() as c, pytest.raises((ConnectionError, struct.error)):
                produce_old(c, 2, t, message_set(1, [b"v"]))
        assert cluster.log(t).records == []
        return
    values = []
    for version in (0, 1, 2):
        with wire.Conn(*way.address) as c:
            for magic in (0, 1) if version == 2 else (0,):
                value = b"v%d of %d" % (magic, version)
                assert produce_old(c, version, t, message_set(magic, [value])) == (0, len(values))
                values.append(value)
    # A message set in a request of today.
    with wire.Conn(*way.address) as c, cluster.node(1).conn() as d:
        data = [{"Name": t, "PartitionData": [{"Index": 0, "Records": message_set(1, [b"mixed"])}]}]
        ask = {"Acks": -1, "TimeoutMs": 10000, "TopicData": data}
        error = lambda got: got["Responses"][0]["PartitionResponses"][0]["ErrorCode"]  # noqa: E731
        assert error(c.ask("Produce", 3, ask)) == error(d.ask("Produce", 3, ask))
    got = Confluent.consume(way.bootstrap, t, len(values))
    assert [r.value for r in got[: len(values)]] == values and not any(r.headers for r in got)
    assert legacy() - before >= len(values)
    clean(way.relay)


def test_check_of_a_cluster(cluster, tmp_path):
    """makoto-proxy -n --check-cluster sees of each release what that tells, and says what it doesn't."""
    number = cluster.release.number
    c, _ = checked(tmp_path / "p", cluster.bootstrap, {"attest.dbom.topic": "check.dbom"})
    unseen = (["topics to attest"] if number < (2, 3) else []) + (["topic check.dbom"] if number < (2, 4) else [])
    assert [what for what, _ in c.of("warn") if what != "cluster rights"] == unseen and not c.of("fail"), c.text
    if number >= (2, 4):
        c.has("ok", "topic check.dbom", "the proxy creates it, and may")
    c.has("ok" if number >= (2, 3) else "warn", "cluster rights", "" if number >= (2, 8) else "IdempotentWrite")
    c.has("ok", "clock", "^as the cluster's$" if number >= (3, 3) else "^not compared")
    assert c.rc == 0


@pytest.mark.parametrize("cluster", [v for v, r in RELEASES.items() if r.number < (3, 0)], indirect=True)
@pytest.mark.parametrize("codec", ("none", "lz4"))
def test_topics_of_an_old_format(cluster, way, topic, codec):
    """A topic kept in 0.10's format can have no headers: what a client can write without the proxy it can write with it."""
    sent = [bulky(Rec(b"k%d" % i, b"v%d" % i, [], int(time.time() * 1000), 0)) for i in range(10)]
    legacy = lambda: way.proxy.metric("makoto_records_unattested_total", reason="legacy-format")  # noqa: E731
    for version in ("0.10.2", "0.9.0"):
        t = topic(configs={"message.format.version": version})
        before = legacy()
        Confluent.produce(way.bootstrap, t, sent, codec=codec)
        got = Confluent.consume(way.bootstrap, t, 10)
        same_records(sent, got, timestamps=version != "0.9.0")
        assert not any(r.headers for r in got)
        assert legacy() - before == (10 if version == "0.9.0" else 0)
        if version == "0.9.0":
            continue

        def verified():
            p, _, last = ctl_verify(cluster.bootstrap, t, way.proxy.public_key, "--dbom-topic", way.dbom)
            return p.returncode == 0 and last["verdicts"] == {"verified": 10}

        until("its records are verified", verified, 30 * PATIENCE)


def test_share_groups(cluster, new_proxy, topic, tmp_path):
    """Behind enforce: each record as its first delivery, though its lock would have ended; where locks can't be renewed there are no share groups, and the application hears of it."""
    w = new_proxy("writer", {"attest.window.max.age": "20s"})
    policy = tmp_path / "trust.yaml"
    policy.write_text(f"issuers:\n  writer:\n    keys: [{w.public_key}]\nunattested: deny\n")
    r = new_proxy("reader", {"verify.mode": "enforce", "verify.policy": str(policy), "attest.enabled": False})
    t = topic()
    g = f"share-{t}"
    Confluent.produce(w.bootstrap, t, sample(10, text=True))
    job = JAVA.consume_job(t, 10, op="share", timeout=60 * PATIENCE, group_id=g)
    if cluster.release.number < (4, 2):
        with pytest.raises(AssertionError, match="UnsupportedVersionException"):
            run_jobs(JAVA.command(), r.bootstrap, [job])
        return
    cluster.alter_group(g, share_auto_offset_reset="earliest", share_record_lock_duration_ms=15000)
    got = run_jobs(JAVA.command(), r.bootstrap, [job])[0]
    assert sorted(x["o"] for x in got["records"]) == list(range(10))
    assert {x["d"] for x in got["records"]} == {1} and not got["failed"]
