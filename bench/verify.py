"""What makotoctl verify costs beside its floor: 1 KB records, several codecs, in turn; medians, ratios within a round.

CPU is of all threads of the program (user and system); MB are of values, 10^6 bytes.
usage: verify.py ROUNDS
"""

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time

ROUNDS = int(sys.argv[1])
sys.argv[1:] = ["0"]

import run  # noqa: E402, I001  puts the tests' modules on the path
import proxy  # noqa: E402

RECORDS, PARTITIONS = 200000, 4
CASES = (("none", {}), ("lz4", {}), ("zstd", {}), ("none, manifest: none", {"attest.manifest": "none"}))


def measured(args):
    """(CPU-seconds, seconds) of a program that ends well."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    p = subprocess.run(args, capture_output=True, text=True)
    assert p.returncode == 0, p.stdout[-1000:] + p.stderr
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, time.monotonic() - start


def main():
    cluster = run.Cluster()
    kept = cluster.alive()
    if not kept:
        cluster.start()
    rows, mb = [], RECORDS * run.SIZE / 1e6
    with tempfile.TemporaryDirectory() as d:
        for i, (name, settings) in enumerate(CASES):
            topic, dbom = f"bench-verify-{i}-{os.getpid()}", f"bench-verify-dbom-{i}-{os.getpid()}"
            px = proxy.Proxy(os.path.join(d, str(i)), cluster.bootstrap, {"attest.window.max.age": "10s", "attest.dbom.topic": dbom, **settings})
            px.start()
            cluster.create(topic, partitions=PARTITIONS, rf=1)
            run.perf(px.bootstrap, topic, RECORDS, codec=name.split(",")[0])
            px.stop()
            ctl = [proxy.CTL, "verify", "-b", cluster.bootstrap, "-t", topic, "--dbom-topic", dbom, "--public-key", px.public_key]
            floor = [os.path.join(run.ROOT, "build", "release", "bench", "verify_floor"), cluster.bootstrap, topic, str(PARTITIONS)]
            cpu, least, wall = [], [], {1: [], 2: []}
            for _ in range(ROUNDS):
                least.append(measured(floor)[0])
                for jobs in wall:
                    c, t = measured([*ctl, "--jobs", str(jobs)])
                    wall[jobs].append(t)
                    if jobs == 1:
                        cpu.append(c)
            ratio = statistics.median(a / b for a, b in zip(cpu, least))
            rows.append((name, f"{statistics.median(cpu) * 1000 / mb:.2f}", f"{statistics.median(least) * 1000 / mb:.2f}", f"{ratio:.2f}",
                         f"{mb / statistics.median(cpu) * 60 / 1000:.1f}",
                         *(f"{mb / statistics.median(w):.0f}" for w in wall.values())))  # fmt: skip
    run.table(f"makotoctl verify, 1 KB records, {PARTITIONS} partitions, median of {ROUNDS} rounds",
              ("codec", "CPU-ms per MB", "floor", "ratio", "GB per minute and core", "MB/s, --jobs 1", "--jobs 2"), rows)  # fmt: skip
    if not kept:
        cluster.stop()


main()
