"""Evidence that leaves the cluster: proof files and bundles, believed by verifiers that others made.

sigstore's own library in Node, openssl, securesystemslib, and docs/verify_proof.py, which has nothing of ours.
"""

import base64
import glob
import json
import os
import re
import shutil
import subprocess
import sys

import pytest
import verifier
from checks import of_topic, public_keys, statements, wait_stated
from clients import Confluent, Rec, sample
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient
from lab.kafka import ROOT
from proxy import CTL, PATIENCE, SANITIZERS, ctl, json_objects
from securesystemslib.dsse import Envelope
from securesystemslib.signer import SSlibKey

SCRIPT = os.path.join(ROOT, "docs", "verify_proof.py")
EVIDENCE = os.path.join(ROOT, "build", "e2e", "evidence")
NODE = os.path.join(os.path.dirname(sys.executable), "node")


def prove(cluster, topic, offset, path, *args, rc=0, **kw):
    p = ctl("prove", "-b", cluster.bootstrap, "-t", topic, "-p", 0, "-o", offset, *args, **kw)
    assert p.returncode == rc, p.stderr
    assert (p.stdout == "") == (rc != 0)
    path.write_text(p.stdout)
    return p


def believed(proof, key, *args, rc=0):
    """verify-proof's JSON."""
    p = ctl("verify-proof", proof, "--public-key", key, "--json", *args)
    assert p.returncode == rc, p.stdout + p.stderr
    out = json.loads(p.stdout)
    assert out["ok"] == (rc == 0) == (out["verdict"] in ("verified", "unsigned")) == (out["reason"] == "")
    return out


def by_script(proof, key, *value):
    return subprocess.run([sys.executable, SCRIPT, str(proof), str(key), *map(str, value)], capture_output=True, text=True)


def written(cluster, proxy, topic, records, dbom="makoto.dbom"):
    """Produces them, and waits until they are stated."""
    Confluent.produce(proxy.bootstrap, topic, records)
    return wait_stated(cluster, public_keys(proxy.public_key), topic, dbom_topic=dbom)


def test_the_script_is_short():
    assert len(open(SCRIPT).readlines()) <= 40
    assert "makotoctl" not in open(SCRIPT).read()


def test_prove(cluster, proxy, topic, tmp_path):
    """Records of every kind: null, empty and long keys and values, headers of all sorts."""
    t = topic()
    sent = sample(40)
    written(cluster, proxy, t, sent)
    key, proof, value = proxy.public_key, tmp_path / "proof.json", tmp_path / "value"
    for r in [r for r in cluster.log(t).records if r.offset < 9 or r.offset == 22]:
        prove(cluster, t, r.offset, proof, "--public-key", key)
        out = believed(proof, key)
        assert (out["topic"], out["partition"], out["offset"]) == (t, 0, r.offset)
        assert out["record"]["valueSha256"] == (None if r.value is None else verifier.sha256(r.value).hex())
        assert out["record"]["keySha256"] == (None if r.key is None else verifier.sha256(r.key).hex())
        assert out["record"]["timestamp"] == r.timestamp
        assert not out["record"]["valueCompared"] and out["statement"]["signature"] == "signed"
        assert by_script(proof, key).stdout == f"{t}/0 offset {r.offset}: proved\n"
        if r.value is None:
            value.write_bytes(b"")
            believed(proof, key, "--value", value, rc=1)
            continue
        value.write_bytes(r.value)
        assert believed(proof, key, "--value", value)["record"]["valueCompared"]
        assert by_script(proof, key, value).returncode == 0
        value.write_bytes(r.value + b"!")
        assert believed(proof, key, "--value", value, rc=1)["verdict"] == "altered"
        assert "another value" in by_script(proof, key, value).stderr


