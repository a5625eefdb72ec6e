"""Consumers that keep nothing of what they read but how much it was, and a sum of it.

    reader.py '{"bootstrap", "topics", "partitions", "group", "protocol", "isolation", "results", "seed"}'

Reads until its standard input gives a line {"topic-partition": end, …} and has got that far; then writes to results
{"topic-partition": [records, sum]}.  Without a group: consumers that live for a second, one after another, and check nothing.
"""

import json
import random
import sys
import threading
import zlib

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, TopicPartition


def digest(offset, key, value):
    """One record's part of the sum."""
    return zlib.crc32(b"%d|%s|%s" % (offset, key or b"", value or b""))


class Reader:
    def __init__(self, job):
        self.job, self.rng = job, random.Random(job["seed"])
        self.ends = None
        self.high, self.got, self.at_end = {}, {}, {}
        self.told = threading.Event()
        threading.Thread(target=self._until_told, daemon=True).start()

    def _until_told(self):
        line = sys.stdin.readline()
        self.ends = json.loads(line) if line.strip() else {}
        self.told.set()

    def consumer(self, group):
        conf = {
            "bootstrap.servers": self.job["bootstrap"],
            "client.id": group,
            "group.id": group,
            "log_level": 0,
            "auto.offset.reset": "earliest",
            "isolation.level": self.job["isolation"],
            "enable.partition.eof": True,
            "auto.commit.interval.ms": 1000,
            "socket.timeout.ms": 10000,
            "reconnect.backoff.ms": 20,
            "reconnect.backoff.max.ms": 500,
        }
        if self.job["group"]:
            conf["group.protocol"] = self.job["protocol"]
        return Consumer(conf)

    def take(self, m):
        place = f"{m.topic()}-{m.partition()}"
        if m.error():
            if m.error().code() == KafkaError._PARTITION_EOF:
                self.at_end[place] = max(m.offset(), self.at_end.get(place, 0))
            return
        if m.offset() <= self.high.get(place, -1):
            return  # read again, from the group's commit
        self.high[place] = m.offset()
        n, total = self.got.get(place, (0, 0))
        self.got[place] = n + 1, (total + digest(m.offset(), m.key(), m.value())) % (1 << 64)

    def run(self):
        if not self.job["group"]:
            self.brief()
            return
        c = self.consumer(self.job["group"])
        c.subscribe(self.job["topics"])
        while not (self.told.is_set() and all(self.at_end.get(k, 0) >= end for k, end in self.ends.items())):
            for m in c.consume(1000, 0.3):
                self.take(m)
        c.close()
        with open(self.job["results"], "w") as f:
            json.dump(self.got, f)

    def brief(self):
        n = 0
        while not self.told.is_set():
            c = self.consumer("brief")
            place = TopicPartition(self.rng.choice(self.job["topics"]), self.rng.randrange(self.job["partitions"]), OFFSET_BEGINNING)
            c.assign([place])
            n += len(c.consume(self.rng.randint(1, 200), 1.0))
            c.close()
            self.told.wait(self.rng.uniform(0, 1))
        with open(self.job["results"], "w") as f:
            json.dump({"brief": n}, f)


if __name__ == "__main__":
    Reader(json.loads(sys.argv[1])).run()
