"""The million: four unmodified producers at once, and a proxy that is stopped and started under them; an outage; statements that have no room.

environment: E2E_OUTAGE_SECONDS, how long the statement topic takes nothing (40)
"""

import os
import subprocess
import sys
import time

import pytest
from checks import of_topic, public_keys, segment_dir, statements, wait_stated
from confluent_kafka import Consumer, Producer, TopicPartition
from lab.kafka import until
from proxy import ctl

pytestmark = pytest.mark.long

PARTITIONS = 6
KINDS = ("idempotent", "idempotent", "plain", "transactional")
HERE = os.path.dirname(os.path.abspath(__file__))


class Load:
    def __init__(self, bootstrap, topic, count, directory):
        self.results = [os.path.join(directory, f"producer-{i}") for i in range(len(KINDS))]
        self.count = count // len(KINDS)
        self.procs = [
            subprocess.Popen(
                [sys.executable, "-B", os.path.join(HERE, "load_producer.py"), bootstrap, topic, kind, f"{kind}-{i}",
                 str(self.count), str(PARTITIONS), self.results[i]],
                stderr=subprocess.PIPE,
            )
            for i, kind in enumerate(KINDS)
        ]  # fmt: skip

    def progress(self):
        """About how many records were acknowledged: a line has some fifteen bytes."""
        return sum(os.path.getsize(r) for r in self.results if os.path.exists(r)) // 16

    def wait(self, timeout):
        for p in self.procs:
            _, err = p.communicate(timeout=timeout)
            assert p.returncode == 0, err.decode(errors="replace")[-3000:]

    def stop(self):
        for p in self.procs:
            if p.poll() is None:
                p.kill()

    def acknowledged(self):
        """{(partition, offset): (producer, sequence, outcome)}; every record once."""
        out, n = {}, 0
        for i, path in enumerate(self.results):
            with open(path) as f:
                lines = f.read().splitlines()
            assert lines.pop() == "done"
            for line in lines:
                partition, offset, sequence, outcome = line.split()
                out[int(partition), int(offset)] = (f"{KINDS[i]}-{i}", int(sequence), outcome)
                n += 1
        assert n == len(out) == self.count * len(KINDS), "an offset was given twice, or a record not acknowledged"
        return out


def read_all(cluster, topic):
    """{(partition, offset): (producer, sequence)} as it stands in the log, aborted records included."""
    c = Consumer({"bootstrap.servers": cluster.bootstrap, "group.id": "x", "enable.partition.eof": True,
                  "enable.auto.commit": False, "isolation.level": "read_uncommitted", "auto.offset.reset": "earliest",
                  "fetch.max.bytes": 50 << 20, "max.partition.fetch.bytes": 8 << 20})  # fmt: skip
    c.assign([TopicPartition(topic, p, 0) for p in range(PARTITIONS)])
    out, ends = {}, set()
    while len(ends) < PARTITIONS:
        for m in c.consume(10000, 30):
            if m.error():
                ends.add(m.partition())
                continue
            name, sequence, _ = m.value().split(b":", 2)
            out[m.partition(), m.offset()] = (name.decode(), int(sequence))
    c.close()
    return out


