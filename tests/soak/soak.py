"""A soak run: cluster, proxy, clients of several kinds for a given time, then the checks.  See `run`.

    clients ──► relay 127.0.79.9 ──► proxy ──► three brokers          strangers ──► proxy
The relay's addresses are what the proxy advertises; now and then it cuts, resets or delays one of the connections.
"""

import hashlib
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter

import paths

import checker
import decide
import places
import watch
from checker import Sums
from faultrelay import Relay
from lab.kafka import PORT_BASE, Cluster, until
from proxy import PATIENCE, Proxy, free_ports

COLLECTOR = "urn:makoto-kafka:soak"
RELAY = "127.0.79.9"
RATE = float(os.environ.get("SOAK_RATE", "1"))
KEEP = "SOAK_KEEP" in os.environ
REASONS = ["excluded", "unresolved"]  # and nothing else may be counted here: no broker fails, nothing is restarted
SEGMENT = 1 << 20  # of the journal, at this state.max.bytes
SETTINGS = {
    "attest.collector.id": COLLECTOR,
    "attest.exclude": ["__*", "makoto.*", "*-left"],
    "attest.window.max.age": "5s",
    "attest.transaction.wait": "5s",
    "attest.outcome.wait": "5s",
    "state.max.bytes": "16MiB",
}
JOURNAL_MOST = 12 << 20  # fifteen seconds of members are 3 MB; past 16 records would go unattested

STRONG, WEAK, LEFT = 8, 4, 2  # partitions
#   name          kind           acks   topic     a second, codec, records of a life
WRITERS = [
    ("idem-a", "idempotent", "all", "strong", 200, "lz4", 0),
    ("idem-b", "idempotent", "all", "strong", 150, "zstd", 0),
    ("txn-a", "transactional", "all", "strong", 150, "gzip", 0),
    ("txn-b", "transactional", "all", "strong", 100, "snappy", 0),
    ("plain-all", "plain", "all", "strong", 150, "none", 0),
    ("plain-one", "plain", "1", "weak", 150, "lz4", 0),
    ("plain-none", "plain", "0", "weak", 100, "zstd", 0),
    ("brief-idem", "idempotent", "all", "strong", 80, "none", 40),
    ("brief-plain", "plain", "1", "weak", 80, "none", 40),
    ("idem-left", "idempotent", "all", "left", 40, "gzip", 0),
]


class Soaked(Proxy):
    def spawn(self):
        return super().spawn("-o", "threads=2")

    def http(self, path, timeout=60):
        """As long as a machine that has much else to do may take."""
        return super().http(path, timeout)

    def quiet(self):
        m = self.metrics()
        return all(m.get(f"makoto_{k}", 0) == 0 for k in ("windows_open", "windows_unpublished", "connections_active"))


class Clients:
    """Every program of a run, each told to end by its standard input."""

    def __init__(self, rng, directory, proxy, topics):
        self.directory, self.procs = directory, {}
        via_relay = f"{RELAY}:{proxy.port}"
        size = {"strong": STRONG, "weak": WEAK, "left": LEFT}
        for name, kind, acks, topic, rate, codec, life in WRITERS:
            job = {
                "name": name, "kind": kind, "acks": acks, "topic": topics[topic], "partitions": size[topic], "bootstrap": via_relay,
                "perSecond": rate * RATE, "compression": codec, "life": life,
            }  # fmt: skip
            self._start("writer", name, rng, job)
        for name, protocol, isolation in (("classic", "classic", "read_uncommitted"), ("kip848", "consumer", "read_committed"), ("brief", "", "read_uncommitted")):
            job = {
                "bootstrap": via_relay, "topics": [topics["strong"], topics["weak"]], "partitions": WEAK,
                "group": protocol and f"soak-{name}", "protocol": protocol, "isolation": isolation,
            }  # fmt: skip
            self._start("reader", name, rng, job)
        job = {"host": proxy.host, "port": proxy.port, "topic": topics["weak"], "partitions": WEAK, "perSecond": 8}
        self._start("strangers", "strangers", rng, job)

    def _start(self, program, name, rng, job):
        job = {**job, "directory": self.directory, "results": os.path.join(self.directory, f"results-{name}.json"), "seed": rng.randrange(1 << 32)}
        cmd = [sys.executable, "-B", os.path.join(paths.HERE, f"{program}.py"), json.dumps(job)]
        with open(os.path.join(self.directory, f"{name}.err"), "w") as err:
            self.procs[name] = program, subprocess.Popen(cmd, stdin=subprocess.PIPE, stderr=err)

    def gone(self):
        """Who ended though nobody said so."""
        return [name for name, (_, p) in self.procs.items() if p.poll() is not None]

    def end(self, program, line=b""):
        ps = [(name, p) for name, (what, p) in self.procs.items() if what == program]
        for _, p in ps:
            try:
                p.stdin.write(line)
                p.stdin.close()
            except BrokenPipeError:
                pass  # it ended before; its code tells
        wrong = []
        for name, p in ps:
            try:
                if p.wait(120):
                    wrong.append(f"{name} ended with {p.returncode}")
            except subprocess.TimeoutExpired:
                wrong.append(f"{name} doesn't end")
        return wrong

    def kill(self):
        for _, p in self.procs.values():
            if p.poll() is None:
                p.kill()
                p.wait()

    def result(self, name):
        with open(os.path.join(self.directory, f"results-{name}.json")) as f:
            return json.load(f)