@pytest.mark.parametrize("closed", [False, True], ids=["full", "closed"])
def test_what_cannot_be_written_was_not_given(cluster, proxy, topic, tmp_path, closed):
    """Every command, a little and a lot of text: exit code 3 and a word of it, and no other file gets the text."""
    t = topic()
    written(cluster, proxy, t, [Rec(b"k", bytes(100_000)), *sample(20)])
    key, proof, state, out = proxy.public_key, tmp_path / "proof.json", tmp_path / "state", tmp_path / "out"
    state.mkdir()
    prove(cluster, t, 0, proof, "--with-value")
    at = ["-b", cluster.bootstrap, "-t", t]
    one = [*at, "-p", 0, "-o", 0]
    forms = [
        ["prove", *one],
        ["prove", *one, "--with-value"],
        *(["verify", *at, "--public-key", key, *more] for more in ([], ["--json"], ["--verbose"])),
        ["report", *at, "--public-key", key],
        *(["show", *a, *more] for a in (at, [*at, "-p", 0, "--record", 0]) for more in ([], ["--json"])),
        *(["verify-proof", proof, "--public-key", key, *more] for more in ([], ["--json"])),
        ["export", *at, "--out", out],
        *(["fsck", proxy.state, *more] for more in ([], ["--json"])),
        ["keygen", "--out", tmp_path / "k.pem", "--public", tmp_path / "k.pub.pem"],
        ["passwd", "alice"],
        ["--version"],
        ["--help"],
        *([c, "--help"] for c in re.findall(r"(?m)^  (\S+) ", ctl("--help").stdout)),
    ]
    assert len(forms) > 25
    with open("/dev/full", "wb") as full:
        for form in forms:
            p = subprocess.run(
                [CTL, *map(str, form)],
                input=b"hunter2\n",
                stdout=full,
                stderr=subprocess.PIPE,
                preexec_fn=(lambda: os.close(1)) if closed else None,
                timeout=60 * PATIENCE,
                env={**os.environ, **SANITIZERS},
            )
            assert (p.returncode, b"standard output" in p.stderr) == (3, True), (form, p.returncode, p.stderr)


def test_value_inside(cluster, proxy, topic, tmp_path):
    t = topic()
    written(cluster, proxy, t, [Rec(b"k", b"hello"), Rec(b"k", None), Rec(None, b"")])
    proof = tmp_path / "proof.json"
    for offset, value in enumerate((b"hello", None, b"")):
        prove(cluster, t, offset, proof, "--with-value")
        inside = json.loads(proof.read_text()).get("value")
        assert inside == (None if value is None else base64.b64encode(value).decode())
        assert believed(proof, proxy.public_key)["record"]["valueCompared"] == (value is not None)
        text = ctl("verify-proof", proof, "--public-key", proxy.public_key).stdout
        assert ("tombstone" in text) == (value is None)
        assert f"{t}/0 offset {offset}: verified" in text
    prove(cluster, t, 0, proof)
    with open(proof) as f:  # on standard input
        p = subprocess.run([CTL, "verify-proof", "-", "--public-key", proxy.public_key], stdin=f, capture_output=True)
    assert p.returncode == 0 and b"only this hash is proved" in p.stdout


@pytest.mark.parametrize("manifest", ["none", "leaf+key"])
@pytest.mark.parametrize("headers", ["compact", "none"])
def test_windows_of_each_kind(cluster, new_proxy, topic, tmp_path, manifest, headers):
    """Without a manifest the window's records are read again."""
    p = new_proxy(settings={"attest.manifest": manifest, "attest.headers": headers, "attest.window.records": 7})
    t = topic()
    v = written(cluster, p, t, sample(20, 3), p.dbom_topic)
    proof, out = tmp_path / "proof.json", tmp_path / "out"
    for offset in (0, 3, 6, 7, 19):
        prove(cluster, t, offset, proof, "--dbom-topic", p.dbom_topic, "--public-key", p.public_key)
        believed(proof, p.public_key)
        assert by_script(proof, p.public_key).returncode == 0
    e = ctl("export", "-b", cluster.bootstrap, "-t", t, "--dbom-topic", p.dbom_topic, "--out", out)
    assert e.returncode == 0, e.stderr
    for s in of_topic(v, t, cluster.topic_id(t)):
        leaves = (out / f"{s.chain}-{s.window}.leaves").read_bytes()
        assert verifier.sha256(leaves).hex() == s.digest["sha256"]
    assert len(list(out.iterdir())) == 2 * len(of_topic(v, t, cluster.topic_id(t)))


