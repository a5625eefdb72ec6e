"""What the proxy adds, in every mode and for every kind of topic and producer."""

import hashlib
import json
import os
import random
import signal
import socket
import threading
import time

import kafkalog
import pytest
import verifier
import wire
from checks import attested, of_topic, public_keys, same_records, statements, wait_stated
from clients import GO, JAVA, Aiokafka, Confluent, Rec, sample
from lab.kafka import until
from load import attested_or_counted
from proxy import PATIENCE, ctl, ctl_verify


@pytest.mark.parametrize("mode", ["full", "compact", "none"])
def test_header_modes(cluster, new_proxy, topic, mode):
    p = new_proxy(settings={"attest.headers": mode})
    for codec in kafkalog.CODECS:
        t = topic(partitions=2)
        sent = sample(40, 7, 2)
        Confluent.produce(p.bootstrap, t, sent, codec=codec)
        same_records(sent, Confluent.consume(p.bootstrap, t, 40))
        attested(cluster, p, t, mode, p.dbom_topic)


def test_full_headers_to_the_byte(cluster, proxy, topic):
    """The three headers, spelled out once without the verifier's help."""
    t = topic()
    Confluent.produce(proxy.bootstrap, t, [Rec(b"k", b"hello", [(b"own", b"1")]), Rec(b"k", None)])
    a, b = cluster.log(t).records
    v = wait_stated(cluster, public_keys(proxy.public_key), t)
    (s,) = of_topic(v, t, cluster.topic_id(t))
    assert a.headers == [
        (b"own", b"1"),
        (b"makoto.content_hash", hashlib.sha256(b"hello").hexdigest().encode()),
        (b"makoto.window_id", b"1"),
        (b"makoto.signature", f"makoto.dbom/{s.chain}/1".encode()),
    ]
    assert b.headers[0] == (b"makoto.content_hash", b"")
    assert s.record_key == f"{s.chain}/1"


@pytest.mark.parametrize("algorithm", ["p256", "p384", "ed25519", "rsa-pss"])
def test_signing_keys(cluster, new_proxy, topic, tmp_path, algorithm):
    private, public = tmp_path / "k.pem", tmp_path / "k.pub.pem"
    p = ctl("keygen", "--algorithm", algorithm, "--out", private, "--public", public)
    assert p.returncode == 0, p.stderr
    assert os.stat(private).st_mode & 0o777 == 0o600
    again = ctl("keygen", "--algorithm", algorithm, "--out", private, "--public", public)
    assert again.returncode != 0, "a key is never overwritten"
    px = new_proxy(settings={"attest.signing.key.id": f"file:{private}"})
    type(px).public_key.fget(px)
    t = topic()
    Confluent.produce(px.bootstrap, t, sample(20))
    holder = type("P", (), {"public_key": str(public)})
    attested(cluster, holder, t, "full", px.dbom_topic)


def test_level_1_is_not_signed(cluster, new_proxy, topic):
    px = new_proxy(settings={"attest.level": 1})
    t = topic()
    Confluent.produce(px.bootstrap, t, sample(20))
    v = wait_stated(cluster, [], t, dbom_topic=px.dbom_topic, accept_level1=True)
    got = v.judge(t, cluster.topic_id(t), 0, cluster.log(t))
    assert got.counts() == {"unsigned": 20} and not got.violations()
    assert all(s.kafka["makotoLevel"] == "L1" and not s.signed for s in of_topic(v, t, cluster.topic_id(t)))


@pytest.mark.parametrize("acks", ["0", "1", "all"])
@pytest.mark.parametrize("client", [Confluent, Aiokafka, GO], ids=lambda c: c.name)
def test_acks(cluster, proxy, topic, client, acks):
    t = topic()
    sent = sample(60)
    if client is Aiokafka:
        client.produce(proxy.bootstrap, t, sent, acks=int(acks) if acks != "all" else "all")
    else:
        client.produce(proxy.bootstrap, t, sent, acks=acks)
    until("the records are in the log", lambda: len(cluster.log(t).records) == 60, 20)
    same_records(sent, Confluent.consume(proxy.bootstrap, t, 60))
    attested(cluster, proxy, t)


@pytest.mark.parametrize("client", [Confluent, Aiokafka, JAVA, GO], ids=lambda c: c.name)
def test_idempotent(cluster, proxy, topic, client):
    t = topic(partitions=2)
    sent = sample(200, 3, 2)
    props = {} if client is GO else {"enable_idempotence": True if client in (Confluent, Aiokafka) else "true"}
    client.produce(proxy.bootstrap, t, sent, codec="lz4", **props)
    same_records(sent, Confluent.consume(proxy.bootstrap, t, 200))
    assert all(b.pid >= 0 for p in (0, 1) for b in cluster.log(t, p).batches)
    attested(cluster, proxy, t)


