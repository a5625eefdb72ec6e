"""How transactions end when it is not this proxy that sees it, above all those that share an epoch (transaction.version 1): told as the log's markers have it.

| a transaction ends | where |
|---|---|
| at a broker directly, and the next one through the proxy | test_ended_elsewhere |
| through another proxy | test_ended_through_another_proxy |
| while the proxy is down | test_ended_while_it_was_down, test_nobody_comes_back |
| through the proxy's next run | test_goes_on_over_a_crash |
| as its transactional id is initialised anew | test_fenced |
| on the coordinator's timeout | test_timed_out |
| while another one, that began before, is still open | test_held_up_by_another |
| and records have no headers to be told apart by | test_without_headers |
| and its records are gone when the log is asked | test_records_are_gone |
| and the topic isn't the one that it was | test_topic_made_again |
| and each has an epoch of its own (transaction.version 2) | test_ended_elsewhere_with_epochs_of_their_own |
| through the proxy, as it usually is | test_the_log_is_seldom_asked |

More of ends that the proxy does see: test_attest: test_transactions, test_transaction_left_open; test_topic_life: test_transactions_of_both_kinds.
"""

import time

import kafkalog
import pytest
import wire
from checks import check_publication, ends_told, members_once, of_topic, public_keys, statements
from clients import GO, JAVA, Confluent, sample
from confluent_kafka import Producer
from lab.kafka import until
from proxy import PATIENCE, ctl

VERSIONS = {"InitProducerId": 4, "AddPartitionsToTxn": 3, "Produce": 11, "EndTxn": 4}  # the last of transactions that share an epoch
OWN_EPOCH = {**VERSIONS, "InitProducerId": 5, "Produce": 12, "EndTxn": 5}  # the first where each has its own
# A coordinator that loads, moves, or is about the transaction before; a leader that hears of the partition's transaction too late.
AGAIN = {14, 15, 16, 19, 51}
PARTITIONS = 2
# attest.transaction.wait: the window is stated, with its members open, before anybody asks; or it waits for them.
WAITS = {"stated-open": "200ms", "not-stated": "20s"}


def usual(first, *others):
    """The first is always tried, the others in the life suite."""
    return [first, *(pytest.param(x, marks=pytest.mark.life) for x in others)]


_made = []  # connections of the test that runs


def connect(host, port):
    _made.append(wire.Conn(host, port))
    return _made[-1]


def batch(n, text, **kw):
    now = int(time.time() * 1000)
    return kafkalog.make_batch([kafkalog.Record(0, now, b"k%d" % i, f"{text} {i}".encode()) for i in range(n)], **kw).pack()


class Way:
    """One way to the cluster, and a client's own connections on it, one to each broker."""

    def __init__(self, host, port):
        self.first, self.conns = connect(host, port), {}

    def at(self, host, port):
        if (host, port) not in self.conns:
            self.conns[host, port] = connect(host, port)
        return self.conns[host, port]

    def leader(self, topic, partition):
        got = self.first.ask("Metadata", 12, {"Topics": [{"Name": topic}], "AllowAutoTopicCreation": False})
        (lead,) = [p["LeaderId"] for p in got["Topics"][0]["Partitions"] if p["PartitionIndex"] == partition]
        (b,) = [b for b in got["Brokers"] if b["NodeId"] == lead]
        return self.at(b["Host"], b["Port"])

    def coordinator(self, tid):
        got = self.first.ask("FindCoordinator", 4, {"KeyType": 1, "CoordinatorKeys": [tid]})["Coordinators"][0]
        return None if got["ErrorCode"] else self.at(got["Host"], got["Port"])


def asked(conn_of, name, value, error_of, versions=VERSIONS):
    """The answer that has no error, asked for again where a client would."""

    def once():
        conn = conn_of()
        got = conn and conn.ask(name, versions[name], value)
        return None if got is None or error_of(got) in AGAIN else got

    got = until(f"{name} is taken", once, 30 * PATIENCE)
    assert error_of(got) == 0, (name, got)
    return got


