"""The checker against the format's vectors, a clean run, and a run with each fault planted in its data.

No broker: a run is made here, with two partitions, three windows each, transactions that end late, a window without
members, an excluded topic, and what a client was told of it.  Each fault must be found, by its name.
"""

import base64
import copy
import hashlib
import json
import os
import re
import sys

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import checker as c  # noqa: E402
import evidence  # noqa: E402

with open(os.path.join(os.path.dirname(__file__), "..", "vectors", "vectors.json"), encoding="utf-8") as f:
    V = json.load(f)


# --- the format's vectors --------------------------------------------------------------


def unhex(text):
    return None if text is None else bytes.fromhex(text)


def headers(pairs):
    return [(bytes.fromhex(n), unhex(x)) for n, x in pairs]


def record_of(x):
    return c.Record(0, x["timestamp"], unhex(x["key_hex"]), unhex(x["value_hex"]), headers(x["stored_headers"]))


@pytest.mark.parametrize("x", V["leaves"], ids=lambda x: x["name"])
def test_leaf(x):
    r, by = record_of(x), x["listed_by"]
    could = c.may_cover(r, by["chain_id"], by["window_id"], by["dbom_topic"])
    leaves = [c.leaf_of(r.key, r.value, r.headers[:n], r.timestamp, x["timestamp_bound"]).hex() for n in could]
    assert could[0] == x["covered"] and leaves == [x["leaf"]] + [o["leaf"] for o in x.get("or", [])]


@pytest.mark.parametrize("x", V["hops"], ids=lambda x: x["name"])
def test_hops(x):
    for s in x["listed_by"]:
        assert c.may_cover(record_of(x), s["chain_id"], s["window_id"], x["dbom_topic"]) == s["may_cover"]


def test_chain_ids_and_partitions():
    for x in V["chain_ids"]:
        ids = x["instance"], x["cluster_id"], x["topic"], x["topic_id"], x["partition"]
        assert c.chain_id_of(x["collector_id"], *ids) == x["chain_id"]
    assert all(int(p["chain_id"][:8], 16) % p["partitions"] == p["partition"] for p in V["partitions"])


@pytest.mark.parametrize("t", V["trees"], ids=lambda t: str(t["n"]))
def test_tree(t):
    leaves = [
        c.leaf_of(None if i % 4 == 0 else b"k%d" % (i % 3), str(i).encode(), [], 1700000000000 + i, True) for i in range(t["n"])
    ]
    assert c.root_of(leaves).hex() == t["root"]
    assert hashlib.sha256(b"".join(leaves)).hexdigest() == t["leaf"]["manifest_sha256"]


def test_json_and_pae():
    for j in V["json"]:
        value = bytes.fromhex(j["text_hex"]).decode() if "text_hex" in j else dict(
            zip((bytes.fromhex(k).decode() for k in j["keys_hex"]), j["values"])
        )
        assert c.spelling(value).encode().hex() == j["json_hex"]
    for p in V["pae"]:
        assert c.pae_of(p["type"], bytes.fromhex(p["body_hex"])).hex() == p["pae_hex"]


@pytest.mark.parametrize("s", V["statements"], ids=lambda s: s["name"])
def test_statement(s):
    keys = [serialization.load_pem_public_key(k["pem"].encode()) for k in V["keys"].values()]
    level = 1 if s["envelope"] is None else 2
    value = s["statement_utf8"].encode() if level == 1 else json.dumps(s["envelope"]).encode()
    payload, problems = c.open_envelope(value, level, keys)
    assert payload == s["statement_utf8"].encode() and not problems
    manifest = unhex(s["makoto_leaves_hex"])
    stated = c.Stated(payload, manifest, 0, 0)
    missing = {"manifest-missing"} if manifest is None and stated.kafka["manifest"] != "none" else set()
    assert {name for name, _ in stated.problems} == missing
    assert stated.hash == s["statement_sha256"]
    if level == 2:
        others = [k for k in keys if c.key_id_of(k) != s["envelope"]["signatures"][0]["keyid"]]
        assert [n for n, _ in c.open_envelope(value, 2, others)[1]] == ["signature-false"]


# --- a run, made -----------------------------------------------------------------------

KEY = ec.derive_private_key(0x4D616B6F746F, ec.SECP256R1())
CLUSTER, COLLECTOR, DBOM, INSTANCE = "madeClusterId000000001", "urn:made:proxy", "makoto.dbom.made", "00" * 15 + "01"
TOPIC, ID, EXCLUDED = "made", "AAECAwQFBgcICQoLDA0ODw", "left"
START = 1700000000000


