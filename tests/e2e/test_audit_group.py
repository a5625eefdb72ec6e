"""makotoctl audit: processes of a consumer group that verify topics while they grow, and go on where one of them died."""

import hashlib
import json
import os
import re
import signal
import subprocess

import pytest
from checks import of_topic, public_keys, wait_stated
from clients import Confluent, Rec
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient
from lab.kafka import until
from proxy import CTL, PATIENCE, SANITIZERS

QUICK = ("-X", "session.timeout.ms=6000", "-X", "heartbeat.interval.ms=300")


class Auditor:
    """One process of a group."""

    def __init__(self, directory, name, *args):
        self.out, self.err = directory / f"{name}.out", directory / f"{name}.err"
        with open(self.out, "wb") as out, open(self.err, "wb") as err:
            self.proc = subprocess.Popen(
                [CTL, "audit", *QUICK, *map(str, args)], stdin=subprocess.DEVNULL, stdout=out, stderr=err, env={**os.environ, **SANITIZERS}
            )

    def said(self):
        return self.err.read_text(errors="replace")

    def found(self):
        return [json.loads(x) for x in self.out.read_text().splitlines()]

    def has(self, topic):
        """The partitions that it has now, and where it began in each: {partition: offset or None}."""
        now = {}
        for p, what, offset in re.findall(rf"{re.escape(topic)}/(\d+) is (ours|another's)(?:, from offset (\d+))?", self.said()):
            if what == "ours":
                now[int(p)] = int(offset) if offset else None
            else:
                now.pop(int(p), None)
        return now

    def stop(self):
        if self.proc.poll() is None:
            self.proc.send_signal(signal.SIGTERM)
        rc = self.proc.wait(30 * PATIENCE)
        assert rc < 90 and "Sanitizer" not in self.said(), self.said()
        return rc

    def kill(self):
        self.proc.kill()
        self.proc.wait()


@pytest.fixture
def auditor(cluster, tmp_path):
    made = []

    def make(name, px, topic, *args, group=None):
        a = Auditor(
            tmp_path, name, "--group", group or f"audit-{topic}", "-b", cluster.bootstrap, "-t", topic, "--public-key", px.public_key,
            "--dbom-topic", px.dbom_topic, "--json", *args,
        )  # fmt: skip
        made.append(a)
        return a

    yield make
    for a in made:
        a.kill()


def told(cluster, topic):
    """Everything in a topic of verdicts, in the order of each partition."""
    return [json.loads(r.value) for p in cluster.partitions(topic) for r in cluster.log(topic, p).records]


def committed(cluster, group, topic):
    try:
        return cluster.committed(group, topic)
    except AssertionError:
        return {}


def all_judged(cluster, group, topic):
    ends = {p: cluster.high_watermark(topic, p) for p in cluster.partitions(topic)}
    return until(f"{topic} is judged to its end", lambda: committed(cluster, group, topic) == ends, 60 * PATIENCE, 0.2)


def group_without(cluster, topic, node):
    """The name of a group that another broker has."""
    names = [f"audit-{topic}-{n}" for n in range(20)]
    return until("another broker has a group", lambda: next((g for g in names if cluster.coordinator(g) is not node), None), 60)


def spread(n, first=0, partitions=4):
    return [Rec(b"k%d" % i, b"v%d" % i, partition=i % partitions) for i in range(first, first + n)]


def windows_of(cluster, px, topic):
    v = wait_stated(cluster, public_keys(px.public_key), topic, dbom_topic=px.dbom_topic)
    return {(s.chain, s.window): s for s in of_topic(v, topic, cluster.topic_id(topic))}