class Transactions:
    """A producer of transactions.  Each step says which way it goes; the epoch stays, and sequences go on."""

    versions = VERSIONS

    def __init__(self, topic, tid):
        self.topic, self.tid = topic, tid

    def _ask(self, way, name, value, error_of=lambda a: a["ErrorCode"]):
        return asked(lambda: way.coordinator(self.tid), name, value, error_of, self.versions)

    def _is(self, got):
        """Whom the coordinator's answer makes it."""
        self.pid, self.epoch, self.sequences = got["ProducerId"], got["ProducerEpoch"], [0] * PARTITIONS

    def init(self, way, timeout_ms=60000):
        self._is(self._ask(way, "InitProducerId", {"TransactionalId": self.tid, "TransactionTimeoutMs": timeout_ms}))
        return self

    def write(self, way, n, partitions=range(PARTITIONS)):
        """Begins a transaction, or goes on with one: a batch of n for each partition."""
        self._add(way, partitions)
        return {(p, o) for p in partitions for o in self._batch(way, n, p)}

    def _add(self, way, partitions):
        value = {
            "V3AndBelowTransactionalId": self.tid,
            "V3AndBelowProducerId": self.pid,
            "V3AndBelowProducerEpoch": self.epoch,
            "V3AndBelowTopics": [{"Name": self.topic, "Partitions": list(partitions)}],
        }

        def error(got):
            errors = {p["PartitionErrorCode"] for p in got["ResultsByTopicV3AndBelow"][0]["ResultsByPartition"]}
            return min(errors - {0, 55}, default=0)  # 55: not attempted, as another one failed

        self._ask(way, "AddPartitionsToTxn", value, error)

    def _batch(self, way, n, partition):
        sequence = self.sequences[partition]
        self.sequences[partition] += n
        codec = kafkalog.CODECS[sequence % len(kafkalog.CODECS)]
        made = batch(n, f"{self.tid} {sequence}", codec=codec, pid=self.pid, epoch=self.epoch, sequence=sequence, transactional=True)
        at = produce(way, self.topic, partition, made, self.tid, self.versions)
        return range(at, at + n)

    def end(self, way, commit):
        value = {"TransactionalId": self.tid, "ProducerId": self.pid, "ProducerEpoch": self.epoch, "Committed": commit}
        return self._ask(way, "EndTxn", value)

    def whole(self, way, n, commit, partitions=range(PARTITIONS)):
        written = self.write(way, n, partitions)
        self.end(way, commit)
        return written


class EpochEach(Transactions):
    """The newer kind: its leaders add partitions by themselves, and each end makes it another epoch."""

    versions = OWN_EPOCH

    def _add(self, way, partitions):
        pass

    def end(self, way, commit):
        self._is(super().end(way, commit))


def produce(way, topic, partition, records, tid=None, versions=VERSIONS):
    """The batch's first offset."""
    data = [{"Name": topic, "PartitionData": [{"Index": partition, "Records": records}]}]
    value = {"TransactionalId": tid, "Acks": -1, "TimeoutMs": 20000, "TopicData": data}
    part = lambda a: a["Responses"][0]["PartitionResponses"][0]  # noqa: E731
    got = asked(lambda: way.leader(topic, partition), "Produce", value, lambda a: part(a)["ErrorCode"], versions)
    return part(got)["BaseOffset"]


