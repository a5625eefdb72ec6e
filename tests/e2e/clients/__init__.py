"""Unmodified clients, each behind the same two functions: produce(bootstrap, topic, records, …) and consume.

A record is a Rec; what a client cannot express (kcat: bytes that are not text, a timestamp) it is not given.
"""

import asyncio
import base64
import json
import os
import random
import subprocess
import tempfile
import time
from dataclasses import dataclass, field

import confluent_kafka
import kcattext
from confluent_kafka import Consumer, Producer, TopicPartition
from lab.kafka import ROOT, java

OWN = (b"makoto.content_hash", b"makoto.window_id", b"makoto.signature")


@dataclass
class Rec:
    key: bytes | None
    value: bytes | None
    headers: list = field(default_factory=list)  # [(bytes, bytes | None)]
    timestamp: int | None = None
    partition: int = 0
    offset: int = -1
    timestamp_type: int = 0

    def own(self):
        """Without what the proxy added at the end."""
        hs = self.headers
        return hs[:-3] if tuple(h[0] for h in hs[-3:]) == OWN else hs

    def same(self, other, timestamps=True):
        return (
            self.key == other.key
            and self.value == other.value
            and self.own() == other.own()
            and (not timestamps or None in (self.timestamp, other.timestamp) or self.timestamp == other.timestamp)
        )