def test_group_takes_over(cluster, new_proxy, topic, auditor, tmp_path):
    """Two share four partitions; one is killed, the other goes on: every window is told, and what was planted."""
    px = new_proxy("writer", {"attest.window.records": 10, "attest.window.max.age": "300ms"})
    t, verdicts = topic(partitions=4), topic("verdicts", partitions=2)
    group, metrics = f"audit-{t}", tmp_path / "b.prom"
    Confluent.produce(px.bootstrap, t, spread(200))
    a = auditor("a", px, t, "--to", verdicts)
    until("it has all", lambda: len(a.has(t)) == 4, 30 * PATIENCE)
    windows_of(cluster, px, t)
    all_judged(cluster, group, t)
    b = auditor("b", px, t, "--to", verdicts, "--metrics-file", metrics)
    until("they share", lambda: len(a.has(t)) == 2 and len(b.has(t)) == 2, 30 * PATIENCE)
    assert all(offset == 50 for offset in b.has(t).values()), "it goes on where the other was"
    Confluent.produce(px.bootstrap, t, spread(200, 200))
    a.kill()
    Confluent.produce(px.bootstrap, t, spread(200, 400))
    windows = windows_of(cluster, px, t)
    old = next(r for r in cluster.log(t, 3).records if r.offset == 4)
    planted = cluster.high_watermark(t, 3)
    headers = [(old.headers[0][0], hashlib.sha256(b"mine").hexdigest().encode()), *old.headers[1:]]
    Confluent.produce(cluster.bootstrap, t, [Rec(old.key, b"mine", headers, partition=3)])
    until("it has all", lambda: len(b.has(t)) == 4, 60 * PATIENCE)
    all_judged(cluster, group, t)
    assert b.stop() == 1, b.said()

    found = a.found() + b.found()
    assert {(x["type"], x.get("verdict", x.get("finding")), x["partition"], x.get("offset")) for x in found} == {("violation", "forged-header", 3, planted)}, found
    records = told(cluster, verdicts)
    assert {(x["topic"], x["topicId"]) for x in records} == {(t, cluster.topic_id(t))}
    of_windows = [x for x in records if x["type"] == "window"]
    seen = {(x["chain"], x["window"]): x for x in of_windows}
    assert seen.keys() == windows.keys(), "every window is told, and no other"
    assert {x["outcome"] for x in of_windows} == {"complete"}
    assert sum(x["leafCount"] for x in seen.values()) == 600
    # What is told twice is marked: only where the one that died may have told it.
    times = [(x["chain"], x["window"], x.get("partFrom")) for x in of_windows]
    assert all(x.get("again") for i, x in enumerate(of_windows) if times[i] in times[:i]), "twice, and nothing says so"
    assert [x["offset"] for x in records if x["type"] == "violation"] == [planted]
    text = metrics.read_text()
    assert f'makoto_audit_lag_records{{group="{group}",topic="{t}",partition="3"}} 0\n' in text, text
    assert f'makoto_audit_judged_offset{{group="{group}",topic="{t}",partition="3"}} {planted + 1}\n' in text, text
    assert f'makoto_audit_records_total{{group="{group}",verdict="forged-header"}} 1\n' in text, text


def test_late_statement_and_rebalance(cluster, new_proxy, topic, auditor):
    """A window that is open is waited for, in the middle of it another joins; when it is stated it is told as a whole."""
    px = new_proxy("writer", {"attest.window.records": 1000, "attest.window.max.age": "10m"})
    t, verdicts = topic(partitions=4), topic("verdicts")
    group = f"audit-{t}"
    Confluent.produce(px.bootstrap, t, spread(40))
    a = auditor("a", px, t, "--to", verdicts, "--wait", "5m")
    until("it has all", lambda: len(a.has(t)) == 4, 30 * PATIENCE)
    b = auditor("b", px, t, "--to", verdicts, "--wait", "5m")
    until("they share", lambda: len(a.has(t)) == 2 and len(b.has(t)) == 2, 30 * PATIENCE)
    Confluent.produce(px.bootstrap, t, spread(40, 40))
    assert all(x <= 0 for x in committed(cluster, group, t).values()), "nothing is judged before it is stated"
    px.stop()  # which ends the windows
    assert len(windows_of(cluster, px, t)) == 4
    all_judged(cluster, group, t)
    assert (a.stop(), b.stop()) == (0, 0), a.said() + b.said()
    assert not a.found() and not b.found()
    records = told(cluster, verdicts)
    assert sorted((x["partition"], x["window"], x["outcome"], x["verdicts"]["verified"]) for x in records) == [(p, 1, "complete", 20) for p in range(4)]
    assert not any("partFrom" in x or "again" in x for x in records), records


