"""One seed after another: topics, a proxy with a state directory, clients, faults, calm, and the checker.  See `run`.

Seeds differ by more than their faults, each by a Random of its own: in a third the proxy is never ended, in a third its
journal is as small as it may be, in a quarter what can't be attested is refused, in a third a client roams.
"""

import argparse
import fcntl
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter

from cluster import BUILD, HERE, RelayedCluster  # puts the lab on the path

import checker
import evidence
import faults
from faultrelay import Relay
from lab.kafka import java, until
from proxy import PATIENCE, Proxy

COLLECTOR = "urn:makoto-kafka:chaos"
# What can be true here: what is excluded; an outcome that nobody could find out; a retry of what the broker has from a run
# before, or from an attempt whose bytes came later than an outcome is waited for (overtaken, a broker that was paused): that
# one counts in its window as unknown.  And where the proxy ends and begins again, a batch that came while it stopped.
REASONS = ["excluded", "unresolved", "duplicate"]
RESTART_REASONS = ["stopping"]
SILENT_REASONS = ["topic-unknown"]  # what a proxy that was just started asks about the topics is swallowed, too
REJECTED = ["stopping", "topic-unknown"]  # the latter is still what a topic counts as that the cluster says it hasn't
# The least that may be configured.  Segments have a sixteenth of it; more records, in smaller windows, fill some in four seconds.
SMALL = {"state.max.bytes": "16MiB"}
SMALL_RATE, SMALL_WINDOW = 3, 1 / 5
CALM, CALM_RECORDS = ("calm-idempotent", "calm-plain"), 40
LEFT_OUT = 50  # so many told records may be in no window, counted, before a clean seed's evidence is kept for a look


def reasons(kinds, rejects):
    """Why records may be left out, under faults of these kinds.  rejects: what can't be attested now is refused, not forwarded."""
    restarts = any(k in faults.PROXY for k in kinds)
    out = REASONS + (RESTART_REASONS if restarts else []) + (SILENT_REASONS if restarts and "blackhole" in kinds else [])
    return [r for r in out if not rejects or r not in REJECTED]


class Failed(Exception):
    """The run itself went wrong: what should have ended didn't, or not well."""


class Proxied(Proxy):
    """A proxy that is ended and started again, whose counters are read all the while."""

    def __init__(self, directory, upstream, settings, reactors, **kw):
        super().__init__(directory, upstream, settings, **kw)
        self.reactors = reactors
        self.runs = []  # the last counters of each run
        self.restarts = 0
        self.segment = None  # the last of the journal that is known of this run
        self.rotated = 0  # segments that were begun behind the first of a run
        self.watching = True
        self.lock = threading.Lock()  # one scrape at a time
        self.watcher = threading.Thread(target=self._watch, daemon=True)

    def start(self, timeout=30):
        self.runs.append({})
        self.segment = None
        super().start(timeout)
        self.segment = self._last_segment()
        if not self.watcher.is_alive():
            self.watcher.start()
        return self

    def spawn(self):
        return super().spawn("-o", f"threads={self.reactors}")

    def _last_segment(self):
        """Its number, by which the names of the journal's files end; 0: there is none."""
        return max((int(n[8:], 16) for n in os.listdir(self.state) if re.fullmatch(r"journal\.[0-9a-f]{16}", n)), default=0)

    def _count_segments(self):
        if self.segment is not None:
            last = max(self.segment, self._last_segment())
            self.rotated += last - self.segment
            self.segment = last

    def scrape(self):
        with self.lock:
            self._count_segments()
            got = self.metrics()
            if got:
                self.runs[-1] = got
            return got

    def _watch(self):
        while self.watching:
            try:
                self.scrape()
            except Exception:
                pass  # it stops, or was killed
            time.sleep(0.1)

    def quiet(self):
        """No window is open or unpublished; or it ended, which nobody asked for."""
        if not self.alive():
            return True
        got = self.scrape()
        return got and got["makoto_windows_open"] == 0 and got["makoto_windows_unpublished"] == 0

    def terminate(self):
        self.stop(60)  # fails when it doesn't exit with 0

    def kill_hard(self):
        self.proc.send_signal(signal.SIGKILL)
        self.proc.wait()
        with self.lock:
            self._count_segments()
        self._reader.join(10)
        self.check_sane()

    def start_again(self):
        """The state as this start finds it is kept beside, so that what it does with it can be repeated."""
        self.restarts += 1
        shutil.copytree(self.state, f"{self.state}-{self.restarts}")
        self.start(60)


