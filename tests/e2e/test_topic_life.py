"""Topics that come, go, grow and change their settings while clients work, and what brokers do for some clients only.

| what | where |
|---|---|
| deleted and made again under its name | test_made_again_between_two_sessions, test_made_again_unnoticed, test_deleted_and_made_again_under_load*, test_attest: test_deleted_and_made_again |
| partitions added | test_partitions_are_added |
| a batch at the limit, a byte below and above; full, compact, none | test_limit_to_the_byte_is_the_brokers, test_limits_of_many_sizes, test_attest: test_batch_limit… |
| the limit lowered; held against what the broker compresses anew | test_the_limit_is_lowered, test_the_limit_holds_for_what_the_broker_makes_of_it |
| LogAppendTime | test_the_timestamp_type_changes_under_load*, test_attest: test_log_append_time, test_timestamp_type_changes |
| the broker's own compression.type | test_the_broker_compresses |
| compacted topics | test_compacted_with_transactions*, test_attest: test_compacted |
| transactions of both kinds (KIP-890, Produce 12), read_committed | test_transactions_of_both_kinds*, test_attest: test_transactions, test_transaction_left_open |
| tiered storage and its errors | test_tiered_storage* |
| throttling (KIP-219), quotas by client id | test_quotas_by_client_id, test_a_throttled_client_is_told |
| fetch from a follower (KIP-392) | test_fetch_from_a_follower |
| KIP-848 groups | test_cluster_life: test_rolling_restart*, test_clients: test_groups |
| share groups | test_clients: test_share_group, test_leak: test_not_leader_answers, test_wire: test_share_acknowledge_endpoints |
| telemetry (KIP-714) | test_telemetry_without_a_receiver, test_telemetry_is_pushed* |

Those with * are long, and run by make check-life.
"""

import json
import os
import random
import time

import kafkalog
import pytest
import wire
from checks import attested, of_topic, public_keys, same_records, statements, wait_stated
from clients import GO, JAVA, Confluent, Rec, sample
from confluent_kafka import Consumer, Producer, TopicPartition
from lab.kafka import until
from load import Consuming, Producing, Running, attested_or_counted, check_load, numbers, under_way
from proxy import PATIENCE, ctl_verify


def batch(values, codec="none", stamp=None):
    stamp = int(time.time() * 1000) if stamp is None else stamp
    return kafkalog.make_batch([kafkalog.Record(0, stamp + i, b"k%d" % i, v, [(b"own", b"1")]) for i, v in enumerate(values)], codec)


def produce(conn, topic, records, acks=-1, partition=0):
    """A Produce of one batch: (error, base offset, throttle time)."""
    value = {"Acks": acks, "TimeoutMs": 10000, "TopicData": [{"Name": topic, "PartitionData": [{"Index": partition, "Records": records}]}]}
    got = conn.ask("Produce", 9, value)
    part = got["Responses"][0]["PartitionResponses"][0]
    return part["ErrorCode"], part["BaseOffset"], got["ThrottleTimeMs"]


def leader_conn(cluster, px, topic, partition=0, **kw):
    return wire.Conn(px.host, px.port + cluster.leader(topic, partition), **kw)


# -- limits


@pytest.mark.parametrize("codec", kafkalog.CODECS)
def test_limit_to_the_byte_is_the_brokers(cluster, proxy, topic, codec):
    """max.message.bytes one below, at and one above a batch's size: what a client is told is what it is told without us."""
    rnd = random.Random(7)
    b = batch([rnd.randbytes(300) for _ in range(12)], codec).pack()
    for delta in (-1, 0, 1):
        told = {}
        for how in ("direct", "proxied"):
            t = topic(f"limit-{how}", configs={"max.message.bytes": len(b) + delta})
            with cluster.node(cluster.leader(t)).conn() if how == "direct" else leader_conn(cluster, proxy, t) as c:
                told[how] = produce(c, t, b)[:2]
        assert told["proxied"] == told["direct"], (codec, delta)
        assert (told["direct"][0] == 10) == (delta < 0)
        if delta >= 0:
            attested(cluster, proxy, t, "none")


