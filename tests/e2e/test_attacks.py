"""Every attack on a log that a consumer can meet, all in one topic, beside 100,000 good records: what is stopped, counted and named.

A partition for each attack: written through a proxy, then altered on a broker's disk, or written to past the proxy; statements, too, are
removed and replaced. The good records are in a partition of the same topic. One consumer reads all partitions at once through a proxy that
enforces, then through one that observes; then makotoctl verifies the topic. What enforce lets pass, or holds back without an
error, stands in the same table with the reason.
"""

import os
import signal
import time
from collections import Counter
from dataclasses import dataclass, field

import kafkalog
import pytest
import test_tamper
from checks import public_keys, statements, wait_stated
from clients import Confluent, Rec
from confluent_kafka import Consumer, TopicPartition
from lab.kafka import until
from proxy import PATIENCE, Proxy, ctl, json_objects
from test_tamper import BROKER, WINDOW, N, at_headers, at_value, later, other_previous, resigned_wrongly, restated, rewrite

GOOD, GOOD_WINDOW = 100_000, 20_000
OLD_MS = 2 * 3600 * 1000  # past pending.max: no statement is waited for
INVALID_RECORD = 87


@dataclass
class Attack:
    """What makotoctl says of it, and what becomes of it before that: it is stopped, unless there is a reason why not."""

    verdicts: dict = field(default_factory=dict)  # offset → verdict; everything else is verified
    missing: set = field(default_factory=set)  # offsets
    problems: set = field(default_factory=set)  # gap, break, fork, manifest-missing
    reused: set = field(default_factory=set)  # offsets
    change: object = None  # of the partition's segment
    codec: str = "none"
    statement: tuple = ()  # (window, change(scene, record) → record or None) of the statement topic
    plant: object = None  # (scene, partition) → records that are written past the proxy
    old: bool = False  # all of its records are older than pending.max
    passes: str = ""  # why a consumer gets it all the same
    held: str = ""  # why it is held back, without an error
    alone: str = ""  # the verdict that stops, where that of an answer without the other records differs
    chain: int | None = None  # the first offset of the window whose chain is wrong, though each record is what a statement lists
    maybe: str = ""  # why it is stopped, or passes

    @property
    def at(self):
        """The offset that stops it."""
        return min({*self.verdicts, *self.missing}) if self.chain is None else self.chain


# -- on disk: those of test_tamper

PASSES = {
    "our headers stripped": "its leaf proves it by its offset alone",
    "header behind ours": "no statement covers it; verify tells that it is there",
    "tail removed": "the end of a log shows no gap: what was there may still be replicated",
}


def on_disk(name):
    c = test_tamper.CASES[name]
    return Attack(c.verdicts, c.missing, change=c.change, codec=c.codec, passes=PASSES.get(name, ""))


def middle_gone(batches):
    return [b for b in batches if not WINDOW <= b.base_offset < 2 * WINDOW]


def renumbered(batches):
    """One record is taken out, and those behind it move up, as if it had never been there."""
    out = []
    for b in batches:
        kept = [r for r in b.records() if r.offset != 12]
        for r in kept:
            r.offset -= r.offset > 12
        moved = kafkalog.rebuild(b, kept)
        moved.base_offset -= b.base_offset > 12
        moved.last_delta = b.last_delta - (b.base_offset <= 12 <= b.base_offset + b.last_delta)
        moved.payload = kafkalog.compress(b.codec, kafkalog.encode_records(kept, moved.base_offset, b.base_timestamp))
        out.append(moved)
    return out


ATTACKS = {name: on_disk(name) for name, c in test_tamper.CASES.items() if c.change and not c.after}
ATTACKS |= {
    "a window's records removed": Attack(missing=set(range(10, 20)), change=middle_gone),
    "records renumbered": Attack(
        {o: "misplaced" for o in range(12, 19)} | {19: "altered"} | {o: "misplaced" for o in range(20, 29)}, {29}, change=renumbered
    ),
    "offsets used again": Attack(
        reused=set(range(20, 30)),
        change=test_tamper.last_batch_gone,
        passes="what is there is attested; that something else was there before is counted, and told by verify",
    ),
}


# -- written past the proxy


def copied(offset, source=None, **new):
    """A record of the same partition, or of what source names, as it stands there; with other parts."""

    def make(scene, partition):
        r = scene.logs[partition if source is None else source].records[offset]
        out = Rec(r.key, r.value, list(r.headers), r.timestamp)
        for name, value in new.items():
            setattr(out, name, value(out) if callable(value) else value)
        return [out]

    return make