class Mishaps(threading.Thread):
    """Connections between clients and the proxy are cut, reset or held, one every two seconds."""

    def __init__(self, rng, relay):
        super().__init__(daemon=True)
        self.rng, self.relay, self.ending = rng, relay, threading.Event()

    def run(self):
        while not self.ending.wait(self.rng.expovariate(0.5)):
            what = self.rng.choice(("cut", "reset", "delay"))
            n = self.rng.choice((0, self.rng.randrange(1, 60), self.rng.randrange(60, 4000)))
            self.relay.arm(self.rng.randrange(1 << 16), self.rng.random() < 0.5, n, what, self.rng.uniform(0.02, 1.2))

    def stop(self):
        self.ending.set()
        self.join()
        self.relay.heal()


def warm_up(proxy, topics):
    """A record into each partition, so that every chain and every connection that the proxy keeps is there."""
    from confluent_kafka import Producer

    failed = []
    p = Producer({"bootstrap.servers": f"{RELAY}:{proxy.port}", "client.id": "warm-up", "log_level": 0, "acks": "all"})
    sent = Counter()
    for topic, n in ((topics["strong"], STRONG), (topics["weak"], WEAK)):
        for partition in range(n):
            p.produce(topic, b"warm", b"warm-up", partition, lambda err, _: err and failed.append(err))
            sent[topic, partition] += 1
    if p.flush(60) or failed:
        raise AssertionError(f"the warm-up was not taken: {failed[:1]}")
    del p
    until("the warm-up's windows are published", proxy.quiet, 60 * PATIENCE)
    return sent


def settled(check, seconds=60):
    """check()'s value when it is what it was a second before, or the last one."""
    end, last = time.monotonic() + seconds, check()
    while time.monotonic() < end:
        time.sleep(1)
        now = check()
        if now == last and not now.get("client") and not now.get("admin"):
            return now
        last = now
    return last


def committed_end(cluster, topic, partition):
    """(what read_committed sees to, what is there)"""
    part = {"PartitionIndex": partition, "CurrentLeaderEpoch": -1, "Timestamp": -1}
    out = []
    with cluster.node(cluster.leader(topic, partition)).conn() as c:
        for isolation in (1, 0):
            got = c.ask("ListOffsets", 7, {"ReplicaId": -1, "IsolationLevel": isolation, "Topics": [{"Name": topic, "Partitions": [part]}]})
            out.append(got["Topics"][0]["Partitions"][0]["Offset"])
    return tuple(out)


def journal_warm_up(directory, sent):
    """What warm_up() sent, as a client's journal."""
    for (topic, partition), n in sent.items():
        d = paths.place_dir(directory, topic, partition)
        os.makedirs(d, exist_ok=True)
        with open(os.path.join(d, "journal-warm-up.jsonl"), "w") as f:
            for i in range(n):
                line = {"e": "send", "c": "warm-up", "kind": "plain", "acks": "all", "t": topic, "p": partition, "u": "warm-up", "v": WARM, "n": i, "x": None}
                f.write(json.dumps(line) + "\n")


WARM = hashlib.sha256(b"warm").hexdigest()


