"""A system call on the state directory fails, or the process is killed at it: each in turn, the n-th for n = 1, 2, 3 … until strace finds
no n-th call any more.  One window's life each: a start, records in three batches, a stop.  Then the same directory again without a
fault, one more window, a stop.  Whatever was acknowledged is in the log once, and verified or counted as not attested.

strace counts per thread.  Two write there: the main thread (which with threads=1 moves the clients' bytes, too) and the sealer.

Equal calls have a fault once only: the names under which the brokers' ports are kept are written for every broker that is met, the
first has it (`endpoints`); a start behind a clean stop, and one behind a crash, differ from the first start until they are ready, and
behind a crash in what the journal takes up; there the two errors differ in nothing but their text.
"""

import os
import re
import signal
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import NamedTuple

import kafkalog
import pytest
import verifier
from checks import check_publication, public_keys
from confluent_kafka import Producer
from lab.kafka import until
from proxy import PATIENCE, Proxy, ctl_verify, free_ports, which

pytestmark = pytest.mark.long

COLLECTOR = "urn:makoto-kafka:faults"
WINDOW = 5
AT_ONCE = 6  # lives, which mostly wait
PARTITIONS = 240  # one for each life
MOST = 40  # calls of one kind and thread in a life: more is a loop
TEXT = {"EIO": "Input/output error", "ENOSPC": "No space left on device"}
FAULTS = {"EIO": "error=EIO", "ENOSPC": "error=ENOSPC", "SIGKILL": "signal=SIGKILL"}


class Series(NamedTuple):
    before: str  # what the directory has seen: nothing, a clean stop, a crash
    thread: str
    files: str
    call: str
    end: str = "none"  # the last n: there is none, it comes when the proxy is ready, the first


WRITES = ("openat", "write", "pwrite64", "ftruncate", "fsync", "fdatasync", "renameat", "unlinkat")
READS = ("read", "pread64", "getdents64", "statx")
KEY = ("link", "unlink", "rename")  # made at the first start
FIRST = [
    *(Series("nothing", "main", "state", call) for call in WRITES + KEY),
    *(Series("nothing", "sealer", "state", call) for call in ("pwrite64", "fdatasync")),
    *(Series("nothing", "main", "endpoints", call, "first") for call in ("openat", "write", "rename")),
]
LATER = [
    *(Series("clean stop", "main", "state", call, "ready") for call in WRITES + READS),
    *(Series("crash", "main", "state", call, "none" if call in ("pwrite64", "fdatasync") else "ready") for call in WRITES + READS),
]
SERIES = {
    "EIO": FIRST + LATER,
    "ENOSPC": FIRST,
    "SIGKILL": FIRST + [x for x in LATER if x.call not in READS],
}
FILES = {
    # The directory's own name stands for every call that is given its descriptor and a name in it.
    "state": ["", "lock", "instance.tmp", "heads.tmp", "collectors.tmp", "segment.tmp", "segment.spare", "instance", "heads", "collectors", "signing.pem", "signing.pub.pem", "signing.pem.$$.new", "signing.pub.pem.$$.new",
              *(f"journal.{n:016x}" for n in range(1, 9))],
    "endpoints": ["endpoints.new"],
}  # fmt: skip


def strace(out, state, files, call, fault, n):
    args = ["strace", "-qq", "-o", out, "-e", f"trace={call}", "-e", "signal=none", "-e", f"inject={call}:{FAULTS[fault]}:when={n}"]
    for f in FILES[files]:
        args += ["-P", os.path.join(state, f).rstrip("/")]
    return args


def under(args):
    """The process itself with strace beside it (-D), so that its id, its signals and its end are the proxy's own."""
    # It can't be read by its own user (daemon/secrecy.h), so neither can the names of its descriptors: root's namespace is needed.
    alone = [] if os.geteuid() == 0 else ["unshare", "--map-root-user"]
    quoted = " ".join(f'"{a}"' for a in args[1:])  # in which $$ becomes the process id
    return [*alone, "sh", "-c", f'exec {args[0]} -D {quoted} "$@"', "sh"]


