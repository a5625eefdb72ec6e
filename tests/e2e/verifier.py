"""A second reading of docs/FORMAT.md ("makoto-kafka/1"): hashes, trees, statements, verdicts.

It shares no code with src/ and was written from the format's page alone, so that an error of the
product's verifier and an error of its proxy cannot hide each other.  It judges what the tests read
from Kafka's own log (kafkalog.py).

    verdicts = Verifier(cluster_id, keys).add(dbom_records).judge(topic, topic_id, partition, log)
"""

import base64
import hashlib
import json
import re
import struct
import time
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

NAMES = (b"makoto.content_hash", b"makoto.window_id", b"makoto.signature")
PAYLOAD_TYPE = "application/vnd.in-toto+json"
ZERO = bytes(32)
KEY_NULL, VALUE_NULL, TIMESTAMP_BOUND = 1, 2, 4
VIOLATIONS = {"altered", "misplaced", "untrusted", "forged-header", "duplicate"}


def sha256(b):
    return hashlib.sha256(b).digest()


# -- chain, headers, leaf, tree


def chain_id(collector, instance, cluster, topic, topic_id, partition):
    text = "\n".join(["makoto-kafka/1", collector, instance, cluster or "", topic, topic_id or "", str(partition)])
    return sha256(text.encode()).hex()[:32]


def dbom_partition(chain, partitions):
    return int(chain[:8], 16) % partitions


@dataclass(frozen=True)
class Name:
    """The window that a triple names."""

    chain: str
    window: int
    dbom_topic: str | None
    mode: str
    at: int


def decimal(b):
    """A window id as the headers write it, or None."""
    if b is None or not re.fullmatch(rb"[1-9][0-9]{0,18}", b):
        return None
    return int(b)


def triples(headers):
    """Places where the three stand adjacent in their order."""
    return [i for i in range(len(headers) - 2) if tuple(h[0] for h in headers[i : i + 3]) == NAMES]


def read_triple(headers, at, value):
    """What the triple at this place names, or None when it is malformed."""
    content, window, signature = (h[1] for h in headers[at : at + 3])
    number = decimal(window)
    if content is None or signature is None or number is None:
        return None
    if len(signature) == 24:
        want = b"" if value is None else sha256(value)
        if content != want or struct.unpack(">Q", signature[16:])[0] != number:
            return None
        return Name(signature[:16].hex(), number, None, "compact", at)
    want = b"" if value is None else sha256(value).hex().encode()
    m = re.fullmatch(rb"([A-Za-z0-9._-]+)/([0-9a-f]{32})/([1-9][0-9]*)", signature)
    if not m or content != want or int(m[3]) != number:
        return None
    return Name(m[2].decode(), number, m[1].decode(), "full", at)


def headers_hash(headers):
    if not headers:
        return ZERO
    out = [struct.pack(">I", len(headers))]
    for name, value in headers:
        out.append(struct.pack(">I", len(name)) + name)
        out.append(struct.pack(">i", -1) if value is None else struct.pack(">i", len(value)) + value)
    return sha256(b"".join(out))


def leaf_preimage(key, value, headers, timestamp, bound):
    flags = (KEY_NULL if key is None else 0) | (VALUE_NULL if value is None else 0) | (TIMESTAMP_BOUND if bound else 0)
    return (
        b"\0\x01"
        + struct.pack(">Bq", flags, timestamp if bound else 0)
        + (ZERO if key is None else sha256(key))
        + (ZERO if value is None else sha256(value))
        + headers_hash(headers)
    )


def leaf(key, value, headers, timestamp, bound):
    return sha256(leaf_preimage(key, value, headers, timestamp, bound))


def tree_root(leaves):
    """RFC 6962: the left half is the largest power of two below n; nothing is duplicated."""
    n = len(leaves)
    if n == 1:
        return leaves[0]
    k = 1 << (n - 1).bit_length() - 1
    return sha256(b"\x01" + tree_root(leaves[:k]) + tree_root(leaves[k:]))


def tree_height(n):
    return (n - 1).bit_length() + 1