def test_unattested_is_told_and_gone_by(cluster, new_proxy, topic, auditor):
    """What nobody states is waited for for so long, told, and what is behind it is judged; --from and a second run."""
    px = new_proxy("writer", {"attest.window.records": 10, "attest.window.max.age": "300ms"})
    t = topic()
    group = f"audit-{t}"
    Confluent.produce(px.bootstrap, t, spread(20, partitions=1))
    Confluent.produce(cluster.bootstrap, t, [Rec(b"k", b"by nobody")] * 3)
    Confluent.produce(px.bootstrap, t, spread(20, partitions=1))
    wait_stated(cluster, public_keys(px.public_key), t, 40, px.dbom_topic)
    a = auditor("a", px, t, "--wait", "1s", "--from", "10")
    all_judged(cluster, group, t)
    assert a.stop() == 0, a.said()
    assert [(x["type"], x["verdict"], x["offset"], x["lastOffset"]) for x in a.found()] == [("undecided", "unattested", 20, 22)]
    # A second run has nothing to do; and people are told in a line.
    b = auditor("b", px, t, group=group)
    until("it has it", lambda: b.has(t) == {0: 43}, 30 * PATIENCE)
    assert b.stop() == 0 and not b.found(), b.said()


def test_topic_that_was_made_again(cluster, new_proxy, topic, auditor):
    """While nobody had it: the new one is judged from its beginning; and where the group's offsets are those of the old one, that is told."""
    px = new_proxy("writer", {"attest.window.records": 10, "attest.window.max.age": "300ms"})
    t, verdicts = topic(), topic("verdicts")
    group = f"audit-{t}"
    Confluent.produce(px.bootstrap, t, spread(20, partitions=1))
    wait_stated(cluster, public_keys(px.public_key), t, 20, px.dbom_topic)
    a = auditor("a", px, t)
    all_judged(cluster, group, t)
    assert a.stop() == 0, a.said()
    old = cluster.topic_id(t)
    cluster.make_again(t)
    # Brokers forget what was committed of a topic that is gone; one that was down then doesn't.
    part = {"PartitionIndex": 0, "CommittedOffset": 20, "CommittedMetadata": f"topic {old}"}
    with cluster.coordinator(group).conn() as c:
        asked = {"GroupId": group, "GenerationIdOrMemberEpoch": -1, "Topics": [{"Name": t, "Partitions": [part]}]}
        until("it is committed", lambda: c.ask("OffsetCommit", 8, asked)["Topics"][0]["Partitions"][0]["ErrorCode"] == 0)
    Confluent.produce(px.bootstrap, t, spread(30, partitions=1))
    wait_stated(cluster, public_keys(px.public_key), t, 30, px.dbom_topic)
    b = auditor("b", px, t, "--to", verdicts)
    all_judged(cluster, group, t)
    assert b.stop() == 1, b.said()
    assert [(x["finding"], x["offset"] if "offset" in x else None, x["topicId"]) for x in b.found()] == [("records-gone", 0, old)]
    records = told(cluster, verdicts)
    assert [(x["firstOffset"], x["outcome"], x["topicId"]) for x in records[1:]] == [(o, "complete", cluster.topic_id(t)) for o in (0, 10, 20)]