class Clients:
    """Processes, each with its journal and standard error in the directory."""

    def __init__(self, directory, bootstrap, direct, rate):
        """direct: the brokers themselves, for one that roams.  rate: times what is sent a second."""
        self.directory, self.bootstrap, self.direct, self.rate = directory, bootstrap, direct, rate
        self.procs = []

    def start(self, rng, topics, roaming):
        """Those that produce under faults.  roaming: what one that roams draws from, if there is one."""
        strong, weak, left = topics
        jobs = [
            ("idem-a", "idempotent", "all", strong, 120),
            ("idem-b", "idempotent", "all", strong, 300),
            ("txn-a", "transactional", "all", strong, 150),
            ("txn-b", "transactional", "all", strong, 60),
            ("plain-all", "plain", "all", strong, 80),
            ("plain-one", "plain", "1", weak, 80),
            ("plain-none", "plain", "0", weak, 80),
            ("idem-left", "idempotent", "all", left, 20),
            ("java", rng.choice(("idempotent", "idempotent", "transactional", "plain")), "all", strong, 100),
        ]
        if roaming:
            jobs.append(("roaming", "roaming", "all", strong, 200))
        for job in jobs:
            self._begin(roaming if job[1] == "roaming" else rng, *job)

    def calm(self, rng, topic):
        """Two that come when all faults are over, and end by themselves."""
        for name in CALM:
            self._begin(rng, name, name.removeprefix("calm-"), "all", topic, 500, records=CALM_RECORDS)

    def _begin(self, rng, name, kind, acks, topic, rate, **more):
        job = {
            "name": name, "kind": kind, "acks": acks, "topic": topic, "partitions": 2, "bootstrap": self.bootstrap, "direct": self.direct,
            "journal": os.path.join(self.directory, f"journal-{name}.jsonl"), "seed": rng.randrange(1 << 32), "perSecond": rate * self.rate,
            "compression": rng.choice(("none", "gzip", "snappy", "lz4", "zstd")), **more,
        }  # fmt: skip
        program = "roamer.py" if kind == "roaming" else "clients.py"
        cmd = [sys.executable, "-B", os.path.join(HERE, program), json.dumps(job)]
        if name == "java":  # Kafka's own client: tests/e2e/clients/java/ChaosClient.java
            cmd = java("ChaosClient", json.dumps(job), heap="64m")
        with open(os.path.join(self.directory, f"{name}.err"), "w") as err:
            self.procs.append((name, subprocess.Popen(cmd, stdin=subprocess.PIPE, stderr=err)))

    def enough(self):
        """They produce no more, and wait for what is under way."""
        for _, p in self.procs:
            p.stdin.close()

    def end(self):
        for name, p in self.procs:
            try:
                code = p.wait(90)
            except subprocess.TimeoutExpired:
                raise Failed(f"client {name} doesn't end") from None
            if code:
                raise Failed(f"client {name} ended with {code}")

    def kill(self):
        for _, p in self.procs:
            if p.poll() is None:
                p.kill()
                p.wait()


