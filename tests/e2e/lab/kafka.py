"""A real Kafka cluster (KRaft, 3 brokers, from Maven jars) on this machine's loopback.

Brokers listen on, and advertise, 127.0.77.<n>: an address that no client of the proxy may ever be told,
so its text is the canary of the leak tests.  As a program it keeps a cluster between test runs:

    tests/e2e/lab/kafka.py start | stop | status
"""

import base64
import json
import os
import signal
import socket
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
sys.path.insert(0, os.path.join(ROOT, "tests", "e2e"))

import wire  # noqa: E402
from lab.pki import Pki  # noqa: E402

CANARY = "127.0.77."
CLUSTER_ID = "makotoLabClusterId0001"
PORT_BASE = int(os.environ.get("E2E_PORT_BASE", "24000"))
STATE = os.path.join(ROOT, "build", "e2e", os.environ.get("E2E_CLUSTER", "cluster"))

# Each broker has one of each: the name, what it speaks, how far its port is from the base.
LISTENERS = {
    "PLAINTEXT": ("PLAINTEXT", 90),
    "TLS": ("SSL", 290),
    "MTLS": ("SSL", 390),
    "SPLAIN": ("SASL_PLAINTEXT", 490),
    "SSCRAM": ("SASL_PLAINTEXT", 590),
    "SOAUTH": ("SASL_PLAINTEXT", 690),
    "SASLTLS": ("SASL_SSL", 790),
    "REAUTH": ("SASL_PLAINTEXT", 890),
    "MTLSOAUTH": ("SASL_SSL", 990),
}

TLS_PROPERTIES = """\
listener.name.{name}.ssl.keystore.type=PEM
listener.name.{name}.ssl.keystore.location={keystore}
listener.name.{name}.ssl.truststore.type=PEM
listener.name.{name}.ssl.truststore.location={ca}
listener.name.{name}.ssl.client.auth={auth}
"""

# Users app and sidecar, passwords app-pw and sidecar-pw; tokens are unsecured JWTs; REAUTH ends sessions after 4 s.
USERS = ("app", "sidecar")
_SECURITY = "org.apache.kafka.common.security"
_PLAIN = f"{_SECURITY}.plain.PlainLoginModule required " + " ".join(f'user_{u}="{u}-pw"' for u in USERS) + ";"
_SCRAM = f"{_SECURITY}.scram.ScramLoginModule required;"
SASL_PROPERTIES = f"""\
listener.name.splain.sasl.enabled.mechanisms=PLAIN
listener.name.splain.plain.sasl.jaas.config={_PLAIN}
listener.name.sscram.sasl.enabled.mechanisms=SCRAM-SHA-256,SCRAM-SHA-512
listener.name.sscram.scram-sha-256.sasl.jaas.config={_SCRAM}
listener.name.sscram.scram-sha-512.sasl.jaas.config={_SCRAM}
listener.name.soauth.sasl.enabled.mechanisms=OAUTHBEARER
listener.name.soauth.oauthbearer.sasl.jaas.config={_SECURITY}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";
listener.name.mtlsoauth.sasl.enabled.mechanisms=OAUTHBEARER
listener.name.mtlsoauth.oauthbearer.sasl.jaas.config={_SECURITY}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";
listener.name.sasltls.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-512
listener.name.sasltls.plain.sasl.jaas.config={_PLAIN}
listener.name.sasltls.scram-sha-512.sasl.jaas.config={_SCRAM}
listener.name.reauth.sasl.enabled.mechanisms=PLAIN
listener.name.reauth.plain.connections.max.reauth.ms=4000
listener.name.reauth.plain.sasl.jaas.config={_PLAIN}
"""
SCRAM_USERS = [a for u in USERS for m in ("256", "512") for a in ("--add-scram", f"SCRAM-SHA-{m}=[name={u},password={u}-pw]")]

