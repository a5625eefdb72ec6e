"""The proxy seen on the wire: version negotiation, APIs that it doesn't know, order, what comes back when."""

import struct

import kafkalog
import pytest
import wire
from fakebroker import FakeBroker
from lab.kafka import until
from relay import addresses


def now_batch(n=3, **kw):
    import time

    now = int(time.time() * 1000)
    return kafkalog.make_batch([kafkalog.Record(0, now + i, b"k%d" % i, b"v%d" % i) for i in range(n)], **kw).pack()


def produce_value(topic, records, acks=-1, partition=0):
    return {"Acks": acks, "TimeoutMs": 10000, "TopicData": [{"Name": topic, "PartitionData": [{"Index": partition, "Records": records}]}]}


@pytest.mark.parametrize("version", range(6))
def test_api_versions_of_the_newest_kafka_are_kept(cluster, proxy, version):
    """Against this broker nothing is lost: clients see what they would see without us."""
    value = {"ClientSoftwareName": "e2e", "ClientSoftwareVersion": "1"} if version >= 3 else {}
    with wire.Conn(*_addr(proxy)) as c, cluster.node(1).conn() as d:
        got, want = c.ask("ApiVersions", version, value), d.ask("ApiVersions", version, value)
    ranges = lambda r: {a["ApiKey"]: (a["MinVersion"], a["MaxVersion"]) for a in r["ApiKeys"]}  # noqa: E731
    assert ranges(got) == ranges(want)
    for name in ("SupportedFeatures", "FinalizedFeatures"):
        assert got.get(name) == want.get(name)


def _addr(p):
    host, port = p.bootstrap.rsplit(":", 1)
    return host, int(port)


def test_api_versions_too_new(proxy):
    """KIP-511: answered in version 0, error 35, with the versions that would do."""
    with wire.Conn(*_addr(proxy)) as c:
        c.correlation = 7
        c.send_frame(wire.request_header(18, 99, 7, "from-the-future", True) + b"\x04abc\x04def\x00\x7f")
        frame = c.recv_frame()
        assert struct.unpack(">i", frame[:4]) == (7,)
        got = wire.response("ApiVersions").decode(0, frame[4:])
        assert got["ErrorCode"] == 35
        assert [(a["ApiKey"], a["MinVersion"]) for a in got["ApiKeys"]] == [(18, 0)] and got["ApiKeys"][0]["MaxVersion"] >= 4
        assert c.ask("ApiVersions", got["ApiKeys"][0]["MaxVersion"], {"ClientSoftwareName": "x", "ClientSoftwareVersion": "1"})["ErrorCode"] == 0


@pytest.fixture
def fake(new_proxy):
    made = []

    def make(handlers, **kw):
        b = FakeBroker(handlers, **kw)
        made.append(b)
        p = new_proxy("fake", {"attest.enabled": False}, upstream=b.bootstrap)
        return b, p

    yield make
    for b in made:
        b.close()


def test_unknown_api_is_opaque(fake):
    """An API that nobody knows is not advertised, but is carried as it is when it comes."""
    payload = bytes(range(256)) * 300
    broker, p = fake({12345: lambda version, body: b"answer:" + body[::-1]})
    with wire.Conn(*_addr(p)) as c:
        keys = {a["ApiKey"] for a in c.ask("ApiVersions", 3, {"ClientSoftwareName": "x", "ClientSoftwareVersion": "1"})["ApiKeys"]}
        assert 12345 not in keys and {0, 1, 3, 18} <= keys
        c.send_frame(wire.request_header(12345, 2, 99, "odd", False) + payload)
        frame = c.recv_frame()
        assert frame == struct.pack(">i", 99) + b"answer:" + payload[::-1]
    assert broker.requests[-1] == (12345, 2, "odd", payload)


