"""A real log, tampered with: each kind of change gets its own verdict, from makotoctl and from the tests' own verifier.

Everything is prepared at once: topics with one replica on broker 3 are written through a proxy, the broker is
stopped, its segments are rewritten on disk (checksums put right, indexes left to be rebuilt), it is started again.
"""

import base64
import glob
import json
import os
import time
from dataclasses import dataclass, field

import kafkalog
import pytest
import verifier
from checks import of_topic, public_keys, statements, wait_stated
from clients import Confluent, Rec
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from lab.kafka import until
from proxy import Proxy, ctl_verify

BROKER = 3
N, WINDOW = 30, 10


# -- altering a log on disk


def rewrite(directory, change):
    """change(batches) → batches, over the partition's only segment; the broker rebuilds what it derives from it."""
    (path,) = kafkalog.segments(directory)
    batches = change(kafkalog.read_segment(path))
    with open(path, "wb") as f:
        for b in batches:
            f.write(b.pack())
    for derived in glob.glob(path[:-4] + ".*index") + glob.glob(os.path.join(directory, "*.snapshot")):
        os.unlink(derived)


def records(change):
    """change(record) → record or None, over every record of every batch."""

    def over(batches):
        out = []
        for b in batches:
            changed = [c for c in (change(r) for r in b.records()) if c is not None]
            if changed:
                b = kafkalog.rebuild(b, changed)
                b.max_timestamp = max(b.max_timestamp, *(r.timestamp for r in changed))
                out.append(b)
        return out

    return over


def at(offset, **new):
    """The record at this offset with other parts; a callable part gets the record."""

    def change(r):
        if r.offset == offset:
            for name, value in new.items():
                setattr(r, name, value(r) if callable(value) else value)
        return r

    return records(change)


def without(*offsets):
    return records(lambda r: None if r.offset in offsets else r)


def swapped(a, b):
    def over(batches):
        by = {r.offset: r for x in batches for r in x.records()}

        def change(r):
            other = by[{a: b, b: a}.get(r.offset, r.offset)]
            return kafkalog.Record(r.offset, other.timestamp, other.key, other.value, other.headers)

        return records(change)(batches)

    return over


def rehashed(value):
    """Another value with a content_hash to match: who can rewrite the one can rewrite the other."""

    def headers(r):
        digest = verifier.sha256(value)
        full = len(r.headers[-3][1]) == 64
        return r.headers[:-3] + [(r.headers[-3][0], digest.hex().encode() if full else digest)] + r.headers[-2:]

    return headers


def last_batch_gone(batches):
    kept = [b for b in batches if b.base_offset < 2 * WINDOW]
    assert len(kept) < len(batches)
    return kept


@dataclass
class Case:
    change: object  # of the data topic's segment, or None
    verdicts: dict = field(default_factory=dict)  # offset → verdict; everything else is verified
    missing: set = field(default_factory=set)  # offsets
    problems: set = field(default_factory=set)  # fork, gap, break, manifest missing
    behind: dict = field(default_factory=dict)  # offset → headers that aren't covered
    codec: str = "none"
    after: object = None  # (scene, topic) → None: written to the brokers afterwards
    dbom: object = None  # of the statement topic's segment: a case with a statement topic of its own
    word: str = ""  # what makotoctl's text must have


def own_headers(*hs):
    return lambda r: [*hs, *r.headers[1:]]


CASES = {
    "nothing": Case(None),
    "value": Case(at(7, value=b"not what was sent"), {7: "altered"}, word="value"),
    "value, compressed": Case(at(7, value=b"not what was sent"), {7: "altered"}, codec="lz4"),
    "value with its hash": Case(at(8, value=b"forged", headers=rehashed(b"forged")), {8: "altered"}, codec="zstd"),
    "value to null": Case(at(9, value=None), {9: "altered"}),
    "key": Case(at(11, key=b"another"), {11: "altered"}),
    "key to null": Case(at(11, key=None), {11: "altered"}, codec="snappy"),
    "own header": Case(at(12, headers=own_headers((b"own", b"changed"))), {12: "altered"}),
    "own header gone": Case(at(13, headers=lambda r: r.headers[1:]), {13: "altered"}),
    "own header more": Case(at(14, headers=lambda r: [(b"new", b"1"), *r.headers]), {14: "altered"}),
    "timestamp": Case(at(15, timestamp=lambda r: r.timestamp - 3_600_000), {15: "altered"}, codec="gzip"),
    "two swapped": Case(swapped(16, 18), {16: "misplaced", 18: "misplaced"}),
    "record removed": Case(without(21), missing={21}, word="missing"),
    "records removed, compressed": Case(without(3, 4, 5), missing={3, 4, 5}, codec="lz4"),
    "tail removed": Case(last_batch_gone, missing=set(range(20, 30)), word="missing"),
    "our headers stripped": Case(at(5, headers=lambda r: r.headers[:-3])),  # the leaf proves it by its offset alone
    # not covered, so not a violation; but told
    "header behind ours": Case(at(6, headers=lambda r: [*r.headers, (b"late", b"x")]), behind={6: 1}, word="not covered"),
}