def test_limits_of_many_sizes(cluster, proxy, topic):
    """Between a batch's own size and that with all headers each limit is obeyed: full where it fits, then compact, then none."""
    values = [b"v%d" % i * 20 for i in range(4)]
    bare = len(batch(values).pack())
    seen = []
    for extra in range(0, 900, 90):
        t = topic("sizes", configs={"max.message.bytes": bare + extra})
        with leader_conn(cluster, proxy, t) as c:
            assert produce(c, t, batch(values).pack())[0] == 0, extra
        (b,) = cluster.log(t).batches
        assert b.size <= bare + extra
        names = [h[1] for h in b.records()[0].headers if h[0] == b"makoto.signature"]
        seen.append("none" if not names else "compact" if len(names[0]) == 24 else "full")
    assert seen == sorted(seen, key=["none", "compact", "full"].index) and set(seen) == {"none", "compact", "full"}, seen


def obeyed(cluster, topic, limit):
    """Waits until the leader refuses a byte more; it is asked with a batch that it would refuse anyway."""
    bad = bytearray(batch([b""]).pack())
    bad[17] ^= 1  # of the CRC
    bad += bytes(limit + 1 - len(bad))
    bad[8:12] = (len(bad) - 12).to_bytes(4, "big")

    def refused():
        with cluster.node(cluster.leader(topic)).conn() as c:
            error = produce(c, topic, bytes(bad))[0]
        assert error in (2, 10), error
        return error == 10

    until(f"{topic} has the limit {limit}", refused, 20)


def size_of(cluster, client, topic, records, **kw):
    """Of the batch that this client makes of these records."""
    client.produce(cluster.bootstrap, topic, records, **kw)
    (b,) = cluster.log(topic).batches
    return b.size


@pytest.mark.parametrize("client", [Confluent, JAVA, GO], ids=lambda c: c.name)
def test_the_limit_is_lowered(cluster, proxy, topic, client):
    """To a batch's own size, while the proxy has the old limit in mind: the client is not told so, and its second retry passes."""
    t, r = topic("lowered"), [Rec(b"k", os.urandom(600))]
    size = size_of(cluster, client, topic("as-sent"), r)
    client.produce(proxy.bootstrap, t, r)
    cluster.alter_topic(t, max_message_bytes=size)
    obeyed(cluster, t, size)
    before = proxy.metric("makoto_batches_too_large_total")
    client.produce(proxy.bootstrap, t, r)
    refused = proxy.metric("makoto_batches_too_large_total") - before
    assert refused <= 2, "with long headers, and with short ones, unless it had looked at the limit meanwhile"
    x = attested(cluster, proxy, t, None)
    assert [b.size > size for b in x[0].log.batches] == [True, False]
    same_records(r + r, client.consume(proxy.bootstrap, t, 2))


def test_the_limit_holds_for_what_the_broker_makes_of_it(cluster, proxy, topic):
    """compression.type: uncompressed; a small batch, headers included, becomes one that is too large with them."""
    t, r = topic("made", configs={"compression.type": "uncompressed"}), [Rec(b"k", b"x" * 100) for _ in range(20)]
    size = size_of(cluster, Confluent, topic("as-made", configs={"compression.type": "uncompressed"}), r, codec="zstd")
    cluster.alter_topic(t, max_message_bytes=size)
    obeyed(cluster, t, size)
    before = proxy.metric("makoto_batches_too_large_total")
    Confluent.produce(proxy.bootstrap, t, r, codec="zstd")
    assert proxy.metric("makoto_batches_too_large_total") == before + 1
    attested(cluster, proxy, t, "none")
    assert [b.size for b in cluster.log(t).batches] == [size]


# -- settings of topics and brokers


@pytest.mark.parametrize("kind", ["gzip", "snappy", "lz4", "zstd", "uncompressed"])
def test_the_broker_compresses(cluster, proxy, topic, kind):
    """compression.type of the topic: the broker writes other bytes than it was sent; every record is what was attested."""
    t = topic(configs={"compression.type": kind})
    sent = []
    for i, codec in enumerate(kafkalog.CODECS):
        part = sample(24, i)
        Confluent.produce(proxy.bootstrap, t, part, codec=codec)
        sent += part
    x = attested(cluster, proxy, t)
    assert {b.codec for b in x[0].log.batches} == {"none" if kind == "uncompressed" else kind}
    same_records(sent, Confluent.consume(proxy.bootstrap, t, len(sent)))