def signed(body, key=KEY):
    payload = c.spelling(body).encode()
    sig = key.sign(c.pae_of("application/vnd.in-toto+json", payload), ec.ECDSA(hashes.SHA256()))
    env = {
        "payload": base64.b64encode(payload).decode(),
        "payloadType": "application/vnd.in-toto+json",
        "signatures": [{"keyid": c.key_id_of(key.public_key()), "sig": base64.b64encode(sig).decode()}],
    }
    return json.dumps(env).encode(), payload


def runs(offsets):
    out = []
    for o in sorted(offsets):
        if out and out[-1][0] + out[-1][1] == o:
            out[-1][1] += 1
        else:
            out.append([o, 1])
    return out


class Made:
    """A run that can be spoiled.  Partition p's log: 0–9 plain, 10–14 an aborted transaction, 15 its marker, 16–19 one
    that commits late, at 25; 20–24 plain.  Windows 1: 0–9, 2: 10–14 and 16–19, those open; 4: 20–24, 3 stayed empty."""

    def __init__(self):
        self.journal, self.logs, self.bodies, self.manifests = [], {}, {}, {}
        self.counted = {"excluded": 3}
        self.attested = self.absent = 0
        self.calm = []
        self.order = []  # (chain, window) as published
        for p in (0, 1):
            self._partition(p)
        log = c.Log({}, set(), set(), 3)
        for o in range(3):
            u = f"left-{o}"
            self._told(u, EXCLUDED, 0, o, b"x", o, "plain", None)
            log.records[o] = c.Record(o, START, u.encode(), b"x")
        self.logs[EXCLUDED, 0] = log

    def _told(self, u, topic, p, o, value, n, kind, x):
        digest = None if value is None else hashlib.sha256(value).hexdigest()
        client = f"{kind}-{p}"
        sent = {"e": "send", "c": client, "kind": kind, "acks": "all", "t": topic, "p": p, "u": u, "v": digest, "n": n, "x": x}
        self.journal += [sent, {"e": "ack", "u": u, "t": topic, "p": p, "o": o}]

    def _partition(self, p):
        chain = c.chain_id_of(COLLECTOR, INSTANCE, CLUSTER, TOPIC, ID, p)
        log = c.Log({}, set(range(10, 15)), set(), 26)
        self.logs[TOPIC, p] = log
        windows = {1: list(range(10)), 2: [*range(10, 15), *range(16, 20)], 4: list(range(20, 25))}
        for w, offsets in windows.items():
            for o in offsets:
                x = f"a{p}" if 10 <= o < 15 else f"b{p}" if 16 <= o < 20 else None
                value = None if o == 3 else b"value %d of %d" % (o, p)
                digest = b"" if value is None else hashlib.sha256(value).hexdigest().encode()
                hs = [(b"own", b"h%d" % o)] if o % 2 else []
                mode_full = [
                    (c.HASH, digest),
                    (c.ID, b"%d" % w),
                    (c.SIGNATURE, f"{DBOM}/{chain}/{w}".encode()),
                ]
                u = f"u-{p}-{o}"
                log.records[o] = c.Record(o, START + o, u.encode(), value, hs + mode_full, x is not None)
                self._told(u, TOPIC, p, o, value, o, "transactional" if x else "idempotent", x)
        self.journal += [{"e": "txn", "x": f"a{p}", "out": "aborted"}, {"e": "txn", "x": f"b{p}", "out": "committed"}]
        previous = genesis = None
        for n, (w, offsets) in enumerate(windows.items(), 1):
            previous = self._state(chain, p, w, offsets, n, previous, genesis)
            genesis = genesis or previous[0]

    def _state(self, chain, p, w, offsets, n, previous, genesis):
        log = self.logs[TOPIC, p]
        leaves = []
        for o in offsets:
            r = log.records[o]
            leaves.append(c.leaf_of(r.key, r.value, r.headers[:-3], r.timestamp, True))
        root, manifest = c.root_of(leaves).hex(), b"".join(leaves)
        name = f"stream:{TOPIC}:{p}:window_{w}"
        links = {"chainLength": n, "genesisWindowId": genesis or name}
        kafka = {
            "format": "makoto-kafka/1", "makotoLevel": "L2", "clusterId": CLUSTER, "topic": TOPIC, "topicId": ID, "partition": p,
            "instance": INSTANCE, "chainId": chain, "windowId": w, "emptyBefore": 1 if w == 4 else 0, "closeReason": "records",
            "boundary": {e: {"offset": offsets[i], "leaf": leaves[i].hex()} for e, i in (("first", 0), ("last", -1))},
            "ranges": runs(offsets), "manifest": "leaf", "timestampType": "CreateTime",
            "aborted": runs(o for o in offsets if 10 <= o < 15), "open": runs(o for o in offsets if 16 <= o < 20),
            "resolved": [[16, 4, "committed"]] if w == 4 else [], "recovered": False, "unresolved": 0,
            "producers": self._producers(log, offsets), "signingKeyId": c.key_id_of(KEY.public_key()),
        }  # fmt: skip
        if previous:
            links.update(previousWindowId=previous[0], previousMerkleRoot=previous[1])
            kafka["previousStatement"] = previous[2]
        at = c.time_text(START)
        values = [log.records[o].value or b"" for o in offsets]
        body = {
            "_type": "https://in-toto.io/Statement/v1",
            "predicateType": "https://makoto.dev/stream-window/v1",
            "subject": [{"name": name, "digest": {
                "sha256": hashlib.sha256(manifest).hexdigest(), "merkleRoot": root, "recordCount": str(len(offsets)),
                "windowStart": at, "windowEnd": at,
            }}],
            "predicate": {
                "stream": {"id": f"kafka:{CLUSTER}:{TOPIC}:{p}", "source": "kafka://h:1", "topic": TOPIC, "partitions": [str(p)]},
                "window": {"type": "tumbling", "duration": "PT1S", "alignment": "wall-clock"},
                "integrity": {"merkleTree": {
                    "algorithm": "sha256", "leafHashAlgorithm": "sha256", "leafCount": len(offsets),
                    "treeHeight": (len(offsets) - 1).bit_length() + 1, "root": root,
                }, "chain": links},
                "aggregates": {"statistics": {
                    "valueBytes": sum(map(len, values)), "minTimestamp": c.time_text(START + offsets[0]),
                    "maxTimestamp": c.time_text(START + offsets[-1]),
                }},
                "collector": {"id": COLLECTOR, "version": {"makoto-proxy": "0"}},
                "verification": {"merkleProofAvailable": True},
                "metadata": {"startedOn": at, "finishedOn": at, "kafka": kafka},
            },
        }  # fmt: skip
        self.bodies[p, w], self.manifests[p, w] = body, manifest
        self.order.append((p, w))
        self.attested += len(offsets)
        return name, root, hashlib.sha256(c.spelling(body).encode()).hexdigest()

    def _producers(self, log, offsets):
        whose = {x["u"]: x["c"] for x in self.journal if x["e"] == "send"}
        clients = [whose[log.records[o].key.decode()] for o in offsets]
        return [{"clientId": name, "records": clients.count(name)} for name in sorted(set(clients))]

    def kafka(self, p, w):
        return self.bodies[p, w]["predicate"]["metadata"]["kafka"]

    def relink(self, p):
        """Hashes of the chain anew, so that what was altered is the only fault."""
        last = None
        for w in (1, 2, 4):
            if last:
                self.kafka(p, w)["previousStatement"] = last
            last = hashlib.sha256(c.spelling(self.bodies[p, w]).encode()).hexdigest()

    def published(self):
        out = []
        for p, w in self.order:
            k = self.kafka(p, w)
            value, _ = signed(self.bodies[p, w])
            manifest = self.manifests[p, w]
            hs = [] if manifest is None else [(b"makoto.leaves", manifest)]
            out.append([int(k["chainId"][:8], 16) % 4, len(out), f"{k['chainId']}/{k['windowId']}".encode(), value, hs])
        return out

    def evidence(self, statements=None):
        run = {
            "clusterId": CLUSTER, "collector": COLLECTOR, "dbomTopic": DBOM, "dbomPartitions": 4, "level": 2,
            "reasons": ["excluded", "unresolved"], "countersComplete": True, "calm": self.calm,
            "headers": "full", "named": True,
            "topics": {
                TOPIC: {"id": ID, "attested": True, "timestampType": "CreateTime", "acks": "all"},
                EXCLUDED: {"id": "x", "attested": False, "timestampType": "CreateTime", "acks": "all"},
            },
        }  # fmt: skip
        return c.Evidence(
            run, self.journal, self.logs, statements or self.published(), c.Counted(self.attested, self.counted, self.absent),
            [KEY.public_key()],
        )  # fmt: skip