def test_ranges_are_narrowed(fake):
    """A range is cut to what we understand, its minimum never raised; what we understand none of is left out."""
    apis = [
        {"ApiKey": 0, "MinVersion": 0, "MaxVersion": 99},
        {"ApiKey": 1, "MinVersion": 4, "MaxVersion": 11},
        {"ApiKey": 3, "MinVersion": 0, "MaxVersion": 50},
        {"ApiKey": 12, "MinVersion": 90, "MaxVersion": 99},
        {"ApiKey": 18, "MinVersion": 0, "MaxVersion": 9},
        {"ApiKey": 7777, "MinVersion": 0, "MaxVersion": 1},
    ]
    _, p = fake({}, apis=apis)
    with wire.Conn(*_addr(p)) as c:
        got = c.ask("ApiVersions", 3, {"ClientSoftwareName": "x", "ClientSoftwareVersion": "1"})
    ranges = {a["ApiKey"]: (a["MinVersion"], a["MaxVersion"]) for a in got["ApiKeys"]}
    assert ranges[0][0] == 0 and 13 <= ranges[0][1] < 99
    assert ranges[1] == (4, 11) and ranges[3][0] == 0 and 13 <= ranges[3][1] < 50
    assert 12 not in ranges and 7777 not in ranges and ranges[18][1] in (4, 5)


@pytest.mark.parametrize("version", (1, 2))
def test_share_acknowledge_endpoints(fake, version):
    """The one answer with addresses that a real broker gives only in a race."""
    broker = None

    def answer(v, request):
        ends = [{"NodeId": 1, "Host": broker.host, "Port": broker.port, "Rack": "r"}]
        part = {"PartitionIndex": 0, "ErrorCode": 6, "CurrentLeader": {"LeaderId": 1, "LeaderEpoch": 3}}
        return {"Responses": [{"TopicId": b"fake-topic-id-16", "Partitions": [part]}], "NodeEndpoints": ends}

    broker, p = fake({"ShareAcknowledge": answer})
    with wire.Conn(*_addr(p)) as c:
        got = c.ask("ShareAcknowledge", version, {"GroupId": "g", "MemberId": "m", "ShareSessionEpoch": 1})
    assert got["NodeEndpoints"] == [{"NodeId": 1, "Host": "127.0.0.1", "Port": p.port + 1, "Rack": "r"}]
    assert got["Responses"][0]["Partitions"][0]["CurrentLeader"] == {"LeaderId": 1, "LeaderEpoch": 3}


def test_controllers_are_not_told(fake):
    """DescribeCluster with EndpointType 2, answered by a broker that would: no controller's address passes."""
    controllers = [{"BrokerId": 9, "Host": "10.9.8.7", "Port": 9093, "Rack": None}]
    _, p = fake({"DescribeCluster": lambda v, r: {"ClusterId": "x", "ControllerId": 9, "EndpointType": 2, "Brokers": controllers}})
    with wire.Conn(*_addr(p)) as c:
        for version in (1, 2):
            got = c.ask("DescribeCluster", version, {"EndpointType": 2})
            assert got["Brokers"] == [] and list(addresses(got)) == []


def test_new_broker_gets_a_port(fake):
    """A broker that was never heard of is told under a port of ours that works at once."""
    other = FakeBroker({}, host="127.0.77.10", node=4)
    brokers = lambda a, b: [{"BrokerId": x.node, "Host": x.host, "Port": x.port, "Rack": None} for x in (a, b)]  # noqa: E731
    broker, p = fake({"DescribeCluster": lambda v, r: {"ClusterId": "x", "ControllerId": 1, "Brokers": brokers(broker, other)}})
    try:
        with wire.Conn(*_addr(p)) as c:
            got = {x["BrokerId"]: x for x in c.ask("DescribeCluster", 1, {})["Brokers"]}
        assert got[4]["Host"] == "127.0.0.1" and got[4]["Port"] == p.port + 4
        with wire.Conn("127.0.0.1", got[4]["Port"]) as c:
            c.ask("Heartbeat", 4, {})
        assert other.requests[-1][0] == 12 and all(r[0] != 12 for r in broker.requests)
    finally:
        other.close()


