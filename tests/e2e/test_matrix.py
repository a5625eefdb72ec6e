"""Every client, every feature that it has, directly and through the proxy: the results are the same.

matrix/table.py says who has what, matrix/PROTOCOL.md how a client is driven.  Through the proxy all that a client is
sent passes a recording relay, and what it wrote is attested.
"""

import concurrent.futures
import itertools
import os
import re
import time

import pytest
from checks import attested, same_records
from clients import OWN, sample
from conftest import DIRECT
from lab.kafka import ROOT, until
from matrix.drivers import Driver, command, job_record, result_record
from matrix.profiles import PROFILES
from matrix.table import CLIENTS, CODECS, FEATURES, markdown
from matrix.ways import clean, normal_value, two_ways

pytestmark = pytest.mark.clients
N = 32
NOW = int(time.time() * 1000)


@pytest.fixture(scope="module")
def profile(request):
    return PROFILES[request.config.getoption("--profile")]


@pytest.fixture(scope="module")
def ways(cluster, profile, tmp_path_factory):
    with two_ways(cluster, profile, tmp_path_factory.mktemp("matrix"), DIRECT) as both:
        yield both


@pytest.fixture(scope="module")
def drivers():
    """One client's drivers at a time, one for each way; conftest.py puts the tests in the clients' order."""
    name, open_ = None, []

    def close():
        while open_:
            open_.pop().close()

    def get(c):
        nonlocal name
        if name != c.name or not all(d.alive() for d in open_):
            close()
            open_.extend(Driver(command(*c.driver)) for _ in range(2))
            name = c.name
        return open_

    yield get
    close()


@pytest.fixture
def client(request):
    return CLIENTS[request.param]


def pytest_generate_tests(metafunc):
    if "client" not in metafunc.fixturenames:
        return
    profile = PROFILES[metafunc.config.getoption("--profile")]
    feature = metafunc.function.__name__.removeprefix("test_").replace("_", "-")
    pairs = []
    for c in CLIENTS.values():
        for f in [f"codec-{x}" for x in CODECS] if feature == "codec" else [feature]:
            if has(c, f, profile):
                pairs.append((c.name, f))
    ids = [c if feature != "codec" else f"{c}-{f.removeprefix('codec-')}" for c, f in pairs]
    if "feature" in metafunc.fixturenames:
        metafunc.parametrize("client,feature", pairs, ids=ids, indirect=["client"])
    else:
        metafunc.parametrize("client", [c for c, _ in pairs], ids=ids, indirect=True)


def has(client, feature, profile):
    if profile.name in client.shut_out:
        return feature == "shut-out"
    return feature in (profile.features or FEATURES) and feature not in client.lacks


_numbers = itertools.count(1)


class Way:
    """One of the two ways for one test: names of its own, jobs, and what came of them."""

    def __init__(self, cluster, client, driver, way, name, number):
        self.cluster, self.client, self.driver, self.way, self.direct = cluster, client, driver, way, way.proxy is None
        self.name = f"mx-{client.name}-{name}-{os.getpid() % 10000:x}-{number}-{way.tag}"
        self.topics = []

    def topic(self, suffix="", create=True, **kw):
        t = self.name + suffix
        self.topics.append(t)
        return self.cluster.create(t, **kw) if create else t

    def ask(self, op, *, fails=False, props=None, **job):
        got = self.driver.ask(op=op, bootstrap=self.way.bootstrap, props={**self.way.props, **(props or {})}, **job)
        assert fails == ("error" in got), (self.way.tag, op, got.get("error", got))
        return got

    def produce(self, topic, records, fails=False, txn=None, **props):
        job = {"topic": topic, "records": [job_record(r) for r in records]}
        if txn:
            job["txn"] = [{"commit": c, "count": n} for c, n in txn]
        got = self.ask("produce", fails=fails, props=dotted({"acks": "all", **props}), **job)
        return got.get("error") or got["offsets"]

    def consume(self, topic, count, **props):
        got = self.ask("consume", topic=topic, count=count, timeout=60, props=dotted(props))
        out = [result_record(r) for r in got["records"]]
        if "header order" in self.client.cannot:
            for r in out:  # the proxy's stand among the others
                r.headers = [h for h in r.headers if h[0] not in OWN]
        return out, got.get("committed")

    def stored(self, topic):
        """Each partition as the leader's disk has it, without what the proxy added."""
        out = {}
        for p in self.cluster.partitions(topic):
            log = self.cluster.log(topic, p)
            records = [plain(r) for r in log.records]
            out[p] = {
                "records": records if not self.client.text else [r[:-1] for r in records],
                "producer": sorted({(b.pid >= 0, b.transactional) for b in log.batches if not b.control}),
                "aborted": sorted(log.aborted),
                "end": log.end,
            }
        return out

    def codecs(self, topic):
        """Not compared: a client stores a batch that doesn't shrink as it is, and where batches end is a matter of time."""
        return {b.codec for p in self.cluster.partitions(topic) for b in self.cluster.log(topic, p).batches if not b.control}


