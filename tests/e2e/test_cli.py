"""Kafka's own command-line tools, directly and through the proxy: what they print is the same.

Left out of what is compared: names, addresses, ids and times that differ from run to run.
"""

import concurrent.futures
import difflib
import itertools
import json
import os
import re
import subprocess
import time

import pytest
from checks import attested
from clients import Confluent, Rec
from conftest import DIRECT
from lab.kafka import java, until
from matrix.profiles import PROFILES
from matrix.ways import clean, normal, two_ways

pytestmark = pytest.mark.clients

TOOLS = "org.apache.kafka.tools."
CLASSES = {
    "topics": TOOLS + "TopicCommand",
    "configs": TOOLS + "ConfigCommand",
    "consumer-groups": TOOLS + "consumer.group.ConsumerGroupCommand",
    "share-groups": TOOLS + "consumer.group.ShareGroupCommand",
    "groups": TOOLS + "GroupsCommand",
    "acls": TOOLS + "AclCommand",
    "reassign-partitions": TOOLS + "reassign.ReassignPartitionsCommand",
    "leader-election": TOOLS + "LeaderElectionCommand",
    "transactions": TOOLS + "TransactionsCommand",
    "log-dirs": TOOLS + "LogDirsCommand",
    "get-offsets": TOOLS + "GetOffsetShell",
    "delete-records": TOOLS + "DeleteRecordsCommand",
    "features": TOOLS + "FeatureCommand",
    "metadata-quorum": TOOLS + "MetadataQuorumCommand",
    "client-metrics": TOOLS + "ClientMetricsCommand",
    "broker-api-versions": TOOLS + "BrokerApiVersionsCommand",
    "console-producer": TOOLS + "ConsoleProducer",
    "console-consumer": TOOLS + "consumer.ConsoleConsumer",
    "console-share-consumer": TOOLS + "consumer.ConsoleShareConsumer",
    "verifiable-producer": TOOLS + "VerifiableProducer",
    "verifiable-consumer": TOOLS + "VerifiableConsumer",
    "producer-perf-test": TOOLS + "ProducerPerformance",
    "consumer-perf-test": TOOLS + "ConsumerPerformance",
    "share-consumer-perf-test": TOOLS + "ShareConsumerPerformance",
}


# A tool that reads, one that writes, one that asks brokers and coordinators: with secured connections, too.
SECURED = ("test_topics", "test_console", "test_consumer_groups")


def pytest_generate_tests(metafunc):
    if "both" in metafunc.fixturenames:
        profiles = ["plaintext", "tls-scram", "mtls-oauth"] if metafunc.definition.name in SECURED else ["plaintext"]
        metafunc.parametrize("ways", profiles, indirect=True, scope="module")


@pytest.fixture(scope="module")
def ways(request, cluster, tmp_path_factory):
    with two_ways(cluster, PROFILES[request.param], tmp_path_factory.mktemp("cli"), DIRECT) as both:
        yield both


def java_properties(props):
    """Properties under the names that Java's client has for them: see matrix/PROTOCOL.md."""
    out = {k: v for k, v in props.items() if k not in ("ssl.ca.location", "sasl.username", "sasl.password")}
    if "ssl.ca.location" in props:
        out |= {"ssl.truststore.type": "PEM", "ssl.truststore.location": props["ssl.ca.location"]}
    if "sasl.username" in props:
        login = f'username="{props["sasl.username"]}" password="{props["sasl.password"]}"'
        out["sasl.jaas.config"] = f"org.apache.kafka.common.security.scram.ScramLoginModule required {login};"
    return out


_numbers = itertools.count(1)
NOW = int(time.time() * 1000)