class Client:
    """An idempotent producer of one partition, and what it was told."""

    def __init__(self, bootstrap, topic, partition):
        self.topic, self.partition, self.sent, self.acked, self.failed = topic, partition, [], [], []
        self.p = Producer({"bootstrap.servers": bootstrap, "enable.idempotence": True, "linger.ms": 20, "log_level": 0, "message.timeout.ms": 120000,
                           "reconnect.backoff.ms": 20, "reconnect.backoff.max.ms": 100, "retry.backoff.ms": 20, "topic.metadata.refresh.interval.ms": 1000})  # fmt: skip

    def told(self, err, m):
        (self.acked if err is None else self.failed).append(m.value() if err is None else str(err))

    def produce(self, n):
        for _ in range(n):
            value = b"%d:%d" % (self.partition, len(self.sent))
            self.sent.append(value)
            self.p.produce(self.topic, value, b"key", self.partition, self.told)

    def wait(self, px, timeout=60):
        """Until all is acknowledged: True; or the proxy is no more: False."""
        end = time.monotonic() + timeout * PATIENCE
        while len(self.acked) + len(self.failed) < len(self.sent):
            self.p.poll(0.02)
            if not px.alive():
                return False
            assert time.monotonic() < end, f"{len(self.acked)} of {len(self.sent)} records are acknowledged"
        return True


@dataclass
class Life:
    series: Series
    fault: str
    n: int
    partition: int
    px: Proxy
    hit: bool = False
    over: bool = False  # the series ends with this one
    sent: list = field(default_factory=list)
    counted: int = 0  # as not attested
    instance: str = ""
    was: str = ""  # what became of the first run

    def __str__(self):
        x = self.series
        return f"{self.fault} at {x.call} {self.n} of {x.thread} ({x.files}) behind {x.before}: {self.was}"


def thread_of(px, name):
    for t in os.listdir(f"/proc/{px.proc.pid}/task"):
        with open(f"/proc/{px.proc.pid}/task/{t}/comm") as f:
            if f.read().strip() == name:
                return t
    raise AssertionError(f"makoto-proxy has no thread {name}")


def may_trace(said):
    """Where ptrace is forbidden strace says so, and what it starts runs on as if nothing was asked."""
    refused = re.search(r"^\S*strace: .*", said, re.M)
    assert not refused, f"strace may not trace here (a container needs SYS_PTRACE), and without that this test is none: {refused[0]}"


def attach(args, tid):
    p = subprocess.Popen([*(a for a in args if a != "-qq"), "-p", tid], stderr=subprocess.PIPE, text=True)
    said = p.stderr.readline()
    if not said.endswith(" attached\n"):
        may_trace(said)
        raise AssertionError(f"strace says: {said}{p.stderr.read()}")
    return p


def journal_counted(px):
    counted = {k: v for k, v in px.metrics().items() if k.startswith("makoto_records_unattested_total") and v}
    assert set(counted) <= {'makoto_records_unattested_total{reason="journal"}'}, counted
    return int(sum(counted.values()))


def was_hit(out, rc):
    with open(out) as f:
        return rc == -signal.SIGKILL or "(INJECTED)" in f.read()


def run_before(life, client):
    px = life.px
    px.spawn("-o", "threads=1")
    px.wait_line(r"ready bootstrap=")
    for n in (WINDOW, WINDOW, WINDOW - 3):
        client.produce(n)
        assert client.wait(px), px.text()
    assert journal_counted(px) == 0
    px.stop() if life.series.before == "clean stop" else px.kill()


