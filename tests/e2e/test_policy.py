"""The trust policy on a real cluster: which key may attest what, and until when; and topics that are copies of others."""

import datetime
import json
import os
from collections import Counter

import pytest
from checks import public_keys, statements, wait_stated
from clients import Confluent, Rec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from proxy import Proxy, ctl, json_objects

N, WINDOW = 20, 5
NOW = datetime.datetime.now(datetime.timezone.utc)


def at(**ago):
    return (NOW - datetime.timedelta(**ago)).strftime("%Y-%m-%dT%H:%M:%SZ")


class Scene:
    """A proxy that attested a topic, its key, and the statement topic."""


@pytest.fixture(scope="module")
def scene(cluster, tmp_path_factory):
    s = Scene()
    s.cluster, s.dir = cluster, tmp_path_factory.mktemp("policy")
    run = os.getpid()
    s.dbom = cluster.create(f"makoto.dbom.policy-{run}", configs={"retention.ms": -1})
    s.topic = cluster.create(f"orders-{run}", configs={"retention.ms": -1})
    p = Proxy(s.dir / "proxy", cluster.bootstrap, {"attest.dbom.topic": s.dbom, "attest.window.records": WINDOW})
    p.start()
    now = int(NOW.timestamp() * 1000)
    s.sent = [Rec(b"key-%d" % i, b"value %d" % i, [(b"own", b"%d" % i)], now + i) for i in range(N)]
    for i in range(0, N, WINDOW):
        Confluent.produce(p.bootstrap, s.topic, s.sent[i : i + WINDOW], linger_ms=200)
    wait_stated(cluster, public_keys(p.public_key), s.topic, N, s.dbom)
    p.stop()
    s.key = p.public_key
    return s


@pytest.fixture
def verify(scene, tmp_path):
    """verify(policy, topic) → (exit code, findings, the sum): YAML takes JSON."""

    def run(policy, topic=None, *args, dbom=None, bootstrap=None):
        path = tmp_path / "trust.yaml"
        path.write_text(json.dumps(policy))
        common = ["-b", bootstrap or scene.cluster.bootstrap, "-t", topic or scene.topic, "--dbom-topic", dbom or scene.dbom]
        p = ctl("verify", *common, "--policy", path, "--json", *args)
        found = json_objects(p.stdout)
        assert found, p.stderr
        run.text = ctl("verify", *common, "--policy", path, *args).stdout
        return p.returncode, found[:-1], found[-1]

    return run


def issuer(scene, **more):
    return {"plant-7": {"keys": [scene.key], **{k.replace("_", "."): v for k, v in more.items()}}}


def test_issuer_is_named(scene, verify, tmp_path):
    code, found, total = verify({"issuers": issuer(scene, topics=[scene.topic], clusters=[scene.cluster.id])}, None, "--verbose")
    assert code == 0, found
    assert total["verdicts"] == {"verified": N} and total["issuers"] == [{"issuer": "plant-7", "records": N}]
    assert {x["issuer"] for x in found if "verdict" in x} == {"plant-7"}
    assert f"{N} records verified by statements of plant-7" in verify.text
    p = ctl("show", "-b", scene.cluster.bootstrap, "--dbom-topic", scene.dbom, "--policy", tmp_path / "trust.yaml", "--json")
    shown = json_objects(p.stdout)
    assert len(shown) == N // WINDOW and all(x["issuer"] == "plant-7" and x["signature"] == "signed" for x in shown)


NOT_TRUSTED = {
    "another topic": ({"topics": ["payments", "orders-*x"]}, "may not attest this topic"),
    "another cluster": ({"clusters": ["another"]}, "may not attest topics of this cluster"),
    "level too low": ({"level": 3}, "level is below what the policy asks for"),
    "expired": ({"not_after": at(hours=1)}, "finished after its key was valid"),
    "not valid yet": ({"not_before": at(hours=-1)}, "finished before its key was valid"),
}