def test_log_append_time(cluster, proxy, topic, tmp_path):
    t = topic(configs={"message.timestamp.type": "LogAppendTime"})
    written(cluster, proxy, t, sample(10))
    proof = tmp_path / "proof.json"
    prove(cluster, t, 4, proof, "--public-key", proxy.public_key)
    assert "timestamp" not in believed(proof, proxy.public_key)["record"]
    assert by_script(proof, proxy.public_key).returncode == 0


def test_aborted(cluster, proxy, topic, tmp_path):
    t = topic()
    Confluent.produce(proxy.bootstrap, t, sample(20), txn=[(True, 10), (False, 10)], transactional_id=f"tx-{t}")
    wait_stated(cluster, public_keys(proxy.public_key), t)
    proof = tmp_path / "proof.json"
    gone = cluster.log(t).aborted
    offsets = {r.offset for r in cluster.log(t).records}
    for offset in (min(offsets - gone), min(gone)):
        prove(cluster, t, offset, proof, "--public-key", proxy.public_key)
        want = "aborted" if offset in gone else "none or committed"
        assert believed(proof, proxy.public_key)["record"]["transaction"] == want
        said = ctl("verify-proof", proof, "--public-key", proxy.public_key).stdout
        assert ("ABORTED" in said) == (offset in gone)
    marker = next(o for o in range(max(offsets)) if o not in offsets)
    assert "no record at offset" in prove(cluster, t, marker, proof, rc=3).stderr


def test_no_proof(cluster, new_proxy, topic, tmp_path):
    """A record that isn't verified has none; who asks is told why."""
    p, other = new_proxy("one"), new_proxy("other")
    t, proof = topic(), tmp_path / "proof.json"
    written(cluster, p, t, sample(5), p.dbom_topic)
    Confluent.produce(cluster.bootstrap, t, [Rec(b"k", b"past the proxy")])
    args = ("--dbom-topic", p.dbom_topic, "--public-key", p.public_key)
    assert "offset 5 is unattested" in prove(cluster, t, 5, proof, *args, rc=4).stderr
    assert "has no offset 6" in prove(cluster, t, 6, proof, *args, rc=3).stderr
    assert "no partition 1" in ctl("prove", "-b", cluster.bootstrap, "-t", t, "-p", 1, "-o", 0, *args).stderr
    assert prove(cluster, t + "-not", 0, proof, *args, rc=3).stderr
    Confluent.produce(other.bootstrap, t, [Rec(b"k", b"by another")])
    wait_stated(cluster, public_keys(p.public_key, other.public_key), t, records=6, dbom_topic=p.dbom_topic)
    said = prove(cluster, t, 6, proof, *args, rc=1).stderr
    assert "offset 6 is untrusted" in said and "1 statement that does not count lists it: no trusted key signed the statement" in said
    # Without a key here it is made; the key is asked for where it is believed.
    prove(cluster, t, 6, proof, "--dbom-topic", p.dbom_topic)
    assert believed(proof, p.public_key, rc=1)["verdict"] == "untrusted"
    assert believed(proof, other.public_key)["verdict"] == "verified"


def test_level_1(cluster, new_proxy, topic, tmp_path):
    p = new_proxy(settings={"attest.level": 1})
    t, proof = topic(), tmp_path / "proof.json"
    Confluent.produce(p.bootstrap, t, sample(5))
    wait_stated(cluster, [], t, dbom_topic=p.dbom_topic, accept_level1=True)
    prove(cluster, t, 2, proof, "--dbom-topic", p.dbom_topic, rc=1)
    prove(cluster, t, 2, proof, "--dbom-topic", p.dbom_topic, "--accept-unsigned")
    said = ctl("verify-proof", proof, "--accept-unsigned")
    assert said.returncode == 0 and "anybody may have made it" in said.stdout
    e = ctl("export", "-b", cluster.bootstrap, "-t", t, "--dbom-topic", p.dbom_topic, "--out", tmp_path / "out")
    assert e.returncode == 3 and "a bundle needs one" in e.stderr


