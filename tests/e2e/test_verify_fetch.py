"""What consumers see through a proxy with verify.mode: the same as directly, and nothing that isn't attested."""

import base64
import hashlib
import json
import os
import signal
import threading
import time

import pytest
import test_drain
import test_tamper
from checks import public_keys, segment_dir, wait_stated
from clients import GO, JAVA, Aiokafka, Confluent, Rec, run_jobs, sample
from confluent_kafka import Consumer, Producer, TopicPartition
from lab.kafka import until
from proxy import PATIENCE, ctl, json_objects
from test_sasl import own

CLIENTS = {"confluent-kafka": Confluent, "aiokafka": Aiokafka, "java": JAVA, "franz-go": GO}
INVALID_RECORD = 87


@pytest.fixture
def pair(new_proxy, tmp_path):
    """pair(mode, …) → a proxy that attests, and one that verifies what its key vouches for."""

    def make(mode="enforce", unattested="deny", writer=None, reader=None):
        w = new_proxy("writer", writer or {})
        policy = tmp_path / "trust.yaml"
        policy.write_text(f"issuers:\n  writer:\n    keys: [{w.public_key}]\nunattested: {unattested}\n")
        settings = {"verify.mode": mode, "verify.policy": str(policy), "attest.enabled": False, **(reader or {})}
        r = new_proxy("reader", settings)
        r.policy = policy
        return w, r

    return make


def stated(cluster, w, topic, **kw):
    return wait_stated(cluster, public_keys(w.public_key), topic, dbom_topic=w.dbom_topic, **kw)


class Watch:
    """A consumer of a partition that keeps what comes, records and errors, and when."""

    def __init__(self, bootstrap, topic, partition=0, offset=0, **props):
        self.records, self.errors, self.times = [], [], []
        conf = {"bootstrap.servers": bootstrap, "group.id": "unused", "enable.auto.commit": False, "check.crcs": True, **props}
        self.consumer = Consumer(conf)
        self.consumer.assign([TopicPartition(topic, partition, offset)])
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.stop.is_set():
            for m in self.consumer.consume(1000, 0.05):
                if m.error():
                    self.errors.append(m.error())
                else:
                    self.records.append(m)
                    self.times.append(time.time())

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.stop.set()
        self.thread.join(30)
        self.consumer.close()

    def wait(self, what, condition, timeout=30):
        return until(what, condition, timeout * PATIENCE, 0.02)

    def until(self, n):
        self.wait(f"{n} records", lambda: len(self.records) >= n)

    def stopped(self):
        self.wait("an error", lambda: self.errors)
        return self.errors[0].code()


@pytest.mark.parametrize("name", CLIENTS)
def test_from_start_to_end(cluster, pair, topic, name):
    """Attested records of every codec: each client reads the same as directly."""
    w, r = pair(writer={"attest.window.records": 70})
    t = topic(partitions=2)
    sent = []
    for i, codec in enumerate(("none", "gzip", "snappy", "lz4", "zstd")):
        some = sample(60, seed=i, partitions=2)
        Confluent.produce(w.bootstrap, t, some, codec=codec)
        sent += some
    stated(cluster, w, t)
    client = CLIENTS[name]
    got = client.consume(r.bootstrap, t, len(sent), timeout=60)
    direct = Confluent.consume(cluster.bootstrap, t, len(sent))
    key = lambda x: (x.partition, x.offset)  # noqa: E731
    assert sorted(map(key, got)) == sorted(map(key, direct))
    for a, b in zip(sorted(got, key=key), sorted(direct, key=key)):
        assert (a.key, a.value, a.headers, a.timestamp) == (b.key, b.value, b.headers, b.timestamp)
    assert r.metric("makoto_verify_records_total", verdict="verified") >= len(sent)
    assert r.metric("makoto_verify_stops_total") == 0