def faulty_run(life, client, out):
    """One run with the fault; how it ended."""
    px, thread = life.px, life.series.thread
    args = strace(out, px.state, life.series.files, life.series.call, life.fault, life.n)
    px.spawn("-o", "threads=1", under=() if thread == "sealer" else under(args))
    tracer = None
    try:
        px.wait_line(r"ready bootstrap=")
        if thread == "sealer":
            tracer = attach(args, thread_of(px, "sealer"))
    except SystemError:
        pass  # it doesn't start, or was killed
    may_trace(px.text())
    ready = px.said(r"ready bootstrap=") is not None
    late = ready and not was_hit(out, px.proc.poll())
    for n in (WINDOW, WINDOW, WINDOW - 3):
        if ready and px.alive():
            client.produce(n)
            client.wait(px)
    if px.alive():
        try:
            until("full windows are published", lambda: not px.alive() or px.status()["unpublishedRecords"] < WINDOW, 60 * PATIENCE)
            life.counted = journal_counted(px)
        except OSError:
            assert life.fault == "SIGKILL"
    if px.alive():
        px.proc.send_signal(signal.SIGTERM)
    rc = px.wait()
    if tracer:
        tracer.communicate(timeout=60)
    px.check_sane()
    life.hit = was_hit(out, rc)
    life.over = {"none": not life.hit, "ready": late, "first": True}[life.series.end]
    errors = [x for x in px.lines if "level=error" in x]
    life.was = f"{'ready' if ready else 'not ready'}, ended with {rc}, {life.counted} not attested{''.join(chr(10) + '    ' + x for x in errors)}"
    if rc == -signal.SIGKILL:
        assert life.fault == "SIGKILL"
    elif not life.hit:
        assert ready and rc == 0 and not errors
    elif rc != 0:
        assert rc in (1, 2) and any(px.state in x for x in errors) and any(TEXT[life.fault] in x for x in errors), "place and cause aren't told"
    px.proc = None


def instance_of(px):
    return re.search(r"instance=([0-9a-f]{32})", px.said("where=startup.*instance="))[1]


def kept(state):
    """Whether the next start has to be the same instance, by docs/STATE.md."""
    names = os.listdir(state) if os.path.isdir(state) else []
    if "instance" not in names:
        return None
    with open(os.path.join(state, "instance")) as f:
        old = f.read(32)
    segments = [n for n in names if n.startswith("journal.") and os.path.getsize(os.path.join(state, n)) > 0]
    return old if "heads" in names or segments else None


def whole_run(life, client):
    px = life.px
    old = kept(px.state)
    px.spawn("-o", "threads=1")
    px.wait_line(r"ready bootstrap=")
    assert old is None or instance_of(px) == old, "it is another instance now"
    client.produce(WINDOW)
    assert client.wait(px), px.text()
    assert client.failed == [] and sorted(client.acked) == sorted(client.sent)
    until("all is published", lambda: px.status()["unpublishedRecords"] == 0, 60 * PATIENCE)
    assert journal_counted(px) == 0
    life.instance = instance_of(px)
    px.stop()
    assert not px.said("level=error")
    must = {"lock", "instance", "heads", "collectors", "endpoints", "signing.pem", "signing.pub.pem"}
    names = set(os.listdir(px.state))
    assert must <= names and names - must <= {"heads.taken", "old.journal.0000000000000001"}, names
    life.sent = client.sent


class Place:
    """Ports and directories of one worker, which leads one life after another."""

    def __init__(self, cluster, directory, ports, topic, dbom, number):
        self.cluster, self.dir, self.ports, self.topic, self.dbom, self.number = cluster, directory, ports, topic, dbom, number

    def live(self, series, fault, n):
        partition = self.number()
        settings = {"attest.window.records": WINDOW, "attest.dbom.topic": self.dbom, "state.sync": "always", "attest.collector.id": COLLECTOR}
        px = Proxy(self.dir / f"{partition}", self.cluster.bootstrap, settings, ports=self.ports)
        life = Life(series, fault, n, partition, px)
        client = Client(px.bootstrap, self.topic, partition)
        try:
            if series.before != "nothing":
                run_before(life, client)
            faulty_run(life, client, str(self.dir / f"{partition}.strace"))
            whole_run(life, client)
        except Exception as e:
            raise AssertionError(f"{life}\n{e}\n{px.text()[-3000:]}") from e
        finally:
            px.kill()
        return life