def of_window(n):
    """The headers of another window of the same chain."""

    def headers(r):
        (content, window, signature) = r.headers[-3:]
        return [*r.headers[:-3], content, (window[0], b"%d" % n), (signature[0], signature[1].rsplit(b"/", 1)[0] + b"/%d" % n)]

    return headers


ATTACKS |= {
    "written past the proxy": Attack({30: "unattested"}, plant=lambda s, p: [Rec(b"k", b"v", timestamp=s.old)]),
    "written past the proxy just now": Attack(
        {30: "unattested"},
        plant=lambda s, p: [Rec(b"k", b"v")],
        held="it may be of a window without headers that is stated next; it stops after verify.hold.max",
    ),
    "copied": Attack({30: "duplicate"}, plant=copied(4), alone="misplaced"),
    "copied from another partition": Attack({30: "misplaced"}, plant=copied(4, "nothing")),
    "copied from another topic": Attack({30: "misplaced"}, plant=copied(0, "elsewhere")),
    "forged for a stated window": Attack(
        {30: "forged-header"}, plant=copied(4, value=b"mine", headers=test_tamper.forged(b"mine"))
    ),
    "headers of another value": Attack({30: "forged-header"}, plant=copied(4, value=b"mine")),
    "one header only": Attack({30: "forged-header"}, plant=lambda s, p: [Rec(b"k", b"v", [(b"makoto.window_id", b"1")], s.old)]),
    "of a window to come": Attack({30: "unattested"}, old=True, plant=copied(4, headers=of_window(9))),
    "attested by another key": Attack({o: "untrusted" for o in range(30, 33)}),
    "nothing": Attack(passes="nobody did anything to it"),
}


# -- the statement topic


ATTACKS |= {
    "statement withheld": Attack({o: "unattested" for o in range(10, 20)}, problems={"gap"}, statement=(2, lambda s, r: None)),
    "last statement withheld": Attack({o: "unattested" for o in range(20, 30)}, old=True, statement=(3, lambda s, r: None)),
    "last statement withheld just now": Attack(
        {o: "pending" for o in range(20, 30)}, statement=(3, lambda s, r: None), held="a statement may be late"
    ),
    "statement signed for other bytes": Attack(
        {o: "untrusted" for o in range(10, 20)}, problems={"gap"}, statement=(2, lambda s, r: at_value(r, resigned_wrongly(r)))
    ),
    "link to another statement": Attack(
        problems={"break"},
        statement=(3, lambda s, r: at_value(r, restated(s, r, other_previous))),
        alone="break",
        chain=20,
    ),
    "window stated twice": Attack(
        problems={"fork"},
        statement=(2, lambda s, r: s.second.append(Rec(r.key, restated(s, r, later), list(r.headers))) or r),
        alone="fork",
        chain=10,
        maybe="nobody searches for a second statement; tests of their own read it before",
    ),
    "manifest removed": Attack(
        problems={"manifest-missing"},
        statement=(2, lambda s, r: at_headers(r, [])),
        passes="the answer has all of the window, whose root its records make",
    ),
    "manifest of other leaves": Attack(
        problems={"manifest-missing"},
        statement=(2, lambda s, r: at_headers(r, [(r.headers[0][0], bytes(len(r.headers[0][1])))])),
        passes="likewise",
    ),
}
NAMES = list(ATTACKS)
GOOD_PART = len(NAMES)
STOPPED = [n for n, a in ATTACKS.items() if not a.passes and not a.held and not a.maybe]


# -- the scene


class Scene:
    def of(self, name):
        return NAMES.index(name)


def write(s):
    """Through two proxies with one statement topic: small windows for those that are attacked, large ones for the good."""
    settings = {"attest.dbom.topic": s.dbom, "attest.window.max.age": "1s"}
    s.small = Proxy(s.dir / "small", s.cluster.bootstrap, {**settings, "attest.window.records": WINDOW})
    s.large = Proxy(s.dir / "large", s.cluster.bootstrap, {**settings, "attest.window.records": GOOD_WINDOW})
    s.small.start()
    s.large.start()
    s.sent = [b"good %d" % i for i in range(GOOD)]
    Confluent.produce(s.large.bootstrap, s.topic, [Rec(None, v, partition=GOOD_PART) for v in s.sent], codec="lz4")
    for codec in sorted({a.codec for a in ATTACKS.values()}):
        for first in range(0, N, WINDOW):
            some = []
            for p, a in enumerate(ATTACKS.values()):
                at = s.old if a.old else s.now
                for i in range(first, first + WINDOW):
                    if a.codec == codec:
                        some.append(Rec(b"key-%d" % i, b"value %d" % i, [(b"own", b"%d" % i)], at + i, p))
            Confluent.produce(s.small.bootstrap, s.topic, some, codec=codec, linger_ms=200)
    Confluent.produce(s.small.bootstrap, s.elsewhere, [Rec(b"k", b"elsewhere", timestamp=s.now)])
    s.keys = public_keys(s.small.public_key, s.large.public_key)
    wait_stated(s.cluster, s.keys, s.topic, GOOD + N * len(NAMES), s.dbom)
    v = wait_stated(s.cluster, s.keys, s.elsewhere, 1, s.dbom)
    s.chains = {x.kafka["partition"]: x.chain for x in v.statements if x.kafka["topic"] == s.topic}
    s.small.stop()
    s.large.stop()


