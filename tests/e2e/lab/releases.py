"""Releases of Apache Kafka, each as a cluster of one broker (and ZooKeeper, where it needs that), from Maven jars.

    releases.py    prints what is fetched: release, Scala, ZooKeeper or "-"

A broker of any release answers in the highest version of a request that it knows, so the questions that Cluster
asks are asked here in no higher one.
"""

import os
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
sys.path.insert(0, os.path.join(ROOT, "tests", "e2e"))

import wire  # noqa: E402
from lab.kafka import CANARY, CLUSTER_ID, PORT_BASE, Cluster, Node, java, until  # noqa: E402


@dataclass(frozen=True)
class Release:
    """What of a release makes a difference to a client: which it is, and what its brokers can't."""

    version: str
    scala: str = "2.13"
    zookeeper: str = ""  # the release that it runs with; none: KRaft

    @property
    def number(self):
        return tuple(map(int, self.version.split(".")[:2]))

    @property
    def lib(self):
        return os.path.join(wire.cache_dir(), "releases", self.version)


# The last patch of each line.  2.1 is the first with zstd, 2.8 the first with topic ids, 3.9 the last that takes
# message sets and can do without KRaft; every 4.x is here.
RELEASES = {
    r.version: r
    for r in (
        Release("2.1.1", "2.12", "3.5.9"),
        Release("2.8.2", "2.13", "3.5.9"),
        Release("3.9.2"),
        Release("4.0.2"),
        Release("4.1.2"),
        Release("4.2.2"),
        Release("4.3.1"),
        Release("4.4.0"),
    )
}