def test_more_node_ids_than_ports(fake):
    """Brokers come and go under new ids: a port of one that is gone, and that nobody uses, is used again.
    Where none can be had no address passes, least of all a real one."""
    ids = list(range(1, 9))  # as many as the range has ports besides bootstrap
    other = FakeBroker({}, host="127.0.77.10")
    real = {"Host": other.host, "Port": other.port, "Rack": None}
    _, p = fake({"Metadata": lambda v, r: {**other.metadata(r), "Brokers": [{"NodeId": i, **real} for i in ids]}})
    ours = set(range(p.port + 1, p.port + 9))

    def told():
        with wire.Conn(*_addr(p)) as c:
            got = c.ask("Metadata", 12, {"Topics": []})["Brokers"]
        assert {x["Host"] for x in got} == {"127.0.0.1"}
        return {x["NodeId"]: x["Port"] for x in got}

    assert told() == {i: p.port + i for i in ids}
    with wire.Conn("127.0.0.1", p.port + 1) as used:
        used.ask("Heartbeat", 4, {})
        ids[:] = range(11, 18)
        got = until("the ports of brokers that are gone are used again", told)
        assert sorted(got) == ids and set(got.values()) == ours - {p.port + 1}
        ids.append(18)
        with wire.Conn(*_addr(p)) as c:
            c.send("Metadata", 12, {"Topics": []})
            assert c.sock.recv(1) == b""
        p.wait_line(r"level=error.*listen\.broker\.ports.*node=18")
        used.ask("Heartbeat", 4, {})
    got = until("the last port is free", told)
    assert sorted(got) == ids and set(got.values()) == ours
    count = len(other.requests)
    with wire.Conn("127.0.0.1", got[18]) as c:
        c.ask("Heartbeat", 4, {})
    assert len(other.requests) == count + 1
    other.close()


def test_answers_keep_their_order(cluster, proxy, topic):
    """Many requests at once on one connection, some answered by the proxy itself: answers in the order asked."""
    t = topic()
    leader_port = proxy.port + cluster.leader(t)
    with wire.Conn("127.0.0.1", leader_port) as c:
        asked = []
        for i in range(60):
            if i % 4 == 0:
                asked.append(("Metadata", 12, c.send("Metadata", 12, {"Topics": [{"Name": t}]})))
            elif i % 4 == 1:
                asked.append(("Produce", 9, c.send("Produce", 9, produce_value(t, now_batch(50)))))
            elif i % 4 == 2:
                c.correlation += 1
                c.send_frame(wire.request_header(18, 77, c.correlation, "new", True) + b"\0\0\0\0")
                asked.append(("ApiVersions", 0, c.correlation))
            else:
                c.send("Produce", 9, produce_value(t, now_batch(1), acks=0))  # no answer at all
        offsets = []
        for name, version, correlation in asked:
            got = c.receive(name, version, correlation)
            if name == "Produce":
                part = got["Responses"][0]["PartitionResponses"][0]
                assert part["ErrorCode"] == 0
                offsets.append(part["BaseOffset"])
        assert offsets == sorted(offsets) and len(offsets) == 15


@pytest.mark.parametrize("version", range(3, 14))
def test_produce_every_version(cluster, proxy, topic, version):
    t = topic()
    value = produce_value(t, now_batch(5, codec="gzip"))
    if version >= 13:
        value["TopicData"][0] = {"TopicId": cluster.metadata(t)["TopicId"], "PartitionData": value["TopicData"][0]["PartitionData"]}
    with wire.Conn("127.0.0.1", proxy.port + cluster.leader(t)) as c:
        got = c.ask("Produce", version, value)
    part = got["Responses"][0]["PartitionResponses"][0]
    assert (part["ErrorCode"], part["BaseOffset"]) == (0, 0), got
    log = until("the batch is in the log", lambda: cluster.log(t) if cluster.log(t).records else None)
    assert len(log.records) == 5 and all(len(r.headers) == 3 for r in log.records)