def dotted(props):
    return {k.replace("_", "."): str(v) for k, v in props.items()}


def plain(r):
    """A record to compare, be it from a client or from a log: without the proxy's headers, its time last."""
    own = r.headers[:-3] if tuple(n for n, _ in r.headers[-3:]) == OWN else r.headers
    return [r.offset, r.key, r.value, own, r.timestamp]


def in_order(records):
    return sorted(records, key=lambda r: (r.partition, r.offset))


def seen(records, client):
    """What was read, to compare."""
    out = [[r.partition, *plain(r)] for r in in_order(records)]
    return [r[:-1] for r in out] if client.text else out


@pytest.fixture
def both(cluster, ways, client, drivers, request):
    """both(f): f's result for either way is the same; what was written through the proxy is attested.  The two run side by side."""

    def run(f, mode="full"):
        number, base = next(_numbers), request.node.originalname.removeprefix("test_").replace("_", "-")

        def one(way, driver):
            w = Way(cluster, client, driver, way, base, number)
            result = normal_value(f(w), way)
            if not w.direct:
                for t in w.topics:
                    attested(cluster, way.proxy, t, mode=mode, dbom_topic=way.proxy.dbom_topic)
            return result

        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            direct, proxied = (pool.submit(one, *x) for x in zip(ways, drivers(client)))
        want = direct.result()  # what fails directly, too, is not the proxy's
        assert proxied.result() == want
        return want

    yield run
    for way in ways:
        if way.relay:
            clean(way.relay)


def fit(client, records):
    """Records that this client can express."""
    for r in records:
        if "null header" in client.cannot:
            r.headers = [(n, b"" if v is None else v) for n, v in r.headers]
        if "repeated header" in client.cannot:
            r.headers = list(dict(r.headers).items())
        if "header order" in client.cannot:
            r.headers.sort()
        if "empty" in client.cannot:
            r.headers = [(n, v or b"x") for n, v in r.headers]
            r.key, r.value = r.key and r.key or b"k", r.value and r.value or b"v"
        if "null key" in client.cannot and r.key is None:
            r.key = b""
        if "empty key" in client.cannot and r.key == b"":
            r.key = b"k"
        if "null value" in client.cannot and r.value is None:
            r.value = b""
    return records


def records(client, n=N, seed=0, partitions=2):
    """The same at every call, timestamps too."""
    out = sample(n, seed, partitions, client.text, "empty header name" not in client.cannot, "both null" not in client.cannot)
    if not client.text:
        later = NOW - out[0].timestamp
        for r in out:
            r.timestamp += later
    return fit(client, out)


def test_codec(both, client, feature):
    codec = feature.removeprefix("codec-")

    def case(w):
        t = w.topic(partitions=2)
        sent = records(client, seed=CODECS.index(codec))
        offsets = w.produce(t, sent, compression_type=codec)
        got, _ = w.consume(t, N)
        same_records(sent, got, not client.text)
        assert codec in w.codecs(t) and w.codecs(t) <= {codec, "none"}, "the codec is the client's"
        return offsets, seen(got, client), w.stored(t)

    both(case)


def test_idempotence(both, client):
    def case(w):
        t = w.topic(partitions=2)
        sent = records(client, 2 * N, 7)
        offsets = w.produce(t, sent, enable_idempotence="true", acks="all")
        got, _ = w.consume(t, 2 * N)
        same_records(sent, got, not client.text)
        stored = w.stored(t)
        assert all(s["producer"] == [(True, False)] for s in stored.values())
        return offsets, seen(got, client), stored

    both(case)


