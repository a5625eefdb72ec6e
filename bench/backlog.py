"""What a record takes while it waits: memory until its window's statement is signed, disk until that is published.

usage: backlog.py ROUNDS
"""

import os
import statistics
import tempfile
import time

import run  # puts the tests' modules on the path, and takes ROUNDS
from lab.kafka import until
from proxy import Proxy

SIZE, WARM = 100, 20_000


def at_rest(px):
    """Nothing was written to the journal for five seconds: what can be signed is."""
    size = None
    while size != (size := px.metric("makoto_journal_bytes")):
        time.sleep(5)


def waiting(cluster, directory, name, settings, records=1_000_000, **producer):
    """What so many records took for each, in bytes: journal, memory."""
    topic = f"bench-backlog-{name}-{os.getpid()}"
    cluster.create(topic, partitions=3, rf=1)
    cluster.create(topic + "-dbom", partitions=1, rf=1, configs={"max.message.bytes": 100})  # which takes nothing
    settings |= {"attest.dbom.topic": topic + "-dbom", "shutdown.timeout": "1s"}
    px = Proxy(os.path.join(directory, name), cluster.bootstrap, settings).start()
    run.perf(px.bootstrap, topic, WARM, size=SIZE, **producer)  # connections, buffers
    before = run.rss_mb(px.proc.pid), px.metric("makoto_journal_bytes")
    run.perf(px.bootstrap, topic, records, size=SIZE, **producer)
    until("all are attested", lambda: px.metric("makoto_records_attested_total") == records + WARM, 120)
    at_rest(px)
    memory = (run.rss_mb(px.proc.pid) - before[0]) * 1024 * 1024 / records
    disk = (px.metric("makoto_journal_bytes") - before[1]) / records
    px.kill()
    return disk, memory


def main():
    cluster = run.Cluster()
    kept = cluster.alive()
    if not kept:
        cluster.start()
    rows = {"not signed yet": [], "not signed yet, each a batch of its own": [], "signed, not published": []}
    alone = {"records": 200_000, "batch.size": 1, "linger.ms": 0}
    for n in range(run.ROUNDS):
        with tempfile.TemporaryDirectory() as d:
            is_open = {"attest.window.records": 1_000_000, "attest.window.max.age": "1h", "attest.backlog.records": 2_000_000}
            rows["not signed yet"].append(waiting(cluster, d, f"open-{n}", is_open))
            disk, _ = waiting(cluster, d, f"alone-{n}", is_open, **alone)  # too few for memory to stand out
            rows["not signed yet, each a batch of its own"].append((disk,))
            signed = {"attest.window.max.age": "1s"}
            rows["signed, not published"].append(waiting(cluster, d, f"signed-{n}", signed))
    run.table(f"records of {SIZE} bytes that wait, median of {run.ROUNDS} rounds", ("records that wait", "disk, bytes for each", "memory, bytes for each"),
              [(name, *(f"{statistics.median(x):.0f}" for x in zip(*got)), *[""] * (2 - len(got[0]))) for name, got in rows.items()])
    if not kept:
        cluster.stop()


main()