def rogue(make):
    """Writes records straight to the broker."""

    def after(scene, topic):
        Confluent.produce(scene.cluster.bootstrap, topic, [make(scene, topic)])

    return after


def copy_of(offset, **new):
    def make(scene, topic):
        r = scene.cluster.log(topic).records[offset]
        out = Rec(r.key, r.value, list(r.headers), r.timestamp)
        for k, v in new.items():
            setattr(out, k, v(out) if callable(v) else v)
        return out

    return make


def forged(value):
    digest = verifier.sha256(value).hex().encode()
    return lambda r: [r.headers[0], (r.headers[1][0], digest), r.headers[2], r.headers[3]]


CASES |= {
    "no headers": Case(None, {30: "unattested"}, after=rogue(lambda s, t: Rec(b"k", b"v"))),
    "copied record": Case(None, {30: "duplicate"}, after=rogue(copy_of(4))),
    "forged for a stated window": Case(None, {30: "forged-header"}, after=rogue(copy_of(4, value=b"mine", headers=forged(b"mine")))),
    "headers of another value": Case(None, {30: "forged-header"}, after=rogue(copy_of(4, value=b"mine"))),
    "one header only": Case(None, {30: "forged-header"}, after=rogue(lambda s, t: Rec(b"k", b"v", [(b"makoto.window_id", b"1")]))),
    "copied from another topic": Case(
        None, {30: "misplaced"}, after=rogue(lambda s, t: copy_of(4)(s, s.topics["nothing"]))
    ),
}


def another_key(scene, topic):
    """A second proxy, whose key the verifier doesn't trust, on the same topics."""
    p = Proxy(scene.dir / f"other-{time.monotonic_ns()}", scene.cluster.bootstrap, {"attest.dbom.topic": scene.dbom, "attest.window.max.age": "200ms"})
    p.start()
    Confluent.produce(p.bootstrap, topic, [Rec(b"k", b"v%d" % i) for i in range(3)])
    wait_stated(scene.cluster, public_keys(p.public_key), topic, dbom_topic=scene.dbom)
    p.stop()


CASES["statement by another key"] = Case(None, {30: "untrusted", 31: "untrusted", 32: "untrusted"}, after=another_key)


# -- the statement topic


def sign(private_pem, payload):
    key = serialization.load_pem_private_key(private_pem, None)
    sig = key.sign(verifier.pae(verifier.PAYLOAD_TYPE, payload), ec.ECDSA(hashes.SHA256()))
    return {
        "payload": base64.b64encode(payload).decode(),
        "payloadType": verifier.PAYLOAD_TYPE,
        "signatures": [{"keyid": verifier.key_id(key.public_key()), "sig": base64.b64encode(sig).decode()}],
    }


def restated(scene, r, change):
    """The statement of this record of the statement topic, changed and signed with the right key."""
    body = verifier.parse_json(verifier.b64(json.loads(r.value)["payload"]))
    change(body)
    return json.dumps(sign(scene.private, verifier.canonical(body).encode())).encode()


def later(body):
    body["predicate"]["metadata"]["finishedOn"] = "2040-01-01T00:00:00.000Z"


def other_previous(body):
    body["predicate"]["metadata"]["kafka"]["previousStatement"] = "00" * 32


def statements_where(scene, window, change):
    """change(record) → record or None, for the statements of this window."""
    return records(lambda r: change(r) if r.key.endswith(b"/%d" % window) else r)