def coverings(record, statement):
    """The numbers of headers that this statement's leaf of the record may have been made from, likeliest first."""
    own = None
    others = []
    for at in triples(record.headers):
        name = read_triple(record.headers, at, record.value)
        if name is None:
            continue
        topic_ok = name.dbom_topic is None or statement.dbom_topic is None or name.dbom_topic == statement.dbom_topic
        if (name.chain, name.window) == (statement.chain, statement.window) and topic_ok:
            own = at
        elif name.chain != statement.chain:
            others.append(at)
    if own is not None:
        return [own]
    return [len(record.headers)] + sorted(others, reverse=True)


# -- JSON, envelope, keys


def canonical(v):
    """The statement's only spelling."""
    if v is True:
        return "true"
    if v is False:
        return "false"
    if isinstance(v, int):
        return str(v)
    if isinstance(v, str):
        out = re.sub(r'["\\]', lambda m: "\\" + m[0], v)
        out = re.sub(r"[\x00-\x1f]", lambda m: f"\\u{ord(m[0]):04x}", out)
        return '"' + out + '"'
    if isinstance(v, list):
        return "[" + ",".join(canonical(x) for x in v) + "]"
    if isinstance(v, dict):
        return "{" + ",".join(canonical(k) + ":" + canonical(v[k]) for k in sorted(v)) + "}"
    raise ValueError(f"not in a statement: {v!r}")


def _no_duplicates(pairs):
    out = dict(pairs)
    if len(out) != len(pairs):
        raise ValueError("a key stands twice")
    return out


def parse_json(b):
    def no_float(text):
        raise ValueError(f"not an integer: {text}")

    return json.loads(b.decode(), object_pairs_hook=_no_duplicates, parse_float=no_float, parse_constant=no_float)


def pae(kind, body):
    kind = kind.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(body), body)


def key_id(public):
    spki = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return "SHA256:" + sha256(spki).hex()


def load_key(pem):
    return serialization.load_pem_public_key(pem if isinstance(pem, bytes) else pem.encode())


def signature_ok(public, message, sig):
    try:
        if isinstance(public, ec.EllipticCurvePublicKey):
            algorithm = hashes.SHA256() if isinstance(public.curve, ec.SECP256R1) else hashes.SHA384()
            public.verify(sig, message, ec.ECDSA(algorithm))
        elif isinstance(public, ed25519.Ed25519PublicKey):
            public.verify(sig, message)
        elif isinstance(public, rsa.RSAPublicKey):
            public.verify(sig, message, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())
        else:
            return False
        return True
    except (InvalidSignature, ValueError):
        return False


def b64(text):
    return base64.b64decode(text.replace("-", "+").replace("_", "/"), validate=True)


# -- statements


class Bad(Exception):
    """A statement that says something that it may not."""


@dataclass
class Statement:
    payload: bytes
    body: dict
    record_key: str
    partition: int  # of the statement topic
    offset: int
    dbom_topic: str | None
    manifest: bytes | None
    trusted: bool = False
    signed: bool = False
    why: str = ""
    outer: dict = field(default_factory=dict)  # the envelope, where there is one

    kafka = property(lambda s: s.body["predicate"]["metadata"]["kafka"])
    chain = property(lambda s: s.kafka["chainId"])
    window = property(lambda s: s.kafka["windowId"])
    digest = property(lambda s: s.body["subject"][0]["digest"])
    root = property(lambda s: bytes.fromhex(s.body["predicate"]["integrity"]["merkleTree"]["root"]))
    count = property(lambda s: s.body["predicate"]["integrity"]["merkleTree"]["leafCount"])
    links = property(lambda s: s.body["predicate"]["integrity"]["chain"])
    bound = property(lambda s: s.kafka["timestampType"] == "CreateTime")
    hash = property(lambda s: sha256(s.payload).hex())
    subject = property(lambda s: s.body["subject"][0]["name"])
    finished = property(lambda s: s.body["predicate"]["metadata"]["finishedOn"])
    _index: dict | None = None
    _leaves: list | None = None

    def offsets(self):
        return [o for first, n in self.kafka["ranges"] for o in range(first, first + n)]

    def index(self):
        """offset → place in the manifest"""
        if self._index is None:
            self._index = {o: i for i, o in enumerate(self.offsets())}
        return self._index

    def leaves(self):
        """The manifest's leaves, or None when there is no right manifest."""
        if self._leaves is None:
            self._leaves = self._read_manifest() or []
        return self._leaves or None

    def _read_manifest(self):
        if self.manifest is None or self.kafka["manifest"] == "none":
            return None
        width = 48 if self.kafka["manifest"] == "leaf+key" else 32
        if len(self.manifest) != width * self.count or sha256(self.manifest).hex() != self.digest["sha256"]:
            return None
        leaves = [self.manifest[i : i + 32] for i in range(0, len(self.manifest), width)]
        return leaves if tree_root(leaves) == self.root else None

    def key_entry(self, at):
        """(flags, first 15 bytes of the key's hash) of a leaf+key manifest"""
        if self.kafka["manifest"] != "leaf+key" or self.leaves() is None:
            return None
        entry = self.manifest[48 * at : 48 * at + 48]
        return entry[32], entry[33:]


TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
HEX64 = r"[0-9a-f]{64}"
TOP = {"_type", "predicateType", "subject", "predicate"}
PREDICATE = {"stream", "window", "integrity", "aggregates", "collector", "verification", "metadata"}
KAFKA_ALWAYS = {
    "format", "makotoLevel", "topic", "partition", "instance", "chainId", "windowId", "emptyBefore", "closeReason",
    "boundary", "ranges", "manifest", "timestampType", "aborted", "open", "resolved", "recovered", "unresolved", "producers",
}  # fmt: skip
KAFKA_MAY = {"levelGaps", "clusterId", "topicId", "claims", "signingKeyId", "signingKeyUri", "previousStatement", "previousChain"}
REASONS = {"records", "age", "shutdown", "rotation", "timestamp-type", "topic-deleted", "recovered"}


def _want(cond, what):
    if not cond:
        raise Bad(what)


def _runs(runs, what, width=2):
    last = None
    for run in runs:
        _want(len(run) == width and all(type(x) is int for x in run[:2]) and run[0] >= 0 and run[1] > 0, f"{what}: {run}")
        outcome = run[2] if width == 3 else None
        if last is not None:
            _want(run[0] >= last[0] + last[1], f"{what}: not ascending at {run}")
            adjacent = run[0] == last[0] + last[1]
            _want(not adjacent or (width == 3 and outcome != last[2]), f"{what}: not maximal at {run}")
        last = run
    return {o for run in runs for o in range(run[0], run[0] + run[1])}