@pytest.mark.parametrize("acks", ["0"])
def test_acks_0(both, client, acks):
    _acks(both, client, acks)


@pytest.mark.parametrize("acks", ["1"])
def test_acks_1(both, client, acks):
    _acks(both, client, acks)


def _acks(both, client, acks):
    def case(w):
        t = w.topic(partitions=2)
        sent = records(client, N, 8)
        offsets = w.produce(t, sent, acks=acks, enable_idempotence="false")
        until("all records are stored", lambda: sum(len(w.cluster.log(t, p).records) for p in (0, 1)) >= N)
        got, _ = w.consume(t, N)
        same_records(sent, got, not client.text)
        return offsets, seen(got, client), w.stored(t)

    both(case)


def test_transactions(both, client):
    def case(w):
        t = w.topic(partitions=2)
        sent = records(client, 30, 9)
        offsets = w.produce(t, sent, txn=[(True, 10), (False, 10), (True, 10)], transactional_id=w.name)
        committed, _ = w.consume(t, 20, isolation_level="read_committed")
        same_records(sent[:10] + sent[20:], committed, not client.text)
        everything, _ = w.consume(t, 30, isolation_level="read_uncommitted")
        same_records(sent, everything, not client.text)
        stored = w.stored(t)
        assert sum(len(s["aborted"]) for s in stored.values()) == 10
        return offsets, seen(committed, client), seen(everything, client), stored

    both(case)


def _group(both, client, **props):
    def case(w):
        t = w.topic(partitions=3)
        sent = records(client, 30, 10, 3)
        w.produce(t, sent)
        got, committed = w.consume(t, 30, group_id=w.name, **props)
        same_records(sent, got, not client.text)
        more = records(client, 15, 11, 3)
        w.produce(t, more)
        if not client.text:
            assert w.cluster.committed(w.name, t) == {0: 10, 1: 10, 2: 10}
        again, committed2 = w.consume(t, 15, group_id=w.name, **props)
        same_records(more, again, not client.text)
        until("what was read is committed", lambda: w.cluster.committed(w.name, t) == {0: 15, 1: 15, 2: 15})
        return seen(got, client), committed, seen(again, client), committed2

    both(case)


def test_group(both, client):
    _group(both, client)


def test_group_848(both, client):
    _group(both, client, group_protocol="consumer")


def test_create(both, client):
    configs = {} if "topic configuration" in client.cannot else {"max.message.bytes": "65536", "retention.ms": "3600000"}

    def case(w):
        t, new = w.topic(create=False), {"partitions": 3, "replicas": len(w.cluster.nodes)}
        w.ask("create", topic=t, **new, configs=configs)
        w.cluster.wait_leaders(t, 3)
        got = w.ask("metadata", topic=t)["partitions"]
        want = sorted([p["PartitionIndex"], p["LeaderId"], p["ReplicaNodes"]] for p in w.cluster.metadata(t)["Partitions"])
        assert got in (want, [[p[0], None, None] for p in want])
        twice = w.ask("create", fails=True, topic=t, **new, configs={})["error"]
        sent = records(client, 9, 12, 3)
        offsets = w.produce(t, sent)
        stored = w.stored(t)
        if not w.direct:
            attested(w.cluster, w.way.proxy, t, dbom_topic=w.way.proxy.dbom_topic)
        w.topics.remove(t)
        w.ask("delete", topic=t)
        until(f"{t} is gone", lambda: all(w.cluster._lacks(n, t) for n in w.cluster.nodes))
        gone = w.ask("delete", fails=True, topic=t)["error"]
        return [p[0] for p in got], twice, offsets, stored, gone

    both(case)


def test_configs(both, client):
    def case(w):
        t = w.topic(configs={"max.message.bytes": 70000, "cleanup.policy": "delete", "segment.bytes": 2000000})
        got = w.ask("configs", topic=t)["configs"]
        assert got["max.message.bytes"] == "70000" and got["segment.bytes"] == "2000000"
        w.topics.remove(t)
        return got

    both(case)