@pytest.mark.parametrize("client", [Confluent, JAVA, GO], ids=lambda c: c.name)
def test_transactions(cluster, proxy, topic, client):
    """Commits and aborts: both kinds of members are attested, the aborted ones are named."""
    t = topic()
    sent = sample(60, 5)
    plan = [(True, 10), (False, 20), (True, 5), (False, 5), (True, 20)]
    client.produce(proxy.bootstrap, t, sent, codec="zstd", txn=plan, transactional_id=f"tx-{t}")
    at, good = 0, []
    for commit, n in plan:
        good += sent[at : at + n] if commit else []
        at += n
    same_records(good, Confluent.consume(proxy.bootstrap, t, len(good), isolation_level="read_committed"))
    log = cluster.log(t)
    assert (len(log.records), len(log.aborted)) == (60, 25)
    attested(cluster, proxy, t)
    attested(cluster, proxy, t, isolation="read_committed")


def test_transaction_left_open(cluster, new_proxy, topic):
    """A transaction that outlives transaction.wait: its members are stated as open, its end in a later statement."""
    from confluent_kafka import Producer

    px = new_proxy(settings={"attest.transaction.wait": "500ms", "attest.window.max.age": "300ms"})
    t = topic()
    tx = Producer({"bootstrap.servers": px.bootstrap, "transactional.id": f"open-{t}"})
    tx.init_transactions(60)
    tx.begin_transaction()
    for i in range(5):
        tx.produce(t, b"v%d" % i, b"k")
    tx.flush(30)
    keys = public_keys(px.public_key)
    v = wait_stated(cluster, keys, t, 5, px.dbom_topic)
    (s,) = of_topic(v, t, cluster.topic_id(t))
    assert s.kafka["open"] == [[0, 5]] and s.kafka["aborted"] == []
    tx.abort_transaction(30)
    Confluent.produce(px.bootstrap, t, [Rec(b"k", b"after")])
    v = wait_stated(cluster, keys, t, 6, px.dbom_topic)
    later = max(of_topic(v, t, cluster.topic_id(t)), key=lambda s: s.window)
    assert later.kafka["resolved"] == [[0, 5, "aborted"]]
    j = v.judge(t, cluster.topic_id(t), 0, cluster.log(t))
    assert not j.violations(), j.violations()


def test_connections_share_one_chain(cluster, proxy, topic):
    """Eight producers at one partition at once, on as many connections and several threads: one chain."""
    t = topic()
    sent = [sample(100, s) for s in range(8)]
    threads = [threading.Thread(target=Confluent.produce, args=(proxy.bootstrap, t, x), kwargs={"codec": c}) for x, c in zip(sent, kafkalog.CODECS * 2)]
    for x in threads:
        x.start()
    for x in threads:
        x.join()
    assert len(cluster.log(t).records) == 800
    x = attested(cluster, proxy, t, chains=1)
    assert proxy.threads() >= 2 and x[0].statements


@pytest.mark.parametrize("codec", ["none", "lz4", "zstd"])
def test_large_records(cluster, proxy, topic, codec):
    t = topic()
    noise = random.Random(1).randbytes(900_000)
    sent = [Rec(b"k", noise, [(b"h", b"x")]), Rec(b"k", b"a" * 900_000), Rec(b"k", b"")]
    Confluent.produce(proxy.bootstrap, t, sent, codec=codec, message_max_bytes=1_000_000, linger_ms=0)
    same_records(sent, Confluent.consume(proxy.bootstrap, t, 3))
    attested(cluster, proxy, t, mode=None)


def test_log_append_time(cluster, proxy, topic):
    t = topic(configs={"message.timestamp.type": "LogAppendTime"})
    sent = sample(50)
    Confluent.produce(proxy.bootstrap, t, sent, codec="snappy")
    got = Confluent.consume(proxy.bootstrap, t, 50)
    same_records(sent, got, timestamps=False)
    assert all(r.timestamp_type == 1 for r in got)
    x = attested(cluster, proxy, t)
    for s in x[0].statements:
        assert s.kafka["timestampType"] == "LogAppendTime"
        stats = s.body["predicate"]["aggregates"]["statistics"]
        stamps = {r.timestamp for r in x[0].log.records}
        assert stats["minTimestamp"] == iso(min(stamps)) and stats["maxTimestamp"] == iso(max(stamps))