def attack(s):
    """What lies on the broker's disk, in one stop."""
    with open(os.path.join(s.small.state, "signing.pem"), "rb") as f:
        s.private = f.read()
    s.second = []
    changes = {f"{s.chains[s.of(n)]}/{a.statement[0]}".encode(): a.statement[1] for n, a in ATTACKS.items() if a.statement}
    node = s.cluster.node(BROKER)
    node.stop()
    for p, a in enumerate(ATTACKS.values()):
        if a.change:
            rewrite(os.path.join(node.data, f"{s.topic}-{p}"), a.change)
    statement = lambda r: changes[r.key](s, r) if r.key in changes else r  # noqa: E731
    rewrite(os.path.join(node.data, f"{s.dbom}-0"), test_tamper.records(statement))
    clean = os.path.join(node.data, ".kafka_cleanshutdown")
    if os.path.exists(clean):
        os.unlink(clean)
    node.start()
    s.cluster.wait_ready()
    s.cluster.wait_leaders(s.topic, GOOD_PART + 1)
    s.cluster.wait_leaders(s.dbom)


def plant(s):
    """What is written to the brokers afterwards."""
    s.logs = {p: s.cluster.log(s.topic, p) for p in range(GOOD_PART)}
    s.logs |= {"nothing": s.logs[s.of("nothing")], "elsewhere": s.cluster.log(s.elsewhere)}
    planted = []
    for p, a in enumerate(ATTACKS.values()):
        for r in a.plant(s, p) if a.plant else ():
            r.partition = p
            planted.append(r)
    Confluent.produce(s.cluster.bootstrap, s.topic, planted)
    Confluent.produce(s.cluster.bootstrap, s.dbom, s.second)
    # through proxies, once more: offsets that were used before; a key that nobody trusts
    other = Proxy(s.dir / "other", s.cluster.bootstrap, {"attest.dbom.topic": s.dbom, "attest.window.max.age": "200ms"})
    for p, name, n in ((s.small, "offsets used again", WINDOW), (other, "attested by another key", 3)):
        p.start()
        Confluent.produce(p.bootstrap, s.topic, [Rec(b"k", b"again %d" % i, [], s.old, s.of(name)) for i in range(n)])
    wait_stated(s.cluster, [*s.keys, *public_keys(other.public_key)], s.topic, GOOD + N * len(NAMES) + WINDOW + 3 - 3 * WINDOW, s.dbom)
    s.small.stop()
    other.stop()
    s.logs = [s.cluster.log(s.topic, p) for p in range(GOOD_PART)]


@pytest.fixture(scope="module")
def scene(cluster, tmp_path_factory):
    s = Scene()
    s.cluster, s.dir = cluster, tmp_path_factory.mktemp("attacks")
    s.now = int(time.time() * 1000)
    s.old = s.now - OLD_MS
    keep = {"retention.ms": -1}
    s.dbom = cluster.create(f"makoto.dbom.attacks-{os.getpid()}", assignment=[[BROKER]], configs=keep)
    s.topic = cluster.create(f"attacks-{os.getpid()}", assignment=[[BROKER]] * (GOOD_PART + 1), configs=keep)
    s.elsewhere = cluster.create(f"attacks-elsewhere-{os.getpid()}")
    write(s)
    attack(s)
    plant(s)
    s.policy = s.dir / "trust.yaml"
    s.policy.write_text(f"issuers:\n  writer:\n    keys: [{s.small.public_key}, {s.large.public_key}]\n")
    return s