def test_vectors_by_script(tmp_path):
    """What the example verifier says of tests/vectors/proofs.json; it knows the default kind of key alone."""
    with open(os.path.join(ROOT, "tests", "vectors", "proofs.json")) as f:
        vectors = json.load(f)
    with open(os.path.join(ROOT, "tests", "vectors", "vectors.json")) as f:
        keys = json.load(f)["keys"]
    text = re.sub(r"ec\.ECDSA\(SHA256\(\)\)", "", open(SCRIPT).read())  # Ed25519 takes the text alone
    (tmp_path / "ed25519.py").write_text(text.replace("pae, )", "pae)"))
    count = 0
    for script, kind in ((SCRIPT, "p256"), (tmp_path / "ed25519.py", "ed25519")):
        (tmp_path / "key.pem").write_text(keys[kind]["pem"])
        named = {p["name"]: p for p in vectors["proofs"] if p["key"] == kind}
        cases = [(p["name"], p["proof"], True) for p in named.values()]
        for p in named.values():  # the value in the file
            value = bytes.fromhex(p["value_hex"] or "")
            for inside in (value, value + b"?"):
                good = inside == value and p["value_hex"] is not None
                proof = {**p["proof"], "value": base64.b64encode(inside).decode()}
                cases.append((f"{p['name']}, its value {inside}", proof, good))
        for s in vectors["spoiled"]:
            if s["from"] not in named or s["verdict"] == "malformed":
                continue
            if set(s["set"]) & {"inclusion.size", "inclusion.index"} and "offset" not in s["set"]:
                continue  # it takes both from the statement
            proof = json.loads(json.dumps(named[s["from"]]["proof"]))
            for path, value in s["set"].items():
                *head, last = path.split(".")
                (proof[head[0]] if head else proof)[last] = value
            cases.append((s["name"], proof, False))
        for name, proof, good in cases:
            (tmp_path / "proof.json").write_text(json.dumps(proof))
            p = subprocess.run([sys.executable, script, tmp_path / "proof.json", tmp_path / "key.pem"], capture_output=True)
            assert (p.returncode == 0) == good, (name, p.stderr)
            count += 1
    assert count > 30


# -- bundles


def sigstore(key, *bundles):
    return subprocess.run(
        [NODE, os.path.join(EVIDENCE, "verify.js"), str(key), *map(str, bundles)], capture_output=True, text=True
    )


def openssl(key, algorithm, bundle, directory):
    """openssl's word on the bundle's signature, over a PAE that is put together here."""
    envelope = json.loads(bundle.read_text())["dsseEnvelope"]
    payload, kind = base64.b64decode(envelope["payload"]), envelope["payloadType"]
    pae, sig = directory / "pae", directory / "sig"
    pae.write_bytes(f"DSSEv1 {len(kind)} {kind} {len(payload)} ".encode() + payload)
    sig.write_bytes(base64.b64decode(envelope["signatures"][0]["sig"]))
    how = {
        "p256": ["dgst", "-sha256", "-verify", key, "-signature", sig, pae],
        "p384": ["dgst", "-sha384", "-verify", key, "-signature", sig, pae],
        "ed25519": ["pkeyutl", "-verify", "-pubin", "-inkey", key, "-rawin", "-in", pae, "-sigfile", sig],
        "rsa-pss": ["dgst", "-sha256", "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:32", "-verify", key,
                    "-signature", sig, pae],
    }  # fmt: skip
    return subprocess.run(["openssl", *map(str, how[algorithm])], capture_output=True, text=True)


SIGSTORE_TAKES = ("p256", "ed25519")  # it hashes for any other kind of key with SHA-256, and knows no PSS