@pytest.fixture
def made():
    return Made()


def test_clean(made):
    report = c.check(made.evidence())
    assert not report.violations and not report.notes
    assert report.figures["members checked"] == 48 and report.figures["told"] == 51 and report.figures["windows"] == 6
    assert report.figures["left open"] == 0 and report.figures["told, in no window"] == 0


def test_published_twice_is_no_fault(made):
    made.order.append((0, 2))
    report = c.check(made.evidence())
    assert not report.violations and report.figures["published again, the same"] == 1


def test_counted_as_unresolved_is_no_fault(made):
    """But each record is noted."""
    drop_window(made, 0, 4)
    made.counted["unresolved"] = 5
    report = c.check(made.evidence())
    assert not report.violations and [n.name for n in report.notes] == ["left-out"] * 5


def test_stated_as_unresolved_is_no_fault(made):
    """Where it was counted, or the log didn't have it; or when counters went with a proxy that was killed."""
    made.kafka(0, 4)["unresolved"] = 5
    assert c.check(made.evidence()).names() == {"counter-too-small"}
    made.absent, made.counted["duplicate"] = 3, 2
    ev = made.evidence()
    ev.run["reasons"].append("duplicate")
    assert not c.check(ev).violations
    ev.counted = c.Counted(attested=9)
    ev.run["countersComplete"] = False
    assert not c.check(ev).violations


