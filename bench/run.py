"""Direct and proxied in turn, several rounds; medians, and ratios within a round.

CPU is the proxy's own (user and system); MB are of values, 10^6 bytes.
"""

import os
import re
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "tests", "e2e"))
os.environ.setdefault("E2E_FLAVOR", "release")
os.environ.setdefault("KAFKA_LAB", os.path.join(os.path.expanduser("~"), ".cache", "makoto-kafka-tests"))

from confluent_kafka import Producer  # noqa: E402
from lab.kafka import Cluster, java  # noqa: E402
from proxy import Proxy  # noqa: E402

SIZE = 1024
ROUNDS = int(sys.argv[1])


def cpu_ms(pid):
    """Of all its threads, by its CPU clock (clock_getcpuclockid(3)): /proc counts in ticks of 10 ms."""
    return time.clock_gettime(~pid << 3 | 2) * 1000


def rss_mb(pid):
    with open(f"/proc/{pid}/status") as f:
        return int(re.search(r"VmRSS:\s+(\d+)", f.read()).group(1)) / 1024


def perf(bootstrap, topic, records, codec="none", rate=-1, size=SIZE, **props):
    """Java's ProducerPerformance; MB/s."""
    p = {"bootstrap.servers": bootstrap, "acks": "all", "compression.type": codec, "batch.size": 131072, "linger.ms": 5, **props}
    out = subprocess.run(
        [*java("org.apache.kafka.tools.ProducerPerformance"), "--topic", topic, "--num-records", str(records),
         "--record-size", str(size), "--throughput", str(rate), "--command-property", *[f"{k}={v}" for k, v in p.items()]],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    return float(re.findall(r"\(([\d.]+) MB/sec\)", out)[-1])


def consume(bootstrap, topic, records):
    start = time.monotonic()
    subprocess.run(["kcat", "-b", bootstrap, "-C", "-t", topic, "-o", "beginning", "-c", str(records), "-q", "-e"],
                   stdout=subprocess.DEVNULL, check=True)  # fmt: skip
    return records * SIZE / 1e6 / (time.monotonic() - start)


def table(title, head, rows):
    print(f"\n{title}\n\n| {' | '.join(head)} |\n|{'---|' * len(head)}")
    for r in rows:
        print(f"| {' | '.join(str(x) for x in r)} |", flush=True)


def median(xs):
    return statistics.median(xs)


def produce_case(cluster, px, name, records, **kw):
    """Rounds of direct and proxied; (proxied/direct, CPU-ms per MB)."""
    ratios, cpus = [], []
    topic = f"bench-{name}-{os.getpid()}"
    cluster.create(topic, partitions=3, rf=3)
    perf(cluster.bootstrap, topic, records // 5, **kw)  # warm
    for _ in range(ROUNDS):
        direct = perf(cluster.bootstrap, topic, records, **kw)
        before = cpu_ms(px.proc.pid)
        proxied = perf(px.bootstrap, topic, records, **kw)
        cpus.append((cpu_ms(px.proc.pid) - before) / (records * SIZE / 1e6))
        ratios.append(proxied / direct)
    return f"{median(ratios):.2f}", f"{median(cpus):.2f}"


def fetch_case(cluster, px, topic, records):
    ratios, cpus = [], []
    for _ in range(ROUNDS):
        direct = consume(cluster.bootstrap, topic, records)
        before = cpu_ms(px.proc.pid)
        proxied = consume(px.bootstrap, topic, records)
        cpus.append((cpu_ms(px.proc.pid) - before) / (records * SIZE / 1e6))
        ratios.append(proxied / direct)
    return f"{median(ratios):.2f}", f"{median(cpus):.2f}"


def latency(bootstrap, topic):
    out = subprocess.run([os.path.join(ROOT, "build", "latency"), bootstrap, topic, "10000", "6", "1024"],
                         capture_output=True, text=True, check=True).stdout  # fmt: skip
    m = re.match(r"p50 ([\d.]+) p99 ([\d.]+)", out)
    return float(m.group(1)), float(m.group(2))


def floor():
    """CPU-ms per MB of a bare relay: read, write.  In chunks of the batches that the producer here sends."""
    return float(subprocess.run([os.path.join(ROOT, "build", "relay"), "100", "131072", "3000"],
                                capture_output=True, text=True, check=True).stdout)  # fmt: skip


def many_connections(px, topic):
    """A hundred producers, each with its connections, all writing."""
    producers = [Producer({"bootstrap.servers": px.bootstrap, "linger.ms": 5, "client.id": f"many-{i}"}) for i in range(34)]
    peak = 0.0
    for n in range(200):
        for p in producers:
            for _ in range(5):
                p.produce(topic, b"x" * SIZE)
            p.poll(0)
        if n % 10 == 9:
            peak = max(peak, rss_mb(px.proc.pid))
    for p in producers:
        p.flush(60)
    return max(peak, rss_mb(px.proc.pid))


def main():
    cluster = Cluster()
    kept = cluster.alive()
    if not kept:
        cluster.start()
    with tempfile.TemporaryDirectory() as d:
        px = Proxy(d, cluster.bootstrap, {"attest.window.max.age": "10s", "attest.exclude": ["__*", "makoto.*", "bench-plain-*"]})
        px.start()
        idle = rss_mb(px.proc.pid)
        rows = []
        for codec in ("none", "lz4", "zstd"):
            rows.append(("attested produce, " + codec, *produce_case(cluster, px, codec, 150000, codec=codec)))
        rows.append(("produce of a topic that is not attested", *produce_case(cluster, px, "plain-none", 150000)))
        rows.append(("attested, 10,000 records/s, linger 0",
                     *produce_case(cluster, px, "rate", 60000, rate=10000, **{"linger.ms": 0})))  # fmt: skip
        rows.append(("fetch", *fetch_case(cluster, px, f"bench-plain-none-{os.getpid()}", 300000)))
        rows.append(("floor: a bare relay, 128 KiB at a time", "", f"{median([floor() for _ in range(ROUNDS)]):.2f}"))
        table(f"1 KB records, median of {ROUNDS} rounds", ("case", "throughput, proxied/direct", "proxy CPU-ms per MB"), rows)
        topic = f"bench-latency-{os.getpid()}"
        cluster.create(topic, partitions=3, rf=3)
        rows = []
        latency(cluster.bootstrap, topic)
        for _ in range(ROUNDS):
            direct, proxied = latency(cluster.bootstrap, topic), latency(px.bootstrap, topic)
            rows.append((*(f"{x:.2f}" for x in direct), *(f"{x:.2f}" for x in proxied),
                         f"{proxied[0] - direct[0]:.2f}", f"{proxied[1] - direct[1]:.2f}"))  # fmt: skip
        table("open loop, 10,000 records/s, ms", ("direct p50", "p99", "proxied p50", "p99", "added p50", "added p99"), rows)
        topic = f"bench-many-{os.getpid()}"
        cluster.create(topic, partitions=6, rf=3)
        loaded = many_connections(px, topic)
        table("memory", ("state", "RSS MB"), [("idle", f"{idle:.0f}"), ("over 100 connections producing", f"{loaded:.0f}")])
        px.stop()
    if not kept:
        cluster.stop()


if __name__ == "__main__":
    main()