def test_topic_ids_after_a_restart(cluster, new_proxy, topic):
    """A client may know a topic's id from before the proxy was there: Produce 13 right after the start is attested."""
    t = topic()
    raw = cluster.metadata(t)["TopicId"]
    p = new_proxy()
    with wire.Conn("127.0.0.1", p.port + cluster.leader(t)) as c:
        value = {"Acks": -1, "TimeoutMs": 10000, "TopicData": [{"TopicId": raw, "PartitionData": [{"Index": 0, "Records": now_batch(4)}]}]}
        got = c.ask("Produce", 13, value)
        assert got["Responses"][0]["PartitionResponses"][0]["ErrorCode"] == 0, got
    assert all(len(r.headers) == 3 for r in cluster.log(t).records)


def test_a_retry_counts_once(cluster, proxy, topic):
    """The same (producer id, epoch, sequence) again: the broker keeps one copy, so does its window."""
    from checks import attested

    t = topic()
    with wire.Conn("127.0.0.1", proxy.port + cluster.leader(t)) as c:
        pid = c.ask("InitProducerId", 4, {"TransactionalId": None, "TransactionTimeoutMs": 60000})
        for sequence in (0, 5, 10):
            batch = now_batch(5, pid=pid["ProducerId"], epoch=pid["ProducerEpoch"], sequence=sequence)
            offsets = []
            for _ in range(3):
                with wire.Conn("127.0.0.1", proxy.port + cluster.leader(t)) as other:
                    for conn in (c, other):
                        part = conn.ask("Produce", 9, produce_value(t, batch))["Responses"][0]["PartitionResponses"][0]
                        assert part["ErrorCode"] == 0, part
                        offsets.append(part["BaseOffset"])
            assert offsets == [sequence] * 6
    assert len(cluster.log(t).records) == 15
    attested(cluster, proxy, t)


def test_errors_of_the_broker_pass(cluster, proxy, topic):
    """What the broker refuses is refused with its own word, and no statement has it."""
    t = topic()
    leader = proxy.port + cluster.leader(t)
    good = now_batch(3)
    with wire.Conn("127.0.0.1", leader) as c:
        ask = lambda records, **kw: c.ask("Produce", 9, produce_value(kw.pop("topic", t), records, **kw))["Responses"][0]["PartitionResponses"][0]["ErrorCode"]  # noqa: E731
        bad_crc = bytearray(good)
        bad_crc[-1] ^= 1
        assert ask(bytes(bad_crc)) == 2, "CORRUPT_MESSAGE"
        unknown = bytearray(good)
        unknown[22] |= 7
        fixed = bytes(unknown[:17]) + struct.pack(">I", kafkalog.crc32c(bytes(unknown[21:]))) + bytes(unknown[21:])
        with cluster.node(cluster.leader(t)).conn() as d:
            want = d.ask("Produce", 9, produce_value(t, fixed))["Responses"][0]["PartitionResponses"][0]["ErrorCode"]
            want_two = d.ask("Produce", 9, produce_value(t, good + good))["Responses"][0]["PartitionResponses"][0]["ErrorCode"]
        assert ask(fixed) == want != 0, "unknown codec: what the broker says"
        assert ask(good + good) == want_two != 0, "two batches: what the broker says"
        assert ask(good, topic="no-such-topic") == 3
        assert ask(good, partition=77) == 3
        control = kafkalog.make_batch([kafkalog.Record(0, 1, b"\0\0\0\1", b"\0\0\0\0\0\0")])
        control.attributes |= 32
        assert ask(control.pack()) == 87
        assert ask(good) == 0, "the connection goes on"
    from checks import attested

    x = attested(cluster, proxy, t)
    assert [len(s.offsets()) for s in x[0].statements] == [3]