def check(cluster, topic, dbom, lives):
    """Each record once in the log, in one window or counted; no key with two statements; nothing that verifying objects to."""
    topic_id, partitions = cluster.topic_id(topic), cluster.partitions(dbom)
    published, contents = {}, {}
    for p in partitions:
        for r in cluster.log(dbom, p).committed():
            published.setdefault(r.key.split(b"/")[0].decode(), []).append((p, r))
            contents.setdefault(r.key, set()).add((r.value, tuple(r.headers)))
    assert all(len(x) == 1 for x in contents.values()), [k for k, x in contents.items() if len(x) > 1]
    not_attested = 0
    for life in lives:
        (folder,) = cluster.partition_dirs(topic, life.partition)
        log = kafkalog.read_partition(folder)
        assert sorted(r.value for r in log.records) == sorted(life.sent), life
        chain = verifier.chain_id(COLLECTOR, life.instance, cluster.id, topic, topic_id, life.partition)
        v = verifier.Verifier(cluster.id, public_keys(life.px.public_key), dbom)
        v.partitions = len(partitions)
        for p, r in published.pop(chain):
            v.add([r], p)
        check_publication(v, topic, topic_id)
        members = [o for s in {s.window: s for s in v.statements}.values() for o in s.offsets()]
        assert len(members) == len(set(members)), life
        j = v.judge(topic, topic_id, life.partition, log)
        assert not j.violations(), (str(life), j.violations())
        counts = j.counts()
        assert counts.get("verified", 0) + counts.get("unattested", 0) == len(log.records), (str(life), counts)
        assert len(log.records) - len(members) == counts.get("unattested", 0) <= life.counted, (str(life), counts)
        assert {r.offset for r in log.records[-WINDOW:]} <= set(members), life
        assert life.fault != "SIGKILL" or life.counted == 0, life
        not_attested += counts.get("unattested", 0)
    assert not published, f"statements of other chains than each partition's last: {list(published)}"
    keys = [life.px.public_key for life in lives]
    p, _, last = ctl_verify(cluster.bootstrap, topic, keys[0], *(a for k in keys[1:] for a in ("--public-key", k)), "--dbom-topic", dbom)
    assert p.returncode == (4 if not_attested else 0), p.stdout[-3000:] + p.stderr
    assert set(last["verdicts"]) - {k for k, n in last["verdicts"].items() if n == 0} <= {"verified", "unattested"}, last
    assert last["verdicts"].get("unattested", 0) == not_attested, last
    return not_attested


@pytest.mark.parametrize("fault", FAULTS)
def test_each_call(cluster, topic, tmp_path, fault):
    which("strace")
    t, dbom = topic(partitions=PARTITIONS, rf=1), topic("dbom", partitions=3)
    lock, numbers = threading.Lock(), iter(range(PARTITIONS))
    began = time.monotonic()

    def number():
        with lock:
            return next(numbers)

    places = [Place(cluster, tmp_path, free_ports(10), t, dbom, number) for _ in range(AT_ONCE)]
    failures = []

    def series(one):
        with lock:
            place = places.pop()
        lives = []
        try:
            for n in range(1, MOST + 1):
                lives.append(place.live(one, fault, n))
                if lives[-1].over:
                    break
            else:
                raise AssertionError(f"{one}: there is no end of them")
        except AssertionError as e:
            failures.append(str(e))
        finally:
            with lock:
                places.append(place)
        return lives

    with ThreadPoolExecutor(AT_ONCE) as pool:
        by_series = dict(zip(SERIES[fault], pool.map(series, SERIES[fault])))
    lived = time.monotonic() - began
    assert not failures, f"{len(failures)}:\n" + "\n\n".join(failures)
    for one, lives in by_series.items():
        print(*one, sum(life.hit for life in lives))
        assert any(life.hit for life in lives), f"{one}: strace hit none; which call is it now?"
    lives = [life for x in by_series.values() for life in x]
    n = check(cluster, t, dbom, lives)
    for life in lives:
        print(life)
    print(f"{fault}: {sum(x.hit for x in lives)} faults in {lived:.0f} s and {time.monotonic() - began - lived:.0f} to check, {n} records not attested")
    cluster.delete(t)