def test_live(cluster, pair, topic):
    """Records come as soon as their window is stated, not before; and who waits doesn't spin."""
    w, r = pair(writer={"attest.window.records": 1000, "attest.window.max.age": "2s"})
    t = topic()
    with Watch(r.bootstrap, t) as c:
        Confluent.produce(w.bootstrap, t, [Rec(None, b"first")])
        c.until(1)
        before, began = r.metric("makoto_requests_total", api="Fetch"), time.monotonic()
        for i in range(5):
            Confluent.produce(w.bootstrap, t, [Rec(None, b"%d" % i)] * 20)
            c.until(1 + 20 * (i + 1))
        rate = (r.metric("makoto_requests_total", api="Fetch") - before) / (time.monotonic() - began)
        assert not c.errors
        assert [m.offset() for m in c.records] == list(range(101))
    assert rate < 10, f"{rate} fetches a second"
    assert r.metric("makoto_verify_answers_held_total") > 0


def test_nothing_is_stated(cluster, pair, topic):
    """Attested by a key that the policy doesn't know, or not at all: held, and the client's fetches are few."""
    w, r = pair(reader={"verify.hold.max": "2s"})
    t = topic()
    Confluent.produce(w.bootstrap, t, sample(10, text=True))
    stated(cluster, w, t)
    Confluent.produce(cluster.bootstrap, t, [Rec(None, b"by nobody")])
    with Watch(r.bootstrap, t) as c:
        c.until(10)
        before, began = r.metric("makoto_requests_total", api="Fetch"), time.monotonic()
        assert c.stopped() == INVALID_RECORD
        until("two seconds", lambda: time.monotonic() - began > 2, 30, 0.1)
        rate = (r.metric("makoto_requests_total", api="Fetch") - before) / (time.monotonic() - began)
        assert len(c.records) == 10
    assert rate < 10, f"{rate} fetches a second"
    assert r.metric("makoto_verify_records_total", verdict="unattested") == 1
    assert r.metric("makoto_verify_stops_total") == 1
    line = r.wait_line("a record may not be seen")
    assert f"topic={t}" in line and "offset=10" in line and "verdict=unattested" in line
    assert "by nobody" not in r.text()


def test_unattested_may_be_allowed(cluster, pair, topic):
    w, r = pair(unattested="allow")
    t = topic()
    Confluent.produce(w.bootstrap, t, sample(10, text=True))
    Confluent.produce(cluster.bootstrap, t, sample(10, text=True))
    assert len(Confluent.consume(r.bootstrap, t, 20)) == 20
    assert r.metric("makoto_verify_records_total", verdict="unattested") == 10


@pytest.mark.parametrize("known", (True, False), ids=("ended", "taken out"))
def test_a_key_that_counts_no_more(cluster, new_proxy, topic, tmp_path, known):
    """Where unattested records are allowed, those of a key that has ended are held back, and those of a stranger's aren't; verify says the same."""
    w, t = new_proxy("writer", {}), topic()
    old = int((time.time() - 2 * 3600) * 1000)  # so that nobody waits for another statement
    Confluent.produce(w.bootstrap, t, [Rec(b"k", b"%d" % i, timestamp=old + i) for i in range(10)])
    stated(cluster, w, t)
    Confluent.produce(cluster.bootstrap, t, sample(10, text=True))
    key = w.public_key
    if not known:
        key = tmp_path / "another.pub.pem"
        assert ctl("keygen", "--out", tmp_path / "another.pem", "--public", key).returncode == 0
    policy = tmp_path / "trust.yaml"
    policy.write_text(f"issuers:\n  lost:\n    keys: [{key}]\n    not.after: 1970-01-01T00:00:00Z\nunattested: allow\n")
    r = new_proxy("reader", {"verify.mode": "enforce", "verify.policy": str(policy), "attest.enabled": False})
    with Watch(r.bootstrap, t) as c:
        if known:
            assert c.stopped() == INVALID_RECORD
            assert not c.records
            assert "verdict=untrusted" in r.wait_line("a record may not be seen")
        else:
            c.until(20)
            assert not c.errors
    p = ctl("verify", "-b", cluster.bootstrap, "-t", t, "--dbom-topic", w.dbom_topic, "--policy", policy, "--json")
    verdicts = {k: n for k, n in json_objects(p.stdout)[-1]["verdicts"].items() if n}
    assert (p.returncode, verdicts) == ((1, {"untrusted": 10, "unattested": 10}) if known else (0, {"unattested": 20})), p.stdout


