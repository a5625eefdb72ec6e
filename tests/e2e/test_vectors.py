"""The tests' own verifier against the format's vectors: its word counts only when it reads them all right."""

import json
import os
from types import SimpleNamespace

import pytest
import verifier as v

PATH = os.path.join(os.path.dirname(__file__), "..", "vectors", "vectors.json")
with open(PATH, encoding="utf-8") as f:
    V = json.load(f)


def unhex(text):
    return None if text is None else bytes.fromhex(text)


def headers(pairs):
    return [(bytes.fromhex(n), unhex(x)) for n, x in pairs]


def record(x, offset=0):
    return v_record(offset, x["timestamp"], unhex(x["key_hex"]), unhex(x["value_hex"]), headers(x["stored_headers"]))


def v_record(offset, timestamp, key, value, hs):
    return SimpleNamespace(offset=offset, timestamp=timestamp, key=key, value=value, headers=hs, log_append=False)


def stated(chain, window, topic):
    return SimpleNamespace(chain=chain, window=window, dbom_topic=topic)


@pytest.mark.parametrize("c", V["chain_ids"], ids=lambda c: c["chain_id"][:8])
def test_chain_id(c):
    got = v.chain_id(c["collector_id"], c["instance"], c["cluster_id"], c["topic"], c["topic_id"], c["partition"])
    assert got == c["chain_id"]


def test_statement_partition():
    for p in V["partitions"]:
        assert v.dbom_partition(p["chain_id"], p["partitions"]) == p["partition"]


@pytest.mark.parametrize("x", V["leaves"], ids=lambda x: x["name"])
def test_leaf(x):
    r = record(x)
    by = x["listed_by"]
    could = v.coverings(r, stated(by["chain_id"], by["window_id"], by["dbom_topic"]))
    leaves = [v.leaf(r.key, r.value, r.headers[:n], r.timestamp, x["timestamp_bound"]).hex() for n in could]
    assert could[0] == x["covered"]
    assert leaves[0] == x["leaf"]
    assert leaves[1:] == [o["leaf"] for o in x.get("or", [])]
    pre = v.leaf_preimage(r.key, r.value, r.headers[: x["covered"]], r.timestamp, x["timestamp_bound"])
    assert pre.hex() == x["preimage_hex"] and len(pre) == 107
    if x["mode"] != "none":
        own = v.read_triple(r.headers, x["covered"], r.value)
        assert (own.mode, own.chain, own.window) == (x["mode"], by["chain_id"], by["window_id"])
        assert len(r.headers) - x["covered"] - 3 == x["behind"]


@pytest.mark.parametrize("x", V["hops"], ids=lambda x: x["name"])
def test_hops(x):
    """Which statement decides about an offset that several list, and what the others' members are."""
    r = record(x)
    lists = []
    for s in x["listed_by"]:
        fake = v.Statement(b"", {}, "", 0, 0, x["dbom_topic"], None, trusted=True, signed=True)
        fake._index, fake._leaves = {0: 0}, [bytes.fromhex(s["leaf"])]
        kafka = {"chainId": s["chain_id"], "windowId": s["window_id"], "timestampType": "CreateTime"}
        fake.body = {"predicate": {"metadata": {"finishedOn": s["finished_on"], "kafka": kafka}}}
        lists.append(fake)
        assert v.coverings(r, fake) == s["may_cover"]
    reused = {}
    got = v.Verifier("c", [], x["dbom_topic"])._listed(r, lists, {}, reused)
    for s, fake in zip(x["listed_by"], lists):
        if s["decides"]:
            assert got.by is fake and got.verdict == s["outcome"]
        else:
            assert (id(fake) in reused) == (s["outcome"] == "reused")


def tree_records(n):
    return [
        (None if i % 4 == 0 else b"k%d" % (i % 3), str(i).encode(), 1700000000000 + i)
        for i in range(n)
    ]