def test_partitions_are_added(cluster, new_proxy, topic):
    """Asked for through the proxy, under a producer that then uses them: a chain for each."""
    t = topic()
    px = new_proxy()
    with Producing(px.bootstrap, t, topic_metadata_refresh_interval_ms=200) as load:
        load.more()
        with wire.Conn(px.host, px.port) as c:
            got = c.ask("CreatePartitions", 3, {"Topics": [{"Name": t, "Count": 4, "Assignments": None}], "TimeoutMs": 20000})
        assert got["Results"][0]["ErrorCode"] == 0, got
        cluster.wait_leaders(t, 4)

        def known():
            return len(load._producer.list_topics(t, 10).topics[t].partitions) == 4

        until("the producer knows them", known)
        load.partitions = 4
        until("they are all written", lambda: {p for p, _, _ in load.acked[-40:]} == {0, 1, 2, 3})
        load.more()
    check_load(cluster, t, load)
    x = attested(cluster, px, t, "full", px.dbom_topic, chains=1)
    assert len(x) == 4 and all(y.statements for y in x.values())


@pytest.mark.life
def test_the_timestamp_type_changes_under_load(cluster, new_proxy, topic):
    """CreateTime, LogAppendTime and back: what isn't verified is counted, nothing is a violation."""
    t = topic()
    px = new_proxy(settings={"attest.outcome.wait": "5s"})
    with Producing(px.bootstrap, t) as load:
        load.more()
        for kind in ("LogAppendTime", "CreateTime", "LogAppendTime"):
            cluster.alter_topic(t, message_timestamp_type=kind)
            until(f"the broker goes by {kind}", lambda: cluster.log(t).batches[-1].log_append == (kind == "LogAppendTime"))
            load.more(150)
    check_load(cluster, t, load)
    attested_or_counted(cluster, px, t)
    v = statements(cluster, public_keys(px.public_key), px.dbom_topic)
    assert {s.kafka["timestampType"] for s in of_topic(v, t, cluster.topic_id(t))} == {"CreateTime", "LogAppendTime"}


# -- the same name, another topic


@pytest.mark.life
def test_deleted_and_made_again_under_load(cluster, new_proxy, topic, tmp_path):
    """Deleted and made again under the same name while it is written, by name (librdkafka) and by id (Java, Produce 13)."""
    t = topic(partitions=2)
    px = new_proxy(settings={"attest.outcome.wait": "5s"})
    first = cluster.topic_id(t)
    versions = lambda: {v: px.metric("makoto_requests_total", api="Produce", version=str(v)) for v in range(3, 14)}  # noqa: E731
    n = Producing(px.bootstrap, t, "by-name", 2, topic_metadata_propagation_max_ms=60000)
    # One in flight: else a leader that is a moment late with the new topic takes the second first, and the producer is stuck (KAFKA-14359).
    one = {"max_in_flight_requests_per_connection": 1}
    with n, Running(JAVA, px.bootstrap, t, tmp_path, "by-id", 2, metadata_max_age_ms=1000, **one) as i:
        under_way(cluster, t, "by-name", "by-id")
        cluster.make_again(t, partitions=2)  # as many as the brokers' default
        second = cluster.topic_id(t)
        assert second != first
        n.more()
        until("the other one goes on too", lambda: sum(map(len, numbers(cluster, t, "by-id").values())) > 100)
        n.more()
    assert versions()[13] > 0, "somebody named the topic by its id"
    assert not n.failed and not i.failed, (n.failed[:3], i.failed[:3])
    for load, acked in ((n, {x[2] for x in n.acked}), (i, i.acknowledged)):
        for p, xs in numbers(cluster, t, load.name).items():
            only = [x for _, x in xs]
            # What was acknowledged before went with the first topic; from its first record here on nothing is missing.
            assert {x for x in acked if x % 2 == p and x >= only[0]} == set(only)
    attested_or_counted(cluster, px, t)
    v = statements(cluster, public_keys(px.public_key), px.dbom_topic)
    old, new = of_topic(v, t, first), of_topic(v, t, second)
    assert old and new and not {s.chain for s in old} & {s.chain for s in new}