def test_a_policy_that_is_changed(cluster, pair, topic, tmp_path):
    """SIGHUP reads it anew, for consumers that are there; with an error in it the one before stays, and the log says where."""
    w, r = pair()
    t = topic()
    another = tmp_path / "another.pub.pem"
    assert ctl("keygen", "--out", tmp_path / "another.pem", "--public", another).returncode == 0
    with_key, without = r.policy.read_text(), f"issuers:\n  writer:\n    keys: [{another}]\n"

    def more():
        old = int((time.time() - 2 * 3600) * 1000)  # so that nobody waits for another statement
        Confluent.produce(w.bootstrap, t, [Rec(b"k", b"%d" % i, timestamp=old + i) for i in range(10)])

    def read_anew(policy, result):
        before = r.metric("makoto_reloads_total", result=result)
        r.policy.write_text(policy)
        r.proc.send_signal(signal.SIGHUP)
        until(f"{result} is counted", lambda: r.metric("makoto_reloads_total", result=result) == before + 1, 30 * PATIENCE, 0.02)

    more()
    stated(cluster, w, t)
    read_anew(without, "ok")
    with Watch(r.bootstrap, t) as c:
        assert c.stopped() == INVALID_RECORD
        assert not c.records
        assert "verdict=untrusted" in r.wait_line("a record may not be seen")
        read_anew(with_key, "ok")
        c.until(10)
        read_anew(with_key.replace("keys:", "kyes:"), "failed")
        line = r.wait_line("the configuration was not reloaded, the old one stays")
        assert f"{r.policy}:3:5: " in line and "kyes" in line, line
        more()
        c.until(20)
        del c.errors[:]
        read_anew(without, "ok")
        more()
        assert c.stopped() == INVALID_RECORD
        assert [m.offset() for m in c.records] == list(range(20))


def forged(cluster, t):
    """A record that names a window which has no such record."""
    log = cluster.log(t, 0)
    window, signature = log.records[0].headers[-2:]
    return Rec(None, b"forged", [(b"makoto.content_hash", hashlib.sha256(b"forged").hexdigest().encode()), window, signature])


def copied(cluster, t):
    r = cluster.log(t, 0).records[3]
    return Rec(r.key, r.value, r.headers, r.timestamp)


def half(cluster, t):
    """One of the three headers alone."""
    return Rec(None, b"half", [(b"makoto.window_id", b"1")])


PLANTED = {"forged": (forged, "forged-header"), "copied": (copied, "duplicate"), "half": (half, "forged-header")}
ALONE = {"copied": "misplaced"}  # in an answer that doesn't have the record that it is a copy of


@pytest.mark.parametrize("case", PLANTED)
@pytest.mark.parametrize("mode", ("enforce", "observe", "skip"))
def test_planted(cluster, pair, topic, case, mode):
    """Written straight to the broker: stopped in enforce, counted in observe, left out where policy says so."""
    make, verdict = PLANTED[case]
    reader = {"verify.on.violation": "skip"} if mode == "skip" else {}
    w, r = pair("observe" if mode == "observe" else "enforce", reader=reader)
    t = topic()
    Confluent.produce(w.bootstrap, t, sample(10, text=True))
    stated(cluster, w, t)
    Confluent.produce(cluster.bootstrap, t, [make(cluster, t)])
    Confluent.produce(w.bootstrap, t, sample(10, text=True))
    stated(cluster, w, t, records=20)
    with Watch(r.bootstrap, t) as c:
        if mode == "enforce":
            assert c.stopped() == INVALID_RECORD
            assert [m.offset() for m in c.records] == list(range(10))
            assert r.metric("makoto_verify_stops_total") == 1
            assert "offset=10" in r.wait_line("a record may not be seen")
        elif mode == "skip":
            c.until(20)
            assert [m.offset() for m in c.records] == [x for x in range(21) if x != 10]
            assert r.metric("makoto_verify_records_skipped_total") == 1
        else:
            c.until(21)
            assert [m.offset() for m in c.records] == list(range(21))
            until("it is counted", lambda: r.metric("makoto_verify_records_total", verdict=verdict) == 1, 30 * PATIENCE, 0.05)
            assert "offset=10" in r.wait_line("a record that enforce would hold back")
        assert mode == "enforce" or not c.errors, c.errors
    verdict = ALONE.get(case, verdict) if mode == "enforce" else verdict
    told = r.status()["verify"]["verdicts"]
    assert told[verdict] == 1
    assert told == {name: r.metric("makoto_verify_records_total", verdict=name) for name in told}
    assert sum(told.values()) == r.metric("makoto_verify_records_total"), "a count for each verdict"