def test_retention_was_there_first(cluster, new_proxy, topic, auditor, tmp_path):
    """Records that went while nobody judged: told in the topic, and counted; no violation."""
    px = new_proxy("writer", {"attest.window.records": 10, "attest.window.max.age": "300ms"})
    t, verdicts, metrics = topic(), topic("verdicts"), tmp_path / "b.prom"
    group = f"audit-{t}"
    Confluent.produce(px.bootstrap, t, spread(20, partitions=1))
    wait_stated(cluster, public_keys(px.public_key), t, 20, px.dbom_topic)
    a = auditor("a", px, t)
    all_judged(cluster, group, t)
    assert a.stop() == 0, a.said()
    Confluent.produce(px.bootstrap, t, spread(20, 20, partitions=1))
    wait_stated(cluster, public_keys(px.public_key), t, 40, px.dbom_topic)
    admin = AdminClient({"bootstrap.servers": cluster.bootstrap})
    for done in admin.delete_records([TopicPartition(t, 0, 33)]).values():
        done.result()
    b = auditor("b", px, t, "--to", verdicts, "--metrics-file", metrics)
    all_judged(cluster, group, t)
    assert b.stop() == 0, b.said()
    gone = [("undecided", "retention", 20, 32)]
    assert [(x["type"], x["finding"], x["offset"], x["lastOffset"]) for x in b.found()] == gone
    records = told(cluster, verdicts)
    assert [(x["type"], x["finding"], x["offset"], x["lastOffset"]) for x in records if x["type"] != "window"] == gone
    assert [x["absent"].get("retention", 0) for x in records if x["type"] == "window"] == [10, 3]
    assert f'makoto_audit_unjudged_total{{group="{group}"}} 13\n' in metrics.read_text()


def test_verdict_topic_that_takes_nothing(cluster, new_proxy, topic, auditor):
    """Who waits for it stays a member, and gives up what becomes another's; when it takes records each window is there once."""
    alone = cluster.node(3)
    px = new_proxy("writer", {"attest.window.records": 10, "attest.window.max.age": "300ms"})
    t, verdicts = topic(assignment=[[1, 2], [2, 1]] * 2), topic("verdicts", assignment=[[3]])
    group = group_without(cluster, t, alone)
    Confluent.produce(px.bootstrap, t, spread(200))
    windows = windows_of(cluster, px, t)
    alone.pause()
    try:
        a = auditor("a", px, t, "--to", verdicts, group=group)
        # It begins to tell: then something is committed, where it began.
        until("it tells", lambda: 0 in committed(cluster, group, t).values(), 60 * PATIENCE)
        b = auditor("b", px, t, "--to", verdicts, group=group)
        until("they share", lambda: len(a.has(t)) == 2 and len(b.has(t)) == 2, 30 * PATIENCE)
        assert not any(x > 0 for x in committed(cluster, group, t).values()), "nothing can be told, and something is committed"
    finally:
        alone.resume()
    cluster.wait_ready(60)
    all_judged(cluster, group, t)
    assert (a.stop(), b.stop()) == (0, 0), a.said() + b.said()
    records = told(cluster, verdicts)
    seen = [(x["chain"], x["window"]) for x in records]
    assert set(seen) == windows.keys()
    assert all(x.get("again") for i, x in enumerate(records) if seen[i] in seen[:i]), "twice, and nothing says so"


def test_given_up_is_not_told_later(cluster, new_proxy, topic, auditor):
    """What waited for the topic in one that lost its partition doesn't come behind what its heir tells of that."""
    alone = cluster.node(3)
    px = new_proxy("writer", {"attest.window.records": 10, "attest.window.max.age": "300ms"})
    t, verdicts = topic(assignment=[[1, 2], [2, 1]]), topic("verdicts", assignment=[[3]])
    group = group_without(cluster, t, alone)
    Confluent.produce(px.bootstrap, t, spread(100, partitions=2))
    windows = windows_of(cluster, px, t)

    def member(name, client):
        """The first partition is the one's whose name is the least; and who is stopped stays a member."""
        of_group = ("partition.assignment.strategy=range", f"client.id={client}", f"session.timeout.ms={60000 * PATIENCE}")
        return auditor(name, px, t, "--to", verdicts, *(x for p in of_group for x in ("-X", p)), group=group)

    def telling():
        """Of which partitions somebody began to tell."""
        return {p for p, x in committed(cluster, group, t).items() if x == 0}

    alone.pause()
    try:
        a = member("a", "second")
        (lost,) = until("it tells of one", telling, 60 * PATIENCE)
        b = member("b", ("first", "third")[lost])
        shared = ({1 - lost: None}, {lost: 0})
        until("it tells of the other", lambda: len(telling()) == 2 and (a.has(t), b.has(t)) == shared, 60 * PATIENCE)
        a.proc.send_signal(signal.SIGSTOP)
    finally:
        alone.resume()
    cluster.wait_ready(60)
    until("b has told its own", lambda: committed(cluster, group, t).get(lost) == 50, 60 * PATIENCE, 0.2)
    a.proc.send_signal(signal.SIGCONT)
    all_judged(cluster, group, t)
    assert (a.stop(), b.stop()) == (0, 0), a.said() + b.said()
    records = told(cluster, verdicts)
    assert sorted((x["chain"], x["window"]) for x in records) == sorted(windows), "each of them once"
    assert {x["partition"] for x in records if x.get("again")} <= {lost}


