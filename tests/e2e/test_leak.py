"""No client may ever be told a broker's own address: not in any byte, of any answer, of any version.

A recording relay stands between clients and proxy.  The brokers' addresses are 127.0.77.<n>; the relay looks for
that text, and for their port numbers as the protocol writes them, in everything that reaches a client.
"""

import struct

import kafkalog
import pytest
import wire
from checks import same_records
from clients import GO, JAVA, Aiokafka, Confluent, Kcat, sample
from lab.kafka import CANARY, until
from proxy import free_ports
from relay import HOST, Relay, addresses

MUST_SEE = {
    "Metadata", "FindCoordinator", "DescribeCluster", "Produce", "Fetch", "ShareFetch", "ShareAcknowledge", "DescribeQuorum",
    "DescribeTopicPartitions", "ConsumerGroupHeartbeat", "JoinGroup", "EndTxn", "InitProducerId", "ListOffsets", "CreateTopics",
}  # fmt: skip


@pytest.fixture(scope="module")
def watched(cluster, tmp_path_factory):
    from proxy import Proxy

    base = free_ports(10)
    p = Proxy(
        tmp_path_factory.mktemp("leak"),
        cluster.bootstrap,
        {"listen.advertised.host": HOST, "attest.dbom.topic": "makoto.dbom.leak"},
        ports=base,
    )
    p.dbom_topic = "makoto.dbom.leak"
    p.start()
    relay = Relay(range(base, base + 9))
    relay.needles = [("text of a broker's address", CANARY.encode())]
    relay.needles += [(f"port {n}", struct.pack(">i", n)) for n in cluster.ports()]
    relay.bootstrap = f"{HOST}:{base}"
    relay.base = base
    yield p, relay
    relay.close()
    p.stop()


def clean(relay):
    assert relay.hits == [], [(wire.name_of(k) if k is not None else None, v, w, b) for k, v, w, b in relay.hits[:5]]
    assert relay.errors == [], relay.errors[:5]
    assert relay.addresses <= {(HOST, relay.base + i) for i in range(9)}, relay.addresses


def test_full_session(cluster, watched, topic):
    """Every client, every group protocol, transactions, the admin client; the leader moves meanwhile."""
    p, relay = watched
    b = relay.bootstrap
    t = topic(partitions=2)
    sent = sample(60, 1, 2)
    for client, part in zip((Confluent, Aiokafka), (sent[:20], sent[20:40])):
        client.produce(b, t, part, codec="lz4")
    cluster.move_leader(t, 0, _others_first(cluster, t))
    Confluent.produce(b, t, sent[40:], codec="zstd", enable_idempotence=True)
    same_records(sent, Aiokafka.consume(b, t, 60))
    Confluent.consume(b, t, 60, group_id=f"g1-{t}")
    Confluent.consume(b, t, 60, group_id=f"g2-{t}", group_protocol="consumer")
    Kcat.consume(b, t, 60)
    cluster.alter_group(f"share-{t}", share_auto_offset_reset="earliest")
    JAVA.run(
        b,
        [
            JAVA.produce_job(t, sample(20, 2, 2), codec="gzip", txn=[(True, 10), (False, 10)], transactional_id=f"tx-{t}"),
            JAVA.consume_job(t, 70, group_id=f"g3-{t}", isolation_level="read_committed"),
            JAVA.consume_job(t, 70, group_id=f"g4-{t}", group_protocol="consumer", isolation_level="read_committed"),
            JAVA.consume_job(t, 80, op="share", group_id=f"share-{t}"),
            {"op": "admin", "topic": t, "props": {}},
        ],
    )
    GO.run(b, [GO.produce_job(t, sample(10, 3, 2), codec="snappy"), GO.consume_job(t, 90)])
    missed = MUST_SEE - relay.seen()
    assert not missed, f"the session had no {sorted(missed)}"
    clean(relay)


def _others_first(cluster, t, partition=0):
    leader = cluster.leader(t, partition)
    return [n.n for n in cluster.nodes if n.n != leader] + [leader]


VALUES = {
    "Metadata": lambda v, t: {"Topics": [{"Name": t}]},
    "FindCoordinator": lambda v, t: {"Key": "some-group"} if v < 4 else {"CoordinatorKeys": ["some-group", "other"]},
    "DescribeCluster": lambda v, t: {},
    "DescribeQuorum": lambda v, t: {
        "Topics": [{"TopicName": "__cluster_metadata", "Partitions": [{"PartitionIndex": 0}]}]
    },
}


