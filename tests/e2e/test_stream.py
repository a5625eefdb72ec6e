"""Fetch answers pass while they come: what is told in them keeps its length, and no memory grows with them."""

import os
import struct
import threading

import pytest
import wire
from checks import same_records
from clients import GO, JAVA, Confluent, Rec, sample
from fakebroker import FakeBroker, Flood
from lab.kafka import CANARY, until
from proxy import FLAVOR, free_ports
from relay import Relay

LENT = 64  # MB that a proxy may take in all


@pytest.fixture
def fake(new_proxy):
    made = []

    def make(handlers, **settings):
        b = FakeBroker(handlers)
        made.append(b)
        p = new_proxy("fake", {"attest.enabled": False, **settings}, upstream=b.bootstrap)
        return b, p

    yield make
    for b in made:
        b.close()


def moved(ends):
    """A Fetch answer of a broker that doesn't lead any more."""
    part = {"PartitionIndex": 0, "ErrorCode": 6, "CurrentLeader": {"LeaderId": 1, "LeaderEpoch": 9}, "Records": b"x" * 100}
    return {"Responses": [{"TopicId": b"fake-topic-id-16", "Partitions": [part]}], "NodeEndpoints": ends}


@pytest.mark.parametrize("count", (1, 2, 5))
@pytest.mark.parametrize("longer", range(-3, 7))
def test_the_length_stays(fake, longer, count):
    """The brokers' hosts longer than ours by so many bytes: as many endpoints as fit are told, at ours, and then padding."""
    host = "127.0.0.1" + "x" * longer if longer >= 0 else "127.0.0.1"[:longer]
    ends = [{"NodeId": i + 1, "Host": host, "Port": 7000 + i, "Rack": None} for i in range(count)]
    broker, p = fake({"Fetch": lambda v, r: moved(ends)})
    with wire.Conn("127.0.0.1", p.port) as c:
        for version in (16, 17, 18):
            c.send("Fetch", version, {"Topics": []})
            frame = c.recv_frame()
            got = wire.decode_response("Fetch", version, frame)
            assert len(frame) == 5 + len(wire.response("Fetch").encode(version, moved(ends)))
            told = got["NodeEndpoints"] or []
            assert told == [{"NodeId": n, "Host": "127.0.0.1", "Port": p.port + n, "Rack": None} for n in range(1, len(told) + 1)]
            if longer == 0 or longer * count > 1:
                assert len(told) == count
            elif longer > 0:
                assert told == [], "one byte can't be filled"
            else:
                assert len(told) < count
            padding = got.get("_tags", {})
            assert len(padding) == (longer != 0) and not any(b"".join(padding.values()))
            assert got["Responses"][0]["Partitions"][0]["CurrentLeader"] == {"LeaderId": 1, "LeaderEpoch": 9}


def test_a_version_to_come(fake):
    """Fetch 19, which nobody knows yet: its answer could tell an address anywhere, so none of it passes."""
    broker, p = fake({1: lambda v, body: b"\0" + b"secret" * 100})
    with wire.Conn("127.0.0.1", p.port) as c:
        c.send_frame(wire.request_header(1, 19, 1, "raw", True) + b"\0\0")
        with pytest.raises(ConnectionError):
            c.recv_frame()


class Watch(Relay):
    """Keeps what Fetch answers said of leaders that moved."""

    def __init__(self, *args, **kw):
        self.moves = []  # (node ids that have an endpoint, tags that nobody knows)
        super().__init__(*args, **kw)

    def _down(self, frame, pending):
        key, version = pending.get(struct.unpack_from(">i", frame)[0], (None, None))
        super()._down(frame, pending)
        if key != 1 or version < 16:
            return
        got = wire.decode_response("Fetch", version, frame)
        if any((p["CurrentLeader"] or {}).get("LeaderId", -1) >= 0 for t in got["Responses"] for p in t["Partitions"]):
            with self.lock:
                self.moves.append((sorted(e["NodeId"] for e in got["NodeEndpoints"] or []), got.get("_tags", {})))


def move_all(cluster, t, leaders):
    """Gives each partition its leader, all in one step."""
    replicas = [[leader] + [n for n in (1, 2, 3) if n != leader] for leader in leaders]
    parts = [{"PartitionIndex": i, "Replicas": r} for i, r in enumerate(replicas)]
    got = cluster.ask("AlterPartitionReassignments", 0, {"TimeoutMs": 20000, "Topics": [{"Name": t, "Partitions": parts}]})
    assert got["ErrorCode"] == 0, got
    there = lambda: {p["PartitionIndex"]: p for p in cluster.metadata(t)["Partitions"]}  # noqa: E731
    until("they are reassigned", lambda: all(there()[i]["ReplicaNodes"] == r and len(there()[i]["IsrNodes"]) == 3 for i, r in enumerate(replicas)))
    elect = {"ElectionType": 0, "TopicPartitions": [{"Topic": t, "Partitions": list(range(len(leaders)))}], "TimeoutMs": 20000}
    cluster.ask("ElectLeaders", 2, elect)
    until("they are led", lambda: [there()[i]["LeaderId"] for i in range(len(leaders))] == list(leaders))