def test_told_without_an_offset_is_no_fault(made):
    for x in made.journal:
        if x["e"] == "ack":
            x["o"] = None
    report = c.check(made.evidence())
    assert not report.violations and report.figures["told"] == report.figures["told without an offset"] == 51


def test_of_acks_0_nobody_was_told(made):
    for x in made.journal:
        if x.get("u", "").startswith("left"):
            x.update({"acks": "0"} if x["e"] == "send" else {"o": None})
    report = c.check(made.evidence())
    assert not report.violations and report.figures["told"] == 48


def test_in_no_window_and_counted_is_no_fault(made):
    add_untold(made, 6)
    made.counted["unresolved"], made.absent = 3, 3
    assert not c.check(made.evidence()).violations
    ev = made.evidence()
    ev.counted, ev.run["countersComplete"] = c.Counted(), False
    assert not c.check(ev).violations


def test_another_chain_where_the_run_allows_it(made):
    another_instance_goes_on(made)
    ev = made.evidence()
    assert c.check(ev).names() == {"chain-begun-anew"}
    ev.run["chains"] = 2
    assert not c.check(ev).violations


def test_directory(made, tmp_path):
    """Evidence as it lies on the disk is the same."""
    ev = made.evidence()
    save(ev, str(tmp_path))
    assert c.load(str(tmp_path)).run == ev.run
    report = c.check(c.load(str(tmp_path)))
    assert not report.violations and report.figures == c.check(ev).figures
    with open(tmp_path / "journal-a.jsonl", "a") as f:
        f.write('{"e": "ack", "u": "u-0-1", "t": "ma')  # a client was killed here
    assert not c.check(c.load(str(tmp_path))).violations


def save(ev, directory):
    evidence.save(ev.run, ev.logs, ev.statements, [{
        "makoto_records_attested_total": ev.counted.attested,
        'makoto_readback_records_total{outcome="absent"}': ev.counted.absent,
        **{f'makoto_records_unattested_total{{reason="{r}"}}': n for r, n in ev.counted.unattested.items()},
    }], directory)  # fmt: skip
    with open(os.path.join(directory, "journal-a.jsonl"), "w") as f:
        f.writelines(json.dumps(x) + "\n" for x in ev.journal)
    with open(os.path.join(directory, "key.pem"), "wb") as f:
        f.write(KEY.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo))


# --- faults ----------------------------------------------------------------------------

FAULTS = []


def fault(*names):
    """Names: all that the checker must say, each of them."""

    def add(f):
        FAULTS.append(pytest.param(f, set(names), id=f.__name__))
        return f

    return add


def drop_window(made, p, w):
    made.order.remove((p, w))
    made.attested -= len(made.manifests[p, w]) // 32


@pytest.mark.parametrize("plant,names", FAULTS)
def test_fault(made, plant, names):
    statements = plant(made)
    report = c.check(made.evidence(statements))
    assert names <= report.names(), [str(v) for v in report.violations]


def test_every_name_has_its_fault():
    planted = set().union(*(p.values[1] for p in FAULTS))
    assert SPOKEN == planted and SPOKEN <= set(c.__doc__.split())


def _spoken():
    """The names that checker.py can say."""
    with open(c.__file__) as f:
        text = f.read().split('"""', 2)[2]
    return set(re.findall(r'"((?:acked|record|counter|reason|order|outcome|window-id|chain|aborted|open|resolved|manifest|root|ranges'
                          r'|calm|nothing|boundary|statistics|producers|times|key-id|envelope|signature|statement|topic|previous|false)-[a-z-]+)"', text))  # fmt: skip


SPOKEN = _spoken()


@fault("acked-not-in-log", "record-missing")
def a_record_lost(made):
    del made.logs[TOPIC, 0].records[7]


@fault("acked-not-in-log")
def told_where_nothing_is(made):
    made.journal[1]["o"] = 99


@fault("acked-not-in-log")
def told_without_an_offset_and_nowhere(made):
    made.journal[1]["o"] = None
    made.logs[TOPIC, 0].records[0].key = b"u-0-0-not"


@fault("record-unstated")
def told_without_an_offset_and_in_no_window(made):
    drop_window(made, 0, 4)
    for x in made.journal:
        if x["e"] == "ack":
            x["o"] = None


@fault("acked-altered", "record-altered")
def a_value_altered(made):
    made.logs[TOPIC, 1].records[21].value += b"!"