@pytest.mark.long  # more than a minute: tries that aren't answered have to end
def test_partitions_that_cannot_be_read(cluster, new_proxy, topic, auditor):
    """A broker is silent: its partitions don't keep the others waiting, nor cost the membership; when it is back they are judged."""
    alone = cluster.node(3)
    px = new_proxy("writer", {"attest.window.records": 10, "attest.window.max.age": "300ms"})
    t = topic(assignment=[[1]] + [[3]] * 12)
    group = group_without(cluster, t, alone)
    Confluent.produce(px.bootstrap, t, spread(260, partitions=13))
    windows_of(cluster, px, t)
    a = auditor("a", px, t, group=group)
    all_judged(cluster, group, t)
    alone.pause()
    try:
        until("they can't be read", lambda: "imed out" in a.said(), 60 * PATIENCE)
        for n in (1, 2):
            Confluent.produce(px.bootstrap, t, spread(20, partitions=1))
            until(f"round {n} is judged", lambda: committed(cluster, group, t).get(0) == 20 + 20 * n, 60 * PATIENCE)
    finally:
        alone.resume()
    cluster.wait_ready(60)
    Confluent.produce(px.bootstrap, t, spread(130, partitions=13))
    all_judged(cluster, group, t)
    assert a.stop() == 0, a.said()
    assert not a.found() and "another's" not in a.said(), a.said()


def test_usage_and_no_cluster(auditor, tmp_path):
    def run(*args):
        p = subprocess.run([CTL, "audit", *args], capture_output=True, text=True, timeout=60 * PATIENCE)
        return p.returncode, p.stderr

    key = str(tmp_path / "k.pem")
    subprocess.run([CTL, "keygen", "--out", str(tmp_path / "s.pem"), "--public", key], check=True, capture_output=True)
    rc, err = run("-b", "127.0.0.1:1", "-t", "x", "--public-key", key)
    assert rc == 2 and "--group" in err
    rc, err = run("--group", "g", "-b", "127.0.0.1:1", "--public-key", key)
    assert rc == 2 and "-t TOPIC" in err
    rc, err = run("--group", "g", "-b", "127.0.0.1:1", "-t", "x")
    assert rc == 2 and "whose statements count" in err
    rc, err = run("--group", "g", "-b", "127.0.0.1:1", "-t", "x", "--to", "x", "--public-key", key)
    assert rc == 2 and "another one" in err
    rc, err = run("--group", "g", "-b", "127.0.0.1:1", "-t", "x", "--wait", "soon", "--public-key", key)
    assert rc == 2 and "--wait soon" in err
    rc, err = run("--group", "g", "-b", "127.0.0.1:1", "-t", "x", "--public-key", key, "-X", "security.protocol=ssl", "-X", "socket.timeout.ms=1000")
    assert rc == 2 and "security.protocol=ssl" in err and "-c FILE" in err
    rc, err = run("--group", "g", "-b", "127.0.0.1:1", "-t", "x", "--public-key", key, "-X", "socket.timeout.ms=1000")
    assert rc == 3 and err, err