def check_places(cluster, directory, run):
    """(report, what was added up, {isolation: {place: [records, sum]}})"""
    report, sums, facts, outside = checker.Report(), Sums(), Counter(), []
    read = {"read_uncommitted": {}, "read_committed": {}}
    for topic, about in run["topics"].items():
        for p in range(about["partitions"]):
            cmd = [sys.executable, "-B", os.path.join(paths.HERE, "places.py"), directory, cluster.dir, topic, str(p)]
            subprocess.run(cmd, check=True)
            d = paths.place_dir(directory, topic, p)
            with open(os.path.join(d, "result.json")) as f:
                r = json.load(f)
            report.violations += [checker.Violation(**v) for v in r["violations"]]
            report.notes += [checker.Violation(**v) for v in r["notes"]]
            report.figures += Counter(r["figures"])
            sums += Sums(**r["sums"])
            facts["empty_before"] += r["emptyBefore"]
            facts["attested_topics" if about["attested"] else "excluded_topics"] += r["records"]
            if about["attested"]:
                for isolation, x in r["read"].items():
                    read[isolation][f"{topic}-{p}"] = x
            outside += [(f"{topic}-{p}", *x) for x in r["outside"]]
            if not r["violated"] and not KEEP:
                shutil.rmtree(d)
    with open(os.path.join(directory, "outside.json"), "w") as f:
        json.dump(outside, f, indent=0)
    facts["listed"] = sums.listed
    facts["in_no_window"] = report.figures["log records in no window"]
    return report, sums, facts, read


