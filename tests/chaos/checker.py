"""Decides for one run whether anything was lost or falsely attested.

    report = check(load(DIRECTORY))         report.violations, report.notes, report.figures
    python3 tests/chaos/checker.py DIRECTORY         prints them; exit 1 when there is a violation

It knows what clients were told (their own journals), what the brokers' log holds with its control records, every
record of the statement topic, and the proxy's counters.  It was written from FORMAT.md alone and shares no code with
src/ or with the end-to-end tests' verifier.  tests/chaos/test_checker.py plants each fault and looks for its name.

A DIRECTORY of evidence (evidence.py gathers it):
    run.json           clusterId, collector, dbomTopic, dbomPartitions, level, reasons (that may be true in this run),
                       countersComplete, topics {name: {id, attested, timestampType, acks (all, or what may be less)}},
                       calm? [clients that came when all faults were over], chains? (most of a partition, if more than one),
                       headers? (full, compact or none: what every member has), named? (a client's id is its c up to the colon)
    journal-*.jsonl    {"e": "send", c, kind, acks, t, p, u, v, n, x}  before the client sent: u is the record's key, v the
                       hex SHA-256 of its value, n the client's number of it, x its transaction;
                       {"e": "ack", u, t, p, o}   {"e": "fail", u, t, p, err}   {"e": "txn", x, out: committed | aborted | unknown}
    log.jsonl          {"t", "p", "end", "aborted", "open", "lossyFrom"} for a partition, then its records:
                       {"t", "p", "o", "ts", "k", "v", "h", "x"}; lossyFrom: where a change of leader may have cut off what
                       only a leader had, null if there was none; x: transactional
    statements.jsonl   {"p", "o", "k", "v", "h"}
    metrics.json       the last counters of each run of the proxy
    *.pem              public keys

Sentence 1, what clients were told:
    acked-not-in-log     told to be stored there, and the log holds nothing or another record there; or told to be stored, not
                         where, and the log doesn't hold it
    acked-altered        it is there with another value
    record-unstated      in no published window, and nothing was counted that could be it
    calm-untold          of a client that came when all faults were over: it wasn't told that this is stored
    calm-unstated        … and this is in no window, whatever was counted
    nothing-told         nobody else was told of any record, so that nothing is shown
    counter-too-small    more records are in no window than were counted: of those that were told as unattested, of all in the log
                         as that or as absent when the log was asked
    counter-too-large    attested counts more than statements have
    reason-untrue        a reason was counted that can't have been one in this run
    record-doubled       an idempotent producer's record stands twice in the log
    order-broken         an idempotent producer's records stand in another order than it sent them
    outcome-false        a transaction ended in the log otherwise than its client was told
Sentence 2, what is stated:
    record-in-two-windows  window-id-two-contents  chain-fork  chain-break  chain-gap  chain-order
    chain-begun-anew     a partition has another chain: the proxy took itself for another instance
    record-missing       a statement lists an offset where the log holds no record of a client's
    record-altered       the record there has another leaf          record-moved   … which stands elsewhere in that window
    aborted-wrong  open-wrong  resolved-wrong         against the log's control records
    manifest-missing  manifest-wrong  root-wrong  ranges-wrong  boundary-wrong  statistics-wrong  producers-wrong
    record-unnamed       a member hasn't the headers that the run was configured for
    times-wrong          startedOn, windowStart, windowEnd, finishedOn are no times, or not in this order
    envelope-bad  signature-false  key-id-wrong  statement-malformed  chain-id-wrong  record-key-wrong
    statement-place-wrong  topic-unknown  previous-chain-wrong
    false-alarm          records name a window that is stated and aren't listed there, more than it says are unresolved: where
                         it says none, a verifier would call them forged
"""

import base64
import datetime
import glob
import hashlib
import json
import os
import re
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

HASH, ID, SIGNATURE = b"makoto.content_hash", b"makoto.window_id", b"makoto.signature"
NOTHING = b"\0" * 32
PRODUCERS = 64  # that a statement names at most


def h256(data):
    return hashlib.sha256(data).digest()


# --- the format ------------------------------------------------------------------------


def leaf_of(key, value, headers, timestamp, bound):
    """headers: those that are covered."""
    flags = (1 if key is None else 0) + (2 if value is None else 0) + (4 if bound else 0)
    if headers:
        parts = [len(headers).to_bytes(4, "big")]
        for name, content in headers:
            parts += [len(name).to_bytes(4, "big"), name]
            parts += [b"\xff\xff\xff\xff"] if content is None else [len(content).to_bytes(4, "big"), content]
        covered = h256(b"".join(parts))
    else:
        covered = NOTHING
    stamp = (timestamp if bound else 0).to_bytes(8, "big", signed=True)
    return h256(
        bytes([0, 1, flags]) + stamp + (NOTHING if key is None else h256(key)) + (NOTHING if value is None else h256(value)) + covered
    )