@pytest.mark.parametrize("client", [Confluent, JAVA, GO], ids=lambda c: c.name)
def test_made_again_between_two_sessions(cluster, proxy, topic, client):
    """The proxy knew the first topic's id and settings; of the second it goes by its own."""
    t = topic(configs={"message.timestamp.type": "LogAppendTime"})
    client.produce(proxy.bootstrap, t, sample(20))
    cluster.make_again(t, configs={"message.timestamp.type": "CreateTime", "max.message.bytes": 10000})
    sent = sample(7)
    client.produce(proxy.bootstrap, t, sent)
    same_records(sent, client.consume(proxy.bootstrap, t, 7))
    x = attested(cluster, proxy, t)
    assert {s.kafka["timestampType"] for s in x[0].statements} == {"CreateTime"}


@pytest.mark.parametrize("partition", [0, 1], ids=["the log goes back", "nothing was there"])
def test_made_again_unnoticed(cluster, new_proxy, topic, partition):
    """What is sent by name to the topic that the proxy knew lands in the new one: no statement lists it, and it is counted."""
    t = topic(partitions=2)
    px = new_proxy()
    first = cluster.topic_id(t)
    values = [b"v%d" % i for i in range(5)]
    with leader_conn(cluster, px, t) as c:
        assert produce(c, t, batch(values).pack())[:2] == (0, 0)
    cluster.make_again(t, partitions=2)
    with leader_conn(cluster, px, t, partition) as c:
        assert produce(c, t, batch(values).pack(), partition=partition)[:2] == (0, 0)
    assert attested_or_counted(cluster, px, t) == 5
    assert px.metric("makoto_records_unattested_total", reason="another-topic") == 5
    with leader_conn(cluster, px, t, partition) as c:
        assert produce(c, t, batch(values).pack(), partition=partition)[:2] == (0, 5)
    assert attested_or_counted(cluster, px, t) == 5
    v = statements(cluster, public_keys(px.public_key), px.dbom_topic)
    assert [s.count for s in of_topic(v, t, first)] == [5]
    assert [s.count for s in of_topic(v, t, cluster.topic_id(t))] == [5]


def test_made_again_by_id(cluster, new_proxy, topic):
    """The broker is told which topic is meant: the one that was made again doesn't get what was for the old one, and then all is stated in its own."""
    t = topic(partitions=2)
    px = new_proxy()
    first = cluster.topic_id(t)
    b = batch([b"v%d" % i for i in range(5)]).pack()

    def asks_first(c):
        c.ask("ApiVersions", 3, {"ClientSoftwareName": "raw", "ClientSoftwareVersion": "1"})

    with leader_conn(cluster, px, t) as c:
        asks_first(c)
        assert produce(c, t, b)[:2] == (0, 0)
    cluster.make_again(t, partitions=2)
    with leader_conn(cluster, px, t, 1) as c:
        asks_first(c)
        assert produce(c, t, b, partition=1)[0] == 3, "UNKNOWN_TOPIC_OR_PARTITION, of the topic that was"
        assert until("it is known by its new id", lambda: (r := produce(c, t, b, partition=1))[0] != 3 and r, 10)[:2] == (0, 0)
    assert attested_or_counted(cluster, px, t) == 0
    assert px.metric("makoto_records_unattested_total", reason="another-topic") == 0
    v = statements(cluster, public_keys(px.public_key), px.dbom_topic)
    assert [s.count for s in of_topic(v, t, first)] == [5]
    assert [s.count for s in of_topic(v, t, cluster.topic_id(t))] == [5]