class Read:
    """One consumer of all partitions: what comes of each, and its errors."""

    def __init__(self, s, mode, **settings):
        settings = {"verify.mode": mode, "verify.policy": str(s.policy), "verify.hold.max": "1h", "attest.enabled": False, **settings}
        self.proxy = Proxy(s.dir / mode, s.cluster.bootstrap, {"attest.dbom.topic": s.dbom, **settings})
        self.proxy.start()
        self.consumer = Consumer({"bootstrap.servers": self.proxy.bootstrap, "group.id": "unused", "enable.auto.commit": False, "check.crcs": True})
        self.consumer.assign([TopicPartition(s.topic, p, 0) for p in range(GOOD_PART + 1)])
        self.offsets, self.values = ([[] for _ in range(GOOD_PART + 1)] for _ in range(2))
        self.errors = {}

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.consumer.close()
        self.proxy.stop()

    def until(self, what, condition):
        def look():
            for m in self.consumer.consume(10000, 0.05):
                if m.error():
                    assert m.topic(), m.error()
                    self.errors.setdefault(m.partition(), m.error().code())
                else:
                    self.offsets[m.partition()].append(m.offset())
                    self.values[m.partition()].append(m.value())
            return condition()

        until(what, look, 60 * PATIENCE, 0)

    def counts(self):
        """By verdict; what is a duplicate beside its original is misplaced in an answer without it."""
        told = Counter(self.proxy.status()["verify"]["verdicts"])
        told["misplaced"] += told.pop("duplicate")
        return +told

    def reload(self, **settings):
        self.proxy.settings |= settings
        self.proxy.write_config()
        self.proxy.proc.send_signal(signal.SIGHUP)
        self.proxy.wait_line("the configuration was reloaded")

    def check(self, p, log, to):
        """What came is what is in the log, up to there."""
        there = [r for r in log.records if r.offset < to]
        assert self.offsets[p] == [r.offset for r in there], NAMES[p]
        assert self.values[p] == [r.value for r in there], NAMES[p]


def batch_of(log, offset):
    """The bounds of the batch that this offset is in, or in front of."""
    return next((b.base_offset, b.base_offset + b.last_delta + 1) for b in log.batches if b.base_offset + b.last_delta >= offset)


def expected(s, upto):
    """How many of which verdict; upto(name, log): as far as records of it are judged."""
    out = Counter(verified=GOOD)
    for p, (name, a) in enumerate(ATTACKS.items()):
        lo, hi = 0, upto(name, s.logs[p])
        out.update(a.verdicts.get(r.offset, "verified") for r in s.logs[p].records if lo <= r.offset < hi)
        out["missing"] += len([o for o in a.missing if o < hi]) if name != "tail removed" else 0
        out["offset-reused"] += len(a.reused)
        if a.chain is not None and a.chain < hi:
            out[a.alone] += 1
    out["misplaced"] += out.pop("duplicate", 0)
    return +out


def test_enforce(scene):
    s = scene
    stopped = {s.of(n) for n in STOPPED}

    def ends(name, log):
        a = ATTACKS[name]
        return log.end if a.passes else batch_of(log, a.at)[0]

    with Read(s, "enforce") as c:
        want = {p: ends(n, s.logs[p]) for p, n in enumerate(NAMES)}
        maybe = {s.of(n) for n, a in ATTACKS.items() if a.maybe}

        def all_there():
            whole = all(len([r for r in s.logs[p].records if r.offset < to]) <= len(c.offsets[p]) for p, to in want.items())
            decided = all(p in c.errors or len(c.offsets[p]) >= len(s.logs[p].records) for p in maybe)
            return len(c.offsets[GOOD_PART]) >= GOOD and stopped <= c.errors.keys() and whole and decided

        c.until("all that may be seen, and an error of each that may not", all_there)
        passed = maybe - c.errors.keys()
        stopped |= maybe - passed
        want.update((p, s.logs[p].end) for p in passed)
        assert c.offsets[GOOD_PART] == list(range(GOOD)) and c.values[GOOD_PART] == s.sent
        for p, to in want.items():
            c.check(p, s.logs[p], to)
        assert c.errors == {p: INVALID_RECORD for p in stopped}, {NAMES[p]: e for p, e in c.errors.items()}
        assert c.proxy.metric("makoto_verify_stops_total") == len(stopped)

        def judged(name, log):  # the batch that stops it, too
            a = ATTACKS[name]
            all_of_it = a.passes or s.of(name) in passed
            return log.end if all_of_it else batch_of(log, a.at)[0] if a.held else batch_of(log, a.at)[1]

        counts = expected(s, judged)
        counts["fork"] -= len(passed)
        assert c.counts() == +counts
        # what may still be stated, or not: one of them is decided now
        c.reload(**{"verify.hold.max": "1s"})
        late = s.of("written past the proxy just now")
        c.until("it is held for no longer", lambda: late in c.errors)
        assert c.errors == {p: INVALID_RECORD for p in (*stopped, late)}
        told = lines(c.proxy, s.topic, "a record may not be seen")
        for p, (offset, verdict) in told.items():
            a = ATTACKS[NAMES[p]]
            assert (offset, verdict) == (a.at, a.alone or a.verdicts.get(a.at, "missing")), NAMES[p]
        assert len(told) >= 10, "so many a second are told, and the metric counts all"


