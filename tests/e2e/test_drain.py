"""A stop and a start under load looks to clients like a rolling restart: ports close one after another, in-flight requests
are answered, nothing is lost or doubled, and nobody misses the brokers for longer than the restart and a client's own pauses take."""

import datetime
import re
import subprocess
import threading
import time

import pytest
from checks import attested, same_records
from clients import JAVA, Confluent, sample
from confluent_kafka import Consumer, KafkaError, Producer, TopicPartition
from lab.kafka import java, until
from proxy import PATIENCE

pytestmark = pytest.mark.life  # four restarts of a proxy under load: a minute and a half

PARTITIONS = 6  # two for each broker: each port has connections
RESTARTS = 2
BACKOFF_MS = 200  # the clients' longest pause between two attempts: not what is measured here


class Watcher:
    """A librdkafka producer that is never idle, and what it was told, with the time by the wall."""

    def __init__(self, bootstrap, topic):
        self.errors = []  # (when, error)
        self.acked = []  # (when, partition, offset, value)
        self.failed = []
        self.topic, self.sent, self.stopping = topic, 0, threading.Event()
        conf = {"bootstrap.servers": bootstrap, "enable.idempotence": True, "linger.ms": 5, "message.timeout.ms": 120000,
                "reconnect.backoff.max.ms": BACKOFF_MS, "error_cb": lambda e: self.errors.append((time.time(), e))}  # fmt: skip
        self.producer = Producer(conf)
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        while not self.stopping.is_set():
            for partition in range(PARTITIONS):
                self.producer.produce(self.topic, b"w%d" % self.sent, partition=partition, on_delivery=self.done)
                self.sent += 1
            self.producer.poll(0.05)

    def done(self, err, m):
        if err:
            self.failed.append(err)
        else:
            self.acked.append((time.time(), m.partition(), m.offset(), m.value()))

    def acked_since(self, when):
        """Every partition has been written to since then."""
        return {p for at, p, _, _ in list(self.acked) if at > when} == set(range(PARTITIONS))

    def stop(self):
        if self.stopping.is_set():
            return
        self.stopping.set()
        self.thread.join()
        left = self.producer.flush(120)
        self.producer = None  # its threads end with it
        assert left == 0 and self.failed == []

    def all_down(self):
        return [at for at, e in list(self.errors) if e.code() == KafkaError._ALL_BROKERS_DOWN]


def when(line):
    return datetime.datetime.fromisoformat(re.search(r"ts=(\S+?)Z", line)[1] + "+00:00").timestamp()


def values(cluster, topic):
    """Every value in the log, once for each time that it stands there."""
    c = Consumer({"bootstrap.servers": cluster.bootstrap, "group.id": "x", "enable.partition.eof": True, "enable.auto.commit": False})
    c.assign([TopicPartition(topic, p, 0) for p in range(PARTITIONS)])
    out, ends = [], set()
    while len(ends) < PARTITIONS:
        for m in c.consume(10000, 30):
            if m.error():
                ends.add(m.partition())
            else:
                out.append(m.value())
    c.close()
    return out


def restart(p, w):
    """SIGTERM and a new start; what the watcher was told meanwhile is in its place."""
    before = len(w.errors)
    asked = time.time()
    p.stop()
    closed = [x for x in p.lines if "a port is closed" in x]
    ports = [int(re.search(r"port=(\d+)", x)[1]) for x in closed]
    assert ports == [p.port, p.port + 1, p.port + 2, p.port + 3], "each once, bootstrap first"
    p.start()
    ready = time.time()
    until("every partition is written again", lambda: w.acked_since(ready), 60 * PATIENCE)
    again = min(at for at, _, _, _ in w.acked if at > ready)
    down = [at for at, e in w.errors[before:] if e.code() == KafkaError._ALL_BROKERS_DOWN]
    # Not before the last port is closed, however the others went; the log's time is in milliseconds.
    assert all(at >= when(closed[-1]) - 0.001 for at in down), (down, closed)
    took = ready - asked
    missed = again - down[0] if down else 0
    print(f"restart {took * 1000:.0f} ms, all brokers down for {missed * 1000:.0f} ms")
    # It ends with the restart: what comes on top is the client's own pause (by chance half as long again) and its first answer.
    assert missed <= took + 1.5 * BACKOFF_MS / 1000 + 2 * PATIENCE
    return asked, again


@pytest.mark.parametrize("client", ["librdkafka", "java"])
def test_restart_under_load(cluster, new_proxy, topic, client):
    t = topic(f"drain-{client}", partitions=PARTITIONS)
    p = new_proxy()
    w = Watcher(p.bootstrap, t)
    other, n = None, 0
    try:
        until("it writes", lambda: w.acked_since(0), 60 * PATIENCE)
        if client == "java":
            n = 3000
            props = {"bootstrap.servers": p.bootstrap, "acks": "all", "linger.ms": 5, "reconnect.backoff.max.ms": BACKOFF_MS}
            cmd = [*java("org.apache.kafka.tools.ProducerPerformance"), "--topic", t, "--num-records", str(n), "--record-size", "100",
                   "--throughput", "300", "--command-property", *[f"{k}={v}" for k, v in props.items()]]  # fmt: skip
            other = subprocess.Popen(cmd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            end = lambda: sum(cluster.high_watermark(t, i) for i in range(PARTITIONS))  # noqa: E731
            until("Java writes too", lambda: end() > w.sent + 20, 60 * PATIENCE)
        windows = [restart(p, w) for _ in range(RESTARTS)]
        w.stop()
        if other:
            out = other.communicate(timeout=120 * PATIENCE)[0]
            failed = re.search(r"^\S*(Exception|Error)\b", out, re.M)  # what it prints of a record that was not stored
            assert other.returncode == 0 and not failed and f"{n} records sent" in out, out[-3000:]
    finally:
        w.stop()
        if other and other.poll() is None:
            other.kill()
    assert all(any(a <= at <= b for a, b in windows) for at in w.all_down()), (w.all_down(), windows)
    got = values(cluster, t)
    ours = [v for v in got if v.startswith(b"w") and len(v) < 20]
    assert sorted(ours) == sorted(b"w%d" % i for i in range(w.sent)), "each record once"
    assert len(got) == w.sent + n
    attested(cluster, p, t, dbom_topic=p.dbom_topic)


def test_consumers_move_on(cluster, new_proxy, topic):
    """A Java consumer group, in the middle of what it waits for, goes on behind a restart where it was."""
    t = topic(partitions=PARTITIONS)
    p = new_proxy()
    sent = sample(400, 11, PARTITIONS)
    got, errors = [], []

    def consume():
        try:
            got.extend(JAVA.consume(p.bootstrap, t, len(sent), timeout=120 * PATIENCE, group_id=f"g-{t}", reconnect_backoff_max_ms=BACKOFF_MS))
        except BaseException as e:
            errors.append(e)

    Confluent.produce(p.bootstrap, t, sent[:200])
    thread = threading.Thread(target=consume)
    thread.start()
    try:
        until("it fetches", lambda: errors or p.metric("makoto_requests_total", api="Fetch") > 3 * PARTITIONS, 60 * PATIENCE)
        p.stop()
        p.start()
        Confluent.produce(p.bootstrap, t, sent[200:])
    finally:
        thread.join()
    assert errors == []
    same_records(sent, got)