class Way:
    def __init__(self, cluster, way, name, directory):
        self.cluster, self.way, self.name, self.dir = cluster, way, f"{name}-{way.tag}", directory
        self.topics = []
        self.config = self.file("client.properties", "".join(f"{k}={v}\n" for k, v in java_properties(way.props).items()))

    def file(self, name, text):
        path = os.path.join(self.dir, f"{self.way.tag}-{name}")
        with open(path, "w") as f:
            f.write(text)
        return path

    def topic(self, n=0, partitions=1, **kw):
        """A topic whose leaders are known, with n records a partition."""
        ids = [x.n for x in self.cluster.nodes]
        kw.setdefault("assignment", [ids[p % len(ids) :] + ids[: p % len(ids)] for p in range(partitions)])
        t = self.cluster.create(f"cli-{self.name}-{len(self.topics)}", **kw)
        self.topics.append(t)
        if n:
            records = [Rec(b"k%d" % i, b"value %d" % i, [], NOW + i, i % partitions) for i in range(n * partitions)]
            Confluent.produce(self.way.bootstrap, t, records, **{k.replace(".", "_"): v for k, v in self.way.props.items()})
        return t

    def tool(self, name, *args, rc=0, data=None, config="--command-config"):
        """What it prints to stdout.  A tool that ends otherwise than with rc fails the test."""
        where = ["--bootstrap-server", self.way.bootstrap, *([config, self.config] if config else [])]
        p = subprocess.run(java(CLASSES[name], *where, *args), input=data, capture_output=True, timeout=180)
        out, err = p.stdout.decode(errors="replace"), p.stderr.decode(errors="replace")
        assert p.returncode == rc, f"{name} {args}: {p.returncode}\n{out[-2000:]}\n{err[-3000:]}"
        return out if rc == 0 else out + errors_of(err)

    def mine(self, text):
        """The lines of a list that tell of this way's things: the cluster has others."""
        return [line for line in text.splitlines() if self.name in line]


def in_order(text):
    """A list that a tool prints in no order."""
    return "\n".join(sorted(text.splitlines()))


def columns(text, *which):
    """These columns of a table whose columns are parted by tabs; others are ids and times."""
    return [[x.strip() for i, x in enumerate(line.split("\t")) if i in which] for line in text.splitlines()]


def errors_of(text):
    """The messages of a tool that failed, without where in its code it did."""
    return "\n".join(x for x in text.splitlines() if x.strip() and not re.match(r"\s+(at |\.\.\. )|\[", x))


@pytest.fixture
def both(cluster, ways, request, tmp_path):
    """both(f): f's text for either way is the same, but for what hide's patterns match; the two run side by side."""
    name = f"{request.node.originalname.removeprefix('test_').replace('_', '-')}-{os.getpid() % 10000:x}-{next(_numbers)}"
    two = [Way(cluster, way, name, str(tmp_path)) for way in ways]

    def run(f, *hide, at_once=2):
        with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
            results = [r.result() for r in [pool.submit(f, w) for w in two]]
        texts = []
        for w, r in zip(two, results):
            text = normal(r if isinstance(r, str) else json.dumps(r, indent=1).replace("\\n", "\n"), w.way)
            for pattern in hide:
                text = re.sub(pattern, "#", text)
            texts.append(re.sub(r"[ \t]+", " ", text).splitlines())  # columns are as wide as their names
        assert texts[1] == texts[0], "\n".join(difflib.unified_diff(*texts, lineterm="", n=1))
        for w in two:
            if w.way.proxy:
                for t in w.topics:
                    attested(cluster, w.way.proxy, t, dbom_topic=w.way.proxy.dbom_topic)
        return "\n".join(texts[0])

    run.brokers_text = ()
    yield run
    for w in two:
        if w.way.relay:
            clean(w.way.relay, run.brokers_text)


TOPIC_ID = r"TopicId: [\w-]{22}"


def test_topics(both):
    def case(w):
        t = f"cli-{w.name}"
        out = [
            w.tool("topics", "--create", "--topic", t, "--replica-assignment", "1:2:3,2:3:1", "--config", "retention.ms=3600000"),
            w.tool("topics", "--describe", "--topic", t),
            w.mine(w.tool("topics", "--list")),
            w.tool("topics", "--alter", "--topic", t, "--partitions", "3", "--replica-assignment", "1:2:3,2:3:1,3:1:2"),
        ]
        w.cluster.wait_leaders(t, 3)
        out.append(w.tool("topics", "--describe", "--topic", t))
        out.append(w.tool("topics", "--create", "--topic", t, rc=1))
        out.append(w.tool("topics", "--delete", "--topic", t))
        until("the topic is gone", lambda: all(w.cluster._lacks(n, t) for n in w.cluster.nodes))
        out.append(w.tool("topics", "--describe", "--topic", t, rc=1))
        return out

    assert "PartitionCount: 3" in both(case, TOPIC_ID)