def iso(ms):
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(ms // 1000)) + f".{ms % 1000:03d}Z"


def test_timestamp_type_changes(cluster, new_proxy, topic):
    """CreateTime becomes LogAppendTime under a running producer: no window has both, and what was bound to the old type is counted."""
    px, t = new_proxy(), topic()
    keys = public_keys(px.public_key)
    Confluent.produce(px.bootstrap, t, sample(20))
    # A record whose header names a window with CreateTime members can't join another: it would be unresolved.
    wait_stated(cluster, keys, t, 20, px.dbom_topic)
    cluster.alter_topic(t, message_timestamp_type="LogAppendTime")
    until("the broker stamps", lambda: Confluent.produce(px.bootstrap, t, sample(1)) and cluster.log(t).batches[-1].log_append, 20)
    Confluent.produce(px.bootstrap, t, sample(20))
    # The first one that is stamped; from then on its answer has told.
    assert attested_or_counted(cluster, px, t) == 1
    assert px.metric("makoto_records_unattested_total", reason="timestamp-type") == 1
    types = [s.kafka["timestampType"] for s in of_topic(statements(cluster, keys, px.dbom_topic), t, cluster.topic_id(t))]
    assert set(types) == {"CreateTime", "LogAppendTime"} and types == sorted(types)


def test_compacted(cluster, new_proxy, topic):
    """The cleaner takes records away; with leaf+key they are told apart from missing ones."""
    t = topic(
        rf=1,
        configs={
            "cleanup.policy": "compact",
            "segment.ms": 200,
            "min.cleanable.dirty.ratio": 0.001,
            "max.compaction.lag.ms": 200,
            "delete.retention.ms": 0,
        },
    )
    px = new_proxy(settings={"attest.compacted": [t]})
    sent = [Rec(b"k%d" % (i % 5), b"v%d" % i if i % 11 else None) for i in range(100)]
    Confluent.produce(px.bootstrap, t, sent, codec="lz4")
    before = len(cluster.log(t).records)
    assert before == 100
    keys = public_keys(px.public_key)
    v = wait_stated(cluster, keys, t, 100, px.dbom_topic)
    extra = []

    def cleaned():
        extra.append(1)
        Confluent.produce(px.bootstrap, t, [Rec(b"roll", b"%d" % len(extra))])
        return len([r for r in cluster.log(t).records if r.offset < 100]) < 50

    until("the cleaner has been", cleaned, 60, 0.4)
    v = wait_stated(cluster, keys, t, 100 + len(extra), px.dbom_topic)
    for s in of_topic(v, t, cluster.topic_id(t)):
        assert s.kafka["manifest"] == "leaf+key" and s.leaves() is not None
    j = v.judge(t, cluster.topic_id(t), 0, cluster.log(t), compacted=True)
    assert not j.violations(), j.violations()[:5]
    assert {why for w in j.windows for why in w.missing.values()} == {"compacted"}
    p = ctl("verify", "-b", cluster.bootstrap, "-t", t, "--public-key", px.public_key, "--dbom-topic", px.dbom_topic, "--json")
    assert p.returncode == 0, p.stdout[-2000:] + p.stderr


def _one(value, timestamp):
    return kafkalog.make_batch([kafkalog.Record(0, timestamp, b"key", value, [(b"own", b"1")])]).pack()


def test_batch_limit(cluster, new_proxy, topic):
    """At the topic's limit a batch never fails because of us: full, then compact, then none; beyond it the broker's own error."""
    px = new_proxy(settings={"attest.window.max.age": "500ms"})
    now = int(time.time() * 1000)
    value = random.Random(2).randbytes(1500)
    bare = len(_one(value, now))
    d = px.dbom_topic.encode()

    def with_headers(full):
        h = hashlib.sha256(value)
        chain = "0" * 32
        added = (
            [(b"makoto.content_hash", h.hexdigest().encode()), (b"makoto.window_id", b"1"), (b"makoto.signature", d + b"/" + chain.encode() + b"/1")]
            if full
            else [(b"makoto.content_hash", h.digest()), (b"makoto.window_id", b"1"), (b"makoto.signature", bytes(24))]
        )
        r = kafkalog.Record(0, now, b"key", value, [(b"own", b"1"), *added])
        return len(kafkalog.make_batch([r]).pack())

    full, compact = with_headers(True), with_headers(False)
    assert bare < compact < full
    want = {full + 1: "full", full: "full", full - 1: "compact", compact: "compact", compact - 1: "none", bare: "none", bare - 1: None}
    topics = {}
    for limit, mode in want.items():
        t = topic(configs={"max.message.bytes": limit})
        with wire.Conn("127.0.0.1", px.port + cluster.leader(t)) as c:
            data = {"Acks": -1, "TimeoutMs": 10000, "TopicData": [{"Name": t, "PartitionData": [{"Index": 0, "Records": _one(value, now)}]}]}
            error = c.ask("Produce", 9, data)["Responses"][0]["PartitionResponses"][0]["ErrorCode"]
        assert error == (10 if mode is None else 0), (limit - bare, error)
        if mode is not None:
            topics[t] = mode
    for t, mode in topics.items():
        attested(cluster, px, t, mode, px.dbom_topic)


def test_batch_limit_with_a_client(cluster, proxy, topic):
    """A producer that fills its batches to its own limit under a topic's limit that is no larger."""
    t = topic(configs={"max.message.bytes": 20000})
    rnd = random.Random(3)
    sent = [Rec(b"k", rnd.randbytes(rnd.choice((150, 400, 19000)))) for _ in range(300)]
    Confluent.produce(proxy.bootstrap, t, sent, batch_size=19900, message_max_bytes=19900)
    same_records(sent, Confluent.consume(proxy.bootstrap, t, 300))
    attested(cluster, proxy, t, mode=None)


def test_deleted_and_made_again(cluster, proxy, topic):
    """A topic of the same name with another id is another chain; the first one's statements stay true."""
    t = topic()
    first_id = cluster.topic_id(t)
    Confluent.produce(proxy.bootstrap, t, sample(20))
    cluster.delete(t)
    until("it can be made again", lambda: cluster.create(t), 30)
    second_id = cluster.topic_id(t)
    assert first_id != second_id
    Confluent.produce(proxy.bootstrap, t, sample(30))
    attested(cluster, proxy, t)
    v = statements(cluster, public_keys(proxy.public_key))
    old, new = of_topic(v, t, first_id), of_topic(v, t, second_id)
    assert sum(s.count for s in old) == 20 and sum(s.count for s in new) == 30
    assert not {s.chain for s in old} & {s.chain for s in new}


def test_created_by_use(cluster, proxy):
    """Auto-creation through the proxy."""
    t = f"made-by-use-{os.getpid()}"
    Confluent.produce(proxy.bootstrap, t, sample(10))
    attested(cluster, proxy, t)


def test_leader_moves_under_load(cluster, proxy, topic):
    from confluent_kafka import Producer

    t = topic()
    p = Producer({"bootstrap.servers": proxy.bootstrap, "enable.idempotence": True, "linger.ms": 5})
    failed = []
    for i in range(3000):
        p.produce(t, b"%d" % i, b"k", on_delivery=lambda e, m: e and failed.append(e))
        p.poll(0)
        if i in (800, 1800):
            order = [n.n for n in cluster.nodes]
            leader = cluster.leader(t)
            cluster.move_leader(t, 0, [n for n in order if n != leader] + [leader])
    assert p.flush(60) == 0 and not failed
    log = cluster.log(t)
    assert [int(r.value) for r in log.records] == list(range(3000))
    attested(cluster, proxy, t)


def test_excluded_topics_are_left_alone(cluster, new_proxy, topic):
    px = new_proxy(settings={"attest.topics": ["yes-*"], "attest.exclude": ["yes-but-no*"]})
    yes, no, other = topic("yes"), topic("yes-but-not"), topic("other")
    sent = sample(20)
    for t in (yes, no, other):
        Confluent.produce(px.bootstrap, t, sent, codec="lz4")
    attested(cluster, px, yes, "full", px.dbom_topic)
    for t in (no, other):
        got = cluster.log(t).records
        assert [(r.key, r.value, r.headers, r.timestamp) for r in got] == [(r.key, r.value, r.headers, r.timestamp) for r in sent]


def test_not_enabled(cluster, new_proxy, topic):
    px = new_proxy(settings={"attest.enabled": False})
    t = topic()
    sent = sample(20)
    Confluent.produce(px.bootstrap, t, sent, codec="zstd")
    assert all(r.headers == s.headers for r, s in zip(cluster.log(t).records, sent))


def test_headers_of_an_earlier_hop_are_kept(cluster, new_proxy, topic):
    """Two proxies in series on one topic's records: each attests what it got; both verify."""
    first = new_proxy("first", {"attest.dbom.topic": "makoto.dbom.hop1"})
    t1, t2 = topic("hop-a"), topic("hop-b")
    Confluent.produce(first.bootstrap, t1, sample(20))
    read = Confluent.consume(first.bootstrap, t1, 20)
    copied = [Rec(r.key, r.value, r.headers, r.timestamp) for r in read]
    second = new_proxy("second", {"attest.dbom.topic": "makoto.dbom.hop2"})
    Confluent.produce(second.bootstrap, t2, copied)
    attested(cluster, first, t1, "full", "makoto.dbom.hop1")
    attested(cluster, second, t2, "full", "makoto.dbom.hop2")
    for r, s in zip(cluster.log(t2).records, copied):
        assert r.headers[:-3] == s.headers


def test_producers_and_claims(cluster, new_proxy, topic):
    px = new_proxy(settings={"attest.claims": {"firmware": "4.2.1", "site": "größe"}, "attest.window.max.age": "1h"})
    t = topic()
    Confluent.produce(px.bootstrap, t, sample(30), client_id="billing")
    JAVA.run(px.bootstrap, [JAVA.produce_job(t, sample(12), client_id="orders")])
    Confluent.produce(px.bootstrap, t, sample(3), client_id="billing")
    px.stop()
    v = wait_stated(cluster, public_keys(px.public_key), t, 45, px.dbom_topic)
    (s,) = of_topic(v, t, cluster.topic_id(t))
    assert s.kafka["claims"] == {"firmware": "4.2.1", "site": "größe"}
    got = {x["clientId"]: (x["records"], x["softwareName"]) for x in s.kafka["producers"]}
    assert got["orders"] == (12, "apache-kafka-java") and got["billing"][0] == 33
    assert all(x["softwareVersion"] for x in s.kafka["producers"])
    assert s.kafka["closeReason"] == "shutdown"


class TestWindows:
    def test_by_count(self, cluster, new_proxy, topic):
        px = new_proxy(settings={"attest.window.records": 10, "attest.window.max.age": "1h"})
        t = topic()
        for i in range(10):  # a request that straddles the bound is taken whole or split: never more than a window
            Confluent.produce(px.bootstrap, t, sample(10, i))
        x = attested(cluster, px, t, "full", px.dbom_topic)
        sizes = [s.count for s in x[0].statements]
        assert sum(sizes) == 100 and len(sizes) == 10 and {s.kafka["closeReason"] for s in x[0].statements} == {"records"}

    def test_by_age(self, cluster, new_proxy, topic):
        px = new_proxy(settings={"attest.window.records": 1000000, "attest.window.max.age": "300ms"})
        t = topic()
        Confluent.produce(px.bootstrap, t, sample(5))
        x = attested(cluster, px, t, "full", px.dbom_topic)
        (s,) = x[0].statements
        assert s.kafka["closeReason"] == "age" and s.body["predicate"]["window"]["duration"] == "PT0.3S"
        span = verifier_ms(s.digest["windowEnd"]) - verifier_ms(s.digest["windowStart"])
        assert 250 <= span <= 3000 * PATIENCE

    def test_by_shutdown(self, cluster, new_proxy, topic):
        px = new_proxy(settings={"attest.window.max.age": "1h"})
        t = topic(partitions=3)
        Confluent.produce(px.bootstrap, t, sample(50, 1, 3))
        px.stop()
        x = attested(cluster, px, t, "full", px.dbom_topic)
        assert {s.kafka["closeReason"] for y in x.values() for s in y.statements} == {"shutdown"}
        assert all(len(y.statements) == 1 for y in x.values())

    def test_larger_than_a_window(self, cluster, new_proxy, topic):
        """One batch with more records than a window holds."""
        px = new_proxy(settings={"attest.window.records": 10, "attest.window.max.age": "1h"})
        t = topic()
        Confluent.produce(px.bootstrap, t, [Rec(b"k", b"%d" % i) for i in range(500)], linger_ms=500, codec="lz4")
        px.stop()
        attested(cluster, px, t, "full", px.dbom_topic)

    def test_manifest_not_published(self, cluster, new_proxy, topic):
        px = new_proxy(settings={"attest.manifest": "none", "attest.window.max.age": "500ms"})
        t = topic()
        Confluent.produce(px.bootstrap, t, sample(25))
        x = attested(cluster, px, t, "full", px.dbom_topic)
        assert all(s.manifest is None and s.kafka["manifest"] == "none" for s in x[0].statements)


def verifier_ms(text):
    import calendar

    return calendar.timegm(time.strptime(text[:19], "%Y-%m-%dT%H:%M:%S")) * 1000 + int(text[20:23])


class TestRestart:
    def test_chains_continue(self, cluster, new_proxy, topic):
        """A clean restart: the same instance, key, ports; window ids go on; no gap, no fork, no break."""
        t = topic(partitions=2)
        px = new_proxy(settings={"attest.window.max.age": "300ms"})
        ids = set()
        for round_ in range(3):
            if round_:
                px.start()
            for i in range(3):
                Confluent.produce(px.bootstrap, t, sample(20, 10 * round_ + i, 2))
            wait_stated(cluster, public_keys(px.public_key), t, dbom_topic=px.dbom_topic)
            with open(px.public_key, "rb") as f:
                ids.add(verifier.key_id(verifier.load_key(f.read())))
            px.stop()
        x = attested(cluster, px, t, "full", px.dbom_topic, chains=1)
        assert len(ids) == 1
        for y in x.values():
            assert len({s.kafka["instance"] for s in y.statements}) == 1
            assert [s.links["chainLength"] for s in y.statements] == list(range(1, len(y.statements) + 1))
            assert y.statements[-1].window >= 3

    @pytest.mark.parametrize("taken", ["port", "admin_port"])
    def test_a_start_that_fails_leaves_the_chains(self, cluster, new_proxy, topic, taken):
        """A port that is taken costs that start, not the chains: the next one goes on with them."""
        t = topic()
        px = new_proxy()
        Confluent.produce(px.bootstrap, t, sample(20))
        px.stop()
        with socket.create_server(("127.0.0.1", getattr(px, taken))):
            px.spawn()
            assert px.wait() == 1, px.text()
        px.start()
        Confluent.produce(px.bootstrap, t, sample(20))
        px.stop()
        attested(cluster, px, t, "full", px.dbom_topic, chains=1)

    def test_another_key(self, cluster, new_proxy, topic, tmp_path):
        """As docs/OPERATING.md says: the private key is another one, the chain goes on, and both keys are needed."""
        import shutil

        t = topic()
        px = new_proxy()
        Confluent.produce(px.bootstrap, t, sample(20))
        px.stop()
        old = shutil.copy(px.public_key, tmp_path / "old.pub.pem")
        private = os.path.join(px.state, "signing.pem")
        os.unlink(private)
        os.unlink(px.public_key)
        made = ctl("keygen", "--out", private, "--public", tmp_path / "new.pub.pem")
        assert made.returncode == 0, made.stderr
        px.start()
        Confluent.produce(px.bootstrap, t, sample(20))
        px.stop()
        with open(px.public_key) as given, open(tmp_path / "new.pub.pem") as new:
            assert given.read() == new.read()
        args = ("--dbom-topic", px.dbom_topic)
        assert ctl_verify(cluster.bootstrap, t, old, *args)[0].returncode == 1
        assert ctl_verify(cluster.bootstrap, t, px.public_key, *args)[0].returncode == 1
        p, _, end = ctl_verify(cluster.bootstrap, t, old, "--public-key", px.public_key, *args)
        assert p.returncode == 0 and end["verdicts"]["verified"] == 40, p.stdout
        v = statements(cluster, public_keys(old, px.public_key), px.dbom_topic)
        stated = of_topic(v, t, cluster.topic_id(t))
        assert len({s.kafka["chainId"] for s in stated}) == 1 and [s.links["chainLength"] for s in stated] == list(range(1, len(stated) + 1))
        assert len({s.kafka["signingKeyId"] for s in stated}) == 2

    def test_an_empty_state_is_another_instance(self, cluster, new_proxy, topic):
        import shutil

        t = topic()
        px = new_proxy()
        Confluent.produce(px.bootstrap, t, sample(20))
        px.stop()
        first = px.public_key
        kept = px.state + ".kept"
        shutil.copytree(px.state, kept)
        shutil.rmtree(px.state)
        px.start()
        Confluent.produce(px.bootstrap, t, sample(20))
        px.stop()
        keys = public_keys(os.path.join(kept, "signing.pub.pem"), first)
        v = wait_stated(cluster, keys, t, 40, px.dbom_topic)
        j = v.judge(t, cluster.topic_id(t), 0, cluster.log(t))
        assert j.counts() == {"verified": 40} and not j.violations()
        assert len({s.chain for s in of_topic(v, t, cluster.topic_id(t))}) == 2

    def test_ports_stay(self, cluster, new_proxy):
        px = new_proxy()

        def ports():
            with wire.Conn("127.0.0.1", px.port) as c:
                return {b["NodeId"]: b["Port"] for b in c.ask("Metadata", 12, {"Topics": []})["Brokers"]}

        before = ports()
        px.stop()
        px.start()
        assert ports() == before == {n: px.port + n for n in (1, 2, 3)}


class TestCtl:
    def test_verify_ranges_and_tables(self, cluster, proxy, topic):
        t = topic(partitions=2)
        Confluent.produce(proxy.bootstrap, t, sample(60, 1, 2))
        attested(cluster, proxy, t)
        base = ["-b", cluster.bootstrap, "-t", t, "--public-key", proxy.public_key]
        from proxy import json_objects

        last = lambda *a: json_objects(ctl("verify", *base, *a, "--json").stdout)[-1]  # noqa: E731
        assert last("-p", 0)["records"] == 30
        assert last("-p", 0, "--from", 10, "--to", 20)["records"] == 10
        assert last("--from", "-1h")["records"] == 60
        table = ctl("verify", *base)
        assert table.returncode == 0 and "verified" in table.stdout and t in table.stdout

    def test_verify_through_the_proxy(self, cluster, proxy, topic):
        t = topic()
        Confluent.produce(proxy.bootstrap, t, sample(10))
        attested(cluster, proxy, t)
        assert ctl("verify", "-b", proxy.bootstrap, "-t", t, "--public-key", proxy.public_key).returncode == 0

    def test_show(self, cluster, proxy, topic):
        from proxy import json_objects

        t = topic()
        Confluent.produce(proxy.bootstrap, t, sample(10))
        x = attested(cluster, proxy, t)
        s = x[0].statements[0]
        p = ctl("show", "-b", cluster.bootstrap, "-t", t)
        assert p.returncode == 0 and t in p.stdout and s.chain[:8] in p.stdout
        p = ctl("show", "-b", cluster.bootstrap, "--chain", s.chain, "--window", s.window, "--json")
        assert p.returncode == 0 and json_objects(p.stdout)

    def test_exit_codes(self, cluster, proxy, topic, tmp_path):
        t = topic()
        Confluent.produce(cluster.bootstrap, t, sample(5))
        Confluent.produce(proxy.bootstrap, topic("any"), sample(1))
        ok = ["--public-key", proxy.public_key]
        assert ctl("verify", "-b", cluster.bootstrap, "-t", t, *ok).returncode == 4, "unattested only"
        assert ctl("verify", "-b", cluster.bootstrap).returncode == 2
        assert ctl("verify", "-b", cluster.bootstrap, "-t", t).returncode == 2, "no key"
        assert ctl("no-such-command").returncode == 2
        bad = tmp_path / "bad.pem"
        bad.write_text("not a key\n")
        assert ctl("verify", "-b", cluster.bootstrap, "-t", t, "--public-key", bad).returncode == 2
        assert ctl("verify", "-b", "127.0.0.1:1", "-t", t, *ok, "-X", "socket.timeout.ms=2000").returncode == 3
        assert ctl("verify", "-b", cluster.bootstrap, "-t", t, *ok, "--dbom-topic", "no.such.topic").returncode == 3
        assert ctl("verify", "-b", cluster.bootstrap, "-t", "no-such-topic", *ok).returncode == 3

    def test_younger_than_its_statement_is_pending(self, cluster, new_proxy, topic):
        px = new_proxy(settings={"attest.window.max.age": "1h"})
        t, done = topic(), topic("done")
        Confluent.produce(px.bootstrap, t, sample(5))
        p = ctl("verify", "-b", cluster.bootstrap, "-t", t, "--public-key", px.public_key, "--dbom-topic", px.dbom_topic, "--json")
        assert p.returncode in (3, 4), p.stdout  # 3: no statement topic yet
        px.stop()
        attested(cluster, px, t, "full", px.dbom_topic)


class TestAdmin:
    def test_metrics_health_status(self, cluster, proxy, topic):
        import json

        t = topic()
        before = proxy.metrics()
        Confluent.produce(proxy.bootstrap, t, sample(50))
        attested(cluster, proxy, t)
        assert proxy.http("/healthz")[0] == 200 and proxy.http("/readyz")[0] == 200
        status, body = proxy.http("/status")
        assert status == 200 and isinstance(json.loads(body), dict)
        after = proxy.metrics()
        grown = {k for k, v in after.items() if v != before.get(k)}
        assert any("attested" in k for k in grown) and any("window" in k for k in grown), sorted(grown)
        assert proxy.http("/")[0] == 200 and proxy.http("/no-such")[0] == 404
        for line in proxy.http("/metrics")[1].splitlines():
            assert line.startswith("#") or float(line.rsplit(" ", 1)[1]) >= 0 or "oldest" in line

    def test_reload(self, cluster, new_proxy, topic):
        import signal

        px = new_proxy()
        px.settings["log"] = None
        del px.settings["log"]
        px.write_config("listen: {no.such.key: 1}\n")
        px.proc.send_signal(signal.SIGHUP)
        px.wait_line(r"makoto-proxy\.yaml:1:\d+.*no\.such\.key")
        t = topic()
        Confluent.produce(px.bootstrap, t, sample(5))
        attested(cluster, px, t, "full", px.dbom_topic)


def test_windows_of_a_killed_proxy(cluster, new_proxy, topic):
    """The next start finishes them, though no client comes; makotoctl fsck tells what waits, and then that nothing does."""
    t = topic()
    p = new_proxy(settings={"attest.window.max.age": "1h"})
    sent = sample(10, 7, 1)
    Confluent.produce(p.bootstrap, t, sent)
    running = json.loads(ctl("fsck", "--json", p.state).stdout)
    assert (running["inUse"], running["pid"]) == ("yes", p.proc.pid)
    p.kill()
    told = ctl("fsck", "--json", p.state)
    left = json.loads(told.stdout)
    assert (told.returncode, left["inUse"]) == (4, "no"), told.stdout
    assert (left["nextStart"]["found"], left["nextStart"]["windows"], left["nextStart"]["records"]) == ("crashed", 1, 10), left["nextStart"]
    # A stop before their cluster was reached leaves them where they are, and says so.
    p.settings["kafka.bootstrap.servers"] = "127.0.0.1:1"
    p.spawn()
    p.wait_line("took over")
    p.stop(code=1)
    assert p.said(r"wait in the journal.*windows=1") and not p.said("level=error"), p.text()
    p.settings["kafka.bootstrap.servers"] = cluster.bootstrap
    p.start()
    attested(cluster, p, t, dbom_topic=p.dbom_topic)
    p.stop()
    told = ctl("fsck", "--json", p.state)
    assert told.returncode == 0 and json.loads(told.stdout)["nextStart"]["found"] == "clean", told.stdout
    assert json.loads(told.stdout)["instance"] == left["instance"]


def test_killed_and_renamed(cluster, new_proxy, topic):
    """What a killed proxy left goes on under its collector's name, whatever name the next ones have (a container's host name)."""
    t, late = topic(), topic("late")
    p = new_proxy(settings={"attest.window.max.age": "1h"})
    Confluent.produce(p.bootstrap, t, sample(10, 7, 1))
    p.kill()
    for name in ("urn:test:second", "urn:test:third"):
        p.settings["attest.collector.id"] = name
        p.settings["attest.window.max.age"] = "300ms"
        p.spawn()
        p.wait_line("goes on under that name")
        if name == "urn:test:second":
            p.kill()
    p.wait_line(r"ready bootstrap=")
    attested(cluster, p, t, dbom_topic=p.dbom_topic)
    Confluent.produce(p.bootstrap, late, sample(5, 8, 1))
    attested(cluster, p, late, dbom_topic=p.dbom_topic)
    v = statements(cluster, public_keys(p.public_key), p.dbom_topic)
    names = {s.kafka["topic"]: s.body["predicate"]["collector"]["id"] for s in v.statements}
    assert names[late] == "urn:test:third" and names[t] not in ("urn:test:second", "urn:test:third"), names
    p.stop()
    assert not p.said("level=error"), p.text()


def test_a_stop_while_the_statement_topic_takes_nothing(cluster, new_proxy, topic):
    """It says what is left, and the next start publishes it."""
    t, alone = topic(assignment=[[1, 2]]), cluster.node(3)
    dbom = topic("dbom", assignment=[[3]])
    p = new_proxy(settings={"attest.dbom.topic": dbom, "attest.window.records": 5, "shutdown.timeout": "3s"})
    Confluent.produce(p.bootstrap, t, sample(5, 7, 1))
    until("the topic is known", lambda: p.metric("makoto_windows_published_total") == 1, 30)
    alone.pause()
    try:
        Confluent.produce(p.bootstrap, t, sample(23, 8, 1))
        p.proc.send_signal(signal.SIGTERM)
        assert p.wait() == 1 and p.said("are not published; the next start goes on with them"), p.text()
        p.check_sane()
    finally:
        alone.resume()
    cluster.wait_ready(60)
    p.start()
    attested(cluster, p, t, dbom_topic=dbom)
