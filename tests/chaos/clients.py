"""A producer in a process of its own, which writes down what it does and what it is told, each line at once.

    clients.py '{"name", "kind", "acks", "topic", "partitions", "bootstrap", "journal", "seed", "perSecond", "compression", "records"?}'

kind: idempotent | plain | transactional.  The journal's lines are in checker.py.  It produces until its standard input
ends, or so many records, then waits for what is under way, and ends with 0; what it was told nothing about stays without a line.
tests/e2e/clients/java/ChaosClient.java is the same with Kafka's own client, roamer.py a kind that goes two ways.
Transactions are committed, aborted, or left behind, to be ended by the next producer of that name or by their timeout.
"""

import hashlib
import json
import math
import random
import sys
import threading
import time

from confluent_kafka import KafkaException, Producer

FLUSH = 25  # seconds, at most


class Client:
    def __init__(self, job):
        self.job, self.rng = job, random.Random(job["seed"])
        self.file = open(job["journal"], "a", buffering=1)
        self.number = 0
        self.life = 0  # of producers, one after another
        self.ending = threading.Event()
        self.fatal = False
        if "records" not in job:  # a thread that reads may not be there when Python ends
            threading.Thread(target=self._until_told, daemon=True).start()

    def _until_told(self):
        sys.stdin.read()
        self.ending.set()

    def note(self, **line):
        self.file.write(json.dumps(line) + "\n")

    def producer(self):
        self.life += 1
        self.fatal = False
        j = self.job
        conf = {
            "bootstrap.servers": j["bootstrap"],
            "client.id": j["name"],
            "log_level": 0,
            "linger.ms": self.rng.choice((0, 2, 20)),
            "compression.type": j["compression"],
            "acks": j["acks"],
            "message.timeout.ms": 20000,
            "request.timeout.ms": 2000,
            "socket.timeout.ms": 4000,
            "retry.backoff.ms": 50,
            "retry.backoff.max.ms": 300,
            "reconnect.backoff.ms": 20,
            "reconnect.backoff.max.ms": 200,
            "topic.metadata.refresh.interval.ms": 1000,
            "topic.metadata.refresh.fast.interval.ms": 50,
            "error_cb": self._error,
        }
        if j["kind"] == "idempotent":
            conf["enable.idempotence"] = True
        if j["kind"] == "transactional":
            conf.update({"transactional.id": j["name"], "transaction.timeout.ms": 6000, "message.timeout.ms": 6000})
        return Producer(conf)

    def _error(self, err):
        self.fatal = self.fatal or err.fatal()

    def _told(self, err, msg):
        u = msg.key().decode()
        if err is not None:
            self.note(e="fail", u=u, t=msg.topic(), p=msg.partition(), err=err.name())
        else:
            o = msg.offset()
            told = o is not None and o >= 0 and self.job["acks"] != "0"
            self.note(e="ack", u=u, t=msg.topic(), p=msg.partition(), o=o if told else None)

    def record(self, partition, x):
        """(key, value, headers) of the next one, which is written down."""
        j, rng = self.job, self.rng
        u = f"{j['name']}:{self.life}:{self.number}"
        size = rng.choice((0, 10, 100, 100, 100, 1000))
        value = None if rng.random() < 0.03 else (u + ":").encode() + rng.randbytes(size // 2) + b"." * (size - size // 2)
        headers = [(f"h{i}", rng.choice((None, b"", rng.randbytes(8)))) for i in range(rng.choice((0, 0, 1, 3)))]
        digest = None if value is None else hashlib.sha256(value).hexdigest()
        client = f"{j['name']}:{self.life}"
        self.note(e="send", c=client, kind=j["kind"], acks=j["acks"], t=j["topic"], p=partition, u=u, v=digest, n=self.number, x=x)
        self.number += 1
        return u, value, headers

    def send(self, p, x=None):
        partition = self.rng.randrange(self.job["partitions"])
        u, value, headers = self.record(partition, x)
        while True:
            try:
                p.produce(self.job["topic"], value, u.encode(), partition, self._told, headers=headers)
                break
            except BufferError:
                p.poll(0.1)
        p.poll(0)

    def pace(self, n):
        """Sleeps as long as n records should take: load, and nothing that is waited for."""
        self.ending.wait(n / self.job["perSecond"] * self.rng.uniform(0.5, 1.5))

    def run(self):
        if self.job["kind"] in ("transactional", "roaming"):
            self.transactions()
        else:
            p = self.producer()
            most = self.job.get("records", math.inf)
            while not self.ending.is_set() and self.number < most:
                n = min(self.rng.randint(1, 30), most - self.number)
                for _ in range(n):
                    if not self.fatal:
                        self.send(p)
                self.pace(n)
                if self.fatal:
                    p.flush(FLUSH)
                    p = self.producer()
            p.flush(FLUSH)
        self.file.close()

    def patient(self, what, *args):
        """Calls it until it succeeds or can't; a retriable error says that it may be called again."""
        end = time.monotonic() + FLUSH
        while True:
            try:
                return what(*args)
            except KafkaException as e:
                if not e.args[0].retriable() or time.monotonic() > end:
                    raise

    def transactions(self):
        p = None
        number = 0
        while not self.ending.is_set():
            x = f"{self.job['name']}/{number}"
            number += 1
            out = "unknown"
            try:
                if p is None:
                    p = self.producer()
                    self.patient(p.init_transactions, 5)
                p.begin_transaction()
                for _ in range(self.rng.randint(1, 3)):
                    n = self.rng.randint(1, 12)
                    for _ in range(n):
                        self.send(p, x)
                    self.pace(n)
                what = self.rng.choices(("commit", "abort", "leave"), (60, 30, 10))[0]
                if what == "commit":
                    self.patient(p.commit_transaction, 5)
                    out = "committed"
                elif what == "abort":
                    p.flush(2)
                    self.patient(p.abort_transaction, 5)
                    out = "aborted"
                else:
                    p.flush(2)
                    p = None
            except (KafkaException, SystemError) as e:
                # A fatal error that comes up while flush() tells of a record is the cause of a SystemError.
                error = e if isinstance(e, KafkaException) else e.__cause__
                if not isinstance(error, KafkaException):
                    raise
                if p is not None and error.args[0].txn_requires_abort():
                    try:
                        self.patient(p.abort_transaction, 5)
                        out = "aborted"
                    except KafkaException:
                        p = None
                else:
                    p = None
            self.note(e="txn", x=x, out=out)


if __name__ == "__main__":
    Client(json.loads(sys.argv[1])).run()