@pytest.mark.parametrize("headers", ["full", "none"])
def test_made_again_under_producers(cluster, new_proxy, topic, headers):
    """Idempotent ones with many requests under way lose nothing, double nothing, and what each sent keeps its order; the new topic is stated whole."""
    t = topic()
    px = new_proxy(settings={"attest.headers": headers, "attest.window.records": 50})
    first = cluster.topic_id(t)
    told = []
    conf = {"bootstrap.servers": px.bootstrap, "enable.idempotence": True, "linger.ms": 0, "batch.num.messages": 5, "max.in.flight": 5}
    producers = [Producer(conf) for _ in range(4)]

    def send(lo, hi):
        for i in range(lo, hi):
            for k, p in enumerate(producers):
                p.produce(t, b"%d %d" % (k, i), on_delivery=lambda err, m: told.append((err, m.value())))
                p.poll(0)
        assert sum(p.flush(60 * PATIENCE) for p in producers) == 0

    send(0, 25)
    wait_stated(cluster, public_keys(px.public_key), t, dbom_topic=px.dbom_topic)
    cluster.make_again(t)
    send(25, 325)
    assert [x for x in told if x[0] is not None] == []
    got = [tuple(map(int, r.value.split())) for r in cluster.log(t).records]
    for k in range(len(producers)):
        assert [i for who, i in got if who == k] == list(range(25, 325))
    assert attested_or_counted(cluster, px, t) == 0
    assert px.metric("makoto_records_unattested_total", reason="another-topic") == 0
    assert px.metric("makoto_records_unattested_total", reason="unresolved") == 0
    assert px.metric("makoto_produce_by_id_total") > 0
    v = statements(cluster, public_keys(px.public_key), px.dbom_topic)
    assert sum(s.count for s in of_topic(v, t, first)) == 100
    assert sum(s.count for s in of_topic(v, t, cluster.topic_id(t))) == 1200


# -- transactions of both kinds


def set_transaction_version(cluster, level):
    value = {"TimeoutMs": 20000, "FeatureUpdates": [{"Feature": "transaction.version", "MaxVersionLevel": level, "UpgradeType": 2}]}
    if level > 1:
        value["FeatureUpdates"][0]["UpgradeType"] = 1
    got = cluster.ask("UpdateFeatures", 1, value)
    assert got["ErrorCode"] == 0 and all(r["ErrorCode"] == 0 for r in got.get("Results") or []), got

    def everywhere():
        for n in cluster.nodes:
            with n.conn() as c:
                got = c.ask("ApiVersions", 3, {"ClientSoftwareName": "x", "ClientSoftwareVersion": "1"})
            levels = {f["Name"]: f["MaxVersionLevel"] for f in got["FinalizedFeatures"]}
            if levels.get("transaction.version", 0) != level:
                return False
        return True

    until(f"every broker is at transaction.version {level}", everywhere)


PLAN = [(True, 10), (False, 20), (True, 5), (False, 5), (True, 20)]


@pytest.mark.life
@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("client", [Confluent, JAVA, GO], ids=lambda c: c.name)
def test_transactions_of_both_kinds(island, new_proxy, client, version):
    """transaction.version 1: partitions are added, Produce up to 11.  2 (KIP-890): they aren't, Produce from 12 on."""
    px = new_proxy(upstream=island.bootstrap)
    set_transaction_version(island, version)
    try:
        t = island.create(f"txn-{client.name}-{version}-{os.getpid()}")
        count = lambda api, v=None: px.metric("makoto_requests_total", api=api, **({"version": str(v)} if v is not None else {}))  # noqa: E731
        sent = sample(60, 5)
        client.produce(px.bootstrap, t, sent, codec="zstd", txn=PLAN, transactional_id=f"tx-{t}")
        if client is not Confluent:  # librdkafka knows the first kind alone
            new = sum(count("Produce", v) for v in (12, 13))
            assert (count("AddPartitionsToTxn") > 0, new > 0) == ((True, False) if version == 1 else (False, True))
        assert count("EndTxn") == len(PLAN)
        at, good = 0, []
        for commit, n in PLAN:
            good += sent[at : at + n] if commit else []
            at += n
        for reader in (Confluent, JAVA, GO):
            same_records(good, reader.consume(px.bootstrap, t, len(good), isolation_level="read_committed"))
            same_records(sent, reader.consume(px.bootstrap, t, len(sent)))
        log = island.log(t)
        assert (len(log.records), len(log.aborted)) == (60, 25)
        attested(island, px, t, "full", px.dbom_topic)
        attested(island, px, t, "full", px.dbom_topic, isolation="read_committed")
    finally:
        set_transaction_version(island, 2)