def one(cluster, seed, options):
    """(faults done, report); raises Failed.  The evidence is in build/chaos/seed-N."""
    rng = random.Random(seed)
    directory = os.path.join(BUILD, f"seed-{seed}")
    shutil.rmtree(directory, ignore_errors=True)
    os.makedirs(directory)
    tag = f"c{seed}-{os.getpid() % 10000:x}"
    strong, weak, left, dbom = f"{tag}-all", f"{tag}-weak", f"{tag}-left", f"makoto.dbom.{tag}"
    stamp = rng.choice(("CreateTime", "CreateTime", "CreateTime", "LogAppendTime"))
    stamped = {"message.timestamp.type": stamp}
    unclean = {"unclean.leader.election.enable": str(rng.random() < 0.5).lower()}
    headers = rng.choice(("full", "full", "compact", "none"))
    roaming = random.Random(f"roaming {seed}")  # its own, so that it changes nothing of what else is drawn
    if roaming.random() >= 1 / 3 and not options.roaming:
        roaming = None
    plan = faults.draw(rng, options.load, options.allowed, options.proxy_every, random.Random(f"leads {seed}"))
    if set(options.allowed) - set(faults.PROXY) and random.Random(f"one run {seed}").random() < 1 / 3:
        plan = [x for x in plan if x[1] not in faults.PROXY]  # its counters are of the whole run, and few reasons can be true
    small = random.Random(f"journal {seed}").random() < 1 / 3
    rejects = random.Random(f"rejects {seed}").random() < 1 / 4
    for topic, configs in (
        (strong, {"min.insync.replicas": 2, **stamped}),
        (weak, {"min.insync.replicas": 1, **unclean}),
        (left, {"min.insync.replicas": 2}),
        (dbom, {"min.insync.replicas": 2}),
    ):
        cluster.create(topic, partitions=2, configs=configs)
    run = {
        "seed": seed, "clusterId": cluster.id, "collector": COLLECTOR, "dbomTopic": dbom, "level": 2,
        "reasons": reasons({k for _, k, _ in plan}, rejects),
        "headers": headers, "named": True, "plan": plan, "calm": CALM,
        "topics": {
            strong: {"attested": True, "timestampType": stamp, "acks": "all"},
            weak: {"attested": True, "timestampType": "CreateTime", "acks": "0 or 1"},
            left: {"attested": False, "timestampType": "CreateTime", "acks": "all"},
        },
    }  # fmt: skip
    settings = {
        "attest.collector.id": COLLECTOR,
        "attest.dbom.topic": dbom,
        "attest.exclude": ["__*", "makoto.*", "*-left"],
        "attest.window.records": max(1, int(options.records * (SMALL_WINDOW if small else 1))),
        "attest.window.max.age": "1s",
        "attest.transaction.wait": "2s",
        "attest.outcome.wait": "2s",
        "attest.headers": headers,
        "attest.on.failure": "reject" if rejects else "forward",
        **(SMALL if small else {}),
        "kafka.connect.timeout": "2s",
    }
    relay = Relay([((n.relay_host, n.relayed_port), (n.host, n.relayed_port)) for n in cluster.nodes])
    proxy = Proxied(directory, cluster.relayed, settings, rng.choice((1, 2)), ports=options.ports)
    clients = None
    harm = faults.Harm(plan, cluster, relay, proxy, [(strong, 2), (weak, 2), (dbom, 2)])
    try:
        proxy.start()
        clients = Clients(directory, proxy.bootstrap, cluster.bootstrap, SMALL_RATE if small else 1)
        clients.start(rng, (strong, weak, left), roaming)
        until("the clients produce", lambda: len(os.listdir(directory)) > 0 and journals_begun(directory) >= len(clients.procs), 60)
        harm.start()
        time.sleep(options.load)
        clients.enough()
        harm.finish()
        if harm.problems:
            raise Failed("; ".join(harm.problems))
        cluster.wait_ready(120)
        clients.end()
        clients.calm(random.Random(f"calm {seed}"), strong)
        clients.end()
        try:
            until("every window is published", proxy.quiet, 40 * PATIENCE)
        except AssertionError as e:
            raise Failed(f"{e}: {interesting(proxy.runs[-1])}") from None
        if not proxy.alive():
            raise Failed(f"makoto-proxy ended with {proxy.proc.poll()}: {proxy.text()[-6000:]}")
        proxy.watching = False
        proxy.scrape()
        try:
            proxy.terminate()
        except AssertionError as e:
            raise Failed(str(e)[-3000:]) from None
        run["countersComplete"] = proxy.restarts == 0
        shutil.copy(proxy.public_key, os.path.join(directory, "key.pem"))
        evidence.gather(cluster, run, proxy.runs, directory)
        report = checker.check(checker.load(directory))
    finally:
        proxy.watching = False
        if clients:
            clients.kill()
        proxy.kill()
        relay.close()
        for n in cluster.nodes:
            n.resume()
            if not n.alive():
                n.start()
    forget(cluster)
    return harm.done + Counter(rotated=proxy.rotated), report


def forget(cluster):
    """Takes the topics of this run, and of earlier ones that failed, out of the cluster: brokers begin faster without."""
    names = [t["Name"] for t in cluster.ask("Metadata", 12, {"Topics": None})["Topics"]]
    ours = [n for n in names if re.fullmatch(r"(makoto\.dbom\.)?c\d+-[0-9a-f]+(-(all|weak|left))?", n)]
    cluster.ask("DeleteTopics", 6, {"Topics": [{"Name": n} for n in ours], "TimeoutMs": 20000})