@pytest.fixture
def withheld(cluster, pair, topic):
    """A topic of four windows of five records: the second was removed on disk, and so was its statement.  The log has a hole there,
    and what is left is all attested."""
    dbom = topic("withheld-dbom", assignment=[[test_tamper.BROKER]], configs={"retention.ms": -1})
    w, r = pair(unattested="allow", writer={"attest.window.records": 5, "attest.dbom.topic": dbom}, reader={"attest.dbom.topic": dbom})
    r.stop()
    t = topic(assignment=[[test_tamper.BROKER]], configs={"retention.ms": -1})
    for i in range(4):
        Confluent.produce(w.bootstrap, t, sample(5, seed=i, text=True), linger_ms=200)
    stated(cluster, w, t)
    w.stop()
    node = cluster.node(test_tamper.BROKER)
    directories = segment_dir(cluster, t), segment_dir(cluster, dbom)
    node.stop()
    test_tamper.rewrite(directories[0], test_tamper.without(*range(5, 10)))
    test_tamper.rewrite(directories[1], test_tamper.statements_where(None, 2, lambda r: None))
    clean = os.path.join(node.data, ".kafka_cleanshutdown")
    if os.path.exists(clean):
        os.unlink(clean)
    node.start()
    cluster.wait_ready()
    for x in (t, dbom):
        cluster.wait_leaders(x)
    return w, r, t


def test_a_window_withheld(cluster, new_proxy, withheld):
    """A window's records and its statement were removed together: the next one of its chain tells."""
    w, r, t = withheld
    p = ctl("verify", "-b", cluster.bootstrap, "-t", t, "--dbom-topic", w.dbom_topic, "--policy", r.policy, "--json")
    assert p.returncode == 1, p.stdout
    assert [x["finding"] for x in json_objects(p.stdout) if "finding" in x] == ["gap"], p.stdout
    whole = [*range(5), *range(10, 20)]
    r.start()  # enforce
    with Watch(r.bootstrap, t) as c:
        assert c.stopped() == INVALID_RECORD
        assert [m.offset() for m in c.records] == list(range(5))
    assert r.metric("makoto_verify_records_total", verdict="gap") == 1
    assert r.metric("makoto_verify_records_total", verdict="missing") == 0
    assert r.metric("makoto_verify_stops_total") == 1
    line = r.wait_line("a record may not be seen")
    assert f"topic={t}" in line and "offset=5" in line and "verdict=gap" in line, line
    with Watch(r.bootstrap, t, offset=10) as c:  # behind it
        c.until(10)
        assert not c.errors
    with Watch(r.bootstrap, t, offset=7) as c:  # in it
        assert c.stopped() == INVALID_RECORD
        assert not c.records
    r.stop()
    for name, value in {"verify.mode": "observe", "verify.on.violation": "skip"}.items():
        same = ("verify.mode", "verify.policy", "attest.enabled", "attest.dbom.topic")
        q = new_proxy(value, {**{k: r.settings[k] for k in same}, name: value})
        with Watch(q.bootstrap, t) as c:
            c.until(15)
            assert [m.offset() for m in c.records] == whole
            assert not c.errors
        counted = lambda: [q.metric("makoto_verify_records_total", verdict=v) for v in ("verified", "gap")]  # noqa: E731
        until("it is counted", lambda: counted() == [15, 1], 30 * PATIENCE, 0.05)
        assert q.metric("makoto_verify_records_skipped_total") == 0