def sample(n, seed=0, partitions=1, text=False, empty_header_name=False, both_null=False):
    """Records of every kind: null, empty and long keys and values, headers repeated, null, empty, binary."""
    rnd = random.Random(seed)
    now = int(time.time() * 1000) - 10 * n
    out = []
    for i in range(n):
        size = (0, 1, 10, 100, 100, 1000, 1000, 20000)[i % 8]
        if text:
            value = ("%d:" % i).encode() + b"x" * size
            out.append(Rec(b"key-%d" % i, value, [(b"h", b"v")] if i >= n // 2 else [], None, i % partitions))
            continue
        value = bytes(rnd.randrange(256) for _ in range(min(size, 64))) * (size // 64 + 1)
        value = None if i % 17 == 5 else value[:size]
        key = (b"k%d" % i, None, b"", bytes(rnd.randrange(256) for _ in range(9)))[i % 4]
        if key is None and value is None and not both_null:
            value = b"v"  # aiokafka sends no such record
        headers = []
        if i % 2:
            headers = [(b"trace", b"%032x" % rnd.getrandbits(128)), (b"twice", b"1"), (b"twice", b"2")]
        if i % 5 == 0:
            headers += [("größe-東京".encode(), bytes(range(256))), (b"null", None), (b"empty", b"")]
        if i % 7 == 0 and empty_header_name:
            headers += [(b"", b"no name")]
        out.append(Rec(key, value, headers, now + 10 * i + rnd.randrange(5) - 2, i % partitions))
    return out


def _b64(b):
    return None if b is None else base64.b64encode(b).decode()


def _unb64(s):
    return None if s is None else base64.b64decode(s)


def _job_record(r):
    out = {"p": r.partition, "k": _b64(r.key), "v": _b64(r.value), "h": [[_b64(n), _b64(v)] for n, v in r.headers]}
    if r.timestamp is not None:
        out["t"] = r.timestamp
    return out


def _result_record(r):
    headers = [(_unb64(n) or b"", _unb64(v)) for n, v in r.get("h") or []]
    return Rec(_unb64(r["k"]), _unb64(r["v"]), headers, r["t"], r["p"], r["o"], r.get("tt", 0))


def run_jobs(program, bootstrap, jobs, timeout=240):
    """Runs jobs with a client program in another language; its results."""
    with tempfile.TemporaryDirectory() as d:
        with open(d + "/jobs", "w") as f:
            json.dump(jobs, f)
        p = subprocess.run([*program, bootstrap, d + "/jobs", d + "/results"], capture_output=True, timeout=timeout)
        assert p.returncode == 0, p.stderr.decode(errors="replace")[-6000:]
        with open(d + "/results") as f:
            return json.load(f)


class _Program:
    """Java and Go: produce and consume are jobs, many of which can share one process."""

    nulls = True

    def __init__(self, name, command, defaults):
        self.name, self.command, self.defaults = name, command, defaults

    def produce_job(self, topic, records, codec="none", txn=None, **props):
        p = {"compression.type": codec, **self.defaults, **{k.replace("_", "."): str(v) for k, v in props.items()}}
        job = {"op": "produce", "topic": topic, "props": p, "records": [_job_record(r) for r in records]}
        if txn:
            job["txn"] = [{"commit": c, "count": n} for c, n in txn]
        return job

    def consume_job(self, topic, count, timeout=60, op="consume", **props):
        return {"op": op, "topic": topic, "count": count, "timeout": timeout, "props": {k.replace("_", "."): str(v) for k, v in props.items()}}

    def run(self, bootstrap, jobs, timeout=240):
        out = []
        for job, r in zip(jobs, run_jobs(self.command(), bootstrap, jobs, timeout)):
            out.append([_result_record(x) for x in r.get("records") or []] if job["op"] in ("consume", "share") else r)
        return out

    def produce(self, bootstrap, topic, records, **kw):
        return self.run(bootstrap, [self.produce_job(topic, records, **kw)])[0]["offsets"]

    def consume(self, bootstrap, topic, count, **kw):
        return self.run(bootstrap, [self.consume_job(topic, count, **kw)])[0]


JAVA = _Program("java", lambda: java("Jobs"), {"linger.ms": "20"})
GO = _Program("franz-go", lambda: [os.path.join(ROOT, "build", "e2e", "goclient")], {})


class Confluent:
    """librdkafka's newest, as Python ships it."""

    name = "confluent-kafka"

    @staticmethod
    def produce(bootstrap, topic, records, codec="none", txn=None, **props):
        conf = {
            "bootstrap.servers": bootstrap,
            "compression.type": codec,
            "linger.ms": 20,
            **{k.replace("_", "."): v for k, v in props.items()},
        }
        p = Producer(conf)
        offsets = [None] * len(records)
        errors = []

        def send(i):
            r = records[i]

            def done(err, msg, i=i):
                if err:
                    errors.append(err)
                else:
                    offsets[i] = [msg.partition(), msg.offset()]

            headers = [(n.decode("utf-8"), v) for n, v in r.headers]
            p.produce(topic, r.value, r.key, r.partition, on_delivery=done, timestamp=r.timestamp or 0, headers=headers)
            p.poll(0)

        if txn:
            p.init_transactions(60)
            at = 0
            for commit, n in txn:
                p.begin_transaction()
                for i in range(at, at + n):
                    send(i)
                at += n
                p.flush(60)
                p.commit_transaction(60) if commit else p.abort_transaction(60)
        else:
            for i in range(len(records)):
                send(i)
            left = p.flush(120)
            assert left == 0, f"{left} messages are not delivered"
        assert not errors, errors[:3]
        return offsets

    @staticmethod
    def consume(bootstrap, topic, count, timeout=60, **props):
        grouped = "group_id" in props
        conf = {
            "bootstrap.servers": bootstrap,
            "group.id": "unused",
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            "isolation.level": "read_uncommitted",
            "check.crcs": True,
            **{k.replace("_", "."): v for k, v in props.items()},
        }
        c = Consumer(conf)
        out = []
        try:
            if grouped:
                c.subscribe([topic])
            else:
                parts = c.list_topics(topic, 30).topics[topic].partitions
                c.assign([TopicPartition(topic, p, 0) for p in parts])
            end = time.monotonic() + timeout
            while len(out) < count and time.monotonic() < end:
                for m in c.consume(1000, 0.2):
                    assert not m.error() or m.error().code() == confluent_kafka.KafkaError._PARTITION_EOF, m.error()
                    if not m.error():
                        out.append(_confluent_record(m))
            if grouped and out:
                c.commit(asynchronous=False)
        finally:
            c.close()
        return out


def _confluent_record(m):
    kind, stamp = m.timestamp()
    headers = [(n.encode(), v) for n, v in m.headers() or []]
    return Rec(m.key(), m.value(), headers, stamp, m.partition(), m.offset(), 1 if kind == confluent_kafka.TIMESTAMP_LOG_APPEND_TIME else 0)


class Aiokafka:
    name = "aiokafka"

    @staticmethod
    def produce(bootstrap, topic, records, codec="none", **props):
        from aiokafka import AIOKafkaProducer

        async def main():
            args = {"acks": "all", **props}
            p = AIOKafkaProducer(bootstrap_servers=bootstrap, compression_type=None if codec == "none" else codec, linger_ms=20, **args)
            await p.start()
            try:
                futures = []
                for r in records:
                    headers = [(n.decode(), v) for n, v in r.headers]
                    futures.append(
                        await p.send(topic, r.value, r.key, partition=r.partition, timestamp_ms=r.timestamp, headers=headers)
                    )
                return [[m.partition, m.offset] for m in await asyncio.gather(*futures) if m is not None]  # acks=0: None
            finally:
                await p.stop()

        return asyncio.run(main())

    @staticmethod
    def consume(bootstrap, topic, count, timeout=60, **props):
        from aiokafka import AIOKafkaConsumer

        async def main():
            c = AIOKafkaConsumer(topic, bootstrap_servers=bootstrap, auto_offset_reset="earliest", enable_auto_commit=False, **props)
            await c.start()
            out = []
            try:
                end = time.monotonic() + timeout
                while len(out) < count and time.monotonic() < end:
                    for batch in (await c.getmany(timeout_ms=300)).values():
                        for r in batch:
                            headers = [(n.encode(), v) for n, v in r.headers]
                            out.append(Rec(r.key, r.value, headers, r.timestamp, r.partition, r.offset, r.timestamp_type))
                if props.get("group_id"):
                    await c.commit()
                return out
            finally:
                await c.stop()

        return asyncio.run(main())


class Kcat:
    """Text records only; Debian's librdkafka 2.0.2."""

    name = "kcat"
    env = {}  # which librdkafka, when it isn't Debian's

    @classmethod
    def produce(cls, bootstrap, topic, records, codec="none", **props):
        extra = [x for k, v in props.items() for x in ("-X", f"{k.replace('_', '.')}={v}")]
        for partition in sorted({r.partition for r in records}):
            groups = {}
            for r in records:
                if r.partition == partition:
                    groups.setdefault(tuple(r.headers), []).append(r)
            for headers, group in groups.items():
                cmd = ["kcat", "-b", bootstrap, "-P", "-t", topic, "-p", str(partition), "-K", "\t", "-z", codec, *extra]
                for n, v in headers:
                    cmd += ["-H", f"{n.decode()}={v.decode()}"]
                text = b"".join(r.key + b"\t" + r.value + b"\n" for r in group)
                p = subprocess.run(cmd, input=text, capture_output=True, timeout=60, env={**os.environ, **cls.env})
                assert p.returncode == 0, p.stderr.decode()

    @classmethod
    def consume(cls, bootstrap, topic, count, timeout=60, **props):
        cmd = ["kcat", "-b", bootstrap, "-C", "-t", topic, "-e", "-q", "-o", "beginning", "-f", kcattext.FORMAT]
        p = subprocess.run(cmd, capture_output=True, timeout=timeout, env={**os.environ, **cls.env})
        assert p.returncode == 0, p.stderr.decode()
        return [Rec(key, value, headers, stamp, part, off) for part, off, stamp, key, value, headers in kcattext.records(p.stdout)]