class Scene:
    """A topic, a proxy and what comes through it."""

    def __init__(self, cluster, new_proxy, topic, wait, settings=None, configs=None):
        self.cluster, self.new_proxy = cluster, new_proxy
        self.settings = {"attest.transaction.wait": wait, "attest.window.max.age": "200ms", **(settings or {})}
        self.px = new_proxy(settings=self.settings)
        self.proxies = [self.px]
        self.topic = topic(partitions=PARTITIONS, configs=configs)
        self.topic_id = cluster.topic_id(self.topic)

    def another_proxy(self):
        self.proxies.append(self.new_proxy("another", settings=self.settings))
        return self.proxies[-1]

    def through(self, px=None):
        """New connections through the proxy."""
        px = px or self.px
        return Way(px.host, px.port)

    def direct(self):
        node = self.cluster.controller()
        return Way(node.host, node.port)

    def plain(self, n=1, partitions=range(PARTITIONS), way=None):
        """Somebody else's records, of no transaction."""
        way = way or self.through()
        for p in partitions:
            produce(way, self.topic, p, batch(n, "plain"))

    def begin(self, name="a", kind=Transactions, **kw):
        """A producer, and the way that carried its InitProducerId; two of its transactions have ended, and plain records stand around."""
        way, tx = self.through(), kind(self.topic, f"{name}-{self.topic}")
        tx.init(way, **kw)
        self.plain(3, [0])
        tx.whole(way, 4, True)
        tx.whole(way, 2, False, [1])
        self.plain(2)
        return tx, way

    def statements(self):
        keys = public_keys(*(p.public_key for p in self.proxies))
        return statements(self.cluster, keys, self.px.dbom_topic)

    def told(self):
        return ends_told(self.statements(), self.topic, self.topic_id)

    def logs(self):
        return {p: self.cluster.log(self.topic, p) for p in range(PARTITIONS)}

    def ends(self):
        """{(partition, offset): committed, aborted or open}, as the log's markers have it."""
        end = lambda log, o: "aborted" if o in log.aborted else "open" if o in log.open else "committed"  # noqa: E731
        return {(p, r.offset): end(log, r.offset) for p, log in self.logs().items() for r in log.records}

    def markers_show(self, written, end):
        """How the log has it: this is what the test is about, and the markers come behind EndTxn's answer."""
        until(f"the log has it {end}", lambda: all(self.ends()[at] == end for at in written), 30 * PATIENCE)

    def stated_open(self, written):
        until("it is stated as open", lambda: all(self.told().get(at) == "open" for at in written), 30 * PATIENCE)

    def killed(self, written, wait, kindly=False):
        """The proxy is killed, or stopped, with what was written stated as open or not stated."""
        if wait == "stated-open":
            self.stated_open(written)
        self.px.stop() if kindly else self.px.kill()
        if wait == "not-stated" and not kindly:
            assert not written & set(self.told())

    def wrong(self):
        """What is told to have ended in another way than it did, or while it hasn't: {at: (told, log)}."""
        told, log = self.told(), self.ends()
        return {at: (end, log[at]) for at, end in told.items() if end not in ("open", log[at])}

    def all_stated(self):
        until("all is stated", lambda: set(self.told()) >= set(self.ends()), 40 * PATIENCE)

    def check(self, *written):
        """All is stated, every end is told, and it is the log's; writes plain records until that has found a statement to be told in."""
        left = {}

        def done():
            left.clear()
            log, told = self.ends(), self.told()
            assert "open" not in log.values()
            left.update({at: told.get(at, "not stated") for at in log if told.get(at, "open") == "open"})
            if self.wrong() or not left:
                return True
            if "not stated" not in left.values():
                for px in self.proxies:  # each tells of its own
                    self.plain(1, {p for p, _ in left}, self.through(px))
            return False

        try:
            until("every end is told", done, 40 * PATIENCE, 0.3)
        except AssertionError as e:
            raise AssertionError(f"{e}: {left}\n{self.px.text()[-3000:]}") from None
        assert self.wrong() == {}, f"told otherwise than the log has it\n{self.px.text()[-3000:]}"
        self.as_attested()
        return [{self.told()[at] for at in w} for w in written]

    def as_attested(self):
        """What is true of every topic."""
        v, logs = self.statements(), self.logs()
        check_publication(v, self.topic, self.topic_id)
        members_once(v, self.topic, self.topic_id, logs)
        for p, log in logs.items():
            j = v.judge(self.topic, self.topic_id, p, log)
            assert not j.violations(), j.violations()[:5]
            assert j.counts() == {"verified": len(log.records)}, j.counts()
        assert all(s.kafka["unresolved"] == 0 for s in of_topic(v, self.topic, self.topic_id))
        keys = [x for px in self.proxies for x in ("--public-key", px.public_key)]
        for isolation in ("read_committed", "read_uncommitted"):
            args = ["-b", self.cluster.bootstrap, "-t", self.topic, "--dbom-topic", self.px.dbom_topic, "--isolation", isolation, *keys]
            p = ctl("verify", *args)
            assert p.returncode == 0, f"makotoctl verify: {p.returncode}\n{p.stdout[-3000:]}\n{p.stderr[-2000:]}"