def check(cluster, px, topic, load):
    acked = load.acknowledged()
    log = read_all(cluster, topic)
    # Nothing lost, nothing twice, nothing elsewhere than where the client was told.
    assert {at: (who, seq) for at, (who, seq, _) in acked.items()} == log
    # Nothing reordered: each producer's sequence ascends in each partition.
    last = {}
    for (partition, _), (who, seq) in sorted(log.items()):
        assert last.get((partition, who), -1) < seq
        last[partition, who] = seq
    # Every record, committed or aborted, in exactly one window; aborted ones are said to be.
    keys = public_keys(px.public_key)
    wait_stated(cluster, keys, topic, len(log), timeout=60)
    topic_id = cluster.topic_id(topic)
    v = statements(cluster, keys)
    listed, aborted, still_open = set(), set(), set()
    for s in sorted(of_topic(v, topic, topic_id), key=lambda s: s.window):
        p = s.kafka["partition"]
        offsets = {(p, o) for o in s.offsets()}
        assert len(offsets) == s.count and not offsets & listed
        listed |= offsets
        aborted |= {(p, o) for first, n in s.kafka["aborted"] for o in range(first, first + n)}
        still_open |= {(p, o) for first, n in s.kafka["open"] for o in range(first, first + n)}
        for first, n, outcome in s.kafka["resolved"]:
            run = {(p, o) for o in range(first, first + n)}
            assert run <= still_open
            still_open -= run
            aborted |= run if outcome == "aborted" else set()
        assert s.kafka["unresolved"] == 0
    assert listed == set(log)
    told_aborted = {at for at, (_, _, outcome) in acked.items() if outcome == "a"}
    assert aborted <= told_aborted and told_aborted - aborted <= still_open
    p = ctl("verify", "-b", cluster.bootstrap, "-t", topic, "--public-key", px.public_key, "--json", timeout=300)
    assert p.returncode == 0, p.stdout[-3000:] + p.stderr
    chains = {(s.chain, s.kafka["partition"]) for s in of_topic(v, topic, topic_id)}
    assert len(chains) == PARTITIONS, "one chain for each partition, whatever happened"


@pytest.mark.parametrize("records", [1_000_000])
def test_a_million(cluster, new_proxy, topic, tmp_path, records):
    t = topic(partitions=PARTITIONS)
    px = new_proxy(settings={"attest.window.max.age": "10s", "attest.dbom.topic": "makoto.dbom"})
    load = Load(px.bootstrap, t, records, str(tmp_path))
    try:
        load.wait(600)
    finally:
        load.stop()
    check(cluster, px, t, load)


def test_stopped_and_started_under_load(cluster, new_proxy, topic, tmp_path):
    t = topic(partitions=PARTITIONS)
    px = new_proxy(settings={"attest.window.max.age": "10s", "attest.dbom.topic": "makoto.dbom"})
    load = Load(px.bootstrap, t, 400_000, str(tmp_path))
    try:
        for part in (0.2, 0.5):
            until("the load is under way", lambda: load.progress() > 400_000 * part, 300, 0.1)
            px.stop()  # SIGTERM; must end with 0
            px.start()
        load.wait(600)
    finally:
        load.stop()
    check(cluster, px, t, load)


class Paced:
    """An idempotent producer of so many records a second, which keeps what it was told."""

    PER_SECOND = 5000

    def __init__(self, bootstrap, topic):
        self.topic, self.sent, self.stored, self.failed = topic, 0, 0, []
        self.p = Producer({"bootstrap.servers": bootstrap, "enable.idempotence": True, "linger.ms": 5, "message.timeout.ms": 60000})

    def told(self, err, _):
        if err is None:
            self.stored += 1
        else:
            self.failed.append(str(err))

    def run(self, seconds):
        began, first = time.monotonic(), self.sent
        while (now := time.monotonic() - began) < seconds:
            while self.sent - first < now * self.PER_SECOND:
                self.p.produce(self.topic, b"%d" % self.sent + b"x" * 90, b"k%d" % self.sent, self.sent % PARTITIONS, self.told)
                self.sent += 1
            self.p.poll(0.005)
        assert self.p.flush(60) == 0 and not self.failed and self.stored == self.sent, self.failed[:3]