def root_of(leaves):
    """RFC 6962, without recursion: complete subtrees are merged as soon as two of a size stand side by side."""
    stack = []  # (leaves below, hash)
    for one in leaves:
        stack.append((1, one))
        while len(stack) > 1 and stack[-1][0] == stack[-2][0]:
            n, right = stack.pop()
            _, left = stack.pop()
            stack.append((2 * n, h256(b"\x01" + left + right)))
    while len(stack) > 1:
        n, right = stack.pop()
        m, left = stack.pop()
        stack.append((n + m, h256(b"\x01" + left + right)))
    return stack[0][1]


def chain_id_of(collector, instance, cluster, topic, topic_id, partition):
    text = f"makoto-kafka/1\n{collector}\n{instance}\n{cluster}\n{topic}\n{topic_id}\n{partition}"
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def triples_of(record):
    """[(place, (chain, window, dbom topic | None) or None when malformed)] of every triple, in order."""
    out = []
    hs = record.headers
    for at in range(len(hs) - 2):
        if (hs[at][0], hs[at + 1][0], hs[at + 2][0]) != (HASH, ID, SIGNATURE):
            continue
        content, number, named = hs[at][1], hs[at + 1][1] or b"", hs[at + 2][1] or b""
        digest = b"" if record.value is None else h256(record.value)
        told = None
        if re.fullmatch(rb"[1-9]\d*", number):
            full = re.fullmatch(rb"([\w.-]+)/([0-9a-f]{32})/(\d+)", named)
            if len(named) == 24 and content == digest and int.from_bytes(named[16:], "big") == int(number):
                told = (named[:16].hex(), int(number), None)
            elif full and full[3] == number and content == digest.hex().encode():
                told = (full[2].decode(), int(number), full[1].decode())
        out.append((at, told))
    return out


def may_cover(record, chain, window, dbom_topic):
    """How many of the record's headers the leaf of this window may have been made of, likeliest first."""
    others = []
    for at, told in reversed(triples_of(record)):
        if told is None:
            continue
        if told[:2] == (chain, window) and told[2] in (None, dbom_topic):
            return [at]
        if told[0] != chain:
            others.append(at)
    return [len(record.headers)] + others


def spelling(v):
    """The only way that a statement's JSON is written."""
    if isinstance(v, bool):
        return "true" if v else "false"
    if isinstance(v, int):
        return str(v)
    if isinstance(v, str):
        return '"' + "".join("\\" + c if c in '"\\' else f"\\u{ord(c):04x}" if c < " " else c for c in v) + '"'
    if isinstance(v, list):
        return "[" + ",".join(map(spelling, v)) + "]"
    if isinstance(v, dict):
        return "{" + ",".join(spelling(k) + ":" + spelling(v[k]) for k in sorted(v)) + "}"
    raise ValueError(f"no value of a statement: {v!r}")