def versions(name):
    m = wire.request(name)
    return range(m.valid.lo, m.valid.hi + 1)


@pytest.mark.parametrize("name", VALUES)
def test_every_version(cluster, watched, topic, name):
    """Each version's answer is the broker's own but for the addresses, on the port of every broker and at bootstrap."""
    p, relay = watched
    t = topic()
    cluster.coordinator("some-group")
    ports = {n.n: relay.base + n.n for n in cluster.nodes}
    for version in versions(name):
        value = VALUES[name](version, t)
        extra = [{"EndpointType": 2}] if name == "DescribeCluster" and version >= 1 else []
        for change in [{}] + extra:
            value = {**value, **change}
            for n in cluster.nodes:
                with wire.Conn(HOST, ports[n.n]) as c, n.conn() as d:
                    got, want = c.ask(name, version, value), d.ask(name, version, value)
                assert _normal(got, name) == _normal(want, name), (name, version)
                for host, port in addresses(got):
                    assert host == HOST and port in ports.values()
                if name == "Metadata":
                    assert {x["NodeId"]: x["Port"] for x in got["Brokers"]} == ports
                if name == "FindCoordinator" and version >= 4:
                    assert all(x["Port"] == ports[x["NodeId"]] for x in got["Coordinators"] if x["NodeId"] >= 0)
    clean(relay)


def _normal(value, name):
    """An answer without what may differ: addresses, order of brokers, who leads the quorum's observers when."""
    if isinstance(value, dict):
        out = {}
        for k, v in value.items():
            if k in ("Host", "Port", "ThrottleTimeMs", "ControllerId", "LogEndOffset", "LastFetchTimestamp", "LastCaughtUpTimestamp", "HighWatermark"):
                continue
            if name == "DescribeQuorum" and k in ("Nodes",):
                continue
            out[k] = _normal(v, name)
        return out
    if isinstance(value, list):
        return sorted((_normal(v, name) for v in value), key=repr)
    return value


def _batch(n=3):
    return kafkalog.make_batch([kafkalog.Record(0, 1_700_000_000_000, b"k", b"v%d" % i) for i in range(n)]).pack()


def test_not_leader_answers(cluster, watched, topic):
    """Produce, Fetch and ShareFetch at a broker that doesn't lead name the one that does: as ours.

    ShareAcknowledge names it too, but a real broker says so only in a race: test_wire.py has it."""
    p, relay = watched
    t = topic(assignment=[[1]])
    raw_id = cluster.metadata(t)["TopicId"]
    want = {"NodeId": 1, "Host": HOST, "Port": relay.base + 1, "Rack": "rack-1"}
    with wire.Conn(HOST, relay.base + 2) as c:
        for version in range(10, 14):
            name = {"Name": t} if version < 13 else {"TopicId": raw_id}
            data = [{**name, "PartitionData": [{"Index": 0, "Records": _batch()}]}]
            got = c.ask("Produce", version, {"Acks": -1, "TimeoutMs": 5000, "TopicData": data})
            part = got["Responses"][0]["PartitionResponses"][0]
            assert part["ErrorCode"] == 6 and part["CurrentLeader"]["LeaderId"] == 1, got
            assert got["NodeEndpoints"] == [want], got
        for version in range(16, 19):
            parts = [{"Partition": 0, "FetchOffset": 0, "PartitionMaxBytes": 1000}]
            got = c.ask("Fetch", version, {"MaxWaitMs": 100, "MinBytes": 1, "Topics": [{"TopicId": raw_id, "Partitions": parts}]})
            assert got["Responses"][0]["Partitions"][0]["ErrorCode"] == 6, got
            assert got["NodeEndpoints"] == [want], got
        for version in (1, 2):
            session = {"GroupId": f"nl-{t}", "MemberId": wire.topic_id_text(wire.random_id()), "ShareSessionEpoch": 0}
            limits = {"MaxWaitMs": 100, "MinBytes": 1, "MaxBytes": 1000, "MaxRecords": 10, "BatchSize": 10}
            topics = [{"TopicId": raw_id, "Partitions": [{"PartitionIndex": 0}]}]

            def named():
                got = c.ask("ShareFetch", version, {**session, **limits, "Topics": topics})
                session["ShareSessionEpoch"] += 1
                return got if got["NodeEndpoints"] else None

            assert until("ShareFetch names the leader", named, 30)["NodeEndpoints"] == [want]
    clean(relay)