@pytest.fixture
def scene(cluster, new_proxy, topic):
    yield lambda wait, **kw: Scene(cluster, new_proxy, topic, wait, **kw)
    while _made:
        _made.pop().close()


def name_of(commit):
    return "committed" if commit else "aborted"


@pytest.mark.parametrize("commit", usual(False, True), ids=name_of)
@pytest.mark.parametrize("wait", usual(*WAITS))
def test_ended_elsewhere(scene, wait, commit):
    """The broker hears of A's end directly, and of B's, the other way round, through the proxy, on a new connection."""
    s = scene(WAITS[wait])
    tx, way = s.begin()
    a = tx.write(way, 5)
    s.plain(2)
    if wait == "stated-open":
        s.stated_open(a)
    tx.end(s.direct(), commit)
    s.markers_show(a, name_of(commit))
    fresh = s.through()
    b = tx.write(fresh, 3)
    s.plain()
    tx.end(fresh, not commit)
    c = tx.whole(fresh, 4, commit)  # this connection has carried an EndTxn: C's tells of C
    assert s.check(a, b, c) == [{name_of(commit)}, {name_of(not commit)}, {name_of(commit)}]
    asked = {end: s.px.metric("makoto_readback_ends_total", outcome=end) for end in ("committed", "aborted", "unknown")}
    assert asked == {"committed": PARTITIONS, "aborted": PARTITIONS, "unknown": 0}, "A and B, and nothing else"


@pytest.mark.life
@pytest.mark.parametrize("wait", usual(*WAITS))
def test_ended_elsewhere_with_epochs_of_their_own(scene, wait):
    s = scene(WAITS[wait])
    tx, way = s.begin(kind=EpochEach)
    a = tx.write(way, 5)
    s.plain(2)
    if wait == "stated-open":
        s.stated_open(a)
    tx.end(s.direct(), False)
    s.markers_show(a, "aborted")
    b = tx.write(way, 3)
    s.plain()
    tx.end(s.through(), True)
    c = tx.whole(way, 4, False)
    assert s.check(a, b, c) == [{"aborted"}, {"committed"}, {"aborted"}]


def test_ended_through_another_proxy(scene):
    """What one proxy attested, the other one sees the end of: both have placed batches of one epoch, and neither sees all ends."""
    s = scene(WAITS["stated-open"], settings={"attest.headers": "compact"})
    tx, way = s.begin()
    other = s.through(s.another_proxy())
    a = tx.write(way, 5)
    tx.end(other, False)
    b = tx.write(other, 3)
    s.plain(2)
    tx.end(s.through(), True)
    c = tx.write(s.through(), 2)
    tx.write(other, 2, [1])  # one transaction, by both ways
    tx.end(s.through(s.proxies[1]), False)
    d = tx.whole(s.through(), 1, True)
    assert s.check(a, b, c, d) == [{"aborted"}, {"committed"}, {"aborted"}, {"committed"}]


@pytest.mark.parametrize("commit", usual(False, True), ids=name_of)
@pytest.mark.parametrize("wait", usual(*WAITS))
def test_ended_while_it_was_down(scene, wait, commit):
    s = scene(WAITS[wait])
    tx, way = s.begin()
    a = tx.write(way, 5)
    s.killed(a, wait)
    tx.end(s.direct(), commit)
    s.markers_show(a, name_of(commit))
    s.px.start()
    way = s.through()
    b = tx.write(way, 3)
    s.plain()
    tx.end(way, not commit)
    assert s.check(a, b) == [{name_of(commit)}, {name_of(not commit)}]


@pytest.mark.parametrize("kindly", usual(False, True), ids=["killed", "stopped"])
@pytest.mark.parametrize("wait", usual(*WAITS))
def test_nobody_comes_back(scene, wait, kindly):
    """The producer is heard of no more: what it left open is looked for all the same, once there is a window to tell it in."""
    s = scene(WAITS[wait])
    tx, way = s.begin()
    a = tx.write(way, 5)
    s.killed(a, wait, kindly)
    tx.end(s.direct(), False)
    s.markers_show(a, "aborted")
    s.px.start()
    s.plain(2)
    assert s.check(a) == [{"aborted"}]