@fault("record-altered")
def a_header_altered(made):
    made.logs[TOPIC, 1].records[21].headers[0] = (b"own", b"other")


@fault("record-altered")
def a_timestamp_altered(made):
    made.logs[TOPIC, 1].records[21].timestamp += 1


@fault("record-altered")
def a_null_became_empty(made):
    made.logs[TOPIC, 0].records[3].value = b""


@fault("record-moved", "acked-not-in-log")
def two_records_changed_places(made):
    r = made.logs[TOPIC, 0].records
    r[4], r[5] = r[5], r[4]
    r[4].offset, r[5].offset = 4, 5


@fault("order-broken")
def a_producers_records_in_another_order(made):
    sent = [x for x in made.journal if x["e"] == "send" and x["u"] in ("u-0-4", "u-0-5")]
    sent[0]["n"], sent[1]["n"] = sent[1]["n"], sent[0]["n"]


@fault("record-doubled")
def a_record_stored_twice(made):
    made.logs[TOPIC, 0].records[26] = copy.deepcopy(made.logs[TOPIC, 0].records[2])


@fault("acked-altered")
def a_record_that_nobody_sent(made):
    made.logs[TOPIC, 0].records[26] = c.Record(26, START, b"who", b"?")


@fault("record-unstated")
def a_window_missing_at_the_end(made):
    drop_window(made, 0, 4)


@fault("chain-gap", "chain-break", "record-unstated")
def a_window_missing_within(made):
    drop_window(made, 0, 2)


@fault("calm-untold")
def a_record_is_refused_when_all_is_over(made):
    made.calm = ["idempotent-0"]
    told = next(x for x in made.journal if x["e"] == "ack" and x["u"] == "u-0-21")
    told.update(e="fail", err="_MSG_TIMED_OUT")


@fault("calm-untold")
def a_record_is_never_answered_when_all_is_over(made):
    made.calm = ["idempotent-0"]
    made.journal = [x for x in made.journal if x["e"] != "ack" or x["u"] != "u-0-21"]


@fault("calm-unstated")
def a_record_is_left_out_when_all_is_over(made):
    """That it was counted is no excuse."""
    drop_window(made, 0, 4)
    made.calm = ["idempotent-0"]
    made.counted["unresolved"] = 5


@fault("nothing-told")
def all_is_refused_until_it_is_over(made):
    made.calm = ["plain-0"]
    for x in made.journal:
        if x["e"] == "ack" and x["t"] == TOPIC:
            x.update(e="fail", err="_MSG_TIMED_OUT")


@fault("counter-too-small")
def too_little_counted(made):
    drop_window(made, 0, 4)
    made.counted["unresolved"] = 4


@fault("counter-too-small", "record-unstated")
def unresolved_is_said_and_not_counted(made):
    """Counters that are of the whole run aren't made up for by what statements say."""
    drop_window(made, 0, 4)
    made.kafka(1, 4)["unresolved"] = 5


@fault("counter-too-small")
def more_unresolved_is_said_than_was_counted(made):
    made.kafka(0, 4)["unresolved"] = 5
    made.counted["unresolved"], made.absent = 2, 2


def add_untold(made, n):
    """Records of acks=0 that the log has, and no window; they name none."""
    for i in range(n):
        u = f"none-{i}"
        sent = {"e": "send", "c": "none", "kind": "plain", "acks": "0", "t": TOPIC, "p": 0, "u": u, "v": None, "n": i, "x": None}
        made.journal += [sent, {"e": "ack", "u": u, "t": TOPIC, "p": 0, "o": None}]
        made.logs[TOPIC, 0].records[26 + i] = c.Record(26 + i, START, u.encode(), None)


@fault("counter-too-small")
def nobody_was_told_and_nothing_counted(made):
    add_untold(made, 1)


@fault("counter-too-small")
def nobody_was_told_and_too_little_counted(made):
    add_untold(made, 6)
    made.counted["unresolved"], made.absent = 3, 2


@fault("counter-too-small")
def too_few_excluded_counted(made):
    made.counted["excluded"] = 2


@fault("counter-too-small")
def attested_counts_too_few(made):
    made.attested -= 1


@fault("counter-too-large")
def attested_counts_too_many(made):
    made.attested += 1


@fault("reason-untrue")
def a_reason_that_cannot_be(made):
    made.counted["crc"] = 1


@fault("outcome-false")
def told_committed_and_aborted_in_the_log(made):
    next(x for x in made.journal if x.get("x") == "a1" and x["e"] == "txn")["out"] = "committed"


@fault("window-id-two-contents", "chain-fork")
def a_statement_doubled_with_other_bytes(made):
    out = made.published()
    body = copy.deepcopy(made.bodies[1, 4])
    body["predicate"]["metadata"]["finishedOn"] = c.time_text(START + 1)
    out.append([*out[-1][:3], signed(body)[0], out[-1][4]])
    return out