def test_a_fork(cluster, pair, topic):
    """Another statement for a window, by the proxy's own key: who reads from then on is stopped at that window.  The same one again changes nothing."""
    dbom = topic("fork-dbom", configs={"retention.ms": -1})
    w, r = pair(unattested="allow", writer={"attest.window.records": 5, "attest.dbom.topic": dbom}, reader={"attest.dbom.topic": dbom})
    t = topic()
    for i in range(3):
        Confluent.produce(w.bootstrap, t, sample(5, seed=i, text=True), linger_ms=200)
    stated(cluster, w, t)
    scene = test_tamper.Scene()
    scene.cluster, scene.dbom = cluster, w.dbom_topic
    with open(os.path.join(w.state, "signing.pem"), "rb") as f:
        scene.private = f.read()
    again = [Rec(x.key, test_tamper.restated(scene, x, lambda b: None), list(x.headers)) for x in cluster.log(scene.dbom).committed()]
    Confluent.produce(cluster.bootstrap, scene.dbom, again)  # under other signatures
    with Watch(r.bootstrap, t) as c:
        c.until(15)
        assert not c.errors
    test_tamper.second_statement(scene, t)

    def stopped():
        with Watch(r.bootstrap, t) as c:
            c.wait("the end, or a stop", lambda: c.errors or len(c.records) == 15)
            return c.errors and [m.offset() for m in c.records]

    assert until("it was read", stopped, 30 * PATIENCE, 0.1) == list(range(5))
    line = r.wait_line("a record may not be seen")
    assert f"topic={t}" in line and "offset=5" in line and "verdict=fork" in line, line
    assert r.metric("makoto_verify_records_total", verdict="fork") == 1
    p = ctl("verify", "-b", cluster.bootstrap, "-t", t, "--dbom-topic", w.dbom_topic, "--policy", r.policy, "--json")
    assert p.returncode == 1, p.stdout
    assert [x["finding"] for x in json_objects(p.stdout) if "finding" in x] == ["fork"], p.stdout


def test_transactions(cluster, pair, topic):
    """read_committed and read_uncommitted see what they would directly, in groups, too."""
    w, r = pair()
    t = topic()
    Confluent.produce(w.bootstrap, t, sample(40, text=True), txn=[(True, 10), (False, 10), (True, 20)], transactional_id=t)
    stated(cluster, w, t, records=40)
    for isolation, n in (("read_committed", 30), ("read_uncommitted", 40)):
        for props in ({}, {"group_id": f"{t}-{isolation}"}):
            got = JAVA.consume(r.bootstrap, t, n, isolation_level=isolation, **props)
            direct = Confluent.consume(cluster.bootstrap, t, n, isolation_level=isolation)
            assert [(x.offset, x.value) for x in got] == [(x.offset, x.value) for x in direct]


def test_compacted(cluster, pair, topic):
    """What the cleaner removed is not missing."""
    w, r = pair()
    t = topic(
        rf=1,
        configs={
            "cleanup.policy": "compact",
            "segment.ms": 200,
            "min.cleanable.dirty.ratio": 0.001,
            "max.compaction.lag.ms": 200,
        },
    )
    Confluent.produce(w.bootstrap, t, [Rec(b"k%d" % (i % 5), b"v%d" % i) for i in range(100)], codec="lz4")
    stated(cluster, w, t, records=100)
    extra = []

    def cleaned():
        extra.append(1)
        Confluent.produce(w.bootstrap, t, [Rec(b"roll", b"%d" % len(extra))])
        return len([x for x in cluster.log(t).records if x.offset < 100]) < 50

    until("the cleaner has been", cleaned, 60, 0.4)
    stated(cluster, w, t, records=100 + len(extra))
    end = 100 + len(extra) - 1
    with Watch(r.bootstrap, t) as c:
        c.wait("the last one", lambda: c.errors or (c.records and c.records[-1].offset() == end))
        assert not c.errors, c.errors
    assert r.metric("makoto_verify_records_total", verdict="missing") == 0