@pytest.mark.parametrize("commit", usual(True, False), ids=name_of)
@pytest.mark.parametrize("wait", usual(*WAITS))
def test_goes_on_over_a_crash(scene, wait, commit):
    """One transaction, begun through one run of the proxy and ended through the next, on a connection that carried no InitProducerId."""
    s = scene(WAITS[wait])
    tx, way = s.begin()
    a = tx.write(way, 5)
    s.killed(a, wait)
    s.px.start()
    s.plain(2)
    way = s.through()
    a |= tx.write(way, 2, [0])
    tx.end(way, commit)
    b = tx.whole(way, 3, not commit)
    assert s.check(a, b) == [{name_of(commit)}, {name_of(not commit)}]


@pytest.mark.life
def test_a_client_goes_on_over_a_crash(scene):
    """librdkafka, unmodified, has its transaction open while the proxy is killed and started."""
    s = scene(WAITS["stated-open"])
    client = Producer({"bootstrap.servers": s.px.bootstrap, "transactional.id": f"client-{s.topic}"})
    client.init_transactions(30 * PATIENCE)
    for i, commit in enumerate((True, False, True, False)):
        client.begin_transaction()
        for p in range(PARTITIONS):
            for n in range(3):
                client.produce(s.topic, b"%d" % n, b"k", p)
        assert client.flush(30 * PATIENCE) == 0
        if i in (1, 2):
            s.px.kill()
            s.px.start()
        client.commit_transaction(60 * PATIENCE) if commit else client.abort_transaction(60 * PATIENCE)
        s.plain()
    until("the last one has its markers", lambda: "open" not in s.ends().values(), 30 * PATIENCE)
    assert sum(end == "aborted" for end in s.ends().values()) == 12
    s.check()


@pytest.mark.life
@pytest.mark.parametrize("client", [Confluent, JAVA, GO], ids=lambda c: c.name)
def test_the_log_is_seldom_asked(scene, client):
    """A client that has one connection to its coordinator: what its ends tell needs no reading."""
    s = scene(WAITS["stated-open"])
    plan = [(True, 3), (False, 4), (True, 2), (False, 1), (True, 5)]
    client.produce(s.px.bootstrap, s.topic, sample(15, 1, PARTITIONS), txn=plan, transactional_id=f"usual-{s.topic}")
    s.check()
    assert s.px.metric("makoto_transactions_total") == len(plan)
    assert s.px.metric("makoto_readback_ends_total") == 0


@pytest.mark.parametrize("through", usual(True, False), ids=["through-the-proxy", "directly"])
def test_fenced(scene, through):
    """The transactional id is initialised anew, which aborts what its last owner left open."""
    s = scene(WAITS["stated-open"])
    tx, way = s.begin()
    a = tx.write(way, 5)
    s.stated_open(a)
    heir, heirs = Transactions(s.topic, tx.tid), s.through()
    heir.init(heirs if through else s.direct())
    assert (heir.pid, heir.epoch) != (tx.pid, tx.epoch)
    s.markers_show(a, "aborted")
    b = heir.whole(heirs, 3, True)
    assert s.check(a, b) == [{"aborted"}, {"committed"}]


@pytest.mark.parametrize("again", usual(False, True), ids=["is-gone", "comes-back"])
def test_timed_out(scene, again):
    """The coordinator aborts what takes too long; its client comes back, or is heard of no more."""
    s = scene(WAITS["stated-open"])
    tx, way = s.begin(timeout_ms=1000)
    a = tx.write(way, 5)
    s.markers_show(a, "aborted")
    b = tx.init(way).whole(way, 3, True) if again else set()
    s.plain()
    assert s.check(a) == [{"aborted"}]
    assert {s.told()[at] for at in b} <= {"committed"}