@fault("window-id-two-contents")
def a_window_id_used_again(made):
    out = made.published()
    body = copy.deepcopy(made.bodies[1, 4])
    body["predicate"]["metadata"]["kafka"]["previousStatement"] = "0" * 64
    out.append([*out[-1][:3], signed(body)[0], out[-1][4]])
    return out


@fault("chain-fork", "record-in-two-windows")
def two_windows_follow_one(made):
    out = made.published()
    body = copy.deepcopy(made.bodies[1, 4])
    k = body["predicate"]["metadata"]["kafka"]
    k["windowId"], k["emptyBefore"] = 5, 2
    body["subject"][0]["name"] = f"stream:{TOPIC}:1:window_5"
    out.append([out[-1][0], 9, f"{k['chainId']}/5".encode(), signed(body)[0], out[-1][4]])
    return out


@fault("chain-break")
def a_link_to_other_bytes(made):
    made.kafka(0, 4)["previousStatement"] = "0" * 64


@fault("chain-break")
def a_chain_length(made):
    made.bodies[0, 4]["predicate"]["integrity"]["chain"]["chainLength"] = 4


@fault("chain-gap")
def an_empty_window_not_counted(made):
    made.kafka(0, 4)["emptyBefore"] = 0


@fault("chain-order")
def published_in_another_order(made):
    made.order.remove((0, 2))
    made.order.append((0, 2))


@fault("record-in-two-windows")
def a_record_listed_by_another_instance_too(made):
    out = made.published()
    body = copy.deepcopy(made.bodies[0, 1])
    k = body["predicate"]["metadata"]["kafka"]
    k["instance"] = "ff" * 16
    k["chainId"] = c.chain_id_of(COLLECTOR, "ff" * 16, CLUSTER, TOPIC, ID, 0)
    out.append([int(k["chainId"][:8], 16) % 4, 9, f"{k['chainId']}/1".encode(), signed(body)[0], out[0][4]])
    return out


@fault("chain-begun-anew")
def another_instance_goes_on(made):
    """From window 1, and as if nothing had been before."""
    chain = c.chain_id_of(COLLECTOR, "ff" * 16, CLUSTER, TOPIC, ID, 0)
    for o in range(20, 25):
        hs = made.logs[TOPIC, 0].records[o].headers
        hs[-2:] = [(c.ID, b"1"), (c.SIGNATURE, f"{DBOM}/{chain}/1".encode())]
    made.kafka(0, 4).update(instance="ff" * 16, chainId=chain, windowId=1, emptyBefore=0, resolved=[])
    del made.kafka(0, 4)["previousStatement"]
    body, name = made.bodies[0, 4], f"stream:{TOPIC}:0:window_1"
    body["subject"][0]["name"] = name
    body["predicate"]["integrity"]["chain"] = {"chainLength": 1, "genesisWindowId": name}


@fault("record-missing")
def a_control_record_listed(made):
    k = made.kafka(0, 2)
    k["ranges"] = [[10, 10]]


@fault("ranges-wrong")
def more_offsets_than_leaves(made):
    made.kafka(0, 2)["ranges"] = [[10, 5], [16, 5]]
    made.relink(0)


@fault("ranges-wrong")
def runs_that_are_not_maximal(made):
    made.kafka(0, 1)["ranges"] = [[0, 5], [5, 5]]
    made.relink(0)


@fault("aborted-wrong")
def aborted_left_out(made):
    made.kafka(0, 2)["aborted"] = []
    made.relink(0)


@fault("aborted-wrong")
def aborted_too_far(made):
    made.kafka(0, 2)["aborted"] = [[10, 6]]
    made.kafka(0, 2)["aborted"] = [[10, 5], [16, 1]]
    made.kafka(0, 2)["open"] = [[17, 3]]
    made.relink(0)


@fault("open-wrong")
def open_without_a_transaction(made):
    made.kafka(0, 1)["open"] = [[2, 1]]
    made.relink(0)


@fault("open-wrong")
def open_in_the_log_alone(made):
    made.logs[TOPIC, 0].open = {20}


@fault("resolved-wrong")
def resolved_the_other_way(made):
    made.kafka(0, 4)["resolved"] = [[16, 4, "aborted"]]


@fault("resolved-wrong")
def resolved_what_was_never_open(made):
    made.kafka(0, 4)["resolved"] = [[1, 1, "committed"], [16, 4, "committed"]]


@fault("manifest-missing")
def no_manifest(made):
    made.manifests[0, 1] = None


@fault("manifest-wrong")
def a_manifest_altered(made):
    made.manifests[0, 1] = made.manifests[0, 1][:-1] + b"\0"


