"""What goes wrong in a run, and when: drawn from the seed before it begins, then done.

    plan = draw(rng, seconds, allowed)           [(at, kind, arguments)], at in seconds from the start
    harm = Harm(plan, cluster, relay, proxy); harm.start(); harm.finish()       finish: all is healed, nothing is left down

    cut reset delay blackhole lose refuse    by the relay, between proxy and brokers
    overtaken late                           likewise: what is sent again, or connections, in another order
    pause kill                               a broker: SIGSTOP for a while; SIGKILL, and started again
    lead                                     another replica gets the lead of a partition
    term kill9                               the proxy: SIGTERM, exit 0, started again; SIGKILL, started again
The moments at which they meet what is under way are the machine's; what is drawn is the seed's.
"""

import threading
import time
from collections import Counter

RELAY = ("cut", "reset", "delay", "blackhole", "lose", "overtaken", "refuse", "late")
BROKER = ("pause", "kill", "lead")
PROXY = ("term", "kill9")
ALL = RELAY + BROKER + PROXY


def draw(rng, seconds, allowed=ALL, proxy_every=None, leads=None):
    """proxy_every: seconds between two ends of the proxy at most; else as long as the clients produce.

    leads: a Random of their own, for which topic, partition and replica.
    """
    leads = leads or rng
    plan = []
    relay = [k for k in RELAY if k in allowed]
    every = rng.choice((0.03, 0.1, 0.3))  # a storm, weather, a mishap
    at = rng.uniform(0.2, 0.6)
    while relay and at < seconds:
        what = rng.choice(relay)
        if what == "refuse":
            plan.append((at, what, (rng.randrange(3), rng.uniform(0.05, 0.6))))
        elif what == "late":
            plan.append((at, what, (rng.randrange(3), rng.randint(1, 3), rng.uniform(0.05, 1.5))))
        else:
            n = rng.choice((0, rng.randrange(1, 60), rng.randrange(60, 4000), rng.randrange(4000, 40000)))
            last = rng.uniform(0.02, 3.0 if what == "overtaken" else 1.2)  # longer than an outcome is waited for
            plan.append((at, what, (rng.randrange(1 << 16), rng.random() < 0.6, n, last)))
        at += rng.expovariate(1 / every)
    # A broker takes ten seconds to come back, so not every seed kills one.
    broker = [k for k in BROKER if k in allowed and (k != "kill" or rng.random() < 0.15 or len(allowed) == 1)]
    at = rng.uniform(0.3, 1.5)
    while broker and at < seconds:
        what = rng.choices(broker, [{"pause": 4, "kill": 2, "lead": 4}[k] for k in broker])[0]
        last = {"pause": rng.choice((0.1, 0.5, 1.5, 3.0)), "kill": rng.uniform(0, 1), "lead": 0.1}[what]
        node = rng.randrange(3)
        plan.append((at, what, tuple(leads.randrange(n) for n in (3, 2, 3)) if what == "lead" else (node, last)))
        at += last + rng.uniform(0.3, 3)
    proxy = [k for k in PROXY if k in allowed]
    at = rng.uniform(0.3, proxy_every or seconds)
    while proxy and at < seconds:
        plan.append((at, rng.choice(proxy), ()))
        at += rng.uniform(0.5, proxy_every or seconds)
    return sorted(plan, key=lambda x: x[0])


class Harm:
    """One thread for each of relay, brokers and proxy, so that a proxy can be killed while a broker is."""

    def __init__(self, plan, cluster, relay, proxy, topics):
        self.plan, self.cluster, self.relay, self.proxy, self.topics = plan, cluster, relay, proxy, topics
        self.done = Counter()
        self.problems = []
        self.ended = threading.Event()
        self.threads = [threading.Thread(target=self._run, args=(kinds,), daemon=True) for kinds in (RELAY, BROKER, PROXY)]

    def start(self):
        self.began = time.monotonic()
        for t in self.threads:
            t.start()

    def finish(self):
        for t in self.threads:
            t.join()
        self.relay.heal()
        self.done += self.relay.done

    def _run(self, kinds):
        for at, kind, args in self.plan:
            if kind not in kinds:
                continue
            time.sleep(max(0, self.began + at - time.monotonic()))
            try:
                getattr(self, "_" + kind, self._relay)(kind, *args)
            except Exception as e:  # reported with the seed; the others go on
                self.problems.append(f"{kind}: {e!r}")

    def _relay(self, kind, *args):
        if kind == "refuse":
            self.relay.refuse(*args)
        elif kind == "late":
            self.relay.late(*args)
        else:
            number, down, n, seconds = args
            self.relay.arm(number, down, n, kind, seconds)

    def _pause(self, kind, node, seconds):
        n = self.cluster.nodes[node]
        n.pause()
        self.done[kind] += 1
        try:
            time.sleep(seconds)
        finally:
            n.resume()

    def _kill(self, kind, node, seconds):
        n = self.cluster.nodes[node]
        n.kill()
        self.done[kind] += 1
        try:
            time.sleep(seconds)
        finally:
            n.start()

    def _lead(self, kind, topic, partition, replica):
        """The preferred leader of a partition becomes another of its replicas, which is then elected if it is in sync."""
        name, partitions = self.topics[topic % len(self.topics)]
        try:
            with self.cluster.controller().conn(timeout=3) as c:
                self.done[kind] += self._elect(c, name, partition % partitions, replica)
        except OSError:
            pass  # that broker is away just now

    def _elect(self, c, topic, partition, replica):
        """Whether the partition has another leader now."""

        def leader():
            got = c.ask("Metadata", 12, {"Topics": [{"Name": topic}], "AllowAutoTopicCreation": False})
            return {p["PartitionIndex"]: p["LeaderId"] for p in got["Topics"][0]["Partitions"]}.get(partition)

        nodes = [n.n for n in self.cluster.nodes]
        nodes = nodes[replica:] + nodes[:replica]
        if nodes[0] == leader():
            nodes = nodes[1:] + nodes[:1]
        part = {"PartitionIndex": partition, "Replicas": nodes}
        c.ask("AlterPartitionReassignments", 0, {"TimeoutMs": 2000, "Topics": [{"Name": topic, "Partitions": [part]}]})
        elect = {"ElectionType": 0, "TopicPartitions": [{"Topic": topic, "Partitions": [partition]}], "TimeoutMs": 2000}
        got = c.ask("ElectLeaders", 2, elect)
        errors = {got["ErrorCode"], *(p["ErrorCode"] for t in got["ReplicaElectionResults"] for p in t["PartitionResult"])}
        end = time.monotonic() + 2
        while errors == {0} and time.monotonic() < end:  # this broker hears of it a little later
            if leader() == nodes[0]:
                return True
            time.sleep(0.05)
        return False

    def _term(self, kind):
        self.proxy.terminate()
        self.done[kind] += 1
        self.proxy.start_again()

    def _kill9(self, kind):
        self.proxy.kill_hard()
        self.done[kind] += 1
        self.proxy.start_again()