def check_shape(body, payload=None):
    """Everything of a statement that can be said from its own text: in-toto, Makoto, makoto-kafka/1."""
    if payload is not None:
        _want(canonical(body).encode() == payload, "not the canonical spelling")
    _want(set(body) == TOP, f"members {sorted(set(body) ^ TOP)}")
    _want(body["_type"] == "https://in-toto.io/Statement/v1", "_type")
    _want(body["predicateType"] == "https://makoto.dev/stream-window/v1", "predicateType")
    _want(len(body["subject"]) == 1 and set(body["subject"][0]) == {"name", "digest"}, "subject")
    p = body["predicate"]
    _want(set(p) == PREDICATE, f"predicate has {sorted(set(p) ^ PREDICATE)}")
    k = p["metadata"]["kafka"]
    _want(set(p["metadata"]) == {"startedOn", "finishedOn", "kafka"}, "metadata")
    _want(KAFKA_ALWAYS <= set(k), f"kafka lacks {sorted(KAFKA_ALWAYS - set(k))}")
    _want(k["format"] == "makoto-kafka/1", "format")
    topic, partition, window = k["topic"], k["partition"], k["windowId"]

    # subject
    d = body["subject"][0]["digest"]
    _want(set(d) == {"sha256", "merkleRoot", "recordCount", "windowStart", "windowEnd"}, "digest")
    _want(all(isinstance(v, str) for v in d.values()), "digest values are strings")
    _want(re.fullmatch(HEX64, d["sha256"]) and re.fullmatch(HEX64, d["merkleRoot"]), "digest hex")
    _want(body["subject"][0]["name"] == f"stream:{topic}:{partition}:window_{window}", "subject name")

    # stream, window
    cluster = k.get("clusterId", "")
    s = p["stream"]
    _want(set(s) == {"id", "source", "topic", "partitions"}, "stream")
    _want(s["id"] == f"kafka:{cluster}:{topic}:{partition}", "stream id")
    _want(re.fullmatch(r"kafka://([^\s:\[\]/]+|\[[0-9a-fA-F:.]+\]):\d+", s["source"]), "stream source")
    _want(s["topic"] == topic and s["partitions"] == [str(partition)], "stream topic, partitions")
    w = p["window"]
    _want(set(w) == {"type", "duration", "alignment"}, "window")
    _want(w["type"] == "tumbling" and w["alignment"] == "wall-clock", "window type")
    _want(re.fullmatch(r"PT\d+(\.\d*[1-9])?S", w["duration"]), "window duration")

    # integrity
    _want(set(p["integrity"]) == {"merkleTree", "chain"}, "integrity")
    t, c = p["integrity"]["merkleTree"], p["integrity"]["chain"]
    _want(set(t) == {"algorithm", "leafHashAlgorithm", "leafCount", "treeHeight", "root"}, "merkleTree")
    n = t["leafCount"]
    _want(t["algorithm"] == "sha256" and t["leafHashAlgorithm"] == "sha256", "tree algorithms")
    _want(type(n) is int and 1 <= n <= 1 << 20 and t["treeHeight"] == tree_height(n), "leafCount, treeHeight")
    _want(t["root"] == d["merkleRoot"] and d["recordCount"] == str(n), "root and count agree with the subject")
    _want(set(c) - {"previousWindowId", "previousMerkleRoot"} == {"chainLength", "genesisWindowId"}, "chain")
    _want(("previousWindowId" in c) == ("previousMerkleRoot" in c), "both previous* or neither")
    _want(type(c["chainLength"]) is int and c["chainLength"] >= 1, "chainLength")
    _want((c["chainLength"] == 1) == ("previousWindowId" not in c) == ("previousStatement" not in k), "first of its chain")
    if c["chainLength"] == 1:
        _want(c["genesisWindowId"] == body["subject"][0]["name"], "genesis")
    else:
        _want("previousChain" not in k, "previousChain in a later statement")

    # aggregates, collector, verification
    st = p["aggregates"]["statistics"]
    _want(set(p["aggregates"]) == {"statistics"}, "aggregates")
    _want(set(st) <= {"valueBytes", "minTimestamp", "maxTimestamp"} and type(st["valueBytes"]) is int, "statistics")
    times = [st[x] for x in ("minTimestamp", "maxTimestamp") if x in st]
    times += [d["windowStart"], d["windowEnd"], p["metadata"]["startedOn"], p["metadata"]["finishedOn"]]
    _want(all(re.fullmatch(TIME, x) for x in times), f"times {times}")
    if "minTimestamp" in st and "maxTimestamp" in st:
        _want(st["minTimestamp"] <= st["maxTimestamp"], "minTimestamp after maxTimestamp")
    _want(p["metadata"]["startedOn"] == d["windowStart"], "startedOn = windowStart")
    _want(d["windowStart"] <= d["windowEnd"] <= p["metadata"]["finishedOn"], "start ≤ end ≤ finished")
    _want(set(p["collector"]) - {"location"} == {"id", "version"}, "collector")
    _want(set(p["collector"]["version"]) == {"makoto-proxy"}, "collector version")
    _want(re.fullmatch(r"[\x21-\x7e]+", p["collector"]["id"]) and ":" in p["collector"]["id"], "collector id is a URI")
    _want(p["verification"] == {"merkleProofAvailable": True}, "verification")

    # kafka
    _want(k["makotoLevel"] in ("L1", "L2", "L3"), "makotoLevel")
    _want(("signingKeyId" in k) == (k["makotoLevel"] != "L1"), "signingKeyId")
    _want(re.fullmatch(r"[0-9a-f]{32}", k["instance"]), "instance")
    _want("topicId" not in k or re.fullmatch(r"[A-Za-z0-9_-]{22}", k["topicId"]), "topicId")
    ids = k["instance"], k.get("clusterId"), topic, k.get("topicId"), partition
    _want(k["chainId"] == chain_id(p["collector"]["id"], *ids), "chainId is not that of its parts")
    for name in ("windowId", "emptyBefore", "partition", "unresolved"):
        _want(type(k[name]) is int and k[name] >= (1 if name == "windowId" else 0), name)
    _want(k["closeReason"] in REASONS and type(k["recovered"]) is bool, "closeReason, recovered")
    _want(k["closeReason"] != "recovered" or k["recovered"], "closeReason recovered without recovered")
    _want(k["manifest"] in ("leaf", "leaf+key", "none"), "manifest")
    _want(k["timestampType"] in ("CreateTime", "LogAppendTime"), "timestampType")
    members = _runs(k["ranges"], "ranges")
    _want(len(members) == n, "ranges sum to leafCount")
    aborted, still_open = _runs(k["aborted"], "aborted"), _runs(k["open"], "open")
    _want(aborted <= members and still_open <= members and not aborted & still_open, "aborted, open are members, of one kind")
    resolved = _runs(k["resolved"], "resolved", 3)
    _want(all(r[2] in ("committed", "aborted") for r in k["resolved"]), "resolved outcomes")
    _want(not resolved & members, "resolved members are of earlier windows")
    b = k["boundary"]
    _want(set(b) == {"first", "last"} and all(set(x) == {"offset", "leaf"} for x in b.values()), "boundary")
    _want(b["first"]["offset"] == min(members) and b["last"]["offset"] == max(members), "boundary offsets")
    producers = k["producers"]
    _want(1 <= len(producers) <= 65 and sum(x["records"] for x in producers) == n, "producers sum to leafCount")
    allowed = {"clientId", "records", "softwareName", "softwareVersion", "principal"}
    _want(all({"clientId", "records"} <= set(x) <= allowed and x["records"] > 0 for x in producers), "producers")
    named = producers if producers[-1]["clientId"] != "…" else producers[:-1]
    _want([x["clientId"] for x in named] == sorted(x["clientId"] for x in named), "producers sorted")
    if "claims" in k:
        _want(k["claims"] and all(isinstance(v, str) for v in k["claims"].values()), "claims")