def test_cluster(both, client, cluster):
    def case(w):
        got = w.ask("cluster")
        assert got["clusterId"] in (cluster.id, None)
        assert [b[0] for b in got["brokers"]] == [n.n for n in cluster.nodes]
        assert {n: (h, p) for n, h, p in got["brokers"]} == w.way.brokers
        return got["clusterId"], [b[0] for b in got["brokers"]]

    both(case)


def test_list_groups(both, client):
    def case(w):
        with w.cluster.coordinator(w.name).conn() as c:  # an offset committed makes a group
            t = w.topic()
            parts = [{"PartitionIndex": 0, "CommittedOffset": 0}]
            made = {"GroupId": w.name, "GenerationIdOrMemberEpoch": -1, "Topics": [{"Name": t, "Partitions": parts}]}
            until("the group is made", lambda: c.ask("OffsetCommit", 8, made)["Topics"][0]["Partitions"][0]["ErrorCode"] == 0)
        w.topics.remove(t)
        return [g for g in w.ask("groups")["groups"] if g == w.name]

    assert both(case)


def test_ends(both, client):
    def case(w):
        t = w.topic(partitions=2)
        w.produce(t, records(client, 11, 13))
        got = w.ask("ends", topic=t)["ends"]
        assert got == {"0": [0, 6], "1": [0, 5]}
        return got

    both(case)


def test_too_large(both, client):
    """The broker's refusal is the client's error, the same error; nothing is stored."""

    def case(w):
        t = w.topic(configs={"max.message.bytes": 2000})
        (r,) = records(client, 1, 14, 1)
        r.key, r.value = b"k", os.urandom(2500).hex().encode()
        error = w.produce(t, [r], fails=True)
        assert re.search(r"(?i)larg|size|10\b", error["name"] + error["message"]), error
        assert w.stored(t)[0]["records"] == []
        ok = records(client, 1, 14, 1)
        w.produce(t, ok)
        return error, [r[1:] for r in w.stored(t)[0]["records"]]

    both(case)


def test_tight(both, client):
    """What the topic takes from the client it takes from the proxy: shorter headers, or none."""

    def case(w):
        t = w.topic(configs={"max.message.bytes": 2000})
        sent = records(client, 3, 15, 1)
        for r, size in zip(sent, (1850, 1750, 1000)):
            r.key, r.value, r.headers = b"k", os.urandom(size // 2).hex().encode(), []
        offsets = []
        for r in sent:  # each in a batch of its own
            offsets.append(w.produce(t, [r]))
        got, _ = w.consume(t, 3)
        same_records(sent, got, not client.text)
        return offsets, [[r.offset, r.key, len(r.value), r.own()] for r in got], [r[0] for r in w.stored(t)[0]["records"]]

    both(case, mode=None)


def test_auto_create(both, client):
    def case(w):
        t = w.topic(create=False)
        sent = records(client, 6, 16, 1)
        offsets = w.produce(t, sent)
        w.cluster.wait_leaders(t, 2)
        got, _ = w.consume(t, 6)
        same_records(sent, got, not client.text)
        return offsets, seen(got, client), w.stored(t)

    both(case)


def test_shut_out(both, client):
    """A client that can't log in as this profile has it fails with the proxy as without."""

    def case(w):
        t = w.topic(partitions=2)
        error = w.produce(t, records(client, 4, 17), fails=True)
        assert w.stored(t)[0]["records"] == []
        w.topics.remove(t)
        reason = re.search(r"SASL authentication error: [^(\n]*", error["message"])  # and then how long it took
        assert reason, error
        return reason[0]

    both(case)


def test_table_is_whole():
    """Each feature has its test, and each gap in the table names one."""
    tests = {n.removeprefix("test_").replace("_", "-") for n in globals() if n.startswith("test_")}
    for f in FEATURES:
        assert f in tests or f.startswith("codec-"), f
    for c in CLIENTS.values():
        assert set(c.lacks) <= set(FEATURES) and set(c.shut_out) <= set(PROFILES), c.name
    with open(os.path.join(ROOT, "docs", "CLIENTS.md")) as f:
        assert markdown() in f.read(), "docs/CLIENTS.md has another table: python3 tests/e2e/matrix/table.py"