def second_statement(scene, topic):
    """Another statement for window 2, signed by the same key: the two are evidence against its holder."""
    for r in scene.cluster.log(scene.dbom).committed():
        body = verifier.parse_json(verifier.b64(json.loads(r.value)["payload"]))
        k = body["predicate"]["metadata"]["kafka"]
        if k["topic"] == topic and k["windowId"] == 2:
            Confluent.produce(scene.cluster.bootstrap, scene.dbom, [Rec(r.key, restated(scene, r, later), list(r.headers))])


def same_statement_again(scene, topic):
    """The same payload under another signature is no fork; neither is noise under the same key."""
    for r in scene.cluster.log(scene.dbom).committed():
        body = verifier.parse_json(verifier.b64(json.loads(r.value)["payload"]))
        if body["predicate"]["metadata"]["kafka"]["topic"] == topic:
            again = Rec(r.key, restated(scene, r, lambda b: None), list(r.headers))
            noise = [Rec(r.key, b"{}"), Rec(r.key, b"not JSON"), Rec(r.key, None), Rec(b"other/key", b"x")]
            Confluent.produce(scene.cluster.bootstrap, scene.dbom, [again, *noise])


CASES |= {
    "window stated twice": Case(None, problems={"fork"}, after=second_statement, word="fork"),
    "statement published again": Case(None, after=same_statement_again),
    "statement removed": Case(
        None,
        {o: "unattested" for o in range(10, 20)},
        problems={"gap"},
        dbom=lambda s: statements_where(s, 2, lambda r: None),
        word="gap",
    ),
    "link to another statement": Case(
        None,
        problems={"break"},
        dbom=lambda s: statements_where(s, 3, lambda r: at_value(r, restated(s, r, other_previous))),
        word="break",
    ),
    "manifest removed": Case(
        None,
        problems={"manifest missing"},
        dbom=lambda s: statements_where(s, 2, lambda r: at_headers(r, [])),
        word="manifest",
    ),
    "manifest of other leaves": Case(
        None,
        problems={"manifest missing"},
        dbom=lambda s: statements_where(s, 2, lambda r: at_headers(r, [(r.headers[0][0], bytes(len(r.headers[0][1])))])),
        word="manifest",
    ),
    "signature of other bytes": Case(
        None,
        {o: "untrusted" for o in range(10, 20)},
        problems={"gap"},
        dbom=lambda s: statements_where(s, 2, lambda r: at_value(r, resigned_wrongly(r))),
    ),
}


def at_value(r, value):
    r.value = value
    return r


def at_headers(r, headers):
    r.headers = headers
    return r


def resigned_wrongly(r):
    env = json.loads(r.value)
    payload = verifier.b64(env["payload"]).replace(b'"closeReason":"records"', b'"closeReason":"age"')
    env["payload"] = base64.b64encode(payload).decode()
    return json.dumps(env).encode()


def reused(scene, topic):
    """The log was cut back and other records took the offsets: through the proxy, so both are stated."""
    p = scene.proxy
    p.start()
    Confluent.produce(p.bootstrap, topic, [Rec(b"k", b"again %d" % i, [(b"own", b"1")]) for i in range(10)])
    keys = public_keys(p.public_key)
    until(
        "the second ten are stated",
        lambda: sum(s.count for s in of_topic(statements(scene.cluster, keys, scene.dbom), topic, scene.cluster.topic_id(topic))) == N + 10,
        30,
    )
    p.stop()


CASES["offsets used again"] = Case(last_batch_gone, missing=set(range(20, 30)), after=reused, word="reused")


# -- the scene


class Scene:
    pass