def journals_begun(directory):
    return sum(n.startswith("journal-") and os.path.getsize(os.path.join(directory, n)) > 0 for n in os.listdir(directory))


def interesting(metrics):
    return {k: v for k, v in metrics.items() if v and ("windows" in k or "records" in k)}


def parse():
    p = argparse.ArgumentParser(prog="tests/chaos/run")
    p.add_argument("seconds", type=float)
    p.add_argument("seed", type=int)
    p.add_argument("--seeds", type=int)
    p.add_argument("--faults")
    p.add_argument("--without", default="")
    p.add_argument("--load", type=float, default=4)
    p.add_argument("--records", type=int, default=50)
    p.add_argument("--proxy-every", type=float)
    p.add_argument("--roaming", action="store_true")
    p.add_argument("--go-on", action="store_true")
    p.add_argument("--keep", action="store_true")
    o = p.parse_args()
    o.allowed = [] if o.faults == "none" else o.faults.split(",") if o.faults else list(faults.ALL)
    o.allowed = [k for k in o.allowed if k not in o.without.split(",")]
    unknown = (set(o.allowed) | set(filter(None, o.without.split(",")))) - set(faults.ALL)
    if unknown:
        p.error(f"no such fault: {', '.join(sorted(unknown))}; there are {', '.join(faults.ALL)}")
    from proxy import free_ports

    o.ports = free_ports(10)
    return o


def alone():
    """Two runs from one checkout would kill each other's brokers.  The lock ends with the process."""
    os.makedirs(BUILD, exist_ok=True)
    lock = open(os.path.join(BUILD, "lock"), "w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit(f"tests/chaos/run: another run has the brokers of this checkout ({lock.name}); take another checkout, and its own E2E_PORT_BASE")
    return lock


def terminated(*_):
    """The clients, the proxy and the cluster end with us."""
    print("chaos: ended by SIGTERM, nothing was decided", flush=True)
    sys.exit(1)


def main():
    options = parse()
    signal.signal(signal.SIGTERM, terminated)
    lock = alone()
    cluster = RelayedCluster()
    kept = cluster.alive()
    if not kept:
        cluster.start()
    began = time.monotonic()
    total, figures, failed, seed, clean = Counter(), Counter(), [], options.seed, 0
    try:
        while True:
            started = time.monotonic()
            directory = os.path.join(BUILD, f"seed-{seed}")
            try:
                done, report = one(cluster, seed, options)
                bad = bool(report.violations)
            except (Failed, AssertionError, SystemError) as e:
                bad, report, done = True, None, Counter()
                print(f"seed {seed}: {type(e).__name__}: {e}")
            if report is not None:
                total += done
                figures += report.figures
                words = " ".join(f"{k} {n}" for k, n in sorted(done.items())) or "no faults"
                f = report.figures
                print(
                    f"seed {seed}: {'FAILED' if bad else 'clean'} in {time.monotonic() - started:.1f} s: {words}; "
                    f"{f['told']} told, {f['members checked']} members, {f['windows']} windows, {f['told, in no window']} left out, "
                    f"{len(report.notes)} notes"
                )
                if bad or report.notes or options.keep:
                    checker.print_report(report)
            if bad:
                failed.append(seed)
                print(f"seed {seed}: evidence in {directory}; again: tests/chaos/run 1 {seed}")
            else:
                clean += 1
                if report.figures["told, in no window"] > LEFT_OUT:
                    print(f"seed {seed}: many were left out: evidence in {directory}")
                elif not options.keep:
                    shutil.rmtree(directory, ignore_errors=True)
            sys.stdout.flush()
            seed += 1
            if bad and not options.go_on:
                break
            n = seed - options.seed
            if n >= options.seeds if options.seeds else time.monotonic() - began >= options.seconds:
                break
    finally:
        if not kept:
            cluster.stop()
        lock.close()
    print(f"faults: {' '.join(f'{k} {n}' for k, n in sorted(total.items())) or 'none'}")
    print(f"checked: {', '.join(f'{n} {k}' for k, n in sorted(figures.items()) if n)}")
    print(f"chaos: {clean} passed, {len(failed)} failed{': seeds ' + ' '.join(map(str, failed)) if failed else ''}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