def soak(cluster, directory, seconds, seed):
    """[Check]"""
    rng = random.Random(seed)
    topics = {"strong": "soak-all", "weak": "soak-weak", "left": "soak-left"}
    dbom = "makoto.dbom.soak"
    for topic, n, configs in (
        (topics["strong"], STRONG, {"min.insync.replicas": 2}),
        (topics["weak"], WEAK, {"min.insync.replicas": 1}),
        (topics["left"], LEFT, {"min.insync.replicas": 2}),
        (dbom, 3, {"min.insync.replicas": 2}),
    ):
        cluster.create(topic, partitions=n, configs=configs)
    about = {"timestampType": "CreateTime"}
    run = {
        "seed": seed, "clusterId": cluster.id, "collector": COLLECTOR, "dbomTopic": dbom, "dbomPartitions": 3, "level": 2,
        "reasons": REASONS, "countersComplete": True, "headers": "full", "named": True,
        "topics": {
            topics["strong"]: {**about, "attested": True, "acks": "all", "partitions": STRONG},
            topics["weak"]: {**about, "attested": True, "acks": "0 or 1", "partitions": WEAK},
            topics["left"]: {**about, "attested": False, "acks": "all", "partitions": LEFT},
        },
    }  # fmt: skip
    for topic, x in run["topics"].items():
        x["id"] = cluster.topic_id(topic)
    with open(os.path.join(directory, "run.json"), "w") as f:
        json.dump(run, f, indent=1)
    base = free_ports(10)
    settings = {**SETTINGS, "attest.dbom.topic": dbom, "listen.advertised.host": RELAY}
    proxy = Soaked(directory, cluster.bootstrap, settings, ports=base)
    relay = Relay([((RELAY, base + i), (proxy.host, base + i)) for i in range(len(cluster.nodes) + 1)])
    ports = set(cluster.ports())
    clients = mishaps = None
    checks = []

    def descriptors():
        return watch.descriptors(proxy, ports)

    try:
        proxy.start()
        journal_warm_up(directory, warm_up(proxy, topics))
        shutil.copy(proxy.public_key, os.path.join(directory, "key.pem"))
        fds, threads = settled(descriptors), proxy.threads()
        clients = Clients(rng, directory, proxy, topics)
        mishaps = Mishaps(rng, relay)
        mishaps.start()
        seen = watch.Watch(proxy, ports, os.path.join(directory, "samples.jsonl"), max(0.5, min(5, seconds / 150)))
        seen.start()
        end, gone = time.monotonic() + seconds, []
        while time.monotonic() < end and not gone and proxy.alive():
            time.sleep(min(1, max(0, end - time.monotonic())))
            gone = clients.gone()
        mishaps.stop()
        seen.stop()
        wrong = [f"{x} ended early" for x in gone] + clients.end("writer") + clients.end("strangers")
        if not proxy.alive():
            raise AssertionError(f"makoto-proxy ended with {proxy.proc.poll()}: {proxy.text()[-6000:]}")
        read_from = [(t, p) for t in (topics["strong"], topics["weak"]) for p in range(run["topics"][t]["partitions"])]

        def ended():
            return all(len(set(committed_end(cluster, *x))) == 1 for x in read_from)

        until("every transaction has ended", ended, 60)
        ends = {f"{t}-{p}": cluster.high_watermark(t, p) for t, p in read_from}
        wrong += clients.end("reader", (json.dumps(ends) + "\n").encode())
        checks.append(decide.Check("clients", not wrong, "; ".join(wrong) or f"{len(clients.procs)} ended when they were told"))
        try:
            until("the last window is published", proxy.quiet, 60 * PATIENCE)
        except AssertionError as e:
            checks.append(decide.Check("rest", False, str(e)))
        fds_after, threads_after = settled(descriptors), proxy.threads()
        metrics = proxy.metrics()
        asked = decide.asked_how_transactions_ended(metrics)
        checks += [
            decide.flat(seen.rss),
            decide.descriptors(fds, fds_after, len(cluster.nodes), asked),
            decide.threads(threads, threads_after, seen.threads, len(cluster.nodes), asked),
            decide.published(seen.oldest),
            decide.journal(seen.journal, watch.journal_bytes(proxy), JOURNAL_MOST, SEGMENT),
            seen.back or decide.never_back([seen.last, metrics]),
            decide.Check("samples", seen.problem is None, seen.problem or f"{len(seen.rss)}"),
        ]
        with open(os.path.join(directory, "metrics.json"), "w") as f:
            json.dump([metrics], f, indent=1)
        try:
            proxy.stop()
            checks.append(decide.Check("stop", True, "exit code 0"))
        except AssertionError as e:
            checks.append(decide.Check("stop", False, str(e)[-3000:]))
    finally:
        if mishaps:
            mishaps.ending.set()
        if clients:
            clients.kill()
        proxy.kill()
        relay.close()
    harm = " ".join(f"{k} {n}" for k, n in sorted(relay.done.items()))
    strangers = clients.result("strangers")
    print(f"load: {metrics['makoto_connections_opened_total']:.0f} connections, cut short by the relay: {harm}; strangers: {strangers}", flush=True)

    began = time.monotonic()
    statements, size = places.divide(cluster, run, directory)
    report, sums, facts, read = check_places(cluster, directory, run)
    facts.update(statements=statements, statement_bytes=size, not_kafka=strangers.get("hello", 0) + strangers.get("http", 0))
    checks += decide.at_rest(metrics, facts)
    for name, isolation in (("classic", "read_uncommitted"), ("kip848", "read_committed")):
        checks.append(decide.read_all(name, clients.result(name), read[isolation]))
    checker.decide_counters(run, checker.counters_of([metrics]), sums, report)
    checker.print_report(report)
    print(f"checked in {time.monotonic() - began:.0f} s")
    f = report.figures
    checks.append(decide.Check("the checker", not report.violations, f"{len(report.violations)} violations, {f['told']} told, {f['members checked']} members"))
    return checks


def terminated(*_):
    """The cluster ends with us."""
    print("soak: ended by SIGTERM, nothing was decided", flush=True)
    sys.exit(1)


def main():
    seconds, seed = float(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1
    directory = os.path.join(paths.BUILD, "run")
    shutil.rmtree(directory, ignore_errors=True)
    os.makedirs(directory)
    signal.signal(signal.SIGTERM, terminated)
    cluster = Cluster(os.path.join(paths.BUILD, "cluster"), port_base=PORT_BASE, heap="512m", extra="transaction.abort.timed.out.transaction.cleanup.interval.ms=1000\n")
    try:
        cluster.start()
        checks = soak(cluster, directory, seconds, seed)
    except (AssertionError, SystemError, subprocess.CalledProcessError) as e:
        checks = [decide.Check("run", False, f"{type(e).__name__}: {e}")]
    finally:
        cluster.stop()
    mb = [resource.getrusage(who).ru_maxrss / 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    print(f"of the harness: {mb[0]:.0f} MB itself, {mb[1]:.0f} MB the largest of its programs")
    for c in checks:
        print(c)
    failed = sum(not c.ok for c in checks)
    if failed:
        print(f"evidence in {directory}")
    else:
        shutil.rmtree(os.path.join(directory, "places"), ignore_errors=True)
    print(f"soak: {len(checks) - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
