"""What the journal costs: proxies that differ in state.sync alone, in turn; ratios within a round, medians.

usage: journal.py ROUNDS [PROGRAM]     PROGRAM: another makoto-proxy to compare with, such as one without a journal
"""

import os
import statistics
import sys
import tempfile

ROUNDS = int(sys.argv[1])
PEER = sys.argv[2] if len(sys.argv) > 2 else None
sys.argv[1:] = ["0"]

import run  # noqa: E402, I001  puts the tests' modules on the path
import proxy  # noqa: E402

# Segments of 4 MiB: behind the first round they are written over older ones, as in a proxy that has run for a while.
SETTINGS = {"attest.window.max.age": "10s", "state.max.bytes": "64MiB"}
CASES = (("none, 128 KiB batches", 150000, {}), ("none, 10,000 records/s, linger 0", 60000, {"rate": 10000, "linger.ms": 0}))


def main():
    cluster = run.Cluster()
    kept = cluster.alive()
    if not kept:
        cluster.start()
    with tempfile.TemporaryDirectory() as d:
        proxies = {}
        for sync in ("none", "window", "always"):
            settings = {**SETTINGS, "state.sync": sync}
            proxies[f"state.sync: {sync}"] = proxy.Proxy(os.path.join(d, sync), cluster.bootstrap, settings).start()
        if PEER:
            ours, proxy.PROXY = proxy.PROXY, PEER
            proxies["the other program"] = proxy.Proxy(os.path.join(d, "peer"), cluster.bootstrap, SETTINGS).start()
            proxy.PROXY = ours
        rows = []
        for name, records, props in CASES:
            topic = f"bench-journal-{len(rows)}-{os.getpid()}"
            cluster.create(topic, partitions=3, rf=3)
            cpu, speed = {k: [] for k in proxies}, {k: [] for k in proxies}
            for _ in range(ROUNDS + 1):  # the first one warms
                for k, px in proxies.items():
                    before = run.cpu_ms(px.proc.pid)
                    speed[k].append(run.perf(px.bootstrap, topic, records, **props))
                    cpu[k].append((run.cpu_ms(px.proc.pid) - before) / (records * run.SIZE / 1e6))
            first = next(iter(proxies))
            for k in proxies:
                ratio = statistics.median(a / b for a, b in zip(cpu[k][1:], cpu[first][1:]))
                rows.append((name, k, f"{statistics.median(cpu[k][1:]):.2f}", f"{ratio:.2f}", f"{statistics.median(speed[k][1:]):.1f}"))
        run.table(f"the journal, median of {ROUNDS} rounds", ("case", "proxy", "CPU-ms per MB", "to state.sync: none", "MB/s"), rows)
        for px in proxies.values():
            px.stop()
    if not kept:
        cluster.stop()


main()