# -- what brokers do for some clients


def quota(cluster, client_id, **ops):
    entry = {
        "Entity": [{"EntityType": "client-id", "EntityName": client_id}],
        "Ops": [{"Key": k, "Value": float(v or 0), "Remove": v is None} for k, v in ops.items()],
    }
    got = cluster.ask("AlterClientQuotas", 1, {"Entries": [entry], "ValidateOnly": False})
    assert got["Entries"][0]["ErrorCode"] == 0, got


def test_quotas_by_client_id(cluster, proxy, topic):
    """KIP-219: the broker answers at once with a throttle time, that reaches the client whom it is for, and no other."""
    t, who = topic(), f"throttled-{os.getpid()}"
    quota(cluster, who, producer_byte_rate=2000, consumer_byte_rate=2000)
    try:
        b = batch([os.urandom(1000) for _ in range(30)]).pack()

        def throttled():
            with leader_conn(cluster, proxy, t, client_id=who) as c:
                return produce(c, t, b)[2]

        times = until("the quota holds", throttled, 20)
        assert times > 0
        with leader_conn(cluster, proxy, t, client_id="free") as c:
            assert produce(c, t, b)[2] == 0
        fetch = {
            "MaxWaitMs": 100, "MinBytes": 1, "MaxBytes": 1 << 20, "Topics": [
                {"Topic": t, "Partitions": [{"Partition": 0, "FetchOffset": 0, "PartitionMaxBytes": 1 << 20}]}
            ],
        }  # fmt: skip

        def slowed():
            with leader_conn(cluster, proxy, t, client_id=who) as c:
                return c.ask("Fetch", 12, fetch)["ThrottleTimeMs"]

        until("reading is throttled too", slowed, 20)
        with leader_conn(cluster, proxy, t, client_id="free") as c:
            assert c.ask("Fetch", 12, fetch)["ThrottleTimeMs"] == 0
    finally:
        quota(cluster, who, producer_byte_rate=None, consumer_byte_rate=None)


def test_a_throttled_client_is_told(cluster, proxy, topic):
    """librdkafka's own callback, and that everything arrives all the same."""
    t, who = topic(), f"slow-{os.getpid()}"
    quota(cluster, who, producer_byte_rate=12000)
    try:
        told = []
        p = Producer({"bootstrap.servers": proxy.bootstrap, "client.id": who, "throttle_cb": told.append, "batch.size": 20000})
        for i in range(200):
            p.produce(t, os.urandom(700), b"k%d" % i)
        assert p.flush(60) == 0
        until("it was told", lambda: p.poll(0) or any(e.throttle_time > 0 for e in told), 20)
    finally:
        quota(cluster, who, producer_byte_rate=None)
    attested(cluster, proxy, t)


def test_fetch_from_a_follower(cluster, proxy, topic):
    """KIP-392: the leader names the replica in the client's rack, and the client finds it behind the proxy."""
    t = topic(assignment=[[1, 2, 3]])
    sent = sample(40)
    Confluent.produce(proxy.bootstrap, t, sent)
    fetch = {
        "MaxWaitMs": 100, "MinBytes": 1, "RackId": "rack-2", "Topics": [
            {"Topic": t, "Partitions": [{"Partition": 0, "FetchOffset": 0, "PartitionMaxBytes": 1 << 20}]}
        ],
    }  # fmt: skip

    def named():
        with leader_conn(cluster, proxy, t) as c:
            got = c.ask("Fetch", 12, fetch)["Responses"][0]["Partitions"][0]
        assert got["ErrorCode"] == 0
        return got["PreferredReadReplica"] == 2

    until("the leader names broker 2", named, 20)

    def given():
        with wire.Conn(proxy.host, proxy.port + 2) as c:
            part = c.ask("Fetch", 12, fetch)["Responses"][0]["Partitions"][0]
        assert part["ErrorCode"] == 0
        return part["Records"]

    until("broker 2 gives them", given, 20)
    stats = []
    c = Consumer(
        {
            "bootstrap.servers": proxy.bootstrap, "group.id": "x", "client.rack": "rack-2", "statistics.interval.ms": 100,
            "stats_cb": stats.append, "fetch.wait.max.ms": 100, "enable.auto.commit": False,
        }
    )  # fmt: skip
    c.assign([TopicPartition(t, 0, 0)])
    got = []

    def fetched():
        got.extend(m for m in c.consume(500, 0.1) if not m.error())
        brokers = json.loads(stats[-1])["brokers"].values() if stats else []
        return {b["nodeid"] for b in brokers if b["req"].get("Fetch", 0) > 0}

    try:
        until("it reads from broker 2", lambda: 2 in fetched() and len(got) >= 1, 40)
    finally:
        c.close()
    for client in (JAVA, GO):
        same_records(sent, client.consume(proxy.bootstrap, t, 40, client_rack="rack-2"))
    attested(cluster, proxy, t)