@fault("root-wrong")
def a_root_altered(made):
    body = made.bodies[0, 1]
    body["predicate"]["integrity"]["merkleTree"]["root"] = "0" * 64
    body["subject"][0]["digest"]["merkleRoot"] = "0" * 64


@fault("boundary-wrong")
def a_boundary_altered(made):
    made.kafka(0, 1)["boundary"]["last"]["offset"] = 8
    made.relink(0)


@fault("statistics-wrong")
def value_bytes_altered(made):
    made.bodies[0, 1]["predicate"]["aggregates"]["statistics"]["valueBytes"] += 1
    made.relink(0)


@fault("producers-wrong")
def a_client_of_another_name(made):
    made.kafka(0, 1)["producers"][0]["clientId"] = "somebody-else"
    made.relink(0)


@fault("producers-wrong")
def a_record_of_another_client(made):
    made.kafka(0, 1)["producers"] = [{"clientId": "idempotent-0", "records": 9}, {"clientId": "transactional-0", "records": 1}]
    made.relink(0)


@fault("record-unnamed")
def a_member_without_headers(made):
    r = made.logs[TOPIC, 0].records[7]
    r.headers = r.headers[:-3]


@fault("record-unnamed")
def a_member_with_compact_headers(made):
    k, r = made.kafka(0, 1), made.logs[TOPIC, 0].records[7]
    named = bytes.fromhex(k["chainId"]) + (1).to_bytes(8, "big")
    r.headers[-3:] = [(c.HASH, hashlib.sha256(r.value).digest()), (c.ID, b"1"), (c.SIGNATURE, named)]


@fault("times-wrong")
def a_window_ends_before_it_begins(made):
    made.bodies[0, 1]["subject"][0]["digest"]["windowEnd"] = c.time_text(START - 1)
    made.relink(0)


@fault("times-wrong")
def a_window_is_settled_before_it_ends(made):
    made.bodies[0, 1]["subject"][0]["digest"]["windowEnd"] = c.time_text(START + 1)
    made.relink(0)


@fault("times-wrong")
def a_window_is_settled_at_no_time(made):
    made.bodies[0, 1]["predicate"]["metadata"]["finishedOn"] = "soon"
    made.relink(0)


@fault("times-wrong")
def a_start_that_is_not_the_windows(made):
    made.bodies[0, 1]["predicate"]["metadata"]["startedOn"] = c.time_text(START - 1)
    made.relink(0)


@fault("key-id-wrong")
def signed_with_another_key_than_it_says(made):
    made.kafka(0, 1)["signingKeyId"] = "SHA256:" + "0" * 64
    made.relink(0)


@fault("envelope-bad")
def two_signatures(made):
    out = made.published()
    env = json.loads(out[0][3])
    env["signatures"] *= 2
    out[0][3] = json.dumps(env).encode()
    return out


@fault("signature-false")
def another_key(made):
    out = made.published()
    out[0][3] = signed(made.bodies[0, 1], ec.derive_private_key(7, ec.SECP256R1()))[0]
    return out


@fault("signature-false")
def a_payload_altered_under_its_signature(made):
    out = made.published()
    env = json.loads(out[0][3])
    body = copy.deepcopy(made.bodies[0, 1])
    body["predicate"]["metadata"]["finishedOn"] = c.time_text(START + 1)
    env["payload"] = base64.b64encode(c.spelling(body).encode()).decode()
    out[0][3] = json.dumps(env).encode()
    return out


@fault("statement-malformed")
def white_space(made):
    out = made.published()
    payload = json.dumps(made.bodies[0, 1], sort_keys=True).encode()
    sig = KEY.sign(c.pae_of("application/vnd.in-toto+json", payload), ec.ECDSA(hashes.SHA256()))
    env = json.loads(out[0][3])
    env["payload"], env["signatures"][0]["sig"] = base64.b64encode(payload).decode(), base64.b64encode(sig).decode()
    out[0][3] = json.dumps(env).encode()
    return out


@fault("chain-id-wrong")
def another_instance_in_the_text(made):
    made.kafka(0, 1)["instance"] = "ab" * 16
    made.relink(0)


@fault("record-key-wrong")
def under_another_key(made):
    out = made.published()
    out[0][2] = b"0" * 32 + b"/1"
    return out


@fault("statement-place-wrong")
def in_another_partition(made):
    out = made.published()
    out[0][0] = (out[0][0] + 1) % 4
    return out


@fault("topic-unknown")
def of_a_topic_that_was_made_again(made):
    k = made.kafka(0, 1)
    k["topicId"] = "A" * 22
    k["chainId"] = c.chain_id_of(COLLECTOR, INSTANCE, CLUSTER, TOPIC, "A" * 22, 0)


