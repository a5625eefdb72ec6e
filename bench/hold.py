"""How soon records come through an enforcing proxy once their window is closed, and once its statement is published.

Three times of each window, by one clock: its last record, which closes it, is in the hands of a consumer that reads past
the proxy; its statement is in the hands of a consumer of the statement topic; its last record is in the hands of a consumer
behind enforce.  The floor is how far apart the same statement comes to two such consumers: what the brokers and a busy
machine do to anybody.  librdkafka's producer names topics by name (Produce up to 12), Java's by their ids (Produce 13).
Each record is a batch of its own: one that has records of two windows waits for both.
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
    """librdkafka: records one after another."""

    def __init__(self, bootstrap, topic, records):
        self.topic, self.sent, self.records = topic, 0, records
        self.producer = Producer({"bootstrap.servers": bootstrap, "acks": "all", "linger.ms": 0, "batch.num.messages": 1})
        self.send(WINDOW)  # connections, metadata, the first search
        self.seen()

    def send(self, n):
        for _ in range(n):
            self.producer.produce(self.topic, b"x" * run.SIZE)
        self.sent += n
        self.producer.poll(0)

    def seen(self):
        assert self.producer.flush(60) == 0
        self.records.until(self.sent)


def at_a_time(windows):
    """So many at a time, at any moment of the waiting that goes on meanwhile."""

    def work(bootstrap, topic, records):
        load, rnd = Load(bootstrap, topic, records), random.Random(1)
        for _ in range(ROUNDS * WINDOWS // windows):
            load.send(WINDOW * windows)
            load.seen()
            time.sleep(rnd.random() * 0.3)

    return work


def steadily(bootstrap, topic, records):
    """1,000 records a second: 20 windows."""
    load, start = Load(bootstrap, topic, records), time.monotonic()
    for i in range(ROUNDS * WINDOWS * WINDOW):
        time.sleep(max(0.0, start + i / 1000 - time.monotonic()))
        load.send(1)
    load.seen()


def java_at(rate):
    """Java's producer, so many records a second."""

    def work(bootstrap, topic, records):
        n = (ROUNDS * WINDOWS + 1) * WINDOW
        run.perf(bootstrap, topic, n, rate=rate, **{"batch.size": 0, "linger.ms": 0})
        records.until(n)

    return work


def quantiles(xs):
    xs = sorted(xs)
    return [f"{1000 * xs[min(len(xs) - 1, int(len(xs) * q))]:.1f}" for q in (0.5, 0.99)]


def produces(px, by_id):
    """Produce requests that named topics by their ids, or by name."""
    by = px.metrics()
    return sum(n for name, n in by.items() if 'api="Produce"' in name and name.startswith("makoto_requests_total") and ('version="13"' in name) == by_id)


def case(b, number, name, work, by_id):
    topic = b.topic(number)
    px = b.reader("enforce")
    before, others = len(b.statements.times), produces(b.writer, not by_id)
    direct, records = Watch(b.cluster.bootstrap, topic, 1), Watch(px.bootstrap, topic, 1)
    work(b.writer.bootstrap, topic, records)
    assert produces(b.writer, not by_id) == others, "topics were to be named in the other way"
    direct.until(len(records.times))
    closed, seen = (w.times[WINDOW - 1 :: WINDOW] for w in (direct, records))
    b.statements.until(before + len(closed))
    b.again.until(before + len(closed))
    stated, again = b.statements.times[before:], b.again.times[before:]
    rows = list(zip(closed, stated, again, seen, strict=True))[1:]  # the first has connections, metadata, the first search
    direct.close()
    records.close()
    held = px.metric("makoto_verify_answers_held_total")
    px.stop()
    return (name, len(rows), *quantiles([r - c for c, _, _, r in rows]), *quantiles([s - c for c, s, _, _ in rows]),
            *quantiles([r - s for _, s, _, r in rows]), *quantiles([abs(x - s) for _, s, x, _ in rows]), f"{held:.0f}")  # fmt: skip


CASES = (  # a record each 13 ms: a window takes 650, which no waiting is a multiple of
    ("by id, 77 records/s", java_at(77), True),
    ("by id, 1,000 records/s", java_at(1000), True),
    ("by name, a window at a time", at_a_time(1), False),
    ("by name, 25 windows at a time", at_a_time(25), False),
    ("by name, 1,000 records/s", steadily, False),
)


def main():
    settings = {"attest.window.records": WINDOW, "attest.dbom.partitions": 1}
    with reading.Bench("hold", **settings) as b:
        b.cluster.create(b.dbom, partitions=1)
        b.statements, b.again = (Watch(b.cluster.bootstrap, b.dbom, 1) for _ in range(2))
        rows = [case(b, i, *c) for i, c in enumerate(CASES)]
        b.statements.close()
        b.again.close()
        b.writer.stop()
    run.table(f"windows of {WINDOW} records: ms", ("load", "windows", "closed → records p50", "p99", "closed → statement p50", "p99",
                                                   "statement → records p50", "p99", "floor p50", "p99", "held answers"), rows)  # fmt: skip


main()
