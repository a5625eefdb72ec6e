"""What the drivers in Python have in common: jobs in, answers out (../../PROTOCOL.md)."""

import base64
import json
import os
import sys
import time


def unb64(s):
    return None if s is None else base64.b64decode(s)


def b64(b):
    return None if b is None else base64.b64encode(bytes(b)).decode()


def answer_record(partition, offset, timestamp, key, value, headers):
    """headers: (name as text or bytes, value)"""
    pairs = [[b64(n.encode() if isinstance(n, str) else n), b64(v)] for n, v in headers or ()]
    return {"p": partition, "o": offset, "t": timestamp, "k": b64(key), "v": b64(value), "h": pairs}


def headers(record):
    return [(unb64(n).decode(), unb64(v)) for n, v in record["h"]]


def brokers(pairs):
    return sorted([i, h, p] for i, h, p in pairs)


def take(props, known):
    """The client's own settings for Kafka's names; known: {name: (its name, how to read it)}.  None is ignored."""
    out = {}
    for name, value in props.items():
        if name not in known:
            raise ValueError(f"no such property here: {name}")
        if known[name] is not None:
            mine, read = known[name]
            out[mine] = read(value)
    return out


def transactions(job):
    """(commit, records) in turn."""
    at = 0
    for t in job["txn"]:
        yield t["commit"], job["records"][at : at + t["count"]]
        at += t["count"]


def until(what, check, timeout=30):
    """For what a client's admin calls start and don't wait for."""
    end = time.monotonic() + timeout
    while True:
        got = check()
        if got:
            return got
        if time.monotonic() > end:
            raise TimeoutError(what)
        time.sleep(0.05)


def serve(ops):
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # a client that prints does not disturb
    for line in sys.stdin:
        job = json.loads(line)
        try:
            answer = ops[job["op"]](job) or {}
        except Exception as e:
            answer = {"error": {"name": type(e).__name__, "message": str(e)}}
        out.write(json.dumps(answer) + "\n")
        out.flush()
