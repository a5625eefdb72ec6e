"""What a fetch costs the proxy by verify.mode, beside the floor: 1 KB records, several codecs, in turn; medians, ratios within a round.

CPU is of all threads of the proxy (user and system); MB are of values, 10^6 bytes.  `cold` is a fresh proxy, which has to
read the statements, too; `warm` the same once more.  The floor is bench/enforce_floor.c over the topic's own segments
plus what `off` took in the same round.
With a PROGRAM, another makoto-proxy such as one without verify.mode, only `off` of either, in turn.
usage: enforce.py ROUNDS [PROGRAM]
"""

import glob
import os
import subprocess
import sys
import time

ROUNDS = int(sys.argv[1])
PEER = sys.argv[2] if len(sys.argv) > 2 else None
sys.argv[1:] = ["0"]

import reading  # noqa: E402, I001  imports run
import run  # noqa: E402
from lab.kafka import until  # noqa: E402

RECORDS, PARTITIONS = 120000, 4  # in each partition less than observe keeps copies of
MB = RECORDS * run.SIZE / 1e6


def segments(cluster, topic):
    return [f for n in cluster.nodes for f in glob.glob(os.path.join(n.data, f"{topic}-[0-9]", "*.log")) if os.path.getsize(f)]


def floor(files):
    """CPU-ms per MB of decompressing and hashing."""
    program = os.path.join(run.ROOT, "build", "release", "bench", "enforce_floor")
    out = subprocess.run([program, "3", *files], capture_output=True, text=True, check=True).stdout.split()
    assert int(out[1]) == RECORDS, out
    return float(out[0]) / MB


def idle(px):
    """Its CPU-ms, once it does nothing but what it does when nobody asks."""
    before = run.cpu_ms(px.proc.pid)
    while True:
        time.sleep(0.2)
        now = run.cpu_ms(px.proc.pid)
        if now - before < 4:
            return now
        before = now


def fetched(px, topic):
    """CPU-ms per MB of reading the topic, partition after partition, with what goes on behind."""
    verifies, n = "verify.mode" in px.settings, 0
    judged = px.metric("makoto_verify_records_total", verdict="verified")
    before = idle(px)
    for p in range(PARTITIONS):
        kcat = ["kcat", "-b", px.bootstrap, "-C", "-t", topic, "-p", str(p), "-o", "beginning", "-e", "-q", "-f", "x"]
        n += len(subprocess.run(kcat, capture_output=True, check=True).stdout)
        until("all is judged", lambda: not verifies or px.metric("makoto_verify_records_total", verdict="verified") >= judged + n, 60)
    assert n == RECORDS, n
    return (idle(px) - before) / MB


def one_round(b, topic, files):
    out = {"floor": floor(files)}
    for mode in ("off", "observe", "enforce"):
        px = b.reader(mode)
        out[mode, "cold"] = fetched(px, topic)
        out[mode, "warm"] = min(fetched(px, topic) for _ in range(2))
        px.stop()
    out["floor"] += out["off", "warm"]
    return out


def beside(b, topic):
    """CPU-ms per MB of `off`, of the other program, and their ratio; the first round warms."""
    ours, theirs = b.reader("off"), b.reader("off", PEER)
    rounds = [[fetched(px, topic) for px in (ours, theirs)] for _ in range(ROUNDS + 1)][1:]
    ours.stop()
    theirs.stop()
    return [f"{run.median(x):.2f}" for x in ([a for a, _ in rounds], [c for _, c in rounds], [a / c for a, c in rounds])]


def by_mode(b, topic):
    files = segments(b.cluster, topic)
    rounds = [one_round(b, topic, files) for _ in range(ROUNDS)]

    def shown(of):
        return f"{run.median([of(r) for r in rounds]):.2f}"

    return [shown(lambda r: r["off", "warm"]), shown(lambda r: r["floor"]),
            *(shown(lambda r, k=(m, t): r[k]) for m in ("observe", "enforce") for t in ("cold", "warm")),
            *(shown(lambda r, t=t: r["enforce", t] / r["floor"]) for t in ("cold", "warm"))]  # fmt: skip


def main():
    rows = []
    with reading.Bench("enforce") as b:
        topics = {}
        for codec in ("none", "lz4", "zstd"):
            topics[codec] = b.topic(codec, PARTITIONS)
            run.perf(b.writer.bootstrap, topics[codec], RECORDS, codec=codec)
        b.writer.stop()
        for codec, topic in topics.items():
            rows.append((codec, *(beside if PEER else by_mode)(b, topic)))
    head = ("off", "the other program", "ratio") if PEER else (
        "off", "floor", "observe, cold", "warm", "enforce, cold", "warm", "enforce/floor, cold", "warm")  # fmt: skip
    run.table(f"fetch by verify.mode, 1 KB records, {PARTITIONS} partitions, CPU-ms per MB, median of {ROUNDS} rounds", ("codec", *head), rows)


main()
