"""One partition of a soak run: chaos' checker over it, and what is added up over all of them.

    places.py DIRECTORY CLUSTER-DIRECTORY TOPIC PARTITION

DIRECTORY has run.json and places/TOPIC-PARTITION/{journal-*,statements}.jsonl; the log is read from the brokers' disks.  Writes
result.json beside them.  A process for each, one after another: an hour's records take a gigabyte for each partition, and not
that for all.  With a violation the log is kept too, as checker.py reads it (counters are of the whole run and say nothing there).
"""

import glob
import json
import os
import shutil
import sys

import paths

import checker
import evidence
from cryptography.hazmat.primitives import serialization
from lab.kafka import Cluster
from reader import digest

MOST = 50  # violations and notes that are kept of a partition


def divide(cluster, run, directory):
    """Every statement to its partition's directory; what is of none goes to the first, where it is found to be wrong.

    (statement records, their bytes)
    """
    places = [(t, p) for t, about in run["topics"].items() for p in range(about["partitions"])]
    files = {}
    count = size = 0
    for topic, p in places:
        d = paths.place_dir(directory, topic, p)
        os.makedirs(d, exist_ok=True)
        files[topic, p] = open(os.path.join(d, "statements.jsonl"), "w")
    for p in range(run["dbomPartitions"]):
        for r in cluster.log(run["dbomTopic"], p).records:
            hs = [(n.hex(), evidence.hexed(v)) for n, v in r.headers]
            line = json.dumps({"p": p, "o": r.offset, "k": evidence.hexed(r.key), "v": evidence.hexed(r.value), "h": hs})
            files.get(place_of(r.value), files[places[0]]).write(line + "\n")
            count += 1
            size += len(r.value or b"") + sum(len(v or b"") for n, v in r.headers if n == b"makoto.leaves")
    for f in files.values():
        f.close()
    return count, size


def place_of(value):
    payload = checker.open_envelope(value, 2, [])[0] if value else None
    try:
        k = json.loads(payload)["predicate"]["metadata"]["kafka"]
        return k["topic"], k["partition"]
    except (ValueError, KeyError, TypeError):
        return None


def thrifty(lines):
    """Texts that stand in every line are in memory once."""
    for x in lines:
        for k in ("e", "c", "kind", "acks", "t", "x"):
            if isinstance(x.get(k), str):
                x[k] = sys.intern(x[k])
        yield x


def load(directory, run, log, place):
    d = paths.place_dir(directory, *place)
    journal = [x for p in sorted(glob.glob(os.path.join(d, "journal-*.jsonl"))) for x in thrifty(checker.lines_of(p))]
    statements = [
        (x["p"], x["o"], checker.unhex(x["k"]), checker.unhex(x["v"]), [(bytes.fromhex(n), checker.unhex(v)) for n, v in x["h"]])
        for x in checker.lines_of(os.path.join(d, "statements.jsonl"))
    ]
    with open(os.path.join(directory, "key.pem"), "rb") as f:
        keys = [serialization.load_pem_public_key(f.read())]
    return checker.Evidence(run, journal, {place: log}, statements, checker.Counted(), keys)


def sums_of(log):
    """{isolation: [records, sum]} that a consumer must have read."""
    out = {"read_uncommitted": [0, 0], "read_committed": [0, 0]}
    for o, r in log.records.items():
        part = digest(o, r.key, r.value)
        for isolation, x in out.items():
            if isolation == "read_uncommitted" or o not in log.aborted:
                x[0] += 1
                x[1] = (x[1] + part) % (1 << 64)
    return out


def outside(c, topic, partition, log):
    """Some of the records that the log has and no window: (offset, key, the window that they name, how many it says are unresolved)"""
    out = []
    for o, r in log.records.items():
        if (topic, partition, o) not in c.listing and len(out) < MOST:
            marks = checker.triples_of(r)
            named = marks[-1][1] if marks else None
            s = named and c.chains.get(named[0], {}).get(named[1])
            out.append((o, (r.key or b"").decode(errors="replace"), named and named[1], s and s.unresolved))
    return out


def examine(ev):
    """What result.json has."""
    c = checker.Checker(ev)
    report = c.check_places()
    sums = c.sums()
    ((topic, partition), log), = ev.logs.items()
    stated = [s for chain in c.chains.values() for s in chain.values()]
    return {
        "topic": topic,
        "partition": partition,
        "violations": [vars(v) for v in report.violations[:MOST]],
        "violated": len(report.violations),
        "notes": [vars(v) for v in report.notes[:MOST]],
        "figures": dict(report.figures),
        "sums": vars(sums),
        "records": len(log.records),
        "outside": outside(c, topic, partition, log) if ev.run["topics"][topic]["attested"] else [],
        "emptyBefore": sum(s.empty_before for s in stated),
        "read": sums_of(log),
    }


def main():
    directory, cluster_dir, topic, partition = sys.argv[1:]
    place = topic, int(partition)
    with open(os.path.join(directory, "run.json")) as f:
        run = json.load(f)
    ev = load(directory, run, evidence.log_of(Cluster(cluster_dir), *place), place)
    result = examine(ev)
    d = paths.place_dir(directory, *place)
    if result["violations"]:
        evidence.save({**run, "countersComplete": False}, ev.logs, ev.statements, [], d)
        shutil.copy(os.path.join(directory, "key.pem"), d)
    with open(os.path.join(d, "result.json"), "w") as f:
        json.dump(result, f)


if __name__ == "__main__":
    main()