PROPERTIES = """\
process.roles={roles}
node.id={n}
broker.rack=rack-{n}
replica.selector.class=org.apache.kafka.common.replica.RackAwareReplicaSelector
controller.quorum.voters={voters}
listeners={listeners}
advertised.listeners={listeners}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map={protocols},CONTROLLER:PLAINTEXT
log.dirs={dir}/data
num.partitions=2
default.replication.factor={rf}
offsets.topic.replication.factor={rf}
transaction.state.log.replication.factor={rf}
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor={rf}
share.coordinator.state.topic.min.isr=1
offsets.topic.num.partitions=5
transaction.state.log.num.partitions=5
share.coordinator.state.topic.num.partitions=3
group.initial.rebalance.delay.ms=0
group.share.min.heartbeat.interval.ms=500
group.share.heartbeat.interval.ms=500
group.consumer.min.heartbeat.interval.ms=500
group.consumer.heartbeat.interval.ms=500
log.cleaner.backoff.ms=500
log.retention.check.interval.ms=3600000
log.initial.task.delay.ms=1000
broker.session.timeout.ms=9000
num.network.threads=2
num.io.threads=4
log.cleaner.dedupe.buffer.size=8388608
message.max.bytes=1048588
{tls}
{sasl}
{extra}
"""


def jwt(sub, seconds=3600):
    """An unsecured token, as the brokers' OAUTHBEARER listeners take it."""
    now = int(time.time())

    def part(d):
        return base64.urlsafe_b64encode(json.dumps(d).encode()).rstrip(b"=").decode()

    return f"{part({'alg': 'none'})}.{part({'sub': sub, 'iat': now, 'exp': now + seconds})}."


def until(what, check, timeout=60, every=0.1):
    """Waits for check() to be true and returns its value; the only way that tests wait."""
    end = time.monotonic() + timeout
    last = None
    while True:
        try:
            value = check()
            if value:
                return value
        except (KeyError, TypeError, NameError, AttributeError):
            raise
        except Exception as e:  # the thing asked may not be there yet
            last = e
        if time.monotonic() > end:
            raise AssertionError(f"{what}: not within {timeout} s" + (f" ({last!r})" if last else ""))
        time.sleep(every)


def java(*args, heap="256m", tier=1, env=None, jvm=(), lib=None):
    """The command line of one of the jars' main classes; lib: other jars than the newest release's."""
    cp = os.path.join(lib or wire.jars_dir(), "*") + ":" + os.path.join(ROOT, "build", "e2e", "java")
    return [
        "java",
        f"-Xmx{heap}",
        "-XX:+UseSerialGC",
        *([f"-XX:TieredStopAtLevel={tier}"] if tier else []),
        "-XX:-UsePerfData",
        "-Xshare:auto",
        "-Dorg.slf4j.simpleLogger.defaultLogLevel=" + os.environ.get("E2E_JAVA_LOG", "warn"),
        *jvm,
        "-cp",
        cp,
        *args,
    ]


