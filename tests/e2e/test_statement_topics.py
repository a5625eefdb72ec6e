"""A proxy that verifies by the statements of several topics, and by those of another cluster."""

import json
import signal

import pytest
from checks import public_keys, wait_stated
from clients import Confluent, Rec, sample
from proxy import ctl, json_objects
from test_audit_group import Auditor, all_judged
from test_sasl import client_props, own
from test_verify_fetch import Watch

N = 40


def trusting(tmp_path, *proxies):
    """A policy by which these proxies' statements count."""
    path = tmp_path / "trust.yaml"
    path.write_text(json.dumps({"issuers": {f"writer-{i}": {"keys": [p.public_key]} for i, p in enumerate(proxies)}}))
    return str(path)


def enforcing(policy, *topics, **settings):
    return {"verify.mode": "enforce", "verify.policy": policy, "verify.dbom.topics": list(topics), **settings}


def written(cluster, w, topic, seed, partitions=1):
    """Records through that proxy, and their statements are there."""
    sent = sample(N, seed, partitions, text=True)
    Confluent.produce(w.bootstrap, topic, sent)
    wait_stated(cluster, public_keys(w.public_key), topic, len(sent), w.dbom_topic)
    return sent


def whole(records):
    return sorted((r.partition, r.offset, r.key, r.value, r.headers) for r in records)


def same(proxy, cluster, topic):
    """All of a topic, through the proxy as directly."""
    n = sum(cluster.high_watermark(topic, p) for p in cluster.partitions(topic))
    return n > 0 and whole(Confluent.consume(proxy.bootstrap, topic, n)) == whole(Confluent.consume(cluster.bootstrap, topic, n))


def auditor_sees_them(cluster, t, policy, read, tmp_path):
    """What is in t, by makotoctl: the last record is by the first of the statement topics, the first by another."""
    common = ("-b", cluster.bootstrap, "-t", t, "--policy", policy)
    every = ("--dbom-topic", ",".join(read))
    total = json_objects(ctl("verify", *common, *every, "--json").stdout)[-1]
    n = sum(cluster.high_watermark(t, p) for p in cluster.partitions(t))
    assert total["verdicts"] == {"verified": n} and len(total["issuers"]) == 3, total
    less = json_objects(ctl("verify", *common, "--dbom-topic", ",".join(read[1:]), "--json").stdout)[-1]
    assert less["verdicts"] == {"verified": n - N, "pending": N}, less
    last = cluster.high_watermark(t, 0) - 1
    for offset in (0, last):
        proof = ctl("prove", *common, *every, "-p", 0, "-o", offset)
        assert proof.returncode == 0 and json.loads(proof.stdout)["offset"] == offset, proof.stderr
        (hop,) = json.loads(ctl("show", *common, *every, "-p", 0, "--record", offset, "--json").stdout)["hops"]
        assert (hop["signature"], hop["member"], hop["offset"]) == ("signed", "yes", offset)
    shown = json_objects(ctl("show", *common, *every, "--json").stdout)
    assert {x["dbomTopic"] for x in shown} == set(read) and all(x["partition"] < 100 for x in shown)
    assert ctl("export", *common, *every, "--out", tmp_path / "out").returncode == 0
    assert len(list((tmp_path / "out").glob("*.sigstore.json"))) == len(shown)
    audit = Auditor(tmp_path, "audit", "--group", f"audit-{t}", *common, *every, "--json")
    all_judged(cluster, f"audit-{t}", t)
    assert audit.stop() == 0 and all(x.get("verdict", "verified") == "verified" for x in audit.found()), audit.found()
    for wrong in ("a,", "a,b,a", ""):
        p = ctl("show", "-b", cluster.bootstrap, "--dbom-topic", wrong)
        assert p.returncode == 2 and "--dbom-topic" in p.stderr