def test_the_statement_topic_takes_nothing(cluster, new_proxy, topic):
    """For a while, under load: no client notices, memory doesn't grow with the records, all is stated and published afterwards."""
    seconds = int(os.environ.get("E2E_OUTAGE_SECONDS", "40"))
    t = topic(assignment=[[1 + n % 2, 2 - n % 2] for n in range(PARTITIONS)])
    dbom, alone = topic("dbom", assignment=[[3]] * 3), cluster.node(3)
    px = new_proxy(settings={"attest.window.max.age": "10s", "attest.dbom.topic": dbom})
    load = Paced(px.bootstrap, t)
    load.run(2)
    until("a first window is published", lambda: px.metric("makoto_windows_published_total") > 0, 60)
    alone.pause()
    try:
        load.run(seconds / 4)
        before, rss = load.sent, px.rss_mb()
        load.run(seconds * 3 / 4)
        grown, more = (px.rss_mb() - rss) * 1024 * 1024, load.sent - before
        waiting = px.metric("makoto_windows_unpublished")
    finally:
        alone.resume()
    print(f"{more} records while the topic took nothing: {grown / more:.1f} bytes of memory for each, {waiting:.0f} windows unpublished")
    assert waiting * 1000 > more, "they could be published, which is not this test"
    assert grown < 30 * more, "a member that waits takes 100"
    assert px.metric("makoto_records_unattested_total") == 0
    until("every window is published", lambda: px.metric("makoto_windows_unpublished") == 0, 300)
    v = wait_stated(cluster, public_keys(px.public_key), t, load.sent, dbom_topic=dbom, timeout=60)
    assert len({s.chain for s in of_topic(v, t, cluster.topic_id(t))}) == PARTITIONS
    p = ctl("verify", "-b", cluster.bootstrap, "-t", t, "--dbom-topic", dbom, "--public-key", px.public_key, "--json", timeout=300)
    assert p.returncode == 0, p.stdout[-3000:] + p.stderr


def read_from(bootstrap, topic, starts, ends):
    """Reads each partition to its end, all at once; how many records."""
    c = Consumer({"bootstrap.servers": bootstrap, "group.id": "x", "enable.auto.commit": False, "fetch.max.bytes": 1 << 20,
                  "queued.max.messages.kbytes": 2048})  # fmt: skip
    c.assign([TopicPartition(topic, p, at) for p, at in starts.items()])
    n, left, late = 0, set(starts), time.monotonic() + 300
    while left:
        assert time.monotonic() < late, f"{n} records, and no end of {left}"
        for m in c.consume(10000, 1):
            assert not m.error(), m.error()
            n += 1
            if m.offset() == ends[m.partition()] - 1:
                left.discard(m.partition())
    c.close()
    return n


def test_statements_that_have_no_room(cluster, new_proxy, topic, tmp_path):
    """Several times what may be kept of statements: a proxy that verifies stays within its bound, librdkafka's share included."""
    n, memory, t = 600_000, 4 << 20, topic(partitions=PARTITIONS)
    w = new_proxy("writer", {"attest.window.records": 150})
    p = Producer({"bootstrap.servers": w.bootstrap, "linger.ms": 20, "queue.buffering.max.messages": 1_000_000})
    for i in range(n):
        p.produce(t, b"%d" % i, partition=i % PARTITIONS)
    assert p.flush(120) == 0
    del p
    until("all is stated", lambda: w.metric("makoto_windows_published_total") and w.metric("makoto_windows_unpublished") == 0, 300)
    w.stop()
    stated = sum(e.stat().st_size for x in cluster.partitions(w.dbom_topic) for e in os.scandir(segment_dir(cluster, w.dbom_topic, x)) if e.name.endswith(".log"))
    policy = tmp_path / "trust.yaml"
    policy.write_text(f"issuers:\n  writer:\n    keys: [{w.public_key}]\n")
    settings = {"verify.mode": "enforce", "verify.policy": str(policy), "attest.enabled": False, "verify.memory.bytes": memory}
    r = new_proxy("reader", settings)
    idle, ends = r.rss_mb(), {x: cluster.high_watermark(t, x) for x in range(PARTITIONS)}
    halves = {x: end // 2 for x, end in ends.items()}
    assert read_from(r.bootstrap, t, dict.fromkeys(ends, 0), ends) == n
    assert read_from(r.bootstrap, t, halves, ends) == n - sum(halves.values())
    grown = r.peak_rss_mb() - idle
    print(f"{stated >> 20} MiB of statements; {idle:.0f} MB idle, {grown:.0f} MB more at most")
    assert stated > 6 * memory
    assert grown < (memory >> 20) + 12  # answers to three brokers' Fetch are kept while they are judged
