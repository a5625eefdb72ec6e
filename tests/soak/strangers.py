"""Connections that are short, cut off, or no Kafka at all, one after another, straight to the proxy.

    strangers.py '{"host", "port", "directory", "topic", "partitions", "perSecond", "seed", "results"}'

Until its standard input ends; then writes how many there were of each kind.  A record that one of them sends without waiting
for an answer is journalled as sent, like a producer's.
"""

import hashlib
import json
import os
import random
import socket
import struct
import sys
import threading
import time
from collections import Counter

import paths

import kafkalog
import wire

HELLO = bytes.fromhex("16030100f8010000f40303") + bytes(240)
KINDS = ("hello", "http", "half", "half, reset", "silent", "polite", "hasty", "unheard")


class Strangers:
    def __init__(self, job):
        self.job, self.rng, self.done, self.number = job, random.Random(job["seed"]), Counter(), 0
        self.ending = threading.Event()
        self.files = {}
        threading.Thread(target=self._until_told, daemon=True).start()

    def _until_told(self):
        sys.stdin.read()
        self.ending.set()

    def run(self):
        while not self.ending.is_set():
            kind = self.rng.choice(KINDS)
            try:
                with wire.Conn(self.job["host"], self.job["port"], timeout=20, client_id="stranger") as c:
                    getattr(self, "_" + kind.split(",")[0])(c, kind)
                self.done[kind] += 1
            except (OSError, ConnectionError):
                self.done[f"{kind}: broken"] += 1
            self.ending.wait(self.rng.expovariate(self.job["perSecond"]))
        with open(self.job["results"], "w") as f:
            json.dump(self.done, f)

    def _hello(self, c, kind):
        c.send_raw(HELLO)
        assert c.closed(), "a TLS hello was taken"

    def _http(self, c, kind):
        c.send_raw(b"GET / HTTP/1.1\r\nHost: kafka\r\n\r\n")
        assert c.closed(), "HTTP was taken"

    def _half(self, c, kind):
        frame = self._produce()[1]
        c.send_raw((struct.pack(">i", len(frame)) + frame)[: self.rng.randrange(1, len(frame))])
        if kind != "half":
            c.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def _silent(self, c, kind):
        pass

    def _polite(self, c, kind):
        assert c.ask("ApiVersions", 3, {"ClientSoftwareName": "stranger", "ClientSoftwareVersion": "1"})["ErrorCode"] == 0
        c.ask("Metadata", 12, {"Topics": [{"Name": self.job["topic"]}]})

    def _hasty(self, c, kind):
        c.send("Metadata", 12, {"Topics": [{"Name": self.job["topic"]}]})
        c.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def _unheard(self, c, kind):
        """A whole Produce request at the partition's leader, whose answer nobody waits for."""
        line, frame = self._produce()
        got = c.ask("Metadata", 12, {"Topics": [{"Name": self.job["topic"]}]})["Topics"][0]
        leader = next(p["LeaderId"] for p in got["Partitions"] if p["PartitionIndex"] == line["p"])
        self._note(line)
        with wire.Conn(self.job["host"], self.job["port"] + leader, timeout=20) as d:
            d.send_frame(frame)

    def _produce(self):
        j = self.job
        partition = self.rng.randrange(j["partitions"])
        u = f"stranger:{self.number}"
        value = self.rng.randbytes(self.rng.randrange(200))
        line = {
            "e": "send", "c": "stranger", "kind": "plain", "acks": "1", "t": j["topic"], "p": partition, "u": u,
            "v": hashlib.sha256(value).hexdigest(), "n": self.number, "x": None,
        }  # fmt: skip
        self.number += 1
        batch = kafkalog.make_batch([kafkalog.Record(0, int(time.time() * 1000), u.encode(), value)]).pack()
        data = [{"Name": j["topic"], "PartitionData": [{"Index": partition, "Records": batch}]}]
        return line, wire.encode_request("Produce", 9, {"Acks": 1, "TimeoutMs": 5000, "TopicData": data}, 1, "stranger")

    def _note(self, line):
        place = line["t"], line["p"]
        if place not in self.files:
            directory = paths.place_dir(self.job["directory"], *place)
            os.makedirs(directory, exist_ok=True)
            self.files[place] = open(os.path.join(directory, "journal-stranger.jsonl"), "a", buffering=1)
        self.files[place].write(json.dumps(line) + "\n")


if __name__ == "__main__":
    Strangers(json.loads(sys.argv[1])).run()