# -- verdicts


@dataclass
class Verdict:
    verdict: str
    why: str = ""
    by: Statement | None = None
    behind: int = 0  # headers that the leaf doesn't cover, the own triple not counted


@dataclass
class Window:
    statement: Statement
    missing: dict = field(default_factory=dict)  # offset → reason; "missing" and "reused" are violations
    problems: list = field(default_factory=list)

    complete = property(lambda s: not s.missing and not s.problems)


@dataclass
class Judgement:
    records: dict  # offset → Verdict
    windows: list
    problems: list  # (kind, chain, text): gap, fork, break

    def counts(self):
        out = {}
        for v in self.records.values():
            out[v.verdict] = out.get(v.verdict, 0) + 1
        return out

    def violations(self):
        out = [f"{o}: {v.verdict}: {v.why}" for o, v in self.records.items() if v.verdict in VIOLATIONS]
        out += [f"{kind}: {text}" for kind, _, text in self.problems]
        for w in self.windows:
            out += [f"{w.statement.subject}: {p}" for p in w.problems]
            out += [f"{w.statement.subject}: {o}: {why}" for o, why in w.missing.items() if why in ("missing", "reused")]
        return out

    def exit_code(self):
        if self.violations():
            return 1
        return 4 if any(v.verdict in ("pending", "unattested") for v in self.records.values()) else 0