class Flood:
    """Somebody without a key who writes to the statement topic: whatever comes there he publishes again, and more of his own."""

    AHEAD_MS = 59 * 60 * 1000  # brokers take no more than an hour

    def __init__(self, bootstrap, dbom):
        self.dbom = dbom
        self.conf = {"bootstrap.servers": bootstrap, "linger.ms": 5}
        self.seen, self.written, self.failed = set(), 0, None
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.stop.set()
        self.thread.join(30)
        assert self.failed is None, self.failed

    def write(self, producer, m, key, value, headers=None, ahead=False):
        at = int(time.time() * 1000) + (self.AHEAD_MS if ahead else 0)
        producer.produce(self.dbom, value, key, m.partition(), timestamp=at, headers=headers, on_delivery=self.done)

    def done(self, err, m):
        self.failed = self.failed or err
        self.written += 1

    def answer(self, p, m):
        """What he writes when a statement comes."""
        chain, window = m.key().decode().split("/")
        outer = json.loads(m.value())
        for i in range(4):  # as it is, with its manifest or without
            self.write(p, m, m.key(), m.value(), m.headers() if i % 2 else None, ahead=i > 1)
        for ahead in range(1, 61):  # under the ids to come: no statement, and one that another key would have to sign
            key = f"{chain}/{int(window) + ahead}"
            payload = base64.b64decode(outer["payload"]).decode()
            payload = payload.replace(m.key().decode(), key).replace(f'"windowId":{window},', f'"windowId":{int(window) + ahead},')
            forged = {**outer, "payload": base64.b64encode(payload.encode()).decode()}
            self.write(p, m, key, b"no statement", ahead=True)
            self.write(p, m, key, json.dumps(forged).encode(), m.headers(), ahead=True)
        for _ in range(100):  # chains that aren't there
            self.write(p, m, f"{os.urandom(16).hex()}/1", m.value(), ahead=True)

    def run(self):
        try:
            p = Producer(self.conf)
            c = Consumer({**self.conf, "group.id": self.dbom, "auto.offset.reset": "earliest", "topic.metadata.refresh.interval.ms": 200})
            c.subscribe([self.dbom])
            while not self.stop.is_set():
                for m in c.consume(100, 0.05):
                    if m.error() or m.key() in self.seen or m.value() is None or b"payload" not in m.value():
                        continue
                    if json.loads(m.value())["signatures"] and m.headers() and m.timestamp()[1] < time.time() * 1000 + 60000:
                        self.seen.add(m.key())
                        self.answer(p, m)
                p.poll(0)
            p.flush(30)
            c.close()
        except Exception as e:  # told by the test
            self.failed = e


def test_a_hostile_writer(cluster, pair, topic):
    """Without a key nobody who writes to the statement topic keeps attested records back, nor lets another one pass."""
    t = topic()
    w, r = pair(writer={"attest.window.max.age": "500ms"})  # so long there is nothing but what he writes about a record
    with Flood(cluster.bootstrap, w.dbom_topic) as flood:
        with Watch(r.bootstrap, t) as c:
            for i in range(10):
                Confluent.produce(w.bootstrap, t, sample(200, seed=i, text=True))
                c.until(200 * (i + 1))
            assert [m.offset() for m in c.records] == list(range(2000)) and not c.errors, c.errors
        assert flood.written > 2000, flood.written
        Confluent.produce(cluster.bootstrap, t, [forged(cluster, t)])
        Confluent.produce(w.bootstrap, t, sample(10, text=True))
        with Watch(r.bootstrap, t) as c:  # all of it again, with all that was written meanwhile
            assert c.stopped() == INVALID_RECORD
            assert [m.offset() for m in c.records] == list(range(2000))
    assert "offset=2000" in r.wait_line("a record may not be seen")
    assert r.metric("makoto_verify_stops_total") == 1
    assert r.metric("makoto_verify_records_total", verdict="untrusted") == 0