@pytest.fixture(scope="module")
def scene(cluster, tmp_path_factory):
    s = Scene()
    s.cluster, s.dir = cluster, tmp_path_factory.mktemp("tamper")
    run = f"{os.getpid()}"
    s.dbom = f"makoto.dbom.tamper-{run}"
    s.topics, s.dboms = {}, {}
    settings = {"attest.window.records": WINDOW, "attest.window.max.age": "500ms"}
    shared = Proxy(s.dir / "shared", cluster.bootstrap, {**settings, "attest.dbom.topic": s.dbom})
    s.proxy = shared
    cluster.create(s.dbom, assignment=[[1, 2]], configs={"retention.ms": -1})
    proxies = [(shared, [n for n, c in CASES.items() if c.dbom is None])]
    for i, name in enumerate(n for n, c in CASES.items() if c.dbom is not None):
        dbom = cluster.create(f"{s.dbom}-{i}", assignment=[[BROKER]], configs={"retention.ms": -1})
        s.dboms[name] = dbom
        p = Proxy(s.dir / f"own-{i}", cluster.bootstrap, {**settings, "attest.dbom.topic": dbom})
        proxies.append((p, [name]))
    s.keys = {}
    now = int(time.time() * 1000)
    for p, names in proxies:
        p.start()
        for name in names:
            t = "t-" + "".join(ch if ch.isalnum() else "-" for ch in name) + "-" + run
            s.topics[name] = cluster.create(t, assignment=[[BROKER]], configs={"retention.ms": -1})
            sent = [Rec(b"key-%d" % i, b"value %d" % i, [(b"own", b"%d" % i)], now + i) for i in range(N)]
            for i in range(0, N, WINDOW):  # a batch for each window
                Confluent.produce(p.bootstrap, t, sent[i : i + WINDOW], codec=CASES[name].codec, linger_ms=200)
            s.keys[name] = p.public_key
        for name in names:
            wait_stated(cluster, public_keys(p.public_key), s.topics[name], N, s.dboms.get(name, s.dbom))
        p.stop()
        with open(os.path.join(p.state, "signing.pem"), "rb") as f:
            p.private = f.read()
    private = {name: p.private for p, names in proxies for name in names}

    node = cluster.node(BROKER)
    node.stop()
    for name, c in CASES.items():
        if c.change is not None:
            rewrite(os.path.join(node.data, s.topics[name] + "-0"), c.change)
        if c.dbom is not None:
            s.private = private[name]
            rewrite(os.path.join(node.data, s.dboms[name] + "-0"), c.dbom(s))
    clean = os.path.join(node.data, ".kafka_cleanshutdown")
    if os.path.exists(clean):
        os.unlink(clean)
    node.start()
    cluster.wait_ready()
    for t in [*s.topics.values(), *s.dboms.values()]:
        cluster.wait_leaders(t)
    s.private = private["nothing"]
    for name, c in CASES.items():
        if c.after is not None:
            c.after(s, s.topics[name])
    return s


@pytest.mark.parametrize("name", CASES)
def test_tampered(cluster, scene, name):
    case, t = CASES[name], scene.topics[name]
    dbom = scene.dboms.get(name, scene.dbom)
    bad = {"altered", "misplaced", "untrusted", "forged-header", "duplicate"}
    violation = bool(case.missing or case.problems or bad & set(case.verdicts.values()))
    want = 1 if violation else 4 if "unattested" in case.verdicts.values() else 0

    # the tests' own verifier, over the brokers' disks
    v = statements(cluster, public_keys(scene.keys[name]), dbom)
    log = cluster.log(t)
    j = v.judge(t, cluster.topic_id(t), 0, log)
    assert {o: x.verdict for o, x in j.records.items() if x.verdict != "verified"} == case.verdicts
    assert {o: x.behind for o, x in j.records.items() if x.behind} == case.behind
    assert {o for w in j.windows for o, why in w.missing.items() if why in ("missing", "reused")} == case.missing
    found = {k for k, _, _ in j.problems} | {x for w in j.windows for x in w.problems}
    assert found == case.problems, found
    assert j.exit_code() == want

    # makotoctl, over the wire
    p, lines, last = ctl_verify(cluster.bootstrap, t, scene.keys[name], "--dbom-topic", dbom)
    told = {x["offset"]: x["verdict"] for x in lines if "offset" in x and x.get("verdict") in bad | {"unattested", "pending"}}
    assert told == case.verdicts, p.stdout[-3000:]
    assert {x["offset"]: x["headersBehind"] for x in lines if "headersBehind" in x} == case.behind, p.stdout[-3000:]
    assert (last["recordsWithHeadersBehind"], last["headersBehind"]) == (len(case.behind), sum(case.behind.values()))
    assert p.returncode == want, (p.returncode, p.stdout[-3000:], p.stderr[-1000:])
    assert last["ok"] is (want == 0)
    assert last["records"] == len(log.records)
    if case.word:
        table, _, _ = ctl_verify(cluster.bootstrap, t, scene.keys[name], "--dbom-topic", dbom)
        assert case.word in table.stdout.lower(), table.stdout[-2000:]
    for o in case.missing:
        assert str(o) in p.stdout