@pytest.mark.parametrize("algorithm", ["p256", "p384", "ed25519", "rsa-pss"])
def test_export(cluster, new_proxy, topic, tmp_path, algorithm):
    private, key, out = tmp_path / "k.pem", tmp_path / "k.pub.pem", tmp_path / "out"
    assert ctl("keygen", "--algorithm", algorithm, "--out", private, "--public", key).returncode == 0
    p = new_proxy(settings={"attest.signing.key.id": f"file:{private}", "attest.window.records": 10})
    t = topic()
    Confluent.produce(p.bootstrap, t, sample(30))
    v = wait_stated(cluster, public_keys(key), t, dbom_topic=p.dbom_topic)
    stated = of_topic(v, t, cluster.topic_id(t))
    e = ctl("export", "-b", cluster.bootstrap, "-t", t, "--dbom-topic", p.dbom_topic, "--public-key", key, "--out", out)
    assert e.returncode == 0, e.stderr
    assert sorted(x.name for x in out.iterdir()) == sorted(
        f"{s.chain}-{s.window}.{kind}" for s in stated for kind in ("sigstore.json", "leaves")
    )
    bundles = [out / f"{s.chain}-{s.window}.sigstore.json" for s in stated]
    said = sigstore(key, *bundles)
    assert (said.returncode == 0) == (algorithm in SIGSTORE_TAKES), said.stderr
    if algorithm in SIGSTORE_TAKES:
        subjects = [json.loads(x) for x in said.stdout.splitlines()]
        assert [x["digest"]["sha256"] for x in subjects] == [
            verifier.sha256((out / f"{s.chain}-{s.window}.leaves").read_bytes()).hex() for s in stated
        ]
    for b in bundles:
        good = openssl(key, algorithm, b, tmp_path)
        assert good.returncode == 0, good.stderr
        envelope = json.loads(b.read_text())["dsseEnvelope"]
        with open(key, "rb") as f:
            public = verifier.load_key(f.read())
        if algorithm != "rsa-pss":  # securesystemslib takes a salt of any length, but not our scheme's name for it
            ours = SSlibKey.from_crypto(public, keyid=envelope["signatures"][0]["keyid"])
            assert Envelope.from_dict(envelope).verify([ours], 1)
    # Spoiled: nobody takes it.
    bad = json.loads(bundles[0].read_text())
    payload = bytearray(base64.b64decode(bad["dsseEnvelope"]["payload"]))
    payload[len(payload) // 2] ^= 1
    bad["dsseEnvelope"]["payload"] = base64.b64encode(bytes(payload)).decode()
    spoiled = tmp_path / "spoiled.json"
    spoiled.write_text(json.dumps(bad))
    assert openssl(key, algorithm, spoiled, tmp_path).returncode != 0
    refused = sigstore(key, spoiled)
    assert refused.returncode == 1 and "SIGNATURE_ERROR" in refused.stderr


def test_export_a_part(cluster, new_proxy, topic, tmp_path):
    p = new_proxy(settings={"attest.window.records": 5})
    t = topic(partitions=2)
    v = written(cluster, p, t, sample(40, 1, 2), p.dbom_topic)
    stated = of_topic(v, t, cluster.topic_id(t))

    def names(*args, rc=0):
        out = tmp_path / "out"
        shutil.rmtree(out, ignore_errors=True)
        e = ctl("export", "-b", cluster.bootstrap, "--dbom-topic", p.dbom_topic, "--out", out, *args)
        assert e.returncode == rc, e.stderr
        return {os.path.basename(x).removesuffix(".sigstore.json") for x in glob.glob(f"{out}/*.json")}

    def of(windows):
        return {f"{s.chain}-{s.window}" for s in windows}

    assert names("-t", t) == of(stated)
    assert names("-t", t, "-p", 1) == of(s for s in stated if s.kafka["partition"] == 1)
    assert names("-t", t, "-p", 0, "--from", 7, "--to", 12) == of(
        s for s in stated if s.kafka["partition"] == 0 and s.kafka["boundary"]["last"]["offset"] >= 7
        and s.kafka["boundary"]["first"]["offset"] < 12
    )  # fmt: skip
    one = stated[2]
    assert names("--chain", one.chain, "--window", one.window) == of([one])
    assert names("--chain", one.chain[:12]) == of(s for s in stated if s.chain == one.chain)
    assert names("-t", t, "--from=-1h") == of(stated)
    assert names("-t", t, "--to=-1h", rc=3) == set()
    assert names("-t", t + "-not", rc=3) == set()
    assert names("-t", t, "--public-key", os.path.join(ROOT, "build", "e2e", "no-such.pem"), rc=2) == set()


def test_leaves_that_are_gone(cluster, new_proxy, topic, tmp_path):
    """No manifest is published, and retention took some of the records: the bundle is there, its leaves can't be."""
    p = new_proxy(settings={"attest.window.records": 5, "attest.manifest": "none"})
    t = topic()
    v = written(cluster, p, t, sample(10), p.dbom_topic)
    first, second = sorted(of_topic(v, t, cluster.topic_id(t)), key=lambda s: s.window)
    admin = AdminClient({"bootstrap.servers": cluster.bootstrap})
    for done in admin.delete_records([TopicPartition(t, 0, 2)]).values():
        done.result()
    e = ctl("export", "-b", cluster.bootstrap, "-t", t, "--dbom-topic", p.dbom_topic, "--out", tmp_path / "out")
    assert e.returncode == 4 and "no leaves" in e.stdout, e.stderr
    there = {x.name for x in (tmp_path / "out").iterdir()}
    assert there == {f"{s.chain}-{s.window}.sigstore.json" for s in (first, second)} | {f"{second.chain}-{second.window}.leaves"}
    proof = tmp_path / "proof.json"
    args = ("--dbom-topic", p.dbom_topic, "--public-key", p.public_key)
    assert "some of its records were not read" in prove(cluster, t, 3, proof, *args, rc=4).stderr
    prove(cluster, t, 7, proof, *args)


# -- a record's way


def test_path(cluster, new_proxy, topic):
    """Through one proxy, then read and written through another, which has a statement topic of its own."""
    a, b = new_proxy("a"), new_proxy("b", {"attest.collector.id": "urn:makoto-kafka:second"})
    t, u = topic(), topic()
    written(cluster, a, t, sample(6), a.dbom_topic)
    assert a.dbom_topic == b.dbom_topic
    c = new_proxy("c", {"attest.dbom.topic": a.dbom_topic + "-c", "attest.headers": "compact"})
    copied = sorted(Confluent.consume(a.bootstrap, t, 6), key=lambda r: r.offset)
    written(cluster, b, u, copied[3:], a.dbom_topic)
    v = topic()
    again = sorted(Confluent.consume(b.bootstrap, u, 3), key=lambda r: r.offset)
    Confluent.produce(c.bootstrap, v, again)
    wait_stated(cluster, public_keys(c.public_key), v, dbom_topic=c.dbom_topic)

    def hops(topic, offset, *args, dbom=a.dbom_topic):
        p = ctl("show", "-b", cluster.bootstrap, "-t", topic, "-p", 0, "--record", offset, "--json", "--dbom-topic", dbom, *args)
        assert p.returncode == 0, p.stderr
        return json.loads(p.stdout)["hops"]

    def places(hops):
        return [(h["topic"], h["offset"], h["member"]) for h in hops]

    assert places(hops(t, 4)) == [(t, 4, "yes")]
    assert places(hops(u, 1)) == [(t, 4, "yes"), (u, 1, "yes")]
    assert places(hops(v, 1, dbom=c.dbom_topic)) == [(t, 4, "yes"), (u, 1, "yes"), (v, 1, "yes")]
    keys = [x for p in (a, b, c) for x in ("--public-key", p.public_key)]
    got = hops(v, 1, *keys, dbom=c.dbom_topic)
    assert [h["signature"] for h in got] == ["signed"] * 3 and len({h["keyId"] for h in got}) == 3
    assert got[1]["collector"] == "urn:makoto-kafka:second"
    assert [h["headers"] for h in got] == ["full", "full", "compact"]
    # When: as each statement says; a record comes to the next hop when it is through with the one before.
    for h, p, of in zip(got, (a, b, c), (t, u, v)):
        stated = of_topic(statements(cluster, public_keys(p.public_key), p.dbom_topic), of, cluster.topic_id(of))
        digest = next(s.digest for s in stated if (s.chain, s.window) == (h["chain"], h["window"]))
        assert (h["opened"], h["closed"]) == (digest["windowStart"], digest["windowEnd"])
    assert all(x["opened"] <= x["closed"] <= y["opened"] for x, y in zip(got, got[1:])), got
    assert [h["signature"] for h in hops(u, 1, "--public-key", b.public_key)] == ["untrusted", "signed"]
    times = [f"{h['opened']} to {h['closed']}" for h in got[:2]]
    said = ctl("show", "-b", cluster.bootstrap, "-t", u, "-p", 0, "--record", 1, "--dbom-topic", a.dbom_topic).stdout
    assert f"{u}/0 offset 1: 2 attestations" in said and said.count("it is what was attested there") == 2
    assert re.findall(r", (\S+ to \S+)$", said, re.M) == times, said
    # Changed on its way: the first hop's headers no longer fit.
    w = topic()
    changed = [Rec(r.key, b"changed", r.headers, r.timestamp) for r in copied[:1]]
    written(cluster, b, w, changed, a.dbom_topic)
    got = hops(w, 0)
    assert got[0] == {"headers": "malformed"} and got[1]["member"] == "yes"
    both = f"{a.dbom_topic},{c.dbom_topic}"

    def verified(topic, dbom=both, keys=keys):
        p = ctl("verify", "-b", cluster.bootstrap, "-t", topic, "--hops", "--json", "--dbom-topic", dbom, *keys)
        *found, total = json_objects(p.stdout)
        counts = [{k: n for k, n in x.items() if n > 0 and k != "hop"} for x in total.get("hops", [])]
        return p.returncode, [(x["finding"], x["hop"], x["offset"]) for x in found if "finding" in x], counts

    assert verified(t) == (0, [], [])
    assert verified(u) == (0, [], [{"verified": 3}])
    assert verified(v) == (0, [], [{"verified": 3}, {"verified": 3}])
    assert verified(v, c.dbom_topic) == (0, [], [{"notFound": 3}, {"notFound": 3}])
    assert verified(v, keys=keys[2:]) == (0, [], [{"untrusted": 3}, {"verified": 3}])
    assert verified(w) == (1, [("hop-changed", 1, 0)], [{"changed": 1}])
    said = ctl("verify", "-b", cluster.bootstrap, "-t", w, "--hops", "--dbom-topic", both, *keys).stdout
    assert "hop-changed       at hop 1: its headers contradict the value" in said and "VIOLATION: 1 hop-changed" in said, said
    assert "note: hop 1: 0 of 1 record verified; 1 changed since" in said, said
    none = ctl("show", "-b", cluster.bootstrap, "-t", w, "-p", 0, "--record", 9, "--dbom-topic", a.dbom_topic)
    assert none.returncode == 3 and "has no record at offset 9" in none.stderr


# -- the pages


def test_commands_of_the_page(cluster, new_proxy, topic, tmp_path):
    """docs/VERIFYING.md, line by line, in a shell."""
    p = new_proxy(settings={"attest.window.records": 10}, dbom=False)
    t = topic()
    written(cluster, p, t, sample(20))
    shutil.copy(p.public_key, tmp_path / "signing.pub.pem")
    shutil.copy(SCRIPT, tmp_path)
    (tmp_path / "value.bin").write_bytes(cluster.log(t).records[7].value)
    os.symlink(CTL, tmp_path / "makotoctl")
    with open(os.path.join(ROOT, "docs", "VERIFYING.md")) as f:
        commands = re.findall(r"^    \$ (.*)$", f.read(), re.M)
    assert len(commands) > 10
    env = {**os.environ, "PATH": f"{tmp_path}:{os.path.dirname(sys.executable)}:{os.environ['PATH']}"}
    for command in commands:
        line = command.replace("kafka:9092", cluster.bootstrap).replace("-t orders", f"-t {t}")
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", line], cwd=tmp_path, env=env, capture_output=True, text=True)
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
