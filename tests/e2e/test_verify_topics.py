"""An auditor's runs of makotoctl verify: many topics at once, what is gone and why, what was there the last time, going on after an interruption.

One proxy and one statement topic for all: topics whose records the cleaner, retention and aborted transactions took,
one whose record was removed on disk, one that was deleted, and good ones beside them.
"""

import json
import os
import signal
import subprocess
import time

import pytest
from checks import public_keys, wait_stated
from clients import Confluent, Rec, sample
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient
from lab.kafka import until
from proxy import CTL, PATIENCE, SANITIZERS, Proxy, ctl, json_objects
from test_tamper import records, rewrite, without

BROKER = 3
HOUR_MS = 3600 * 1000


class Scene:
    def verify(self, *args, topics=(), key=None, **kw):
        """(the finished process, its findings, the topics' sums by name, the sum of all or None)"""
        named = [x for t in topics for x in ("-t", t)]
        p = ctl("verify", "-b", self.cluster.bootstrap, "--public-key", key or self.key, "--dbom-topic", self.dbom, "--json", *named, *args, **kw)
        objects = json_objects(p.stdout)
        sums = {o["topic"]: o for o in objects if "partitions" in o and "topic" in o}
        return p, [o for o in objects if "verdicts" not in o], sums, next((o for o in objects if "partitionCount" in o), None)


COMPACTED = {
    "cleanup.policy": "compact",
    "segment.ms": 200,
    "min.cleanable.dirty.ratio": 0.001,
    "max.compaction.lag.ms": 200,
    "delete.retention.ms": 0,
}


@pytest.fixture(scope="module")
def scene(cluster, tmp_path_factory):
    s = Scene()
    s.cluster, s.dir = cluster, tmp_path_factory.mktemp("audit")
    s.run = f"audit-{os.getpid()}"
    s.dbom = f"makoto.dbom.{s.run}"
    cluster.create(s.dbom, assignment=[[BROKER], [BROKER]], configs={"retention.ms": -1})
    names = "good wide compacted aborted removed deleted expired".split()
    s.names = {n: f"{s.run}-{n}" for n in names}
    px = Proxy(
        s.dir / "proxy",
        cluster.bootstrap,
        {"attest.window.records": 10, "attest.window.max.age": "300ms", "attest.dbom.topic": s.dbom, "attest.compacted": [s.names["compacted"]]},
    )
    s.key, keys = px.public_key, public_keys
    px.start()
    t = s.names
    cluster.create(t["good"])
    cluster.create(t["wide"], partitions=6)
    cluster.create(t["compacted"], rf=1, configs=COMPACTED)
    cluster.create(t["aborted"])
    cluster.create(t["removed"], assignment=[[BROKER]])
    cluster.create(t["deleted"])
    cluster.create(t["expired"])
    Confluent.produce(px.bootstrap, t["good"], sample(40))
    Confluent.produce(px.bootstrap, t["wide"], [Rec(b"k%d" % i, b"v%d" % i, partition=i % 6) for i in range(120)])
    Confluent.produce(px.bootstrap, t["compacted"], [Rec(b"k%d" % (i % 5), b"v%d" % i if i % 11 else None) for i in range(60)])
    Confluent.produce(px.bootstrap, t["aborted"], sample(40), txn=[(True, 10), (False, 20), (True, 10)], transactional_id=f"tx-{s.run}")
    for i in range(0, 30, 10):  # a batch for each window
        Confluent.produce(px.bootstrap, t["removed"], [Rec(b"k%d" % j, b"v%d" % j) for j in range(i, i + 10)], linger_ms=200)
    Confluent.produce(px.bootstrap, t["deleted"], sample(10))
    Confluent.produce(px.bootstrap, t["expired"], sample(30))
    for name, n in {"good": 40, "wide": 120, "compacted": 60, "aborted": 40, "removed": 30, "deleted": 10, "expired": 30}.items():
        wait_stated(cluster, keys(px.public_key), t[name], n, s.dbom)

    rolled = []

    def cleaned():
        rolled.append(1)
        Confluent.produce(px.bootstrap, t["compacted"], [Rec(b"roll", b"%d" % len(rolled))])
        return len([r for r in cluster.log(t["compacted"]).records if r.offset < 60]) < 40

    until("the cleaner has been", cleaned, 60, 0.4)
    wait_stated(cluster, keys(px.public_key), t["compacted"], 60 + len(rolled), s.dbom)
    # As retention does, but at once: a broker looks when it has started, and then once an hour.
    cut = TopicPartition(t["expired"], 0, 15)
    admin = AdminClient({"bootstrap.servers": cluster.bootstrap})
    admin.delete_records([cut])[cut].result(30)
    px.stop()
    cluster.delete(t["deleted"])
    yield s