@pytest.mark.parametrize("t", V["trees"], ids=lambda t: str(t["n"]))
def test_tree(t):
    records = tree_records(t["n"])
    leaves = [v.leaf(k, x, [], ts, True) for k, x, ts in records]
    assert v.tree_root(leaves).hex() == t["root"] and v.tree_height(t["n"]) == t["tree_height"]
    assert leaves[0].hex() == t["first_leaf"] and leaves[-1].hex() == t["last_leaf"]
    assert v.sha256(b"".join(leaves)).hex() == t["leaf"]["manifest_sha256"]
    keyed = b""
    for one, (k, _, _) in zip(leaves, records):
        keyed += one + bytes([4 | (k is None)]) + (v.ZERO if k is None else v.sha256(k))[:15]
    assert v.sha256(keyed).hex() == t["leaf+key"]["manifest_sha256"]


def test_json():
    for j in V["json"]:
        if "text_hex" in j:
            value = bytes.fromhex(j["text_hex"]).decode()
        else:
            value = dict(zip((bytes.fromhex(k).decode() for k in j["keys_hex"]), j["values"]))
        assert v.canonical(value).encode().hex() == j["json_hex"], j["about"]


def test_pae():
    for p in V["pae"]:
        assert v.pae(p["type"], bytes.fromhex(p["body_hex"])).hex() == p["pae_hex"]


@pytest.mark.parametrize("s", V["statements"], ids=lambda s: s["name"])
def test_statement(s):
    payload = s["statement_utf8"].encode()
    body = v.parse_json(payload)
    v.check_shape(body, payload)
    assert v.sha256(payload).hex() == s["statement_sha256"]
    keys = [v.load_key(k["pem"]) for k in V["keys"].values()]
    for k in V["keys"].values():
        assert v.key_id(v.load_key(k["pem"])) == k["keyid"]
    value = payload if s["envelope"] is None else json.dumps(s["envelope"]).encode()
    manifest = unhex(s["makoto_leaves_hex"])
    hs = [] if manifest is None else [(b"makoto.leaves", manifest)]
    k = body["predicate"]["metadata"]["kafka"]
    dbom = v_record(0, 0, s["record_key"].encode(), value, hs)
    ver = v.Verifier(k.get("clusterId", ""), keys, accept_level1=s["envelope"] is None).add([dbom])
    assert not ver.unreadable
    (read,) = ver.statements
    assert read.trusted and (manifest is None) == (read.leaves() is None)

    # The records that it was made of, judged; then one of them altered.
    data = []
    for r in s["inputs"]["records"]:
        data.append(v_record(r["offset"], r["timestamp"], unhex(r["key_hex"]), unhex(r["value_hex"]), headers(r["covered_headers"])))
    log = SimpleNamespace(records=data, aborted=set(), open=set(), batches=[], start=0, end=1 << 40)
    j = ver.judge(k["topic"], k.get("topicId"), k["partition"], log)
    good = "unsigned" if s["envelope"] is None else "verified"
    assert j.counts() == {good: len(data)} and all(w.complete for w in j.windows)
    first = k["emptyBefore"] + 1 == k["windowId"]
    assert first or {p[0] for p in j.problems} <= {"gap", "break"}
    data[-1].value = (data[-1].value or b"") + b"!"
    j = ver.judge(k["topic"], k.get("topicId"), k["partition"], log)
    assert j.records[data[-1].offset].verdict == "altered" and j.exit_code() == 1

    # A signature of another key, two signatures, none: it doesn't verify.
    if s["envelope"] is not None:
        others = [x for n, x in V["keys"].items() if n != s["key"]]
        assert not v.Verifier("", [v.load_key(x["pem"]) for x in others]).add([dbom]).statements[0].trusted
        env = dict(s["envelope"])
        for sigs in (env["signatures"] * 2, []):
            two = v_record(0, 0, dbom.key, json.dumps(dict(env, signatures=sigs)).encode(), hs)
            assert not v.Verifier("", keys).add([two]).statements[0].trusted
        swapped = v_record(0, 0, b"0" * 32 + b"/1", dbom.value, hs)
        assert v.Verifier("", keys).add([swapped]).unreadable