def test_configs(both):
    def case(w):
        t = w.topic()
        of = lambda kind, name: ("--entity-type", kind, "--entity-name", name)  # noqa: E731
        out = [w.tool("configs", "--alter", *of("topics", t), "--add-config", "max.message.bytes=70000,cleanup.policy=delete")]
        until("the topic has its limit", lambda: "70000" in w.tool("configs", "--describe", *of("topics", t)))
        out.append(w.tool("configs", "--describe", *of("topics", t)))
        out.append(w.tool("configs", "--describe", "--all", *of("topics", t)))
        out.append(w.tool("configs", "--alter", *of("topics", t), "--delete-config", "cleanup.policy"))
        out.append(w.tool("configs", "--alter", *of("clients", w.name), "--add-config", "producer_byte_rate=1000000"))
        until("the client has its quota", lambda: "1000000" in w.tool("configs", "--describe", *of("clients", w.name)))
        out.append(w.tool("configs", "--describe", *of("clients", w.name)))
        out.append(w.tool("configs", "--alter", *of("groups", w.name), "--add-config", "consumer.session.timeout.ms=46000"))
        until("the group has its timeout", lambda: "46000" in w.tool("configs", "--describe", *of("groups", w.name)))
        out.append(w.tool("configs", "--alter", *of("topics", t), "--add-config", "no.such.setting=1", rc=1))
        return out

    both(case)


def test_configs_of_brokers(both):
    """A broker's settings are text for an administrator, its own addresses among them: they pass as they are."""
    both.brokers_text = ("DescribeConfigs",)
    text = both(lambda w: w.tool("configs", "--describe", "--all", "--entity-type", "brokers", "--entity-name", "2"))
    assert "advertised.listeners=" in text


def test_consumer_groups(both):
    def case(w):
        t, g = w.topic(10, 2), w.name
        out = [w.tool("console-consumer", "--topic", t, "--group", g, "--from-beginning", "--max-messages", "20")]
        out[0] = in_order(out[0])
        until("what was read is committed", lambda: w.cluster.committed(g, t) == {0: 10, 1: 10})
        out.append(w.mine(w.tool("consumer-groups", "--list")))
        out.append(w.mine(w.tool("groups", "--list")))
        for what in ("--offsets", "--state", "--members"):
            out.append(in_order(w.tool("consumer-groups", "--describe", "--group", g, what)))
        reset = ("--reset-offsets", "--group", g, "--topic", t, "--to-offset", "4")
        out.append(in_order(w.tool("consumer-groups", *reset, "--dry-run")))
        out.append(in_order(w.tool("consumer-groups", *reset, "--execute")))
        assert w.cluster.committed(g, t) == {0: 4, 1: 4}
        out.append(w.tool("consumer-groups", "--delete-offsets", "--group", g, "--topic", t + ":0"))
        out.append(w.tool("consumer-groups", "--delete", "--group", g))
        out.append(w.tool("consumer-groups", "--describe", "--group", g))  # it says so, and ends with 0
        return out

    both(case, r"\(\d\)")  # the coordinator's id goes by the group's name


def test_share_groups(both):
    def case(w):
        t, g = w.topic(10, 2), w.name
        w.cluster.alter_group(g, share_auto_offset_reset="earliest")
        read = w.tool("console-share-consumer", "--topic", t, "--group", g, "--max-messages", "20")
        out = [in_order(read)]
        until("what was acknowledged is settled", lambda: w.cluster.share_lag(g, t) == 0)
        out.append(w.mine(w.tool("share-groups", "--list")))
        for what in ("--offsets", "--state", "--members"):
            out.append(in_order(w.tool("share-groups", "--describe", "--group", g, what)))
        out.append(in_order(w.tool("share-groups", "--reset-offsets", "--group", g, "--topic", t, "--to-earliest", "--execute")))
        out.append(w.tool("share-groups", "--delete", "--group", g))
        return out

    both(case, r"\(\d\)")