@fault("previous-chain-wrong")
def follows_a_chain_that_never_was(made):
    made.kafka(0, 1)["previousChain"] = {"chainId": "0" * 32, "windowId": 3, "statement": "0" * 64}
    made.relink(0)


@fault("false-alarm")
def names_a_window_that_does_not_list_it(made):
    u = "u-unsettled"
    sent = {"e": "send", "c": "plain", "kind": "plain", "acks": "all", "t": TOPIC, "p": 0, "u": u, "v": None, "n": 0, "x": None}
    made.journal.append(sent)
    r = copy.deepcopy(made.logs[TOPIC, 0].records[3])
    r.offset, r.key = 26, u.encode()
    made.logs[TOPIC, 0].records[26] = r


@fault("false-alarm")
def more_name_a_window_than_it_says_are_unresolved(made):
    made.kafka(0, 1)["unresolved"], made.absent = 1, 2
    made.relink(0)
    names_a_window_that_does_not_list_it(made)
    assert not c.check(made.evidence()).violations
    r = made.logs[TOPIC, 0].records
    r[27] = copy.deepcopy(r[26])
    r[27].offset, r[27].key = 27, b"u-unsettled-too"
    made.journal.append({**made.journal[-1], "u": "u-unsettled-too", "n": 1})


# --- what Kafka may lose by itself -----------------------------------------------------


def test_weak_records_lost_by_the_cluster_are_noted(made):
    """acks=1, and another leader began at offset 7 without it: no fault of the proxy's, told apart."""
    for x in made.journal:
        if x["e"] == "send" and x["t"] == TOPIC and x["p"] == 0:
            x["acks"] = "1"
    ev = made.evidence()
    ev.run["topics"][TOPIC]["acks"] = "1"
    log = ev.logs[TOPIC, 0]
    del log.records[7]
    assert {"acked-not-in-log", "record-missing"} <= c.check(ev).names()
    log.lossy_from = 7
    report = c.check(ev)
    assert not report.violations and {n.name for n in report.notes} == {"acked-not-in-log", "record-missing"}
    log.lossy_from = 8
    assert {"acked-not-in-log", "record-missing"} <= c.check(ev).names()


def test_a_sequence_used_again_is_noted(made):
    """The producer gave up record 11 of an aborted transaction, and was told 11's place for a record that came later."""
    u = "u-0-late"
    purged = next(x for x in made.journal if x["e"] == "ack" and x["u"] == "u-0-11")
    purged.update(e="fail", err="_PURGE_QUEUE")
    first = next(x for x in made.journal if x["e"] == "send" and x["u"] == "u-0-11")
    made.journal += [{**first, "u": u, "n": 30, "x": "b0"}, {"e": "ack", "u": u, "t": TOPIC, "p": 0, "o": 11}]
    report = c.check(made.evidence())
    assert not report.violations and [n.name for n in report.notes] == ["sequence-used-again"]
    purged["e"] = "ack"
    purged["o"] = 11
    assert "acked-not-in-log" in c.check(made.evidence()).names()


def test_a_record_doubled_by_a_producer_that_gave_up_is_noted(made):
    """The records before timed out in the client: it began a new epoch, and sent again what it had not heard of."""
    first = next(x for x in made.journal if x["e"] == "send" and x["u"] == "u-0-2")
    made.logs[TOPIC, 0].records[26] = copy.deepcopy(made.logs[TOPIC, 0].records[2])
    assert "record-doubled" in c.check(made.evidence()).names()
    made.journal += [{**first, "u": "u-0-lost", "n": 31}, {"e": "fail", "u": "u-0-lost", "err": "_MSG_TIMED_OUT"}]
    report = c.check(made.evidence())
    assert "record-doubled" not in report.names() and "record-doubled" in {n.name for n in report.notes}
    made.journal[-2]["p"] = 1
    assert "record-doubled" in c.check(made.evidence()).names()


def test_one_that_roams_gives_up_its_life(made):
    """It sends nothing again, so that a record of its that stands twice, or behind a later one, is no note."""
    for x in made.journal:
        if x["e"] == "send" and x["c"] == "idempotent-0":
            x["kind"] = "roaming"
    assert not c.check(made.evidence()).violations
    first = next(x for x in made.journal if x["e"] == "send" and x["u"] == "u-0-2")
    made.journal += [{**first, "u": "u-0-lost", "n": 31}, {"e": "fail", "u": "u-0-lost", "err": "error 47"}]
    made.logs[TOPIC, 0].records[26] = copy.deepcopy(made.logs[TOPIC, 0].records[2])
    assert "record-doubled" in c.check(made.evidence()).names()
    made.logs[TOPIC, 0].records[26].key = b"u-0-again"
    made.journal += [{**first, "u": "u-0-again", "n": 2}]
    assert "order-broken" in c.check(made.evidence()).names()