def test_whole_cluster(scene):
    """No -t: every topic that a trusted statement is about, a line for each, one for all; and what is absent has its reason."""
    s, t = scene, scene.names
    p, findings, sums, everything = s.verify("--jobs", "3")
    assert sorted(sums) == sorted(t.values()), p.stdout[-3000:] + p.stderr
    assert list(sums) == sorted(sums), "topics come in the order of their names"
    # the one that was deleted can't be verified any more: all else is
    assert p.returncode == 4 and everything["exit"] == 4 and not everything["ok"], everything
    assert {n: sums[x]["exit"] for n, x in t.items()} == {n: 4 if n == "deleted" else 0 for n in t}, p.stdout[-3000:]
    assert sums[t["deleted"]]["gone"] is True and everything["topicsGone"] == 1
    assert everything["topics"] == 7 and everything["partitionCount"] == sum(len(x["partitions"]) for x in sums.values())
    assert everything["records"] == sum(x["records"] for x in sums.values())
    assert everything["verdicts"] == {"verified": everything["records"]}
    assert [x["partition"] for x in sums[t["wide"]]["partitions"]] == list(range(6))
    assert sums[t["compacted"]]["absent"].keys() == {"compacted"}
    assert sums[t["expired"]]["absent"] == {"retention": 15}
    assert sums[t["aborted"]]["absent"] == {} and sums[t["aborted"]]["records"] == 40
    assert not findings

    # a reader of committed records sees the aborted ones gone, for that reason
    p, _, sums, _ = s.verify("--isolation", "read_committed", topics=[t["aborted"]])
    assert p.returncode == 0 and sums[t["aborted"]]["absent"] == {"aborted": 20} and sums[t["aborted"]]["records"] == 20

    # people are told the same
    p = ctl("verify", "-b", s.cluster.bootstrap, "--public-key", s.key, "--dbom-topic", s.dbom)
    assert p.returncode == 4
    for word in ("compacted", "retention", "the cluster has no such topic", "all: 7 topics", "1 topic gone"):
        assert word in p.stdout, p.stdout[-3000:]


def test_globs(scene):
    s, t = scene, scene.names
    p, _, sums, everything = s.verify("-t", f"{s.run}-*d", "-t", t["good"])
    assert sorted(sums) == sorted(t[n] for n in ("compacted", "aborted", "removed", "deleted", "expired", "good")), p.stdout[-2000:]
    p, _, sums, everything = s.verify("-t", f"{s.run}-?ood")
    assert p.returncode == 0 and list(sums) == [t["good"]] and everything["topics"] == 1
    p, _, sums, everything = s.verify(topics=[t["good"]])
    assert p.returncode == 0 and everything is None, "one that is named is reported as ever"
    p, _, sums, _ = s.verify("-p", "4", "-t", f"{s.run}-*")
    assert sums[t["wide"]]["partitions"][0]["partition"] == 4 and t["good"] not in sums
    p = ctl("verify", "-b", s.cluster.bootstrap, "--public-key", s.key, "--dbom-topic", s.dbom, "-t", t["deleted"])
    assert p.returncode == 3 and t["deleted"] in p.stderr
    p = ctl("verify", "-b", s.cluster.bootstrap, "--public-key", s.key, "--dbom-topic", s.dbom, "-t", "nothing-is-like-*")
    assert p.returncode == 3 and "no such topic" in p.stderr