def test_acls_without_authorizer(both):
    """Both ways the brokers say that they have no authorizer."""
    assert "No Authorizer is configured" in both(lambda w: w.tool("acls", "--list", rc=1))


def test_reassign_partitions(both):
    def case(w):
        t = w.topic(5, assignment=[[1, 2]])
        plan = {"version": 1, "partitions": [{"topic": t, "partition": 0, "replicas": [2, 3], "log_dirs": ["any", "any"]}]}
        f = w.file("plan.json", json.dumps(plan))
        which = w.file("topics.json", json.dumps({"version": 1, "topics": [{"topic": t}]}))
        args = ("--reassignment-json-file", f)
        generated = w.tool("reassign-partitions", "--generate", "--topics-to-move-json-file", which, "--broker-list", "1,2")
        out = [generated.splitlines()[:2], w.tool("reassign-partitions", "--execute", *args)]
        until("the partition has moved", lambda: "is completed" in w.tool("reassign-partitions", "--verify", *args))
        out.append(w.tool("reassign-partitions", "--verify", *args))
        out.append(w.tool("topics", "--describe", "--topic", t).splitlines()[1])
        election = ("--election-type", "preferred", "--topic", t, "--partition", "0")
        leader = w.cluster.leader(t)
        elected = w.tool("leader-election", *election, config="--admin.config")
        until("the first replica leads", lambda: w.cluster.leader(t) == 2)
        return out, leader in (1, 2, 3) and bool(elected)

    both(case, r"Leader: \d", r"Isr: [\d,]+", at_once=1)  # the tool refuses a second reassignment meanwhile


def test_transactions(both):
    def case(w):
        t = w.topic()
        records = [Rec(b"k", b"v%d" % i, [], None, 0) for i in range(6)]
        Confluent.produce(w.way.bootstrap, t, records, txn=[(True, 3), (False, 3)], transactional_id=w.name)
        listed = until("the transaction has ended", lambda: [x for x in w.mine(w.tool("transactions", "list")) if "Complete" in x])
        return [
            [x.split()[0::3] for x in listed],
            columns(w.tool("transactions", "describe", "--transactional-id", w.name), 1, 3, 4, 5, 8),
            columns(w.tool("transactions", "describe-producers", "--topic", t, "--partition", "0"), 1, 3, 5),
            w.tool("transactions", "find-hanging", "--topic", t, "--partition", "0"),
        ]

    both(case)


def test_log_dirs(both):
    def case(w):
        t = w.topic(5, 2)
        *said, found = w.tool("log-dirs", "--describe", "--broker-list", "1,2,3", "--topic-list", t).splitlines()
        dirs = [[b["broker"], d["logDir"], d["error"], d["partitions"]] for b in json.loads(found)["brokers"] for d in b["logDirs"]]
        assert all(p["size"] > 0 for d in dirs for p in d[3])
        return said, [[*d[:3], sorted([p["partition"], p["isFuture"]] for p in d[3])] for d in dirs]

    both(case)


def test_offsets_and_delete_records(both):
    def case(w):
        t = w.topic(10, 2)
        out = [w.tool("get-offsets", "--topic", t, "--time", at) for at in ("-1", "-2", "-3")]
        cut = {"version": 1, "partitions": [{"topic": t, "partition": p, "offset": 4} for p in (0, 1)]}
        if w.way.proxy:
            attested(w.cluster, w.way.proxy, t, dbom_topic=w.way.proxy.dbom_topic)  # while all records are there
        w.topics.remove(t)
        deleted = w.tool("delete-records", "--offset-json-file", w.file("cut.json", json.dumps(cut)))
        return [*out, in_order(deleted), w.tool("get-offsets", "--topic", t, "--time", "-2")]

    assert "4" in both(case, r":\d{13}\b")


def test_features(both):
    assert "transaction.version" in both(lambda w: w.tool("features", "describe"), r"Epoch: \d+")