@pytest.mark.parametrize("name", NOT_TRUSTED)
def test_not_trusted(scene, verify, name):
    more, why = NOT_TRUSTED[name]
    code, found, total = verify({"issuers": issuer(scene, **more)})
    assert code == 1 and total["ok"] is False
    assert total["verdicts"] == {"verified": 0, "untrusted": N} and total["issuers"] == []
    assert total["statements"]["untrusted"] == N // WINDOW
    assert all(why in x["reason"] for x in found if x.get("verdict") == "untrusted"), found
    assert why in verify.text and f"VIOLATION: {N} untrusted" in verify.text


def test_valid_then(scene, verify):
    code, _, total = verify({"issuers": issuer(scene, not_before=at(hours=1), not_after=at(hours=-1), level=2)})
    assert code == 0 and total["verdicts"] == {"verified": N}


def certificate(subject, key, by, signer, days_from, days_to, authority=False):
    name = lambda n: x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, n)])  # noqa: E731
    builder = (
        x509.CertificateBuilder()
        .subject_name(name(subject))
        .issuer_name(name(by))
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW + datetime.timedelta(days=days_from))
        .not_valid_after(NOW + datetime.timedelta(days=days_to))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    )
    return builder.sign(signer, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def test_certificates(scene, verify, tmp_path):
    """The proxy's key, vouched for by an authority; what was finished when the certificate was no longer valid doesn't count."""
    with open(scene.key, "rb") as f:
        key = serialization.load_pem_public_key(f.read())
    ca, other = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    files = {
        "ca.pem": certificate("ca", ca.public_key(), "ca", ca, -100, 100, authority=True),
        "other-ca.pem": certificate("other", other.public_key(), "other", other, -100, 100, authority=True),
        "now.pem": certificate("plant", key, "ca", ca, -10, 10),
        "past.pem": certificate("plant", key, "ca", ca, -20, -10),
    }
    for name, pem in files.items():
        (tmp_path / name).write_bytes(pem)
    policy = lambda cert, by: {"issuers": {"plant-7": {"certificates": [cert], "authorities": [by]}}}  # noqa: E731
    code, _, total = verify(policy("now.pem", "ca.pem"))
    assert code == 0 and total["issuers"] == [{"issuer": "plant-7", "records": N}]
    code, found, total = verify(policy("past.pem", "ca.pem"))
    assert code == 1 and total["verdicts"] == {"verified": 0, "untrusted": N}
    assert all("finished after its key was valid" in x["reason"] for x in found if x.get("verdict") == "untrusted")
    (tmp_path / "trust.yaml").write_text(json.dumps(policy("now.pem", "other-ca.pem")))
    p = ctl("verify", "-b", scene.cluster.bootstrap, "-t", scene.topic, "--policy", tmp_path / "trust.yaml")
    assert p.returncode == 2 and f"{tmp_path}/now.pem: no authority vouches for it" in p.stderr, p.stderr


def test_unattested_is_allowed_or_not(scene, verify, topic):
    t = topic("public")
    Confluent.produce(scene.cluster.bootstrap, t, [Rec(b"k", b"v")])
    for policy, want in (({}, 4), ({"unattested": "deny"}, 4), ({"unattested": "allow"}, 0), ({"unattested": {t[:6] + "*": "allow"}}, 0),
                         ({"unattested": {t: "deny", "*": "allow"}}, 4)):  # fmt: skip
        code, found, total = verify({"issuers": issuer(scene), **policy}, t)
        assert code == want, (policy, found)
        assert total["verdicts"]["unattested"] == 1 and total["unattested"] == ("deny" if want else "allow")


def test_evidence(scene, tmp_path):
    """prove, verify-proof, export and show --record ask the policy as verify does."""
    good, narrow, proof = tmp_path / "good.yaml", tmp_path / "narrow.yaml", tmp_path / "proof.json"
    good.write_text(json.dumps({"issuers": issuer(scene, topics=[scene.topic])}))
    narrow.write_text(json.dumps({"issuers": issuer(scene, topics=["payments"])}))
    why = "the statement's key may not attest this topic"
    cluster = ("-b", scene.cluster.bootstrap, "-t", scene.topic, "--dbom-topic", scene.dbom)
    record = (*cluster, "-p", 0, "-o", 3)

    p = ctl("prove", *record, "--policy", narrow)
    assert p.returncode == 1 and p.stdout == "" and "offset 3 is untrusted" in p.stderr and why in p.stderr, p.stderr
    p = ctl("prove", *record, "--policy", good)
    assert p.returncode == 0, p.stderr
    proof.write_text(p.stdout)

    p = ctl("verify-proof", proof, "--policy", good, "--json")
    said = json.loads(p.stdout)
    assert p.returncode == 0 and said["ok"] and said["statement"]["issuer"] == "plant-7", said
    assert "of plant-7" in ctl("verify-proof", proof, "--policy", good).stdout
    p = ctl("verify-proof", proof, "--policy", narrow, "--json")
    said = json.loads(p.stdout)
    assert p.returncode == 1 and said["verdict"] == "untrusted" and said["reason"] == why, said
    p = ctl("verify-proof", proof, "--policy", good, "--public-key", scene.key)
    assert p.returncode == 2 and "--policy and --public-key" in p.stderr
    p = ctl("verify-proof", proof)
    assert p.returncode == 2 and "--policy FILE is missing" in p.stderr

    p = ctl("export", *cluster, "--out", tmp_path / "good", "--policy", good)
    assert p.returncode == 0 and len(os.listdir(tmp_path / "good")) == 2 * N // WINDOW, p.stderr
    p = ctl("export", *cluster, "--out", tmp_path / "narrow", "--policy", narrow)
    assert p.returncode == 3 and f"left out {N // WINDOW} that do not count: {why}" in p.stderr, p.stderr

    p = ctl("show", *cluster, "-p", 0, "--record", 3, "--json", "--policy", good)
    (hop,) = json.loads(p.stdout)["hops"]
    assert hop["signature"] == "signed" and hop["issuer"] == "plant-7" and "reason" not in hop
    p = ctl("show", *cluster, "-p", 0, "--record", 3, "--json", "--policy", narrow)
    (hop,) = json.loads(p.stdout)["hops"]
    assert hop["signature"] == "untrusted" and hop["issuer"] == "plant-7" and hop["reason"] == why


def test_several_topics(scene, verify, topic, tmp_path):
    """Each topic is judged by what the policy says of it."""
    t = topic("public")
    Confluent.produce(scene.cluster.bootstrap, t, [Rec(b"k", b"v")])
    for more, want in (({}, 4), ({"unattested": {t: "allow"}}, 0), ({"unattested": {scene.topic: "allow"}}, 4)):
        code, _, total = verify({"issuers": issuer(scene, topics=[scene.topic]), **more}, None, "-t", t)
        assert code == want and total["topics"] == 2 and total["exit"] == want, total
        assert total["verdicts"] == {"verified": N, "unattested": 1}
    code, found, total = verify({"issuers": issuer(scene, topics=[t]), "unattested": "allow"}, None, "-t", t)
    assert code == 1 and total["verdicts"]["untrusted"] == N
    assert {x["topic"] for x in found if x.get("verdict") == "untrusted"} == {scene.topic}


def test_wrong_policies(scene, tmp_path):
    path = tmp_path / "trust.yaml"
    for text, said in (
        ("issuers:\n  a:\n    kyes: [x]\n", ':3:5: unknown key "issuers.a.kyes"; the nearest key is "keys"'),
        ("issuers:\n  a:\n    keys: [gone.pem]\n", f":3:12: issuers.a.keys: {tmp_path}/gone.pem: can't be read: No such file or directory"),
        ("issuers: {}\n", ":1:10: issuers: want one at least"),
    ):
        path.write_text(text)
        p = ctl("verify", "-b", scene.cluster.bootstrap, "-t", scene.topic, "--policy", path)
        assert p.returncode == 2 and f"{path}{said}" in p.stderr, p.stderr
    for more in (["--public-key", scene.key], ["--accept-unsigned"]):
        p = ctl("verify", "-b", scene.cluster.bootstrap, "-t", scene.topic, "--policy", path, *more)
        assert p.returncode == 2 and f"--policy and {more[0]}" in p.stderr, p.stderr


# -- mirrors


def copy(source, topic, target, to, change=lambda records: records):
    """What a mirror does: each record, with its key, value, headers and timestamp, into another topic."""
    count = sum(len(source.log(topic, p).records) for p in source.partitions(topic))
    records = Confluent.consume(source.bootstrap, topic, count)
    assert len(records) == count
    Confluent.produce(target.bootstrap, to, change(records))


MIRROR_CHANGES = {
    "faithful": (lambda rs: rs, {"verified-content": N}, 0),
    "from the middle": (lambda rs: rs[7:], {"verified-content": N - 7}, 0),
    "another order": (lambda rs: rs[::-1], {"verified-content": N}, 0),
    "one twice": (lambda rs: [*rs, rs[3]], {"verified-content": N, "duplicate": 1}, 1),
    "one altered": (
        lambda rs: [*rs[:4], Rec(rs[4].key, rs[4].value, [(b"own", b"changed"), *rs[4].headers[1:]], rs[4].timestamp), *rs[5:]],
        {"verified-content": N - 1, "altered": 1},
        1,
    ),
    "headers lost": (lambda rs: [Rec(r.key, r.value, r.headers[:1], r.timestamp) for r in rs], {"unattested": N}, 4),
}


@pytest.mark.parametrize("name", MIRROR_CHANGES)
def test_mirrored(scene, verify, topic, name):
    """A copy in another topic, and of the statements too: what is attested is the content."""
    change, verdicts, want = MIRROR_CHANGES[name]
    t = topic("east.orders")
    copy(scene.cluster, scene.topic, scene.cluster, t, change)
    mirror = {"topic": t, "of": scene.topic, "cluster": scene.cluster.id}
    code, found, total = verify({"issuers": issuer(scene, topics=[scene.topic]), "mirrors": [mirror]}, t)
    assert {k: n for k, n in total["verdicts"].items() if n} == verdicts, found
    assert code == want
    v = statements(scene.cluster, public_keys(scene.key), scene.dbom)
    j = v.judge(t, scene.cluster.topic_id(t), 0, scene.cluster.log(t), mirror_of=(scene.cluster.id, scene.topic))
    assert Counter(x.verdict for x in j.records.values()) == verdicts
    if "verified-content" in verdicts:
        assert total["issuers"] == [{"issuer": "plant-7", "records": verdicts["verified-content"]}]


def test_not_a_mirror(scene, verify, topic):
    """Without a declaration, or with one of another topic or cluster, a copy is out of place; the copy's name is no help to a key."""
    t = topic("east.orders")
    copy(scene.cluster, scene.topic, scene.cluster, t)
    for mirrors, more, verdict in (
        ([], {}, "misplaced"),
        ([{"topic": t, "of": "payments", "cluster": scene.cluster.id}], {}, "misplaced"),
        ([{"topic": t, "of": scene.topic, "cluster": "another"}], {}, "misplaced"),
        ([{"topic": t, "of": scene.topic, "cluster": scene.cluster.id}], {"topics": [t]}, "untrusted"),
    ):
        code, found, total = verify({"issuers": issuer(scene, **more), "mirrors": mirrors}, t)
        assert code == 1 and total["verdicts"] == {"verified": 0, verdict: N}, found


@pytest.mark.life
def test_mirrored_to_another_cluster(scene, verify, island):
    """Records and statements both on another cluster, under other names."""
    t, dbom = f"east.{scene.topic}", f"east.{scene.dbom}"
    island.create(t)
    island.create(dbom)
    copy(scene.cluster, scene.topic, island, t)
    copy(scene.cluster, scene.dbom, island, dbom)
    mirror = {"topic": "east.*", "of": "*", "cluster": scene.cluster.id}
    policy = {"issuers": issuer(scene, topics=[scene.topic], clusters=[scene.cluster.id]), "mirrors": [mirror]}
    code, found, total = verify(policy, t, dbom=dbom, bootstrap=island.bootstrap)
    assert code == 0 and total["verdicts"] == {"verified": 0, "verified-content": N}, found
    code, _, total = verify({**policy, "mirrors": [{**mirror, "cluster": "another"}]}, t, dbom=dbom, bootstrap=island.bootstrap)
    # and then the headers name a statement topic that isn't this one
    assert code == 1 and total["verdicts"] == {"verified": 0, "forged-header": N}