@pytest.mark.life
def test_held_up_by_another(scene):
    """Behind the last stable offset the log doesn't tell yet: nothing is told of A until the transaction before it has ended, too."""
    s = scene(WAITS["stated-open"])
    other, others = s.begin("b")
    x = other.write(others, 2)
    tx, way = s.begin()
    a = tx.write(way, 5)
    tx.end(s.direct(), False)
    s.markers_show(a, "aborted")
    fresh = s.through()
    b = tx.whole(fresh, 3, True)
    s.plain()
    s.all_stated()
    assert s.wrong() == {} and {s.told()[at] for at in x} == {"open"}
    other.end(others, True)
    assert s.check(x, a, b) == [{"committed"}, {"aborted"}, {"committed"}]


@pytest.mark.life
def test_without_headers(scene):
    """Nothing in the log tells which record is which: what nobody saw end may stay open, and is never told wrongly."""
    s = scene(WAITS["stated-open"], settings={"attest.headers": "none"})
    tx, way = s.begin()
    a = tx.write(way, 5)
    s.stated_open(a)
    tx.end(s.direct(), False)
    s.markers_show(a, "aborted")
    fresh = s.through()
    tx.whole(fresh, 3, True)
    tx.whole(fresh, 2, False)
    s.plain()
    s.all_stated()
    s.plain()
    s.all_stated()
    assert s.wrong() == {}


CLEANED = {"cleanup_policy": "compact", "segment_ms": 200, "min_cleanable_dirty_ratio": 0.001, "max_compaction_lag_ms": 200}


@pytest.mark.life
@pytest.mark.parametrize("commit", usual(True, False), ids=name_of)
@pytest.mark.parametrize("how", ["deleted", "compacted"])
def test_records_are_gone(cluster, scene, how, commit):
    """That a reader of committed records doesn't get a record says nothing when nobody gets it: it is not told wrongly."""
    s = scene(WAITS["stated-open"])
    tx, way = s.begin()
    a = tx.write(way, 5, [0])
    s.plain(2)
    other, others = s.begin("b")
    b = other.write(others, 9)
    s.stated_open(a | b)
    s.px.kill()
    way = s.direct()
    tx.end(way, commit)
    other.end(way, True)
    s.markers_show(a, name_of(commit))
    s.markers_show(b, "committed")
    if how == "deleted":
        behind = max(o for _, o in a) + 1
        value = {"Topics": [{"Name": s.topic, "Partitions": [{"PartitionIndex": 0, "Offset": behind}]}], "TimeoutMs": 20000}
        got = way.leader(s.topic, 0).ask("DeleteRecords", 2, value)["Topics"][0]["Partitions"][0]
        assert (got["ErrorCode"], got["LowWatermark"]) == (0, behind), got
    else:
        cluster.alter_topic(s.topic, **CLEANED)

        def cleaned():
            s.plain(8, way=way)  # A's keys, and not B's last
            return not a & set(s.ends())

        until("the cleaner has been", cleaned, 60 * PATIENCE, 0.4)
    s.px.start()
    left = b & set(s.ends())
    assert left
    for producer in (tx, other):
        producer.init(s.through())

    def asked_for():
        s.plain()
        return not any(s.told()[at] == "open" for at in left)

    until("the end of what is still there is told", asked_for, 40 * PATIENCE, 0.4)
    assert {s.told()[at] for at in a} <= {"open", name_of(commit)}


@pytest.mark.life
@pytest.mark.parametrize("wait", usual(*WAITS))
def test_topic_made_again(cluster, scene, wait):
    """Another topic of the name has records where A's were: no reader of it gets A's, and that says nothing of A's end."""
    s = scene(WAITS[wait])
    tx, way = s.begin()
    a = tx.write(way, 5)
    s.killed(a, wait)
    tx.end(s.direct(), True)
    s.markers_show(a, "committed")
    cluster.make_again(s.topic, partitions=PARTITIONS)
    s.plain(40, way=s.direct())
    s.px.start()
    s.plain()
    new = Transactions(s.topic, f"new-{s.topic}").init(way := s.through())
    new.whole(way, 2, True)
    after = lambda: ends_told(s.statements(), s.topic, cluster.topic_id(s.topic))  # noqa: E731
    until("the new topic's are stated", lambda: s.plain() or len(after()) > 4 * PARTITIONS, 40 * PATIENCE, 0.4)
    assert {s.told().get(at, "not stated") for at in a} <= {"open", "committed", "not stated"}