def test_metadata_quorum(both):
    """Controllers' addresses are not told (docs/PROTOCOL.md); else the same."""

    def case(w):
        status = re.sub(r', "endpoints": \[[^\]]*\]', "", w.tool("metadata-quorum", "describe", "--status"))
        replication = w.tool("metadata-quorum", "describe", "--replication")
        return status, [x.split()[:2] + x.split()[-1:] for x in replication.splitlines()]

    both(case, r"(HighWatermark|MaxFollowerLag|MaxFollowerLagTimeMs): +-?\d+", r"LeaderEpoch: +\d+")


def test_broker_api_versions(both):
    def case(w):
        text = w.tool("broker-api-versions")
        return "\n".join(sorted(re.split(r"(?m)^(?=\S+ \(id)", text)))

    assert both(case).count("Produce(0): 0 to 13") == 3


def test_client_metrics(both):
    def case(w):
        return [
            w.tool("client-metrics", "--alter", "--name", w.name, "--metrics", "org.apache.kafka.producer.", "--interval", "5000"),
            until("the subscription is there", lambda: w.mine(w.tool("client-metrics", "--list"))),
            w.tool("client-metrics", "--describe", "--name", w.name),
            w.tool("client-metrics", "--delete", "--name", w.name),
        ]

    both(case)


def test_console(both):
    def case(w):
        t = w.topic()
        lines = b"".join(b"h1:a,h2:b%d\tkey-%d\tvalue %d\n" % (i, i, i) for i in range(30))
        reader = ("--reader-property", "parse.key=true", "--reader-property", "parse.headers=true")
        w.tool("console-producer", "--topic", t, *reader, data=lines)
        shown = ("--formatter-property", "print.key=true", "--formatter-property", "print.headers=true")
        args = ("--topic", t, "--from-beginning", "--max-messages", "30", "--timeout-ms", "60000")
        text = w.tool("console-consumer", *args, *shown, "--formatter-property", "print.offset=true")
        own = r",makoto\.content_hash:[0-9a-f]{64},makoto\.window_id:\d+,makoto\.signature:makoto\.dbom\.matrix[a-z.-]*/[^\t]+(?=\t)"
        plain, n = re.subn(own, "", text)
        assert n == (30 if w.way.proxy else 0), text[:600]
        return plain

    assert both(case).count("value ") == 30


def test_verifiable(both):
    def case(w):
        t = w.topic(partitions=1)
        made = w.tool("verifiable-producer", "--topic", t, "--max-messages", "40", "--acks", "-1")
        read = w.tool("verifiable-consumer", "--topic", t, "--group-id", w.name, "--max-messages", "40", "--reset-policy", "earliest")
        counts = [json.loads(x) for x in read.splitlines()]
        return [
            [x for x in map(json.loads, made.splitlines()) if x["name"] == "producer_send_success"],
            sum(x["count"] for x in counts if x["name"] == "records_consumed"),
            [x["name"] for x in counts if x["name"] in ("startup_complete", "partitions_assigned", "shutdown_complete")],
        ]

    both(case, r'"timestamp": \d+')


def test_perf(both):
    def case(w):
        t = w.topic(partitions=3)
        w.cluster.alter_group(w.name, share_auto_offset_reset="earliest")
        made = w.tool(
            "producer-perf-test", "--topic", t, "--num-records", "5000", "--record-size", "200", "--throughput", "-1",
            "--command-property", "acks=all", "compression.type=lz4",
        )  # fmt: skip
        read = w.tool("consumer-perf-test", "--topic", t, "--num-records", "5000", "--timeout", "60000")
        shared = w.tool("share-consumer-perf-test", "--topic", t, "--group", w.name, "--num-records", "5000", "--timeout", "60000")
        for text in (read, shared):
            head, values = ([x.strip() for x in line.split(",")] for line in text.splitlines()[-2:])
            assert int(dict(zip(head, values))["data.consumed.in.nMsg"]) >= 5000, text
        return re.search(r"\d+ records sent", made.splitlines()[-1])[0], read.splitlines()[0], shared.splitlines()[0]

    both(case)