class Node:
    """A broker, and a controller too if it is a voter.  `at` is its place: the last part of its address and ports."""

    def __init__(self, cluster, n, at=None, voter=True):
        self.cluster, self.n, self.voter = cluster, n, voter
        self.at = n if at is None else at
        self.dir = os.path.join(cluster.dir, f"node{n}")
        self.proc = None
        self.paused = False

    @property
    def host(self):
        return f"{CANARY}{self.at}"

    @property
    def port(self):
        return self.port_of("PLAINTEXT")

    @property
    def cport(self):
        return self.cluster.port_base + 190 + self.at

    def port_of(self, listener):
        return self.cluster.port_base + LISTENERS[listener][1] + self.at

    def tls_properties(self):
        cert = self.cluster.pki.make(f"broker-{self.n}", f"DNS:kafka-{self.n}.lab,IP:{self.host}")
        return "".join(
            TLS_PROPERTIES.format(name=name.lower(), keystore=cert.pem, ca=self.cluster.pki.ca, auth=auth)
            for name, auth in (("TLS", "none"), ("MTLS", "required"), ("SASLTLS", "none"), ("MTLSOAUTH", "required"))
        )

    @property
    def data(self):
        return os.path.join(self.dir, "data")

    @property
    def pid_file(self):
        return os.path.join(self.dir, "pid")

    def pid(self):
        try:
            with open(self.pid_file) as f:
                return int(f.read())
        except (OSError, ValueError):
            return None

    def alive(self):
        if self.proc is not None and self.proc.poll() is not None:
            return False
        pid = self.pid()
        try:
            with open(f"/proc/{pid}/cmdline") as f:
                return self.dir in f.read()
        except OSError:
            return False

    def configure(self):
        listeners = ",".join(f"{x}://{self.host}:{self.port_of(x)}" for x in LISTENERS)
        if self.voter:
            listeners += f",CONTROLLER://{self.host}:{self.cport}"
        with open(os.path.join(self.dir, "server.properties"), "w") as f:
            f.write(
                PROPERTIES.format(
                    n=self.n,
                    roles="broker,controller" if self.voter else "broker",
                    voters=self.cluster.voters,
                    listeners=listeners,
                    protocols=",".join(f"{x}:{protocol}" for x, (protocol, _) in LISTENERS.items()),
                    tls=self.tls_properties(),
                    sasl=SASL_PROPERTIES,
                    dir=self.dir,
                    rf=min(3, len(self.cluster.nodes)),
                    extra=self.cluster.extra,
                )
            )

    def format(self):
        os.makedirs(self.dir, exist_ok=True)
        self.configure()
        users = SCRAM_USERS if self.voter else []
        cmd = java("kafka.tools.StorageTool", "format", "-t", self.cluster.id, "-c", os.path.join(self.dir, "server.properties"), *users)
        return subprocess.Popen(cmd, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def start(self):
        out = open(os.path.join(self.dir, "out.log"), "ab")
        cmd = java("kafka.Kafka", os.path.join(self.dir, "server.properties"), heap=self.cluster.heap, tier=self.cluster.tier)
        self.proc = subprocess.Popen(cmd, stdout=out, stderr=out, stdin=subprocess.DEVNULL, start_new_session=True)
        out.close()
        with open(self.pid_file, "w") as f:
            f.write(str(self.proc.pid))

    def signal(self, sig):
        pid = self.pid()
        if pid and self.alive():
            os.kill(pid, sig)

    def wait_gone(self, timeout=60):
        if self.proc is not None:
            self.proc.wait(timeout)
        else:
            until(f"broker {self.n} ends", lambda: not self.alive(), timeout)

    def stop(self, timeout=60):
        self.signal(signal.SIGTERM)
        self.wait_gone(timeout)

    def kill(self):
        self.signal(signal.SIGKILL)
        self.wait_gone()

    def pause(self):
        """It hangs: its sockets are open, and nothing comes."""
        self.paused = True
        self.signal(signal.SIGSTOP)

    def resume(self):
        self.signal(signal.SIGCONT)
        self.paused = False

    def answers(self):
        return self.alive() and not self.paused

    def conn(self, **kw):
        return wire.Conn(self.host, self.port, **kw)


class Cluster:
    """nodes: how many, all of them voters.  ids: node ids instead, of which the first alone is a voter."""

    def __init__(self, directory=STATE, nodes=3, port_base=PORT_BASE, heap="512m", tier=1, extra="", ids=None, id=CLUSTER_ID):
        self.dir, self.port_base, self.heap, self.tier, self.extra = directory, port_base, heap, tier, extra
        if ids is None:
            self.nodes = [Node(self, n) for n in range(1, nodes + 1)]
        else:
            self.nodes = [Node(self, n, i + 1, i == 0) for i, n in enumerate(ids)]
        self.places = len(self.nodes)  # that were given so far
        self.id = id

    @property
    def voters(self):
        return ",".join(f"{n.n}@{n.host}:{n.cport}" for n in self.nodes if n.voter)

    @property
    def bootstrap(self):
        return ",".join(f"{n.host}:{n.port}" for n in self.nodes)

    def node(self, n):
        return next(x for x in self.nodes if x.n == n)

    @property
    def pki(self):
        """Whose authority signs the brokers' certificates, and whose certificates MTLS listeners take."""
        return Pki(os.path.join(self.dir, "pki"))

    def bootstrap_of(self, listener):
        return ",".join(f"{n.host}:{n.port_of(listener)}" for n in self.nodes)

    def ports(self):
        return [p for n in self.nodes for p in (*(n.port_of(x) for x in LISTENERS), n.cport)]

    def start(self):
        for n in self.nodes:
            for port in (*(n.port_of(x) for x in LISTENERS), n.cport):
                with socket.socket() as s:
                    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    s.bind((n.host, port))  # a port that is taken is said here, not by a broker that never comes
        subprocess.run(["rm", "-rf", self.dir], check=True)
        self._format(self.nodes)
        for n in self.nodes:
            n.start()
        self.wait_ready()

    def _format(self, nodes):
        for p in [n.format() for n in nodes]:
            err = p.communicate()[1]
            if p.returncode:
                raise RuntimeError("kafka storage format: " + err.decode(errors="replace"))

    def add(self, n):
        """One more broker, in a place of its own, started and known to the others."""
        self.places += 1
        node = Node(self, n, self.places, False)
        self._format([node])
        self.nodes.append(node)
        node.start()
        self.wait_ready()
        return node

    def remove(self, n):
        """Stops a broker and takes it out of the cluster; it should lead and hold nothing."""
        node = self.node(n)
        node.stop()
        self.nodes.remove(node)

        def gone():
            self.ask("UnregisterBroker", 0, {"BrokerId": n})
            return all(b["BrokerId"] != n for b in self.ask("DescribeCluster", 1, {})["Brokers"])

        until(f"broker {n} is unregistered", gone, 60)

    def move(self, n):
        """Stops a broker and starts it at another address and port."""
        node = self.node(n)
        node.stop()
        self.places += 1
        node.at = self.places
        node.configure()
        node.start()
        self.wait_ready()
        return node

    def restart(self, n, kill=False):
        """One step of a rolling restart: ends it, starts it, waits until it has caught up with everything."""
        node = self.node(n)
        node.kill() if kill else node.stop()
        node.start()
        self.wait_ready()
        until("every replica is in sync", self.in_sync, 90)

    def in_sync(self):
        got = self.ask("Metadata", 12, {"Topics": None})
        return all(
            p["LeaderId"] >= 0 and set(p["IsrNodes"]) == set(p["ReplicaNodes"]) for t in got["Topics"] for p in t["Partitions"]
        )

    def active_controller(self):
        """The node that leads the metadata quorum."""
        value = {"Topics": [{"TopicName": "__cluster_metadata", "Partitions": [{"PartitionIndex": 0}]}]}
        got = self.ask("DescribeQuorum", 1, value)["Topics"][0]["Partitions"][0]
        assert got["ErrorCode"] == 0 and got["LeaderId"] >= 0, got
        return self.node(got["LeaderId"])

    def wait_ready(self, timeout=120):
        def all_there():
            for n in self.nodes:
                if not n.alive():
                    raise AssertionError(f"broker {n.n} is not running, see {n.dir}/out.log")
                with n.conn(timeout=5) as c:
                    if len(c.ask("Metadata", 12, {"Topics": []})["Brokers"]) != len(self.nodes):
                        return False
            return True

        until("the cluster is ready", all_there, timeout)

    def stop(self):
        for n in self.nodes:
            n.resume()
            n.signal(signal.SIGTERM)
        for n in self.nodes:
            try:
                n.wait_gone(20)
            except (AssertionError, subprocess.TimeoutExpired):
                n.kill()

    def alive(self):
        return all(n.alive() for n in self.nodes)

    # -- what tests ask of it

    def controller(self):
        for n in self.nodes:
            if n.answers():
                return n
        raise AssertionError("no broker is running")

    def ask(self, name, version, value):
        with self.controller().conn() as c:
            return c.ask(name, version, value)

    def metadata(self, topic):
        got = self.ask("Metadata", 12, {"Topics": [{"Name": topic}], "AllowAutoTopicCreation": False})
        return got["Topics"][0]

    def topic_id(self, topic):
        return wire.topic_id_text(self.metadata(topic)["TopicId"])

    def create(self, topic, partitions=1, rf=None, configs=None, assignment=None):
        spec = {
            "Name": topic,
            "NumPartitions": -1 if assignment else partitions,
            "ReplicationFactor": -1 if assignment else (rf or min(3, len(self.nodes))),
            "Configs": [{"Name": k, "Value": str(v)} for k, v in (configs or {}).items()],
            "Assignments": [{"PartitionIndex": i, "BrokerIds": ids} for i, ids in enumerate(assignment or [])],
        }

        def made():
            got = self.ask("CreateTopics", 7, {"Topics": [spec], "TimeoutMs": 20000})["Topics"][0]
            if got["ErrorCode"] not in (0, 36):
                raise RuntimeError(f"create {topic}: {got['ErrorCode']} {got['ErrorMessage']}")
            return True

        until(f"topic {topic} is made", made, 30)
        self.wait_leaders(topic, len(assignment) if assignment else partitions)
        return topic

    def wait_leaders(self, topic, partitions=1):
        """Every broker knows of every partition's leader; and each leader knows that it is, which comes later than that it tells so."""

        def led():
            leads = {}
            for n in self.nodes:
                if not n.answers():
                    continue
                with n.conn() as c:
                    t = c.ask("Metadata", 12, {"Topics": [{"Name": topic}], "AllowAutoTopicCreation": False})["Topics"][0]
                if t["ErrorCode"] or len(t["Partitions"]) != partitions:
                    return False
                if any(p["ErrorCode"] or p["LeaderId"] < 0 for p in t["Partitions"]):
                    return False
                leads = {p["PartitionIndex"]: p["LeaderId"] for p in t["Partitions"]}
            for leader in set(leads.values()):
                if not self.node(leader).answers():
                    continue
                ends = [{"PartitionIndex": p, "CurrentLeaderEpoch": -1, "Timestamp": -1} for p, n in leads.items() if n == leader]
                with self.node(leader).conn() as c:
                    got = c.ask("ListOffsets", 7, {"ReplicaId": -1, "IsolationLevel": 0, "Topics": [{"Name": topic, "Partitions": ends}]})
                if any(p["ErrorCode"] for p in got["Topics"][0]["Partitions"]):
                    return False
            return True

        until(f"{topic} has leaders", led, 30)

    def _delete(self, topic):
        got = self.ask("DeleteTopics", 6, {"Topics": [{"Name": topic}], "TimeoutMs": 20000})["Responses"][0]
        if got["ErrorCode"]:
            raise RuntimeError(f"delete {topic}: {got['ErrorCode']}")

    def make_again(self, topic, **kw):
        """Deletes it and makes it anew.  A client at work may be faster and have it made with the brokers' defaults."""
        old = self.topic_id(topic)
        self._delete(topic)
        self.create(topic, **kw)

        def is_new():
            for n in self.nodes:
                with n.conn() as c:
                    t = c.ask("Metadata", 12, {"Topics": [{"Name": topic}], "AllowAutoTopicCreation": False})["Topics"][0]
                if t["ErrorCode"] or wire.topic_id_text(t["TopicId"]) == old:
                    return False
            return True

        until(f"every broker knows the new {topic}", is_new, 30)

    def delete(self, topic):
        self._delete(topic)
        until(f"{topic} is gone", lambda: all(self._lacks(n, topic) for n in self.nodes if n.alive()), 30)

    def _lacks(self, node, topic):
        with node.conn() as c:
            t = c.ask("Metadata", 12, {"Topics": [{"Name": topic}], "AllowAutoTopicCreation": False})["Topics"][0]
        return t["ErrorCode"] == 3

    def alter_topic(self, topic, **configs):
        value = {
            "Resources": [
                {
                    "ResourceType": 2,
                    "ResourceName": topic,
                    "Configs": [{"Name": k.replace("_", "."), "ConfigOperation": 0, "Value": str(v)} for k, v in configs.items()],
                }
            ],
            "ValidateOnly": False,
        }
        got = self.ask("IncrementalAlterConfigs", 1, value)["Responses"][0]
        assert got["ErrorCode"] == 0, got

    def alter_group(self, group, **configs):
        value = {
            "Resources": [
                {
                    "ResourceType": 32,
                    "ResourceName": group,
                    "Configs": [{"Name": k.replace("_", "."), "ConfigOperation": 0, "Value": str(v)} for k, v in configs.items()],
                }
            ],
            "ValidateOnly": False,
        }
        got = self.ask("IncrementalAlterConfigs", 1, value)["Responses"][0]
        assert got["ErrorCode"] == 0, got

    def leader(self, topic, partition=0):
        for p in self.metadata(topic)["Partitions"]:
            if p["PartitionIndex"] == partition:
                return p["LeaderId"]
        raise AssertionError(f"{topic}-{partition}: no such partition")

    def move_leader(self, topic, partition, replicas):
        """Gives the partition these replicas, and the first of them the lead."""
        value = {
            "TimeoutMs": 20000,
            "Topics": [{"Name": topic, "Partitions": [{"PartitionIndex": partition, "Replicas": replicas}]}],
        }
        got = self.ask("AlterPartitionReassignments", 0, value)
        assert got["ErrorCode"] == 0 and not got["Responses"][0]["Partitions"][0]["ErrorCode"], got

        def settled():
            for p in self.metadata(topic)["Partitions"]:
                if p["PartitionIndex"] == partition:
                    return p["ReplicaNodes"] == replicas and set(p["IsrNodes"]) == set(replicas)

        until(f"{topic}-{partition} is reassigned", settled, 60)
        if self.leader(topic, partition) != replicas[0]:
            self.ask(
                "ElectLeaders",
                2,
                {
                    "ElectionType": 0,
                    "TopicPartitions": [{"Topic": topic, "Partitions": [partition]}],
                    "TimeoutMs": 20000,
                },
            )
        until(f"{topic}-{partition} is led by {replicas[0]}", lambda: self.leader(topic, partition) == replicas[0], 30)

    def coordinator(self, group, kind=0):
        got = self.ask("FindCoordinator", 4, {"KeyType": kind, "CoordinatorKeys": [group]})["Coordinators"][0]
        return self.node(got["NodeId"])

    def committed(self, group, topic):
        """{partition: offset} that a consumer group committed."""
        with self.coordinator(group).conn() as c:
            topics = [{"Name": topic, "PartitionIndexes": self.partitions(topic)}]
            got = c.ask("OffsetFetch", 8, {"Groups": [{"GroupId": group, "Topics": topics}], "RequireStable": False})
        parts = got["Groups"][0]["Topics"][0]["Partitions"]
        return {p["PartitionIndex"]: p["CommittedOffset"] for p in parts}

    def share_lag(self, group, topic):
        """How many records a share group has not done with."""
        with self.coordinator(group).conn() as c:
            topics = [{"TopicName": topic, "Partitions": self.partitions(topic)}]
            got = c.ask("DescribeShareGroupOffsets", 1, {"Groups": [{"GroupId": group, "Topics": topics}]})
        return sum(p["Lag"] for p in got["Groups"][0]["Topics"][0]["Partitions"])

    def partition_dirs(self, topic, partition=0):
        dirs = [os.path.join(n.data, f"{topic}-{partition}") for n in self.nodes]
        return [d for d in dirs if os.path.isdir(d)]

    def high_watermark(self, topic, partition=0):
        """What consumers may see ends here: the replicas have it."""
        part = {"PartitionIndex": partition, "CurrentLeaderEpoch": -1, "Timestamp": -1}
        with self.node(self.leader(topic, partition)).conn() as c:
            got = c.ask("ListOffsets", 7, {"ReplicaId": -1, "IsolationLevel": 0, "Topics": [{"Name": topic, "Partitions": [part]}]})
        return got["Topics"][0]["Partitions"][0]["Offset"]

    def log(self, topic, partition=0):
        """The partition as the leader's disk has it, when consumers can see all of that."""
        import kafkalog

        leader = self.node(self.leader(topic, partition))
        log = kafkalog.read_partition(os.path.join(leader.data, f"{topic}-{partition}"))
        until(f"{topic}-{partition} is replicated", lambda: self.high_watermark(topic, partition) >= log.end)
        return log

    def partitions(self, topic):
        return sorted(p["PartitionIndex"] for p in self.metadata(topic)["Partitions"])


def main():
    what = sys.argv[1] if len(sys.argv) > 1 else ""
    c = Cluster()
    if what == "start":
        if not c.alive():
            c.start()
        print(c.bootstrap)
    elif what == "stop":
        c.stop()
    elif what == "status":
        print(json.dumps({n.n: n.alive() for n in c.nodes}))
        sys.exit(0 if c.alive() else 1)
    else:
        print(__doc__, file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