LISTENERS = {"PLAINTEXT": ("PLAINTEXT", 90), "SPLAIN": ("SASL_PLAINTEXT", 490), "VENDOR": ("PLAINTEXT", 690)}
VENDOR_HOST = CANARY + "2"  # where the brokers of lab/vendor.py are told to be
PROPERTIES = """\
listeners={listeners}{controller}
advertised.listeners={advertised}
listener.security.protocol.map={protocols}{controller_map}
inter.broker.listener.name=PLAINTEXT
listener.name.splain.sasl.enabled.mechanisms=PLAIN
listener.name.splain.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required \
user_app="app-pw" user_sidecar="sidecar-pw";
log.dirs={dir}/data
num.partitions=1
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
offsets.topic.num.partitions=1
transaction.state.log.num.partitions=1
group.initial.rebalance.delay.ms=0
num.network.threads=2
num.io.threads=4
log.cleaner.dedupe.buffer.size=8388608
{extra}
"""
KRAFT = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{host}:{cport}
controller.listener.names=CONTROLLER
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=1
"""
ZOOKEEPER = """\
broker.id=1
zookeeper.connect={host}:{cport}
"""
ZOOKEEPER_SERVER = """\
tickTime=2000
dataDir={dir}/zookeeper
clientPort={cport}
clientPortAddress={host}
maxClientCnxns=0
"""
_ZOOKEEPER_JVM = ("-Dzookeeper.admin.enableServer=false", "-Dzookeeper.jmx.log4j.disable=true")


class _Node(Node):
    def __init__(self, cluster, n):
        super().__init__(cluster, n)
        self.zookeeper = None

    def port_of(self, listener):
        return self.cluster.port_base + LISTENERS[listener][1] + self.n

    def told_host(self, listener):
        return VENDOR_HOST if listener == "VENDOR" else self.host

    def format(self, voters):
        release = self.cluster.release
        os.makedirs(self.dir, exist_ok=True)
        at = {"host": self.host, "cport": self.cport, "dir": self.dir}
        kraft = not release.zookeeper
        controller = f",CONTROLLER://{self.host}:{self.cport}"
        text = (KRAFT if kraft else ZOOKEEPER).format(**at)
        text += PROPERTIES.format(
            **at,
            listeners=",".join(f"{x}://{self.host}:{self.port_of(x)}" for x in LISTENERS),
            advertised=",".join(f"{x}://{self.told_host(x)}:{self.port_of(x)}" for x in LISTENERS),
            protocols=",".join(f"{x}:{protocol}" for x, (protocol, _) in LISTENERS.items()),
            controller=controller if kraft else "",
            controller_map=",CONTROLLER:PLAINTEXT" if kraft else "",
            extra=self.cluster.extra,
        )
        with open(os.path.join(self.dir, "server.properties"), "w") as f:
            f.write(text)
        if kraft:
            cmd = java("kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c", f.name, lib=release.lib)
            return subprocess.Popen(cmd, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        with open(os.path.join(self.dir, "zookeeper.properties"), "w") as f:
            f.write(ZOOKEEPER_SERVER.format(**at))
        return None

    def _java(self, *args, heap, log, jvm=()):
        with open(os.path.join(self.dir, log), "ab") as out:
            cmd = java(*args, heap=heap, lib=self.cluster.release.lib, jvm=jvm)
            return subprocess.Popen(cmd, stdout=out, stderr=out, stdin=subprocess.DEVNULL, start_new_session=True)

    def start(self):
        if self.cluster.release.zookeeper:
            config = os.path.join(self.dir, "zookeeper.properties")
            main = "org.apache.zookeeper.server.quorum.QuorumPeerMain"
            self.zookeeper = self._java(main, config, heap="128m", log="zookeeper.log", jvm=_ZOOKEEPER_JVM)
            until("ZooKeeper listens", lambda: socket.create_connection((self.host, self.cport), 1).close() is None)
        self.proc = self._java("kafka.Kafka", os.path.join(self.dir, "server.properties"), heap="384m", log="out.log", jvm=_ZOOKEEPER_JVM)
        with open(self.pid_file, "w") as f:
            f.write(str(self.proc.pid))

    def end_zookeeper(self):
        if self.zookeeper is not None:
            self.zookeeper.send_signal(signal.SIGKILL)  # it has nothing to lose
            self.zookeeper.wait()
            self.zookeeper = None


class ReleaseCluster(Cluster):
    """One broker of a release."""

    def __init__(self, release, directory, port_base=PORT_BASE, extra=""):
        super().__init__(directory, 0, port_base, extra=extra)
        self.release = release
        self.nodes = [_Node(self, 1)]
        self.ranges = {}

    def ports(self):
        return [self.node(1).port_of(x) for x in LISTENERS] + [self.node(1).cport]

    def start(self):
        node = self.node(1)
        for port in self.ports():
            with socket.socket() as s:
                s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                s.bind((node.host, port))
        subprocess.run(["rm", "-rf", self.dir], check=True)
        formatting = node.format(None)
        if formatting:
            err = formatting.communicate()[1]
            assert formatting.returncode == 0, err.decode(errors="replace")
        node.start()
        self.wait_ready()

    def wait_ready(self, timeout=120):
        def answers():
            if not self.node(1).alive():
                raise SystemError(f"Kafka {self.release.version} is not running, see {self.node(1).dir}/out.log")
            with self.node(1).conn(timeout=5) as c:
                got = c.ask("ApiVersions", 0, {})
                self.ranges = {a["ApiKey"]: (a["MinVersion"], a["MaxVersion"]) for a in got["ApiKeys"]}
            meta = self.ask("Metadata", 12, {"Topics": []})
            self.id = meta["ClusterId"]
            return len(meta["Brokers"]) == 1

        until(f"Kafka {self.release.version} answers", answers, timeout)

    def stop(self):
        super().stop()
        self.node(1).end_zookeeper()

    def newest(self, name):
        """The highest version of a request that broker and definitions have; -1: none."""
        m = wire.request(name)
        lowest, highest = self.ranges.get(m.key, (0, -1))
        highest = min(highest, m.valid.hi)
        return highest if highest >= max(lowest, m.valid.lo) else -1

    def ask(self, name, version, value):
        with self.node(1).conn() as c:
            return c.ask(name, min(version, self.newest(name)), value)

    def metadata(self, topic):
        # Before version 10 a topic has no id: the zeros stand for none.
        return {"TopicId": bytes(16), **super().metadata(topic)}

    def topic_id(self, topic):
        raw = self.metadata(topic)["TopicId"]
        return wire.topic_id_text(raw) if any(raw) else None

    def wait_leaders(self, topic, partitions=1):
        def led():
            t = self.metadata(topic)
            return not t["ErrorCode"] and len(t["Partitions"]) == partitions and all(p["LeaderId"] >= 0 for p in t["Partitions"])

        until(f"{topic} has leaders", led, 30)

    def high_watermark(self, topic, partition=0):
        part = {"PartitionIndex": partition, "Timestamp": -1}
        got = self.ask("ListOffsets", 7, {"ReplicaId": -1, "IsolationLevel": 0, "Topics": [{"Name": topic, "Partitions": [part]}]})
        return got["Topics"][0]["Partitions"][0]["Offset"]



if __name__ == "__main__":
    for r in RELEASES.values():
        print(r.version, r.scala, r.zookeeper or "-")