def lines(proxy, topic, what):
    """{partition: (offset, verdict)} as the log says."""
    out = {}
    for line in proxy.lines:
        if what in line and f"topic={topic} " in line:
            words = dict(w.split("=", 1) for w in line.split() if "=" in w)
            out[int(words["partition"])] = (int(words["offset"]), words["verdict"])
    return out


def test_observe(scene):
    s = scene

    def counts():
        """The second statement of a fork stands at the end of the topic: nobody goes back for who passed before it was read."""
        told = c.counts()
        assert told.pop("fork", 0) <= 1
        return told

    with Read(s, "observe") as c:
        records = [len(log.records) for log in s.logs] + [GOOD]
        c.until("all that there is", lambda: all(len(o) >= n for o, n in zip(c.offsets, records)))
        assert c.offsets[GOOD_PART] == list(range(GOOD)) and c.values[GOOD_PART] == s.sent
        for p, log in enumerate(s.logs):
            c.check(p, log, log.end)
        assert not c.errors
        for held in (True, False):  # all but what waits for a statement; then that, too
            want = expected(s, lambda name, log: batch_of(log, ATTACKS[name].at)[0] if held and ATTACKS[name].held else log.end)
            del want["fork"]
            c.until("each is counted", lambda: counts().total() >= want.total())
            assert counts() == want
            if held:
                c.reload(**{"verify.hold.max": "1s"})
        assert c.proxy.metric("makoto_verify_stops_total") == c.proxy.metric("makoto_verify_unread_bytes_total") == 0
        for p, (offset, verdict) in lines(c.proxy, s.topic, "a record that enforce would hold back").items():
            a = ATTACKS[NAMES[p]]
            assert verdict in (a.verdicts.get(offset, "missing" if offset in a.missing else None), a.alone), (NAMES[p], offset, verdict)


def test_verify(scene):
    """Each is named: the record, the member that is gone, what is wrong with the chain; and by the tests' own verifier."""
    s = scene
    p = ctl("verify", "-b", s.cluster.bootstrap, "-t", s.topic, "--dbom-topic", s.dbom, "--policy", s.policy, "--json")
    objects = json_objects(p.stdout)
    total = next(o for o in reversed(objects) if "verdicts" in o)
    found = {n: {"verdicts": {}, "missing": set(), "reused": set(), "problems": set()} for n in NAMES}
    for o in objects:
        if "partition" not in o or "partitions" in o:
            continue
        f = found[NAMES[o["partition"]]]
        offsets = range(o["offset"], o.get("lastOffset", o["offset"]) + 1) if "offset" in o else ()
        if o.get("verdict") not in (None, "verified"):
            f["verdicts"].update(dict.fromkeys(offsets, o["verdict"]))
        elif o.get("finding") == "missing":
            f["missing"].update(offsets)
        elif o.get("finding") == "offset-reused":
            f["reused"].update(offsets)
        elif o.get("finding") is not None:
            f["problems"].add(o["finding"])
    want = {n: {"verdicts": a.verdicts, "missing": a.missing, "reused": a.reused, "problems": a.problems} for n, a in ATTACKS.items()}
    assert found == want
    assert p.returncode == 1 and not total["ok"]
    assert total["records"] == GOOD + sum(len(log.records) for log in s.logs)

    v = statements(s.cluster, s.keys, s.dbom)
    for part, (name, a) in enumerate(ATTACKS.items()):
        j = v.judge(s.topic, s.cluster.topic_id(s.topic), part, s.logs[part])
        assert {o: x.verdict for o, x in j.records.items() if x.verdict != "verified"} == a.verdicts, name
        gone = {(o, why) for w in j.windows for o, why in w.missing.items()}
        assert gone == {(o, "missing") for o in a.missing} | {(o, "reused") for o in a.reused}, name
        assert {k for k, _, _ in j.problems} | {x.replace(" ", "-") for w in j.windows for x in w.problems} == a.problems, name