class Verifier:
    """known: a dict that verifiers share, of what they made of which bytes; it spares them to read a growing topic anew."""

    def __init__(self, cluster_id, keys, dbom_topic="makoto.dbom", accept_level1=False, pending_max=3600, now=None, known=None):
        self.cluster_id, self.keys, self.dbom_topic = cluster_id, list(keys), dbom_topic
        self.accept_level1, self.pending_max, self.now = accept_level1, pending_max, now
        self.known = {} if known is None else known
        self.judges = (tuple(map(key_id, self.keys)), dbom_topic, accept_level1)  # on what the same bytes may be read otherwise
        self.statements = []
        self.unreadable = []  # (record key, why)

    def add(self, dbom_records, partition=0):
        for r in dbom_records:
            if r.key is None or r.value is None or not re.fullmatch(rb"[0-9a-f]{32}/[1-9][0-9]*", r.key):
                continue  # something that later work defines
            place = (self.judges, partition, r.offset, r.key, r.value, tuple(r.headers))
            if place not in self.known:
                self.known[place] = self._read(r, partition)
            s, why = self.known[place]
            if s is None:
                self.unreadable.append((r.key.decode(), why))
            else:
                self.statements.append(s)
        return self

    def _read(self, r, partition):
        """(its statement, "") or (None, why there is none)"""
        manifest = [v for n, v in r.headers if n == b"makoto.leaves"]
        try:
            outer = parse_json(r.value)
            if "payload" in outer:
                payload = b64(outer["payload"])
                body = parse_json(payload)
            else:
                payload, body = r.value, outer
            s = Statement(payload, body, r.key.decode(), partition, r.offset, self.dbom_topic, manifest[-1] if manifest else None)
            s.signed, s.outer = "payload" in outer, outer
            check_shape(body, payload)
            if s.record_key != f"{s.chain}/{s.window}":
                raise Bad("stands under another key")
        except (ValueError, KeyError, TypeError, IndexError, AttributeError, Bad) as e:
            return None, repr(e)
        s.trusted, s.why = self._trust(s, outer)
        return s, ""

    def _trust(self, s, outer):
        if not s.signed:
            return self.accept_level1 and s.kafka["makotoLevel"] == "L1", "not signed"
        if outer.get("payloadType") != PAYLOAD_TYPE:
            return False, "payloadType"
        sigs = outer.get("signatures")
        if not isinstance(sigs, list) or len(sigs) != 1:
            return False, "not exactly one signature"
        message = pae(PAYLOAD_TYPE, s.payload)
        try:
            sig = b64(sigs[0]["sig"])
        except (ValueError, KeyError):
            return False, "signature is not base64"
        for key in self.keys:
            if signature_ok(key, message, sig):
                return True, ""
        return False, "no trusted key made this signature"

    # -- one partition

    def judge(self, topic, topic_id, partition, log, compacted=False, lo=None, hi=None, mirror_of=None):
        """log: a kafkalog.PartitionLog, whole; [lo, hi) limits which records are judged; mirror_of: (cluster id, topic)."""
        self._mirror_of, self._copied = mirror_of, set()
        here = [
            s
            for s in self.statements
            if s.kafka.get("clusterId", "") == (self.cluster_id or "")
            and s.kafka["topic"] == topic
            and s.kafka.get("topicId", "") == (topic_id or "")
            and s.kafka["partition"] == partition
        ]
        trusted, forks = {}, []
        for s in here:
            if not s.trusted:
                continue
            at = (s.chain, s.window)
            if at in trusted and trusted[at].payload != s.payload:
                forks.append((trusted[at], s))
            trusted.setdefault(at, s)
        untrusted = {(s.chain, s.window) for s in self.statements if not s.trusted}
        untrusted |= {(k.split("/")[0], int(k.split("/")[1])) for k, _ in self.unreadable}
        stated = {(s.chain, s.window): s for s in self.statements if s.trusted}  # of any topic: a record may be copied
        latest = {}
        for chain, window in stated:
            latest[chain] = max(latest.get(chain, 0), window)

        listing = {}
        for s in trusted.values():
            for o in s.offsets():
                listing.setdefault(o, []).append(s)
        by_offset = {r.offset: r for r in log.records}
        roots = {id(s): self._by_root(s, by_offset) for s in trusted.values() if s.leaves() is None}

        out = Judgement({}, [], [])
        reused = {}  # id(statement) → offsets
        second = []
        for r in log.records:
            if (lo is not None and r.offset < lo) or (hi is not None and r.offset >= hi):
                continue
            if r.offset in listing:
                out.records[r.offset] = self._listed(r, listing[r.offset], roots, reused)
            else:
                second.append(r)
        for r in second:
            out.records[r.offset] = self._unlisted(r, stated, untrusted, latest, out.records, here, partition, topic_id, topic)

        self._aborted = {}  # chain → offsets of aborted members, as its statements say
        for s in trusted.values():
            runs = s.kafka["aborted"] + [r[:2] for r in s.kafka["resolved"] if r[2] == "aborted"]
            self._aborted.setdefault(s.chain, set()).update(o for first, n in runs for o in range(first, first + n))
        self._gone_tombstones = {}  # key-hash prefix → the last offset where an attested tombstone was, and is gone
        for s in trusted.values() if compacted else ():
            for i, o in enumerate(s.offsets()):
                entry = s.key_entry(i)
                if entry and o not in by_offset and o not in self._aborted[s.chain] and entry[0] & VALUE_NULL:
                    self._gone_tombstones[entry[1]] = max(o, self._gone_tombstones.get(entry[1], -1))
        for s in trusted.values():
            out.windows.append(self._window(s, by_offset, log, reused.get(id(s), ()), compacted))
        for first, other in forks:
            out.problems.append(("fork", first.chain, f"two statements for window {first.window}: {first.hash}, {other.hash}"))
        self._chains(trusted, out)
        return out

    def _leaf_matches(self, r, s):
        """(the manifest's leaf is the record's, headers that it doesn't cover)"""
        place = s.index()[r.offset]
        for n in coverings(r, s):
            if leaf(r.key, r.value, r.headers[:n], r.timestamp, s.bound) == s.leaves()[place]:
                own = read_triple(r.headers, n, r.value) if n in triples(r.headers) else None
                mine = own is not None and (own.chain, own.window) == (s.chain, s.window)
                return True, len(r.headers) - n - (3 if mine else 0)
        return False, 0

    def _by_root(self, s, by_offset):
        """A window without a manifest: "ok", "one of n" or "gone"."""
        got = [by_offset.get(o) for o in s.offsets()]
        if any(r is None for r in got):
            return "gone"
        for reading in (0, 1):  # all headers; those before a later hop's three
            covered = [coverings(r, s)[: reading + 1][-1] for r in got]
            leaves = [leaf(r.key, r.value, r.headers[:n], r.timestamp, s.bound) for r, n in zip(got, covered)]
            if tree_root(leaves) == s.root:
                return "ok"
        return "one of n"

    def _listed(self, r, lists, roots, reused):
        last = self._last_name(r)
        decider = None
        if last is not None:
            for s in lists:
                if (s.chain, s.window) == (last.chain, last.window) and last.dbom_topic in (None, s.dbom_topic):
                    decider = s
        if decider is None:
            newest = {}
            for s in lists:
                if s.chain not in newest or newest[s.chain].window < s.window:
                    newest[s.chain] = s
            decider = max(newest.values(), key=lambda s: (s.finished, s.chain))
        for s in lists:
            if s is decider:
                continue
            if s.leaves() is None:
                another_hop = s.chain != decider.chain and roots[id(s)] == "ok"
            else:
                another_hop = s.chain != decider.chain and self._leaf_matches(r, s)[0]
            if not another_hop:
                reused.setdefault(id(s), set()).add(r.offset)
        yes = "verified" if decider.signed else "unsigned"
        if decider.leaves() is None:
            state = roots[id(decider)]
            if state == "ok":
                return Verdict(yes, "by the window's root", decider)
            if state == "gone":
                return Verdict("unattested", "its window has no manifest and lacks records", decider)
            return Verdict("altered", f"one of {decider.count}: the window's root doesn't match", decider)
        ok, behind = self._leaf_matches(r, decider)
        if ok:
            return Verdict(yes, "", decider, behind)
        mine = {leaf(r.key, r.value, r.headers[:n], r.timestamp, decider.bound) for n in coverings(r, decider)}
        if mine & set(decider.leaves()):
            return Verdict("misplaced", "its leaf stands elsewhere in its window", decider)
        return Verdict("altered", self._difference(r, decider), decider)

    def _difference(self, r, s):
        for at in reversed(triples(r.headers)):
            content = r.headers[at][1]
            want = b"" if r.value is None else sha256(r.value)
            if content not in (want, want.hex().encode()):
                return "value: its hash is not that of its content_hash header"
        return "its leaf is not in its window"

    def _last_name(self, r):
        at = triples(r.headers)
        return read_triple(r.headers, at[-1], r.value) if at else None

    def _unlisted(self, r, stated, untrusted, latest, verdicts, here, partition, topic_id, topic):
        name = self._last_name(r)
        if name is None:
            if any(h[0] in NAMES for h in r.headers):
                return Verdict("forged-header", "its makoto headers are not of one well-formed three")
            return Verdict("unattested", "no makoto headers, not listed")
        at = (name.chain, name.window)
        s = stated.get(at)
        if s is not None and (s.kafka.get("clusterId", ""), s.kafka["topic"]) == self._mirror_of:
            return self._copy(r, s)
        if s is not None:
            if name.dbom_topic not in (None, s.dbom_topic):
                return Verdict("forged-header", "it names another statement topic")
            leaves = s.leaves() or []
            mine = {leaf(r.key, r.value, r.headers[:n], r.timestamp, s.bound) for n in coverings(r, s)}
            places = [i for i, x in enumerate(leaves) if x in mine]
            if places:
                offsets = s.offsets()
                same = s.kafka["topic"] == topic and s.kafka["partition"] == partition and s.kafka.get("topicId", "") == (topic_id or "")
                held = same and all(
                    offsets[i] in verdicts and verdicts[offsets[i]].verdict in ("verified", "unsigned") and verdicts[offsets[i]].by is s
                    for i in places
                )
                return Verdict("duplicate" if held else "misplaced", "its leaf is listed at another place", s)
            if s.kafka["unresolved"] > 0:
                return Verdict("unattested", "its window could not find out about every record", s)
            return Verdict("forged-header", "it names a window that doesn't have it", s)
        if at in untrusted:
            return Verdict("untrusted", "its window's statement doesn't verify")
        if latest.get(name.chain, 0) > name.window:
            return Verdict("unattested", "its window was never stated")
        now = time.time() if self.now is None else self.now
        if r.timestamp / 1000 > now - self.pending_max:
            return Verdict("pending", "its window is not stated yet")
        return Verdict("unattested", "its window was never stated")

    def _copy(self, r, s):
        """On a declared mirror: each member once, wherever."""
        at = max(t for t in triples(r.headers) if (n := read_triple(r.headers, t, r.value)) and (n.chain, n.window) == (s.chain, s.window))
        mine = leaf(r.key, r.value, r.headers[:at], r.timestamp, s.bound)
        places = [i for i, x in enumerate(s.leaves() or []) if x == mine]
        free = [i for i in places if (s.chain, s.window, i) not in self._copied]
        if free:
            self._copied.add((s.chain, s.window, free[0]))
            return Verdict("verified-content" if s.signed else "unsigned", "", s, len(r.headers) - at - 3)
        if places:
            return Verdict("duplicate", "a copy of that record was there before", s)
        if s.kafka["unresolved"] > 0 or s.leaves() is None:
            return Verdict("unattested", "its window can't tell of it", s)
        return Verdict("altered", "its window has no such record", s)

    def _window(self, s, by_offset, log, reused, compacted):
        w = Window(s)
        if s.kafka["manifest"] != "none" and s.leaves() is None:
            w.problems.append("manifest missing")
        leaves = s.leaves()
        if leaves is not None:
            b = s.kafka["boundary"]
            if bytes.fromhex(b["first"]["leaf"]) != leaves[0] or bytes.fromhex(b["last"]["leaf"]) != leaves[-1]:
                w.problems.append("boundary leaves are not the manifest's")
        for i, o in enumerate(s.offsets()):
            if o in by_offset:
                if o in reused:
                    w.missing[o] = "reused"
                continue
            if o < log.start:
                w.missing[o] = "retention"
            elif compacted and self._compacted(s, i, o, by_offset, log):
                w.missing[o] = "compacted"
            else:
                w.missing[o] = "missing"
        return w

    def _compacted(self, s, place, offset, by_offset, log):
        if offset in self._aborted[s.chain]:
            return True  # the cleaner takes away what was aborted
        entry = s.key_entry(place)
        if entry is None:
            return False
        flags, prefix = entry
        if flags & VALUE_NULL:
            return True
        later = (r for o, r in by_offset.items() if o > offset and o not in log.aborted and r.key is not None)
        return self._gone_tombstones.get(prefix, -1) > offset or any(sha256(r.key)[:15] == prefix for r in later)

    def _chains(self, trusted, out):
        chains = {}
        for (chain, window), s in sorted(trusted.items()):
            chains.setdefault(chain, []).append(s)
        for chain, windows in chains.items():
            previous = None
            for s in windows:
                before = 0 if previous is None else previous.window
                if s.window - s.kafka["emptyBefore"] - 1 != before:
                    out.problems.append(("gap", chain, f"window {s.window} with emptyBefore {s.kafka['emptyBefore']} after {before}"))
                    previous = s
                    continue
                if previous is None:
                    links_ok = "previousStatement" not in s.kafka and s.links["chainLength"] == 1
                else:
                    links_ok = (
                        s.kafka.get("previousStatement") == previous.hash
                        and s.links.get("previousWindowId") == previous.subject
                        and s.links.get("previousMerkleRoot") == previous.root.hex()
                        and s.links["genesisWindowId"] == windows[0].subject
                        and s.links["chainLength"] == previous.links["chainLength"] + 1
                    )
                if not links_ok:
                    out.problems.append(("break", chain, f"window {s.window} doesn't follow window {before}"))
                previous = s
