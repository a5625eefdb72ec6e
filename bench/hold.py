"""How soon records come through an enforcing proxy once their window is closed, and once its statement is published.

Three times of each window, by one clock: its last record is acknowledged to the producer, which closes it; its statement
is in the hands of a consumer of the statement topic; its last record is in the hands of a consumer behind enforce.
The floor is how far apart the same statement comes to two such consumers: what the brokers and a busy machine do to anybody.
usage: hold.py ROUNDS      100 windows each
"""

import random
import sys
import threading
import time

ROUNDS = int(sys.argv[1])
sys.argv[1:] = ["0"]

import reading  # noqa: E402, I001  imports run
import run  # noqa: E402
from confluent_kafka import Consumer, Producer, TopicPartition  # noqa: E402

WINDOW, WINDOWS = 50, 100


class Watch:
    """When the n-th record of a topic came."""

    def __init__(self, bootstrap, topic, partitions):
        self.times, self.grew, self.stop = [], threading.Condition(), False
        self.consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "unused", "enable.auto.commit": False})
        self.consumer.assign([TopicPartition(topic, p, 0) for p in range(partitions)])
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.stop:
            m = self.consumer.poll(0.2)
            if m is None:
                continue
            now = time.monotonic()
            assert not m.error(), m.error()
            with self.grew:
                self.times.append(now)
                self.grew.notify_all()

    def until(self, n):
        with self.grew:
            assert self.grew.wait_for(lambda: len(self.times) >= n, 60), (n, len(self.times))

    def close(self):
        self.stop = True
        self.thread.join()
        self.consumer.close()


class Load:
    """Records one after another, each window's last one with the time of its acknowledgement."""

    def __init__(self, bootstrap, topic):
        self.topic, self.sent, self.acked = topic, 0, []
        self.producer = Producer({"bootstrap.servers": bootstrap, "acks": "all", "linger.ms": 0})

    def send(self, n):
        for _ in range(n):
            self.sent += 1
            last = self.sent % WINDOW == 0
            self.producer.produce(self.topic, b"x" * run.SIZE, on_delivery=self.note if last else None)
        self.producer.poll(0)

    def note(self, err, _):
        assert not err, err
        self.acked.append(time.monotonic())

    def flush(self):
        assert self.producer.flush(60) == 0


def alone(load, records):
    """A window at a time, at any moment of the waiting that goes on meanwhile."""
    rnd = random.Random(1)
    for _ in range(ROUNDS * WINDOWS):
        load.send(WINDOW)
        load.flush()
        records.until(load.sent)
        time.sleep(rnd.random() * 0.3)


def steadily(load, _):
    """1,000 records a second: 20 windows."""
    start = time.monotonic()
    for i in range(ROUNDS * WINDOWS * WINDOW):
        time.sleep(max(0.0, start + i / 1000 - time.monotonic()))
        load.send(1)
    load.flush()


def quantiles(xs):
    xs = sorted(xs)
    return [f"{1000 * xs[min(len(xs) - 1, int(len(xs) * q))]:.1f}" for q in (0.5, 0.99)]


def case(b, name, work):
    topic = b.topic(name)
    px = b.reader("enforce")
    before = len(b.statements.times)
    records, load = Watch(px.bootstrap, topic, 1), Load(b.writer.bootstrap, topic)
    load.send(WINDOW)  # connections, metadata, the first search
    load.flush()
    records.until(load.sent)
    work(load, records)
    records.until(load.sent)
    n = load.sent // WINDOW
    b.statements.until(before + n)
    b.again.until(before + n)
    stated, again, seen = b.statements.times[before:], b.again.times[before:], records.times[WINDOW - 1 :: WINDOW]
    rows = list(zip(load.acked, stated, again, seen, strict=True))[1:]
    records.close()
    held = px.metric("makoto_verify_answers_held_total")
    px.stop()
    return (name, len(rows), *quantiles([r - s for _, s, _, r in rows]), *quantiles([abs(x - s) for _, s, x, _ in rows]),
            *quantiles([s - a for a, s, _, _ in rows]), f"{held:.0f}")  # fmt: skip


def main():
    settings = {"attest.window.records": WINDOW, "attest.dbom.partitions": 1}
    with reading.Bench("hold", **settings) as b:
        b.cluster.create(b.dbom, partitions=1)
        b.statements, b.again = (Watch(b.cluster.bootstrap, b.dbom, 1) for _ in range(2))
        rows = [case(b, "alone", alone), case(b, "steadily", steadily)]
        b.statements.close()
        b.again.close()
        b.writer.stop()
    run.table(f"windows of {WINDOW} records: ms", ("load", "windows", "statement → records p50", "p99", "floor p50", "p99",
                                                   "last record → statement p50", "p99", "held answers"), rows)  # fmt: skip


main()