def time_text(ms):
    return datetime.datetime.fromtimestamp(ms // 1000, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S") + f".{ms % 1000:03d}Z"


def pae_of(kind, body):
    return b" ".join([b"DSSEv1", str(len(kind)).encode(), kind.encode(), str(len(body)).encode(), body])


def key_id_of(key):
    der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return "SHA256:" + hashlib.sha256(der).hexdigest()


def signature_true(key, message, sig):
    try:
        if isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(sig, message)
        elif isinstance(key, rsa.RSAPublicKey):
            key.verify(sig, message, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())
        else:
            key.verify(sig, message, ec.ECDSA(hashes.SHA256() if key.curve.name == "secp256r1" else hashes.SHA384()))
        return True
    except (InvalidSignature, ValueError):
        return False


# --- what is known of a run ------------------------------------------------------------


@dataclass
class Record:
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: list = field(default_factory=list)
    transactional: bool = False


@dataclass
class Log:
    records: dict = field(default_factory=dict)  # offset → Record, control records left out
    aborted: set = field(default_factory=set)
    open: set = field(default_factory=set)
    end: int = 0
    lossy_from: int | None = None


@dataclass
class Counted:
    """By the proxy, over all of its runs."""

    attested: int = 0
    unattested: dict = field(default_factory=dict)  # reason → how many
    absent: int = 0  # records whose answer was lost, and which the log didn't have when it was asked


@dataclass
class Evidence:
    run: dict
    journal: list  # the clients' lines, each client's in order
    logs: dict  # (topic, partition) → Log
    statements: list  # (partition, offset, key, value, headers) as the statement topic has them, in order of its offsets
    counted: Counted
    keys: list  # public keys


def unhex(text):
    return None if text is None else bytes.fromhex(text)


def lines_of(path):
    """A client that was killed may have left half a line behind."""
    with open(path, encoding="utf-8") as f:
        for line in f:
            if line.endswith("\n"):
                yield json.loads(line)


def counters_of(runs):
    """Counted over the runs of a proxy, each {"name{labels}": value}"""
    out, unattested = Counted(), Counter()
    for metrics in runs:
        out.attested += int(metrics.get("makoto_records_attested_total", 0))
        out.absent += int(metrics.get('makoto_readback_records_total{outcome="absent"}', 0))
        for name, value in metrics.items():
            found = re.fullmatch(r'makoto_records_unattested_total\{reason="([^"]+)"\}', name)
            if found and value:
                unattested[found[1]] += int(value)
    out.unattested = dict(unattested)
    return out


def load(directory):
    def path(name):
        return os.path.join(directory, name)

    with open(path("run.json")) as f:
        run = json.load(f)
    with open(path("metrics.json")) as f:
        counted = counters_of(json.load(f))
    logs = {}
    for x in lines_of(path("log.jsonl")):
        place = x["t"], x["p"]
        if "end" in x:
            logs[place] = Log({}, set(x["aborted"]), set(x["open"]), x["end"], x["lossyFrom"])
        else:
            hs = [(bytes.fromhex(n), unhex(v)) for n, v in x["h"]]
            logs[place].records[x["o"]] = Record(x["o"], x["ts"], unhex(x["k"]), unhex(x["v"]), hs, bool(x["x"]))
    statements = [
        (x["p"], x["o"], unhex(x["k"]), unhex(x["v"]), [(bytes.fromhex(n), unhex(v)) for n, v in x["h"]])
        for x in lines_of(path("statements.jsonl"))
    ]
    journal = [x for p in sorted(glob.glob(path("journal-*.jsonl"))) for x in lines_of(p)]
    keys = []
    for p in sorted(glob.glob(path("*.pem"))):
        with open(p, "rb") as f:
            keys.append(serialization.load_pem_public_key(f.read()))
    return Evidence(run, journal, logs, statements, counted, keys)


@dataclass(frozen=True)
class Violation:
    name: str
    topic: str
    partition: int | None
    offset: int | None
    why: str

    def __str__(self):
        place = self.topic + ("" if self.partition is None else f"-{self.partition}") + ("" if self.offset is None else f"@{self.offset}")
        return f"{self.name} {place}: {self.why}"


@dataclass
class Report:
    violations: list = field(default_factory=list)
    # The same of records that Kafka itself may lose: acks below all, a change of leader; sequence-used-again; left-out, told,
    # in no window, and counted; and record-doubled of a producer that gave some up.
    notes: list = field(default_factory=list)
    figures: Counter = field(default_factory=Counter)

    def names(self):
        return {v.name for v in self.violations}


# --- statements ------------------------------------------------------------------------


class Stated:
    """One statement: what its text says.  Raises KeyError, TypeError, ValueError when it isn't one."""

    def __init__(self, payload, manifest, partition, offset):
        def once(pairs):
            if len({k for k, _ in pairs}) != len(pairs):
                raise ValueError("a key stands twice")
            return dict(pairs)

        self.payload, self.partition, self.offset = payload, partition, offset
        body = json.loads(payload.decode(), object_pairs_hook=once)
        if spelling(body).encode() != payload:
            raise ValueError("not the canonical spelling")
        if body["_type"] != "https://in-toto.io/Statement/v1" or body["predicateType"] != "https://makoto.dev/stream-window/v1":
            raise ValueError("of another type")
        p = body["predicate"]
        k = p["metadata"]["kafka"]
        tree = p["integrity"]["merkleTree"]
        (subject,) = body["subject"]
        self.kafka, self.links, self.subject = k, p["integrity"]["chain"], subject["name"]
        self.topic, self.of, self.chain, self.window = k["topic"], k["partition"], k["chainId"], k["windowId"]
        self.digest, self.root, self.count = subject["digest"], tree["root"], tree["leafCount"]
        self.statistics = p["aggregates"]["statistics"]
        self.collector, self.bound = p["collector"]["id"], k["timestampType"] == "CreateTime"
        self.previous = k.get("previousStatement")
        self.empty_before, self.unresolved = k["emptyBefore"], k["unresolved"]
        self.hash = hashlib.sha256(payload).hexdigest()
        self.problems = []  # (name, why)
        if k["format"] != "makoto-kafka/1" or self.subject != f"stream:{self.topic}:{self.of}:window_{self.window}":
            raise ValueError("format or subject")
        if [type(x) for x in (self.window, self.empty_before, self.unresolved, self.count, self.of)] != [int] * 5:
            raise ValueError("integers")
        self.offsets = self._run("ranges", k["ranges"])
        self.aborted = set(self._run("aborted", k["aborted"]))
        self.open = set(self._run("open", k["open"]))
        self.resolved = {}
        for first, n, outcome in k["resolved"]:
            if outcome not in ("committed", "aborted"):
                raise ValueError("resolved")
            self.resolved.update(dict.fromkeys(range(first, first + n), outcome))
        self.members = {o: i for i, o in enumerate(self.offsets)}
        self._about(manifest)
        self._times(p["metadata"])

    def _run(self, name, runs):
        out, after = [], -1
        for first, n in runs:
            if first <= after or n < 1:
                self.problems.append(("ranges-wrong", f"{name} not ascending maximal runs at {first}"))
            out += range(first, first + n)
            after = first + n
        return out

    def _times(self, metadata):
        times = metadata["startedOn"], self.digest["windowStart"], self.digest["windowEnd"], metadata["finishedOn"]
        are_times = all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", x) for x in times)
        if not are_times or times[0] != times[1] or list(times) != sorted(times):
            self.problems.append(("times-wrong", " ".join(times)))

    def _about(self, manifest):
        if len(self.offsets) != self.count or self.count < 1 or self.digest["recordCount"] != str(self.count):
            self.problems.append(("ranges-wrong", f"{len(self.offsets)} offsets, leafCount {self.count}, recordCount {self.digest['recordCount']}"))
        if self.aborted - set(self.offsets) or self.open - set(self.offsets) or self.aborted & self.open:
            self.problems.append(("ranges-wrong", "aborted or open are no members, or both"))
        if self.digest["merkleRoot"] != self.root:
            self.problems.append(("root-wrong", "subject and predicate have two roots"))
        self.leaves = None
        if self.kafka["manifest"] == "none":
            return
        if manifest is None:
            self.problems.append(("manifest-missing", "declared, and not there"))
            return
        width = {"leaf": 32, "leaf+key": 48}[self.kafka["manifest"]]
        leaves = [manifest[i : i + 32] for i in range(0, len(manifest), width)]
        if len(manifest) != width * self.count or hashlib.sha256(manifest).hexdigest() != self.digest["sha256"]:
            self.problems.append(("manifest-wrong", "not of the signed digest"))
        elif root_of(leaves).hex() != self.root:
            self.problems.append(("root-wrong", "not that of the manifest's leaves"))
        else:
            self.leaves = leaves


def key_id_in(value):
    """Of an envelope that could be opened."""
    return json.loads(value)["signatures"][0]["keyid"]


def open_envelope(value, level, keys):
    """(payload, problems)"""
    if level == 1:
        return value, []
    try:
        env = json.loads(value)
        (sig,) = env["signatures"]
        payload = base64.b64decode(env["payload"].replace("-", "+").replace("_", "/"), validate=True)
        raw = base64.b64decode(sig["sig"].replace("-", "+").replace("_", "/"), validate=True)
        if env["payloadType"] != "application/vnd.in-toto+json":
            raise ValueError("payloadType")
        key_id = sig["keyid"]
    except (ValueError, KeyError, TypeError, AttributeError) as e:
        return None, [("envelope-bad", repr(e))]
    key = next((k for k in keys if key_id_of(k) == key_id), None)
    if key is None:
        return payload, [("signature-false", f"no key {key_id}")]
    return payload, [] if signature_true(key, pae_of(env["payloadType"], payload), raw) else [("signature-false", key_id)]


# --- deciding --------------------------------------------------------------------------


class Checker:
    def __init__(self, evidence):
        self.ev, self.run = evidence, evidence.run
        self.topics = evidence.run["topics"]
        self.report = Report()
        self.chains = defaultdict(dict)  # chain → window → Stated, the first published
        self.listing = defaultdict(list)  # (topic, partition, offset) → [Stated]
        self.by_key = {}  # (topic, partition) → {key: offset}

    def say(self, name, topic, partition, offset, why, weak=False):
        v = Violation(name, topic, partition, offset, why)
        (self.report.notes if weak else self.report.violations).append(v)

    def check(self):
        self.check_places()
        decide_counters(self.run, self.ev.counted, self.sums(), self.report)
        return self.report

    def check_places(self):
        """All but the counters, which are of the whole run, when the evidence has only some of its partitions."""
        self._read_journal()
        self._read_statements()
        for chain in self.chains.values():
            self._chain(sorted(chain.values(), key=lambda s: s.window))
        self._begun_anew()
        for chain in self.chains.values():
            for s in chain.values():
                self._members(s)
        self._listed_twice()
        self._told()
        self._producers_order()
        self._outcomes()
        self._names()
        return self.report

    def sums(self):
        """What the counters are held against, of these partitions."""
        stated = [s for chain in self.chains.values() for s in chain.values()]
        lossy = any(log.lossy_from is not None for (t, _), log in self.ev.logs.items() if self.topics[t].get("acks") != "all")
        unstated = [(t, p, o, f"{u} ({self.sent[u]['kind']}, acks={self.sent[u]['acks']})") for t, p, o, u in self.unstated]
        excluded = self.report.figures["told, in an excluded topic"]
        outside = self.report.figures["log records in no window"]
        told = sum(not self._is_calm(self.sent.get(u)) for u in self.acked)
        return Sums(excluded, unstated, sum(s.unresolved for s in stated), sum(s.count for s in stated), lossy, told, outside)

    def weak(self, topic, partition, offset):
        """May Kafka have lost what stood here?  Only what just one replica had, behind where a new leader began."""
        log = self.ev.logs.get((topic, partition))
        acks = {self.sent[u]["acks"] for u in self.told_at.get((topic, partition, offset), ()) if u in self.sent}
        strong = self.topics.get(topic, {}).get("acks", "all") == "all" or acks == {"all"}
        return not strong and log is not None and log.lossy_from is not None and offset >= log.lossy_from

    def _read_journal(self):
        self.sent, self.acked, self.outcome, self.failed = {}, {}, {}, set()
        self.told_at = defaultdict(list)
        for x in self.ev.journal:
            if x["e"] == "send":
                self.sent[x["u"]] = x
            elif x["e"] == "ack":
                if (x["o"] is None or x["o"] < 0) and self.sent.get(x["u"], {}).get("acks") != "0":
                    x = {**x, "o": self._where(x["t"], x["p"], x["u"])}
                if x["o"] is not None:
                    self.acked[x["u"]] = x
                    self.told_at[x["t"], x["p"], x["o"]].append(x["u"])
            elif x["e"] == "fail":
                # One that roams sends nothing more in that life, so nothing of it is sent in another way.
                if self.sent.get(x["u"], {}).get("kind") != "roaming":
                    self.failed.add(x["u"])
            elif x["e"] == "txn":
                self.outcome[x["x"]] = x["out"]
        f = self.report.figures
        f["sent"], f["told"] = len(self.sent), len(self.acked)
        f["transactions"] = len(self.outcome)

    def _where(self, topic, partition, u):
        """Told to be stored, not where: where the log has it, else behind its end."""
        self.report.figures["told without an offset"] += 1
        log = self.ev.logs.get((topic, partition), Log())
        if (topic, partition) not in self.by_key:
            self.by_key[topic, partition] = {r.key: o for o, r in log.records.items()}
        return self.by_key[topic, partition].get(u.encode(), log.end)

    # what is stated

    def _read_statements(self):
        places = {}
        for partition, offset, key, value, headers in self.ev.statements:
            if key is None or not re.fullmatch(rb"[0-9a-f]{32}/[1-9]\d*", key):
                self.say("record-key-wrong", self.run["dbomTopic"], partition, offset, f"key {key!r}")
                continue
            self.report.figures["statement records"] += 1
            payload, problems = open_envelope(value, self.run.get("level", 2), self.ev.keys)
            s = None
            if payload is not None:
                manifests = [v for n, v in headers if n == b"makoto.leaves"]
                try:
                    s = Stated(payload, manifests[0] if len(manifests) == 1 else None, partition, offset)
                except (ValueError, KeyError, TypeError, AttributeError, IndexError) as e:
                    problems.append(("statement-malformed", repr(e)))
            if s is not None:
                problems += s.problems
                if key.decode() != f"{s.chain}/{s.window}":
                    problems.append(("record-key-wrong", f"{key.decode()} has {s.chain}/{s.window}"))
                if self.run.get("level", 2) == 2 and s.kafka.get("signingKeyId") != key_id_in(value):
                    problems.append(("key-id-wrong", f"signingKeyId {s.kafka.get('signingKeyId')}, keyid {key_id_in(value)}"))
                ids = s.kafka.get("clusterId", ""), s.topic, s.kafka.get("topicId", ""), s.of
                if s.chain != chain_id_of(s.collector, s.kafka["instance"], *ids) or s.collector != self.run["collector"]:
                    problems.append(("chain-id-wrong", s.chain))
                if partition != int(s.chain[:8], 16) % self.run["dbomPartitions"]:
                    problems.append(("statement-place-wrong", f"partition {partition}"))
                topic = self.topics.get(s.topic)
                if topic is None or not topic["attested"] or (s.topic, s.of) not in self.ev.logs:
                    problems.append(("topic-unknown", "no topic of this run that is attested"))
                elif s.kafka.get("topicId", "") != topic["id"] or s.kafka.get("clusterId", "") != self.run["clusterId"]:
                    problems.append(("topic-unknown", f"topic id {s.kafka.get('topicId')}, cluster {s.kafka.get('clusterId')}"))
                elif s.kafka["timestampType"] != topic["timestampType"]:
                    problems.append(("statistics-wrong", f"timestampType {s.kafka['timestampType']}"))
            for name, why in problems:
                self.say(name, self.run["dbomTopic"], partition, offset, f"{key.decode()}: {why}")
            if s is None or any(name == "topic-unknown" for name, _ in problems):
                continue
            first = self.chains[s.chain].get(s.window)
            if first is None:
                self.chains[s.chain][s.window] = s
                last = places.get(s.chain, 0)
                if s.window < last:
                    self.say("chain-order", s.topic, s.of, None, f"window {s.window} published behind {last}")
                places[s.chain] = max(last, s.window)
                for o in s.offsets:
                    self.listing[s.topic, s.of, o].append(s)
            elif first.payload != s.payload:
                why = f"{s.chain}/{s.window} at statement offsets {first.offset} and {offset}"
                self.say("window-id-two-contents", s.topic, s.of, s.offsets[0], why)
                if first.previous == s.previous:
                    self.say("chain-fork", s.topic, s.of, s.offsets[0], why)
            else:
                self.report.figures["published again, the same"] += 1
        self.report.figures["windows"] = sum(map(len, self.chains.values()))
        self.report.figures["chains"] = len(self.chains)
        self.report.figures["recovered windows"] = sum(bool(s.kafka["recovered"]) for c in self.chains.values() for s in c.values())

    def _chain(self, statements):
        before = defaultdict(list)
        for s in statements:
            before[s.previous].append(s)
        for previous, heirs in before.items():
            if len(heirs) > 1:
                why = f"{heirs[0].chain}: windows {[s.window for s in heirs]} follow {previous or 'nothing'}"
                self.say("chain-fork", heirs[0].topic, heirs[0].of, None, why)
        last = None
        for n, s in enumerate(statements, 1):
            where = f"{s.chain}/{s.window}"
            if s.window - s.empty_before - 1 != (last.window if last else 0):
                why = f"{where} follows {last.window if last else 0}, emptyBefore {s.empty_before}"
                self.say("chain-gap", s.topic, s.of, s.offsets[0] if s.offsets else None, why)
            want = {"chainLength": n, "genesisWindowId": statements[0].subject}
            if last:
                want.update(previousWindowId=last.subject, previousMerkleRoot=last.root)
            if s.links != want or s.previous != (last.hash if last else None):
                wrong = [k for k in {**want, **s.links} if want.get(k) != s.links.get(k)]
                if s.previous != (last.hash if last else None):
                    wrong.append("previousStatement")
                self.say("chain-break", s.topic, s.of, s.offsets[0] if s.offsets else None, f"{where}: {', '.join(wrong)}")
            follows = s.kafka.get("previousChain")
            if follows is not None:
                old = self.chains.get(follows["chainId"], {}).get(follows["windowId"])
                if last or old is None or old.hash != follows["statement"] or (old.topic, old.of) != (s.topic, s.of):
                    self.say("previous-chain-wrong", s.topic, s.of, None, f"{where}: {follows}")
            last = s
        # What was left open, and what became of it.
        still = set()
        log = self.ev.logs[statements[0].topic, statements[0].of]
        for s in statements:
            for o, outcome in s.resolved.items():
                true = "open" if o in log.open else "aborted" if o in log.aborted else "committed"
                if o not in still or (o in log.records and outcome != true):
                    self.say("resolved-wrong", s.topic, s.of, o, f"{s.chain}/{s.window} says {outcome}, the log {true}, left open {o in still}")
                still.discard(o)
            still |= s.open
        self.report.figures["left open"] += len(still)

    def _begun_anew(self):
        begun = defaultdict(list)
        for chain in self.chains.values():
            first = min(chain.values(), key=lambda s: s.window)
            begun[first.topic, first.of].append(first)
        for (t, p), firsts in begun.items():
            if len(firsts) > self.run.get("chains", 1):
                why = ", ".join(f"{s.chain} of instance {s.kafka['instance']}" for s in firsts)
                self.say("chain-begun-anew", t, p, None, why)

    def _members(self, s):
        log = self.ev.logs[s.topic, s.of]
        where = f"{s.chain}/{s.window}"
        found, value_bytes, stamps, whole = [], 0, [], True
        places = None
        for i, o in enumerate(s.offsets):
            r = log.records.get(o)
            if r is None:
                weak = self.weak(s.topic, s.of, o)
                self.say("record-missing", s.topic, s.of, o, f"{where} lists it, the log's end is {log.end}", weak)
                whole = False
                continue
            self.report.figures["members checked"] += 1
            could = [leaf_of(r.key, r.value, r.headers[:n], r.timestamp, s.bound) for n in may_cover(r, s.chain, s.window, self.run["dbomTopic"])]
            value_bytes += len(r.value or b"")
            stamps.append(r.timestamp)
            want = s.leaves[i] if s.leaves and i < len(s.leaves) else None
            if want is not None and want not in could:
                places = places or set(s.leaves)
                name = "record-moved" if any(x in places for x in could) else "record-altered"
                self.say(name, s.topic, s.of, o, f"{where} has another leaf, {triples_of(r)}", self.weak(s.topic, s.of, o))
                whole = False
            self._named(s, r, where)
            found.append(want if want in could else could[0])
            self._transaction_of(s, log, r)
        if not whole:
            return
        if root_of(found).hex() != s.root:
            self.say("root-wrong", s.topic, s.of, s.offsets[0], f"{where}: not that of the log's records")
        ends = s.kafka["boundary"]
        if [(ends[e]["offset"], ends[e]["leaf"]) for e in ("first", "last")] != [(s.offsets[i], found[i].hex()) for i in (0, -1)]:
            self.say("boundary-wrong", s.topic, s.of, s.offsets[0], where)
        if s.statistics["valueBytes"] != value_bytes:
            self.say("statistics-wrong", s.topic, s.of, s.offsets[0], f"{where}: valueBytes {s.statistics['valueBytes']}, not {value_bytes}")
        for name, stamp in (("minTimestamp", min(stamps)), ("maxTimestamp", max(stamps))):
            if s.statistics.get(name) != time_text(stamp):
                self.say("statistics-wrong", s.topic, s.of, s.offsets[0], f"{where}: {name} {s.statistics.get(name)}, not {time_text(stamp)}")
        self._producers(s, log, where)

    def _named(self, s, r, where):
        """Does the record carry what the run was configured for?"""
        mine = [x for _, x in triples_of(r) if x and x[:2] == (s.chain, s.window)]
        mode = "none" if not mine else "compact" if mine[-1][2] is None else "full"
        if mode != self.run.get("headers", mode):
            weak = self.weak(s.topic, s.of, r.offset)
            self.say("record-unnamed", s.topic, s.of, r.offset, f"{where} lists it; its headers are {mode}", weak)

    def _producers(self, s, log, where):
        stated, true = Counter(), Counter()
        for p in s.kafka["producers"]:
            stated[p["clientId"]] += p["records"]
        if sum(stated.values()) != s.count:
            self.say("statistics-wrong", s.topic, s.of, s.offsets[0], f"{where}: producers")
        for o in s.offsets:
            sent = self.sent.get((log.records[o].key or b"").decode(errors="replace"))
            true[sent["c"].split(":")[0] if sent else None] += 1
        if self.run.get("named") and stated != true and len(s.kafka["producers"]) <= PRODUCERS:  # else one more has the rest
            weak = any(self.weak(s.topic, s.of, o) for o in s.offsets)
            self.say("producers-wrong", s.topic, s.of, s.offsets[0], f"{where}: {dict(stated)}, sent by {dict(true)}", weak)

    def _transaction_of(self, s, log, r):
        o, where = r.offset, f"{s.chain}/{s.window}"
        if o in s.aborted and o not in log.aborted:
            self.say("aborted-wrong", s.topic, s.of, o, f"{where} says aborted, the log doesn't")
        if o in log.aborted and o not in s.aborted and o not in s.open:
            self.say("aborted-wrong", s.topic, s.of, o, f"{where} doesn't say that it was aborted")
        if o in log.open and o not in s.open:
            self.say("open-wrong", s.topic, s.of, o, f"{where} doesn't say that its transaction has no end")
        if o in s.open and not r.transactional:
            self.say("open-wrong", s.topic, s.of, o, f"{where} says open, it is of no transaction")

    def _listed_twice(self):
        for (t, p, o), by in self.listing.items():
            if len(by) > 1:
                self.say("record-in-two-windows", t, p, o, ", ".join(f"{s.chain}/{s.window}" for s in by), self.weak(t, p, o))

    # what was told

    def _used_again(self, ack):
        """librdkafka gives a sequence that it purged to the next record; a broker that has the purged one says stored."""
        log = self.ev.logs.get((ack["t"], ack["p"]))
        r = log.records.get(ack["o"]) if log else None
        there = (r.key or b"").decode(errors="replace") if r else None
        return there != ack["u"] and there in self.failed and self.sent[there]["c"] == self.sent.get(ack["u"], {}).get("c")

    def _is_calm(self, sent):
        return sent is not None and sent["c"].split(":")[0] in self.run.get("calm", ())

    def _told(self):
        """Told and in the log: is it in a window?  self.unstated: those that are not, and may be counted."""
        self.unstated = []
        for u, sent in self.sent.items():
            if self._is_calm(sent) and u not in self.acked:
                self.say("calm-untold", sent["t"], sent["p"], None, u)
        for u, ack in self.acked.items():
            t, p, o = ack["t"], ack["p"], ack["o"]
            sent = self.sent.get(u)
            log = self.ev.logs.get((t, p))
            r = log.records.get(o) if log else None
            if sent is None:
                self.say("acked-not-in-log", t, p, o, f"{u} was never sent")
                continue
            if self._used_again(ack):
                self.say("sequence-used-again", t, p, o, f"{u} was told to be there, where its producer's {r.key.decode()} is, that was purged", True)
                continue
            if r is None or (r.key or b"").decode(errors="replace") != u:
                weak = self.weak(t, p, o)
                self.say("acked-not-in-log", t, p, o, f"{u} ({sent['kind']}, acks={sent['acks']}) was told to be there", weak)
                if weak:
                    continue
            elif (None if r.value is None else hashlib.sha256(r.value).hexdigest()) != sent["v"]:
                self.say("acked-altered", t, p, o, f"{u} has another value")
            if self.topics[t]["attested"]:
                self.report.figures["told, in an attested topic"] += 1
                if (t, p, o) not in self.listing and self._is_calm(sent):
                    self.say("calm-unstated", t, p, o, u)
                elif (t, p, o) not in self.listing:
                    self.unstated.append((t, p, o, u))
            else:
                self.report.figures["told, in an excluded topic"] += 1

    def _producers_order(self):
        """Once each and in order: what idempotent producers are promised, and what the proxy must not break.

        One that gave records of a partition up begins a new epoch there, in which librdkafka sends again what waited
        behind them, and what of that was stored unheard stands twice.
        """
        renewed = {(self.sent[u]["c"], self.sent[u]["t"], self.sent[u]["p"]) for u in self.failed if u in self.sent}
        for (t, p), log in self.ev.logs.items():
            at, last = {}, {}
            for o in sorted(log.records):
                u = (log.records[o].key or b"").decode(errors="replace")
                sent = self.sent.get(u)
                if sent is None:
                    self.say("acked-altered", t, p, o, f"a record that nobody sent: key {u[:40]!r}")
                    continue
                self.report.figures["log records"] += 1
                if sent["kind"] not in ("idempotent", "transactional", "roaming"):
                    continue
                if u in at:
                    self.say("record-doubled", t, p, o, f"{u} stands at {at[u]} too", (sent["c"], t, p) in renewed)
                elif last.get(sent["c"], -1) > sent["n"]:
                    self.say("order-broken", t, p, o, f"{u} is number {sent['n']} of {sent['c']}, behind {last[sent['c']]}")
                at[u] = o
                last[sent["c"]] = max(last.get(sent["c"], -1), sent["n"])

    def _outcomes(self):
        for u, ack in self.acked.items():
            x = self.sent.get(u, {}).get("x")
            told = self.outcome.get(x)
            log = self.ev.logs.get((ack["t"], ack["p"]))
            if x is None or log is None or told not in ("committed", "aborted") or self._used_again(ack):
                continue
            o = ack["o"]
            true = "aborted" if o in log.aborted else "open" if o in log.open else "committed"
            if o in log.records and told != true:
                self.say("outcome-false", ack["t"], ack["p"], o, f"{x} was told {told}, the log says {true}")

    def _names(self):
        """Records that name a stated window and aren't listed there: no more than it says are unresolved."""
        outside = defaultdict(list)
        for (t, p), log in self.ev.logs.items():
            for o, r in log.records.items():
                if (t, p, o) in self.listing:
                    continue
                if self.topics[t]["attested"]:
                    self.report.figures["log records in no window"] += 1
                marks = triples_of(r)
                told = marks[-1][1] if marks else None
                s = told and self.chains.get(told[0], {}).get(told[1])
                if s:
                    outside[s.chain, s.window].append((t, p, o))
        for (chain, window), places in outside.items():
            n = self.chains[chain][window].unresolved
            for t, p, o in places[n:]:
                why = f"names {chain}/{window}, which is stated without it; {len(places)} such, and {n} of it are unresolved"
                self.say("false-alarm", t, p, o, why, self.weak(t, p, o))


@dataclass
class Sums:
    """Several partitions' add up."""

    excluded: int = 0  # told, in topics that are excluded
    unstated: list = field(default_factory=list)  # (topic, partition, offset, why): told, in no window
    unresolved: int = 0  # as statements say
    listed: int = 0
    lossy: bool = False  # a new leader may have lost what acks below all promised
    told: int = 0  # but for the calm
    outside: int = 0  # in the log of topics that are attested, in no window

    def __add__(self, other):
        return Sums(
            self.excluded + other.excluded, self.unstated + other.unstated, self.unresolved + other.unresolved,
            self.listed + other.listed, self.lossy or other.lossy, self.told + other.told,
            self.outside + other.outside,
        )  # fmt: skip


LEAVING = ("unresolved", "duplicate", "timestamp-type", "another-topic")  # a window that had the records says so


def decide_counters(run, counted, sums, report):
    """The proxy's counters against what was told and stated, of all partitions; says it in the report."""

    def say(name, topic, partition, offset, why, weak=False):
        (report.notes if weak else report.violations).append(Violation(name, topic, partition, offset, why))

    f, complete, unattested = report.figures, run["countersComplete"], counted.unattested
    if not sums.told:
        say("nothing-told", "-", None, None, f"{f['sent']} sent")
    for reason, n in sorted(unattested.items()):
        f[f"counted {reason}"] += n
        if n and reason not in run["reasons"]:
            say("reason-untrue", "-", None, None, f"{n} counted as {reason}")
    if sums.excluded > unattested.get("excluded", 0) and complete:
        say("counter-too-small", "-", None, None, f"{sums.excluded} told in excluded topics, {unattested.get('excluded', 0)} counted")
    left = sum(unattested.get(r, 0) for r in LEAVING) + counted.absent
    if sums.unresolved > left and complete:
        say("counter-too-small", "-", None, None, f"statements have {sums.unresolved} unresolved, {left} were counted")
    # What statements say outlives a proxy that was killed with its counters.
    unresolved = 0 if complete else max(0, sums.unresolved - unattested.get("unresolved", 0))
    others = sum(n for r, n in unattested.items() if r != "excluded") + unresolved
    if sums.outside > others + counted.absent and complete:
        say("counter-too-small", "-", None, None, f"{sums.outside} records of the log are in no window, {others + counted.absent} were counted")
    f["told, in no window"] = len(sums.unstated)
    if len(sums.unstated) > others:
        if others:
            say("counter-too-small", "-", None, None, f"{len(sums.unstated)} told records are in no window, {others} were counted")
        for t, p, o, why in sums.unstated[: len(sums.unstated) - others]:
            say("record-unstated", t, p, o, why)
    for t, p, o, why in sums.unstated[max(0, len(sums.unstated) - others) :]:
        say("left-out", t, p, o, f"{why} was told, is in no window, and was counted", True)
    if complete and counted.attested != sums.listed:
        # What a new leader lost was counted before; a window that closes later leaves it out.
        weak = counted.attested > sums.listed and sums.lossy
        name = "counter-too-large" if counted.attested > sums.listed else "counter-too-small"
        say(name, "-", None, None, f"attested counted {counted.attested}, stated {sums.listed}", weak)


def check(evidence):
    return Checker(evidence).check()


def print_report(report, out=sys.stdout, most=12):
    """A few lines of each name, then the sums."""
    for what, them in (("VIOLATION", report.violations), ("note", report.notes)):
        by = defaultdict(list)
        for v in them:
            by[v.name].append(v)
        for name, vs in sorted(by.items()):
            for v in vs[: most if what == "VIOLATION" else 1]:
                print(f"{what}: {v}", file=out)
            if len(vs) > 1:
                print(f"{what}: {name}: {len(vs)} in all", file=out)
    print("checked: " + ", ".join(f"{n} {k}" for k, n in sorted(report.figures.items()) if n), file=out)


def main():
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        sys.exit(2)
    report = check(load(sys.argv[1]))
    print_report(report)
    sys.exit(1 if report.violations else 0)


if __name__ == "__main__":
    main()