def test_times(scene):
    """--from is included, --to is not; times between, before and behind all records."""
    s, t = scene, scene.names["good"]
    stamps = [r.timestamp for r in sorted(s.cluster.log(t).records, key=lambda r: r.offset)]

    def judged(*args):
        p, _, sums, _ = s.verify(*args, topics=[t])
        assert p.returncode == 0, p.stdout[-2000:] + p.stderr
        (part,) = sums[t]["partitions"]
        return part["from"], part["to"], sums[t]["records"]

    first, last = stamps[0], stamps[-1]
    at = next(i for i, x in enumerate(stamps) if x >= stamps[20])
    assert judged("--from", stamps[20]) == (at, 40, 40 - at)
    assert judged("--to", stamps[20]) == (0, at, at)
    assert judged("--from", first - 1) == (0, 40, 40)
    assert judged("--to", first) == (0, 0, 0)
    assert judged("--to", last + 1) == (0, 40, 40)
    assert judged("--from", last + 1)[2] == 0
    assert judged("--from", stamps[20], "--to", stamps[20])[2] == 0
    iso = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(stamps[20] // 1000)) + f".{stamps[20] % 1000:03d}Z"
    assert judged("--from", iso) == judged("--from", stamps[20])
    assert judged("--from", "-10d")[2] == 40 and judged("--to", "-10d")[2] == 0
    p = ctl("verify", "-b", s.cluster.bootstrap, "-t", t, "--public-key", s.key, "--from", last, "--to", first)
    assert p.returncode == 2 and "--from is behind --to" in p.stderr


def test_bar(scene):
    """On a terminal a bar tells how far it is; the sums are on standard output, without it."""
    s, t = scene, scene.names["wide"]
    ours, theirs = os.openpty()
    args = ["verify", "-b", s.cluster.bootstrap, "--public-key", s.key, "--dbom-topic", s.dbom, "-t", t]
    with subprocess.Popen([CTL, *args], stdout=subprocess.PIPE, stderr=theirs, env={**os.environ, **SANITIZERS}) as p:
        os.close(theirs)
        shown = b""
        try:
            while more := os.read(ours, 65536):
                shown += more
        except OSError:  # EIO: nobody has the other end any more
            pass
        out = p.stdout.read()
    os.close(ours)
    assert p.returncode == 0 and b"OK: all 120 records verified" in out and b"%" not in out
    assert b"statements [" in shown and b"records    [##############################] 100%" in shown, shown[-500:]


def test_resume(scene, tmp_path):
    """A run that was killed goes on where it was: what was judged isn't judged again, and the sums are those of one run."""
    s, t, file = scene, scene.names, tmp_path / "resume"
    args = ["verify", "-b", s.cluster.bootstrap, "--public-key", s.key, "--dbom-topic", s.dbom, "--json", "-t", t["wide"], "-t", t["good"], "--verbose"]
    p = ctl(*args, "--resume", str(file))
    assert p.returncode == 0 and not file.exists(), "it ended: there is nothing to go on with"
    whole = [o for o in json_objects(p.stdout) if "verdicts" in o]

    # stopped by what it can't write any more: a reader that is gone
    with subprocess.Popen(
        [CTL, *args, "--resume", str(file), "--jobs", "1"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, **SANITIZERS}
    ) as q:
        for line in q.stdout:
            if b'"complete"' in line and file.exists() and file.read_text().count("\n") >= 3:
                break
        q.send_signal(signal.SIGKILL)
        q.wait(30 * PATIENCE)
    lines = file.read_text().splitlines()
    done = [json.loads(x) for x in lines[1:] if x.endswith("}")]
    assert 2 <= len(done) < 7, lines
    # other options are refused, and change nothing
    p = ctl(*args, "--from", "3", "--resume", str(file))
    assert p.returncode == 2 and "something else" in p.stderr
    p = ctl(*args, "--resume", str(file))
    assert p.returncode == 0 and not file.exists()
    objects = json_objects(p.stdout)
    assert [o for o in objects if "verdicts" in o] == whole
    again = {(o["topic"], o["partition"]) for o in objects if "offset" in o}
    assert again and again.isdisjoint((d["topic"], d["partition"]) for d in done)


def test_memory(scene, tmp_path):
    """What the last run saw is remembered: nothing is found while it is there, and the file is for one cluster and statement topic."""
    s, t, file = scene, scene.names, tmp_path / "memory.json"
    args = ["--memory", str(file)]
    p, _, _, _ = s.verify(*args, topics=[t["good"], t["wide"]])
    assert p.returncode == 0, p.stdout[-2000:] + p.stderr
    body = json.loads(file.read_text())
    assert body["format"] == "makoto-kafka-memory/1" and body["dbomTopic"] == s.dbom
    assert len(body["chains"]) == 7 and {c["topic"] for c in body["chains"]} == {t["good"], t["wide"]}
    assert sum(c["end"] for c in body["chains"]) == 160
    p, findings, _, _ = s.verify(*args)
    assert p.returncode == 4 and not findings, p.stdout[-2000:]
    body = json.loads(file.read_text())
    assert len(body["chains"]) == 11, "those of the topic that is gone are none that can be seen"
    # a statement that was never there, records that never were, a topic that is gone
    for c in body["chains"]:
        if c["topic"] == t["good"]:
            c["windowId"] += 5
            gone = c["chain"]
        if c["topic"] == t["aborted"]:
            c["statement"] = "00" * 32
        if c["topic"] == t["wide"] and c["partition"] == 2:
            c["end"] = 1000
        if c["topic"] == t["wide"] and c["partition"] == 3:
            c["topic"], c["partition"] = "was-here", 0
    file.write_text(json.dumps(body))
    p, findings, sums, everything = s.verify(*args)
    assert p.returncode == 1 and everything["exit"] == 1, p.stdout[-2000:] + p.stderr
    told = {(o["topic"], o["finding"]): o for o in findings}
    assert set(told) == {(t["good"], "truncated"), (t["aborted"], "replaced"), (t["wide"], "records-gone"), ("was-here", "records-gone")}
    assert told[t["good"], "truncated"]["chain"] == gone
    assert "999" in told[t["wide"], "records-gone"]["reason"]
    # it isn't forgotten by being found
    p, again, _, _ = s.verify(*args)
    assert p.returncode == 1 and {(o["topic"], o["finding"]) for o in again} == set(told)
    p = ctl("verify", "-b", s.cluster.bootstrap, "-t", t["good"], "--public-key", s.key, "--dbom-topic", s.dbom, *args)
    assert p.returncode == 1 and "truncated" in p.stdout and "VIOLATION" in p.stdout
    p = ctl("verify", "-b", s.cluster.bootstrap, "-t", t["good"], "--public-key", s.key, *args)
    assert p.returncode == 2 and "statement topic" in p.stderr


def test_history_cut_off(scene, tmp_path):
    """The newest records and their statements are removed together, on disk: Kafka alone doesn't show it; a memory does.  And one record."""
    s, t, file = scene, scene.names["removed"], tmp_path / "memory.json"
    args = ["--memory", str(file)]
    p, findings, _, _ = s.verify(*args, topics=[t])
    assert p.returncode == 0 and not findings
    (seen,) = json.loads(file.read_text())["chains"]
    assert (seen["windowId"], seen["end"]) == (3, 30)
    node = s.cluster.node(BROKER)

    def on_disk(change):
        node.stop()
        change()
        clean = os.path.join(node.data, ".kafka_cleanshutdown")
        if os.path.exists(clean):
            os.unlink(clean)
        node.start()
        s.cluster.wait_ready()
        s.cluster.wait_leaders(t)
        s.cluster.wait_leaders(s.dbom, 2)

    key = f"{seen['chain']}/3".encode()
    cut = lambda batches: [b for b in batches if b.base_offset < 20]  # noqa: E731
    unstated = records(lambda r: None if r.key == key else r)

    def both():
        rewrite(os.path.join(node.data, t + "-0"), cut)
        for part in (0, 1):
            rewrite(os.path.join(node.data, f"{s.dbom}-{part}"), unstated)

    on_disk(both)
    p, findings, sums, _ = s.verify(topics=[t])
    assert p.returncode == 0 and sums[t]["records"] == 20, "nothing is to be seen of it"
    p, findings, _, _ = s.verify(*args, topics=[t])
    assert p.returncode == 1, p.stdout[-2000:] + p.stderr
    assert {(o["finding"], o["window"], o["chain"]) for o in findings} == {("truncated", 3, seen["chain"]), ("records-gone", 3, seen["chain"])}
    (truncated,) = [o for o in findings if o["finding"] == "truncated"]
    assert "ends with window 2" in truncated["reason"]
    assert json.loads(file.read_text())["chains"] == [seen]

    on_disk(lambda: rewrite(os.path.join(node.data, t + "-0"), without(7)))
    p, findings, _, _ = s.verify(topics=[t])
    assert p.returncode == 1 and [(o["offset"], o["finding"]) for o in findings] == [(7, "missing")], p.stdout[-2000:]


def test_past_retention(cluster, new_proxy, topic):
    """What the broker itself removed, by retention.ms: told with that reason, and no violation."""
    w = new_proxy(settings={"attest.window.records": 10, "attest.window.max.age": "300ms"})
    t = topic(assignment=[[BROKER]], configs={"retention.ms": -1, "segment.ms": HOUR_MS})
    now = int(time.time() * 1000)
    for days in (3, 2, 0):  # a segment for each: the records' own times are further apart than segment.ms
        at = now - days * 24 * HOUR_MS
        Confluent.produce(w.bootstrap, t, [Rec(b"k%d" % i, b"v%d" % i, timestamp=at + i) for i in range(10)])
    wait_stated(cluster, public_keys(w.public_key), t, 30, w.dbom_topic)
    assert cluster.log(t).start == 0
    cluster.alter_topic(t, retention_ms=24 * HOUR_MS)
    node = cluster.node(BROKER)  # which looks for what is too old when it has started, and then once an hour
    node.stop()
    node.start()
    cluster.wait_ready()
    cluster.wait_leaders(t)
    until("retention has been", lambda: cluster.log(t).start == 20, 120 * PATIENCE)
    args = ["verify", "-b", cluster.bootstrap, "--public-key", w.public_key, "--dbom-topic", w.dbom_topic, "-t", t]
    p = ctl(*args, "--json")
    (total,) = [o for o in json_objects(p.stdout) if "partitions" in o]
    assert p.returncode == 0 and total["ok"], p.stdout[-2000:] + p.stderr
    assert (total["records"], total["verdicts"], total["absent"]) == (10, {"verified": 10}, {"retention": 20})
    p = ctl(*args)
    assert p.returncode == 0 and "retention" in p.stdout, p.stdout