def test_several(cluster, new_proxy, topic, tmp_path):
    """One proxy that attests, and reads what it and two others state, each in a topic of its own."""
    name = tmp_path.name.replace("_", "-")
    a, b = (new_proxy(f"writer-{x}", {"attest.dbom.topic": f"{name}.{x}"}) for x in "ab")
    policy = trusting(tmp_path, a, b)
    read = [f"{name}.own", a.dbom_topic, b.dbom_topic]
    r = new_proxy("reader", enforcing(policy, *read, **{"attest.dbom.topic": f"{name}.own"}))
    trusting(tmp_path, a, b, r)
    r.proc.send_signal(signal.SIGHUP)
    r.wait_line("the configuration was reloaded")
    t = topic(partitions=2)
    n = sum(len(written(cluster, p, t, i, 2)) for i, p in enumerate((a, b, r)))
    assert same(r, cluster, t)
    assert r.metric("makoto_verify_records_total", verdict="verified") >= n and r.metric("makoto_verify_stops_total") == 0
    auditor_sees_them(cluster, t, policy, read, tmp_path)
    for dbom in read:  # nothing is stated about statements: they pass as they are, whatever their topics are called
        assert same(r, cluster, dbom)


def test_one_of_two(cluster, new_proxy, topic, tmp_path):
    """What another topic states is not known where that isn't read: it waits."""
    name = tmp_path.name.replace("_", "-")
    a, b = (new_proxy(f"writer-{x}", {"attest.dbom.topic": f"{name}.{x}"}) for x in "ab")
    r = new_proxy("reader", enforcing(trusting(tmp_path, a, b), a.dbom_topic, **{"attest.enabled": False}))
    t = topic()
    sent = written(cluster, a, t, 1)
    written(cluster, b, t, 2)
    with Watch(r.bootstrap, t) as c:
        c.until(len(sent))
        c.wait("the rest waits", lambda: r.metric("makoto_verify_answers_held_total") > 0)
        assert [m.offset() for m in c.records] == list(range(len(sent))) and not c.errors


@pytest.mark.parametrize("listener, login", [("PLAINTEXT", {}), ("SSCRAM", own("SCRAM-SHA-512"))], ids=("plain", "scram"))
def test_another_cluster(cluster, island, new_proxy, topic, tmp_path, listener, login):
    """The statements are kept on a cluster apart, under a name of its own: records wait for what comes there."""
    w = new_proxy("writer")
    kept = f"kept.{w.dbom_topic}.{listener.lower()}"
    island.create(kept, partitions=3, rf=1)
    r = new_proxy(
        "reader",
        enforcing(trusting(tmp_path, w), kept, **{"verify.dbom.bootstrap.servers": island.bootstrap_of(listener), "attest.enabled": False}, **login),
        upstream=cluster.bootstrap_of(listener),
    )
    t = topic()
    sent = written(cluster, w, t, 1)
    client = {} if not login else client_props(Confluent, "SCRAM-SHA-512")
    with Watch(r.bootstrap, t, **{k.replace("_", "."): v for k, v in client.items()}) as c:
        c.wait("they wait", lambda: r.metric("makoto_verify_answers_held_total") > 0)
        assert not c.records and not c.errors
        n = sum(cluster.high_watermark(w.dbom_topic, p) for p in cluster.partitions(w.dbom_topic))
        statements = Confluent.consume(cluster.bootstrap, w.dbom_topic, n)
        Confluent.produce(island.bootstrap, kept, [Rec(s.key, s.value, s.headers, s.timestamp, s.partition) for s in statements])
        c.until(len(sent))
        assert [m.offset() for m in c.records] == list(range(len(sent))) and not c.errors
    assert r.metric("makoto_verify_stops_total") == 0 and r.status()["verify"]["why"] == ""

    ways = [("-c", r.config)]  # as the proxy does; or by options, which know nothing of a name that is not read
    if not login:
        ways.append(("-b", cluster.bootstrap, "--dbom-topic", kept, "--dbom-bootstrap", island.bootstrap))
    for way, good in zip(ways, ("verified", "altered")):
        p = ctl("verify", *way, "-t", t, "--policy", r.settings["verify.policy"], "--json")
        assert json_objects(p.stdout)[-1]["verdicts"] == {"verified": len(sent)} if good == "verified" else p.returncode == 1, (p.stdout, p.stderr)
    policy = ("-c", r.config, "-t", t, "--policy", r.settings["verify.policy"])
    assert ctl("prove", *policy, "-p", 0, "-o", 3).returncode == 0
    (hop,) = json.loads(ctl("show", *policy, "-p", 0, "--record", 3, "--json").stdout)["hops"]
    assert (hop["signature"], hop["member"], hop["dbomTopic"]) == ("signed", "yes", w.dbom_topic)
    assert {x["dbomTopic"] for x in json_objects(ctl("show", "-c", r.config, "--json").stdout)} == {kept}
    assert ctl("export", *policy, "--out", tmp_path / "out").returncode == 0