def test_telemetry_without_a_receiver(cluster, proxy):
    """KIP-714 on brokers that take none: what a client is told is what it is told without us."""
    with wire.Conn(proxy.host, proxy.port + 1) as a, cluster.node(1).conn() as b:
        one, two = (c.ask("GetTelemetrySubscriptions", 0, {"ClientInstanceId": bytes(16)}) for c in (a, b))
    for x in (one, two):
        assert any(x.pop("ClientInstanceId")) and x.pop("SubscriptionId"), "each client has its own"
    assert one == two


@pytest.mark.life
def test_telemetry_is_pushed(island, new_proxy, tmp_path):
    """A subscription for clients' metrics: Java's and librdkafka's pushes reach the broker's plugin through the proxy."""
    px = new_proxy(upstream=island.bootstrap)
    value = {
        "Resources": [
            {
                "ResourceType": 16,
                "ResourceName": "all",
                "Configs": [{"Name": k, "ConfigOperation": 0, "Value": v} for k, v in (("metrics", "*"), ("interval.ms", "200"))],
            }
        ],
        "ValidateOnly": False,
    }
    got = island.ask("IncrementalAlterConfigs", 1, value)["Responses"][0]
    assert got["ErrorCode"] == 0, got
    t = island.create(f"telemetry-{os.getpid()}")

    def pushes(client_id):
        out = set()
        for n in island.nodes:
            path = os.path.join(n.dir, "telemetry")
            if os.path.exists(path):
                with open(path) as f:
                    out |= {tuple(line.split()) for line in f if f" {client_id} " in line}
        return out

    who = f"told-librdkafka-{os.getpid()}"
    with Producing(px.bootstrap, t, who) as c:
        until("librdkafka's metrics arrive", lambda: any(int(x[2]) > 0 for x in pushes(who)), 60 * PATIENCE)
    java = f"told-java-{os.getpid()}"
    with Running(JAVA, px.bootstrap, t, tmp_path, java) as j:
        until("Java's metrics arrive", lambda: any(int(x[2]) > 0 for x in pushes(java)), 60 * PATIENCE)
    check_load(island, t, c, j)
    assert px.metric("makoto_requests_total", api="PushTelemetry") > 0
    attested(island, px, t, "full", px.dbom_topic)


# -- compaction


@pytest.mark.life
def test_compacted_with_transactions(cluster, new_proxy, topic):
    """A compacted topic written in transactions, some aborted, with tombstones: the cleaner's work is no violation."""
    t = topic(
        rf=1,
        configs={
            "cleanup.policy": "compact", "segment.ms": 200, "min.cleanable.dirty.ratio": 0.001,
            "max.compaction.lag.ms": 200, "delete.retention.ms": 0,
        },
    )  # fmt: skip
    px = new_proxy(settings={"attest.compacted": [t]})
    sent = [Rec(b"k%d" % (i % 7), b"v%d" % i if i % 9 else None) for i in range(120)]
    plan = [(i % 3 != 2, 10) for i in range(12)]
    JAVA.produce(px.bootstrap, t, sent, txn=plan, transactional_id=f"tx-{t}", codec="lz4")
    keys = public_keys(px.public_key)
    wait_stated(cluster, keys, t, 120, px.dbom_topic)
    extra = []

    def cleaned():
        extra.append(1)
        Confluent.produce(px.bootstrap, t, [Rec(b"roll", b"%d" % len(extra))])
        return len([r for r in cluster.log(t).records if r.offset < 120]) < 40

    until("the cleaner has been", cleaned, 60, 0.4)
    until("every window is published", lambda: px.status()["unpublishedRecords"] == 0, 60 * PATIENCE)
    v = statements(cluster, keys, px.dbom_topic)
    j = v.judge(t, cluster.topic_id(t), 0, cluster.log(t), compacted=True)
    for isolation in ("read_uncommitted", "read_committed"):
        p, _, last = ctl_verify(cluster.bootstrap, t, px.public_key, "--dbom-topic", px.dbom_topic, "--isolation", isolation)
        assert p.returncode == 0, p.stdout[-2000:] + p.stderr
    assert not j.violations(), j.violations()[:5]


