"""How soon a consumer gets something through a fresh enforcing proxy, from a long topic: 10 million records of 100 bytes.

Each time is of a proxy that was started for it, and counts from the consumer's creation: its connections, metadata and
first Fetch, the proxy's search for the statements, and the way back.  `direct` is the same without a proxy.
It fails where a first record takes longer than SOON, or a proxy more memory than MOST.
usage: replay.py ROUNDS [RECORDS]
"""

import subprocess
import sys
import time

ROUNDS = int(sys.argv[1])
RECORDS = int(sys.argv[2]) if len(sys.argv) > 2 else 10000000
sys.argv[1:] = ["0"]

import reading  # noqa: E402, I001  imports run
import run  # noqa: E402
from confluent_kafka import Consumer, TopicPartition  # noqa: E402

SIZE, PARTITIONS, NEAR_END = 100, 4, 5000
SOON = 2.0  # seconds
# MiB over an idle proxy: verify.memory.bytes, and what isn't of statements: an answer is kept whole while it is judged, which
# these clients ask a MiB of each partition for, and the allocator keeps as much again.
MOST = 64 + 2 * PARTITIONS


def first(bootstrap, topic, offsets, px=None):
    """Seconds until the first record is there, and until each partition gave one; the proxy's CPU-ms until the first."""
    before, start = 0 if px is None else run.cpu_ms(px.proc.pid), time.monotonic()
    c = Consumer({"bootstrap.servers": bootstrap, "group.id": "unused", "enable.auto.commit": False})
    c.assign([TopicPartition(topic, p, o) for p, o in offsets.items()])
    seen, took, cpu = set(), [], None
    while len(seen) < len(offsets):
        assert time.monotonic() - start < 120, f"only {seen} of the partitions gave a record within two minutes"
        for m in c.consume(10000, 0.02):
            assert not m.error(), m.error()
            if m.partition() not in seen:
                assert m.offset() == offsets[m.partition()], (m.partition(), m.offset())
                seen.add(m.partition())
                took.append(time.monotonic() - start)
                if px is not None and cpu is None:
                    cpu = run.cpu_ms(px.proc.pid) - before
    c.close()
    return took[0], took[-1], cpu


def ends(bootstrap, topic):
    c = Consumer({"bootstrap.servers": bootstrap, "group.id": "unused"})
    out = {p: c.get_watermark_offsets(TopicPartition(topic, p), 10)[1] for p in c.list_topics(topic, 10).topics[topic].partitions}
    c.close()
    return out


def whole(b, topic):
    """From start to end: records a second, CPU-ms per MB, resident memory at its height and before; what it grew by."""
    px = b.reader("enforce")
    idle = px.rss_mb()
    before, start = run.cpu_ms(px.proc.pid), time.monotonic()
    subprocess.run(["kcat", "-b", px.bootstrap, "-C", "-t", topic, "-o", "beginning", "-c", str(RECORDS), "-q", "-e"],
                   stdout=subprocess.DEVNULL, check=True)  # fmt: skip
    took, cpu, peak = time.monotonic() - start, run.cpu_ms(px.proc.pid) - before, px.peak_rss_mb()
    assert px.metric("makoto_verify_records_total", verdict="verified") >= RECORDS
    px.stop()
    return (f"{RECORDS / took:.0f}", f"{cpu / (RECORDS * SIZE / 1e6):.2f}", f"{peak:.0f}", f"{idle:.0f}"), peak - idle


def main():
    rows, slowest, most = [], 0.0, 0.0
    with reading.Bench("replay") as b:
        topic = b.topic("long", PARTITIONS)
        run.perf(b.writer.bootstrap, topic, RECORDS, codec="lz4", size=SIZE)
        b.writer.stop()
        end = ends(b.cluster.bootstrap, topic)
        statements = sum(ends(b.cluster.bootstrap, b.dbom).values())
        assert sum(end.values()) == RECORDS, end
        places = {
            "offset 0": {p: 0 for p in end},
            "the middle": {p: n // 2 for p, n in end.items()},
            f"{NEAR_END} before the end": {p: n - NEAR_END for p, n in end.items()},
        }
        for name, offsets in places.items():
            direct, proxied, rss = [], [], []
            for _ in range(ROUNDS):
                direct.append(first(b.cluster.bootstrap, topic, offsets))
                px = b.reader("enforce")
                idle = px.rss_mb()
                proxied.append(first(px.bootstrap, topic, offsets, px))
                rss.append(px.peak_rss_mb())
                slowest, most = max(slowest, proxied[-1][0]), max(most, rss[-1] - idle)
                px.stop()
            rows.append((name, *(f"{run.median([x[i] for x in xs]):.2f}" for xs in (direct, proxied) for i in (0, 1)),
                         f"{max(x[0] for x in proxied):.2f}", f"{run.median([x[2] for x in proxied]):.0f}", f"{max(rss):.0f}"))  # fmt: skip
        run.table(f"a fresh enforcing proxy, {RECORDS} records of {SIZE} bytes, {statements} statements: seconds to the first record, median of {ROUNDS}",
                  ("from", "direct", "direct, every partition", "enforce", "enforce, every partition", "enforce, slowest round", "CPU-ms", "RSS MB, peak"), rows)  # fmt: skip
        row, grew = whole(b, topic)
        run.table("from start to end", ("records/s", "CPU-ms per MB", "RSS MB, peak", "idle"), [row])
    assert slowest < SOON, f"a first record came after {slowest:.2f} s"
    assert max(most, grew) < MOST, f"{max(most, grew):.0f} MiB more than idle, where {MOST:.0f} would do"


main()