def consume_and_tell(name, bootstrap, topic, count, timeout, caplog):
    """(records, what the application is told, or the client's log; None: nothing)"""
    if name == "franz-go":  # goes on, and tells with each poll
        (result,) = run_jobs(GO.command(), bootstrap, [GO.consume_job(topic, count, timeout=timeout)])
        return result.get("records") or [], "".join(result.get("errors") or []) or None
    try:
        got = CLIENTS[name].consume(bootstrap, topic, count, timeout=timeout)
    except Exception as e:  # each client has its own
        return [], str(e)
    except AssertionError as e:
        return [], str(e)
    return got, caplog.text or None  # aiokafka


@pytest.mark.parametrize("name", CLIENTS)
def test_a_stop_is_surfaced(cluster, pair, topic, name, caplog):
    """It is told, nothing behind the record comes, and the client neither resets its offset nor spins."""
    w, r = pair()
    t = topic()
    Confluent.produce(w.bootstrap, t, sample(10, text=True))
    stated(cluster, w, t)
    Confluent.produce(cluster.bootstrap, t, [half(cluster, t)])
    Confluent.produce(w.bootstrap, t, sample(10, text=True))
    began = time.monotonic()
    goes_on = name in ("aiokafka", "franz-go")  # others end as soon as they are told
    got, told = consume_and_tell(name, r.bootstrap, t, 11, 8 if goes_on else 60, caplog)
    took = max(time.monotonic() - began, 1)
    fetches = r.metric("makoto_requests_total", api="Fetch")
    assert len(got) <= 10
    assert fetches < 10 + 4 * took, f"{fetches} fetches in {took} s"
    assert told is not None, "nobody was told"
    words = {"confluent-kafka": "INVALID_RECORD", "java": "error code 87", "franz-go": "INVALID_RECORD", "aiokafka": "Unexpected error"}
    assert words[name] in told, told


def test_stop_under_load(cluster, new_proxy, topic, tmp_path):
    """SIGTERM of a proxy that logs in by itself, attests and verifies, while clients write and read: it ends well each time,
    not by its timeout, and clients go on with the next."""
    login = {"clients.authentication": "proxy", "attest.window.max.age": "200ms", **own("SCRAM-SHA-512")}
    p = new_proxy("both", login, upstream=cluster.bootstrap_of("SSCRAM"))
    p.stop()  # it has a key now, for its policy to name
    policy = tmp_path / "trust.yaml"
    policy.write_text(f"issuers:\n  itself:\n    keys: [{p.public_key}]\n")
    p.settings |= {"verify.mode": "enforce", "verify.policy": str(policy), "shutdown.timeout": "60s"}
    partitions = range(test_drain.PARTITIONS)
    t = topic(partitions=len(partitions))
    p.start()
    w = test_drain.Watcher(p.bootstrap, t)
    readers = []
    try:
        readers = [Watch(p.bootstrap, t, n, **{"reconnect.backoff.max.ms": 200, "log_level": 0}) for n in partitions]
        for _ in range(2):
            since, at = time.time(), [len(c.records) for c in readers]
            until("all is written and read", lambda: w.acked_since(since) and all(len(c.records) > n for c, n in zip(readers, at)), 60 * PATIENCE)
            p.stop(50)
            assert p.said("msg=stopped"), p.text()
            p.start()
        w.stop()
        for n, c in enumerate(readers):
            c.until(cluster.high_watermark(t, n))
            assert [m.offset() for m in c.records] == list(range(len(c.records))), n
        assert sum(len(c.records) for c in readers) == w.sent
    finally:
        w.stop()
        for c in readers:
            c.__exit__()