# -- tiered storage


@pytest.mark.life
def test_tiered_storage(island, new_proxy):
    """KIP-405: what only the remote store has is read and verified; a store that fails is what it is without us."""
    t = island.create(
        f"tiered-{os.getpid()}",
        assignment=[[1001]],
        configs={"remote.storage.enable": "true", "local.retention.ms": 1, "segment.ms": 200},
    )
    px = new_proxy(upstream=island.bootstrap)
    sent = []

    def moved():
        part = sample(10, len(sent))
        Confluent.produce(px.bootstrap, t, part)
        sent.extend(part)
        names = os.listdir(os.path.join(island.node(1001).data, f"{t}-0"))
        return min(int(n[:-4]) for n in names if n.endswith(".log")) >= 20

    until("the first segments are in the store alone", moved, 120 * PATIENCE, 0.3)
    until("every window is published", lambda: px.status()["unpublishedRecords"] == 0, 60 * PATIENCE)
    for client in (Confluent, JAVA, GO):
        same_records(sent, client.consume(px.bootstrap, t, len(sent)))

    def verdict():
        p, _, last = ctl_verify(island.bootstrap, t, px.public_key, "--dbom-topic", px.dbom_topic)
        return p.returncode, last and last["verdicts"]

    assert verdict() == (0, {"verified": len(sent)})

    part = {"Partition": 0, "FetchOffset": 0, "PartitionMaxBytes": 1 << 20}
    fetch = {"MaxWaitMs": 500, "MinBytes": 1, "MaxBytes": 1 << 20, "Topics": [{"Topic": t, "Partitions": [part]}]}
    ends = [{"Name": t, "Partitions": [{"PartitionIndex": 0, "Timestamp": x}]} for x in (-5, -4, -2)]  # tiered, local, earliest

    def both(ask):
        with island.node(1001).conn() as a, wire.Conn(px.host, ports[1001]) as b:
            one, two = ask(a), ask(b)
        assert one == two
        return one

    with wire.Conn(px.host, px.port) as c:
        ports = {b["NodeId"]: b["Port"] for b in c.ask("Metadata", 12, {"Topics": []})["Brokers"]}
    for end in ends:
        both(lambda c: c.ask("ListOffsets", 9, {"ReplicaId": -1, "Topics": [end], "TimeoutMs": 10000})["Topics"])
    ask = lambda c: c.ask("Fetch", 12, fetch)["Responses"][0]["Partitions"][0]  # noqa: E731
    assert both(ask)["ErrorCode"] == 0
    broken = os.path.join(os.path.dirname(island.node(1001).dir), "store", "broken")
    open(broken, "w").close()
    try:
        got = both(ask)
        assert got["ErrorCode"] != 0 and not got["Records"], got
        with Consuming(px.bootstrap, t, f"g-{t}") as reader:
            until("a client is told of it", lambda: px.metric("makoto_requests_total", api="Fetch") and both(ask)["ErrorCode"], 30)
            assert verdict()[0] == 3, "not finished, and no violation"
            assert not reader.got
            os.remove(broken)
            until("it reads on by itself", lambda: len(reader.got) >= len(sent), 60 * PATIENCE)
        assert [o for _, o, _ in reader.got] == list(range(len(sent)))
    finally:
        if os.path.exists(broken):
            os.remove(broken)
    assert verdict() == (0, {"verified": len(sent)})
