"""Gathers what checker.py decides from: the brokers' log and the statement topic, read from the leaders' disks.

    gather(cluster, run, metrics, directory)     run: checker.py's run.json, with the topics' ids filled in here
    save(run, logs, statements, metrics, directory)
"""

import json
import os

import checker


def hexed(data):
    return None if data is None else data.hex()


def save(run, logs, statements, metrics, directory):
    with open(os.path.join(directory, "run.json"), "w") as f:
        json.dump(run, f, indent=1)
    with open(os.path.join(directory, "metrics.json"), "w") as f:
        json.dump(metrics, f, indent=1)
    with open(os.path.join(directory, "log.jsonl"), "w") as f:
        for (t, p), log in logs.items():
            head = {"t": t, "p": p, "end": log.end, "aborted": sorted(log.aborted), "open": sorted(log.open), "lossyFrom": log.lossy_from}
            f.write(json.dumps(head) + "\n")
            for o, r in sorted(log.records.items()):
                hs = [(n.hex(), hexed(v)) for n, v in r.headers]
                one = {"t": t, "p": p, "o": o, "ts": r.timestamp, "k": hexed(r.key), "v": hexed(r.value), "h": hs, "x": int(r.transactional)}
                f.write(json.dumps(one) + "\n")
    with open(os.path.join(directory, "statements.jsonl"), "w") as f:
        for p, o, k, v, hs in statements:
            f.write(json.dumps({"p": p, "o": o, "k": hexed(k), "v": hexed(v), "h": [(n.hex(), hexed(x)) for n, x in hs]}) + "\n")


def log_of(cluster, topic, partition):
    """The partition as the leader's disk has it, control records' effect included."""
    got = cluster.log(topic, partition)
    out = checker.Log({}, set(got.aborted), set(got.open), got.end)
    in_transactions = [
        (b.base_offset, b.base_offset + b.last_delta) for b in got.batches if b.transactional and not b.control
    ]
    offsets = {o for first, last in in_transactions for o in range(first, last + 1)}
    for r in got.records:
        out.records[r.offset] = checker.Record(r.offset, r.timestamp, r.key, r.value, r.headers, r.offset in offsets)
    epoch = next(p["LeaderEpoch"] for p in cluster.metadata(topic)["Partitions"] if p["PartitionIndex"] == partition)
    if epoch > 0:
        out.lossy_from = next((b.base_offset for b in got.batches if b.leader_epoch > 0), got.end)
    return out


def gather(cluster, run, metrics, directory):
    logs = {}
    for topic, about in run["topics"].items():
        about["id"] = cluster.topic_id(topic)
        for p in cluster.partitions(topic):
            logs[topic, p] = log_of(cluster, topic, p)
    dbom = run["dbomTopic"]
    partitions = cluster.partitions(dbom)
    run["dbomPartitions"] = len(partitions)
    statements = [(p, r.offset, r.key, r.value, r.headers) for p in partitions for r in cluster.log(dbom, p).records]
    save(run, logs, statements, metrics, directory)