CONSUMERS = {
    "java": lambda b, t, n: JAVA.consume(b, t, n, timeout=100),
    "java-group": lambda b, t, n: JAVA.consume(b, t, n, timeout=100, group_id=f"g-{t}"),
    "franz-go": lambda b, t, n: GO.consume(b, t, n, timeout=100),
    "confluent": lambda b, t, n: Confluent.consume(b, t, n, timeout=100),
}


FILLED = {
    (2, 2): ([], {0xFFFFFFF: bytes(19 + len("rack-2"))}),  # one endpoint: a byte would be left, so it is left out, rack and all
    (2, 3): ([2, 3], {0x7F: b""}),
}


@pytest.mark.parametrize("moved_to", FILLED, ids=("one", "two"))
@pytest.mark.parametrize("consumer", CONSUMERS)
def test_clients_follow(cluster, new_proxy, topic, tmp_path, consumer, moved_to):
    """The leaders move under a consumer.  Our host is one byte shorter than the brokers': an answer that names one new
    leader is filled up in its place, one that names two is filled up behind them.  The consumer goes on."""
    host = "127.0.8.1"
    assert len(host) + 1 == len(CANARY + "1")
    base = free_ports(10)
    p = new_proxy("followed", {"listen.advertised.host": host, "attest.enabled": False}, ports=base)
    relay = Watch(range(base, base + 9), host=host)
    relay.needles = [("text of a broker's address", CANARY.encode())]
    try:
        t = topic(assignment=[[1, 2, 3], [1, 2, 3]])
        sent = sample(40, 1, 2)
        Confluent.produce(cluster.bootstrap, t, sent[:20])
        got, errors = [], []

        def consume():
            try:
                got.extend(CONSUMERS[consumer](f"{host}:{base}", t, len(sent)))
            except BaseException as e:
                errors.append(e)

        thread = threading.Thread(target=consume)
        thread.start()
        until("it fetches", lambda: errors or sum(n for (k, v), n in relay.answers.items() if k == 1) > 2, 90)
        for attempt in range(5):  # a fetch may come between the one partition's move and the other's
            if attempt > 0:
                move_all(cluster, t, (1, 1))
            before = len(relay.moves)
            move_all(cluster, t, moved_to)
            until("it hears of it", lambda: errors or len(relay.moves) > before, 60)
            if FILLED[moved_to] in relay.moves:
                break
        Confluent.produce(cluster.bootstrap, t, sent[20:])
        thread.join()
        assert errors == []
        same_records(sent, got)
        assert relay.hits == [] and relay.errors == [], (relay.hits[:3], relay.errors[:3])
        assert {h for h, _ in relay.addresses} == {host}
        assert FILLED[moved_to] in relay.moves, relay.moves
    finally:
        relay.close()


def test_two_hundred_megabytes(fake):
    """One answer, twice as long as listen.max.frame.bytes and three times what the proxy may take."""
    n = 200 * 1000 * 1000
    whole = wire.response("Fetch").encode(16, moved([]))
    at = whole.index(b"x" * 100)
    size = wire.Writer()
    size.uvarint(n + 1)
    before, after = b"\0" + whole[: at - 1] + size.done(), whole[at + 100 :]
    broker, p = fake({1: lambda v, body: Flood(before, n, after)})
    idle = p.rss_mb()
    with wire.Conn("127.0.0.1", p.port, timeout=120) as c:
        c.send("Fetch", 16, {"Topics": []})
        (length,) = struct.unpack(">i", c.recv_exactly(4))
        assert length == 4 + len(before) + n + len(after)
        head = c.recv_exactly(4 + len(before))
        assert head[4:] == before
        left = n
        while left:
            got = c.sock.recv(min(left, 1 << 20))
            assert got and not got.strip(b"\0")
            left -= len(got)
        assert c.recv_exactly(len(after)) == after
    if FLAVOR == "release":
        assert p.peak_rss_mb() < LENT, (idle, p.peak_rss_mb())


def test_large_batches(cluster, new_proxy, topic):
    """A consumer that asks for 200 MB at a time, of a topic of large batches: the proxy doesn't hold them."""
    p = new_proxy("large", {"attest.enabled": False})
    t = topic(configs={"max.message.bytes": 8000000})
    value = os.urandom(900_000)
    Confluent.produce(cluster.bootstrap, t, [Rec(b"%d" % i, value) for i in range(150)])
    got = Confluent.consume(
        p.bootstrap, t, 150, timeout=120, fetch_max_bytes=200_000_000, max_partition_fetch_bytes=200_000_000,
        receive_message_max_bytes=300_000_000, fetch_min_bytes=30_000_000, fetch_wait_max_ms=3000,
    )  # fmt: skip
    assert [r.key for r in got] == [b"%d" % i for i in range(150)] and all(r.value == value for r in got)
    if FLAVOR == "release":
        assert p.peak_rss_mb() < LENT, p.peak_rss_mb()
