"""makoto-proxy -n --check-cluster: what a start would meet, and the commands that mend it, run with Kafka's own tools."""

import os
import re
import shlex
import socket
import subprocess
import time

import pytest
import wire
from checks import attested
from clients import Confluent, sample
from fakebroker import FakeBroker
from lab.kafka import PORT_BASE, STATE, Cluster, java, jwt, until
from lab.pki import Pki
from proxy import PATIENCE, PROXY, SANITIZERS, Proxy, ctl, free_ports
from test_cli import CLASSES
from test_sasl import client_props, own

SETTINGS = ["cleanup.policy", "retention.ms", "retention.bytes", "max.message.bytes"]


class Check:
    """What one run said: rc, text, (level, what, text) of each line, the commands."""

    def __init__(self, proxy, timeout=60):
        proxy.write_config()
        env = {**os.environ, **SANITIZERS, **proxy.env}
        env.pop("STATE_DIRECTORY", None)
        p = subprocess.run(
            [PROXY, "-c", proxy.config, "-n", "--check-cluster"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout * PATIENCE,
            env=env,
        )
        self.rc, self.text, self.err = p.returncode, p.stdout, p.stderr
        assert self.rc in (0, 1, 2) and "Sanitizer" not in p.stderr, (self.rc, p.stdout, p.stderr)
        *lines, self.last = p.stdout.splitlines() or [""]
        self.commands = [x.strip() for x in lines if x.startswith(" ")]
        self.lines = [re.fullmatch(r"(ok|warn|fail) +((?:(?!: ).)*): (.*)", x) for x in lines if not x.startswith(" ")]
        assert all(self.lines), p.stdout
        self.lines = [m.groups() for m in self.lines]

    def of(self, level):
        return [(what, text) for lv, what, text in self.lines if lv == level]

    def has(self, level, what, text):
        assert any(w == what and re.search(text, t) for w, t in self.of(level)), f"no {level} {what}: {text} in\n{self.text}"

    def ends(self, rc, last):
        assert (self.rc, self.last, self.err) == (rc, last, ""), f"{self.rc} {self.text}{self.err}"


def checked(directory, upstream, settings=None, **kw):
    """A check of a proxy that isn't started."""
    p = Proxy(directory, upstream, settings, **kw)
    return Check(p), p


def run(command, properties=None, cwd=None):
    """A printed command, as a shell would take it apart, by Kafka's own tool."""
    tool, *args = shlex.split(command)
    assert tool.startswith("kafka-") and tool.endswith(".sh"), command
    if properties is not None:
        assert "--command-config" in args, command
        (cwd / "admin.properties").write_text("".join(f"{k}={v}\n" for k, v in properties.items()))
    else:
        assert "--command-config" not in args, command
    name = tool[len("kafka-") : -len(".sh")]
    p = subprocess.run(java(CLASSES[name], *args), capture_output=True, text=True, timeout=120, cwd=cwd)
    assert p.returncode == 0, (command, p.stdout, p.stderr)


def topic_names(cluster):
    return {t["Name"] for t in cluster.ask("Metadata", 12, {"Topics": None})["Topics"]}


# -- all is well


def test_well(cluster, tmp_path):
    """Plaintext, before the first start: nothing is made, in the cluster or here."""
    before = topic_names(cluster)
    c, p = checked(tmp_path / "p", cluster.bootstrap, {"attest.dbom.topic": f"dbom-well-{os.getpid():x}"})
    c.ends(0, "all well")
    assert not c.commands and not c.of("warn")
    c.has("ok", "signing key", "made at the first start")
    c.has("ok", "state directory", f"^{re.escape(p.state)} is made at the first start$")
    for n in cluster.nodes:
        c.has("ok", f"broker {n.host}:{n.port}", "^reached$")
    c.has("ok", "cluster", f"^{cluster.id}, 3 brokers$")
    c.has("ok", "brokers", "^3 of 3 reached at their advertised addresses$")
    c.has("ok", f"topic {p.settings['attest.dbom.topic']}", "the proxy creates it, and may")
    c.has("ok", "clock", "^as the cluster's$")
    c.has("ok", "listen.broker.ports", "for 3 brokers")
    assert not os.path.exists(p.state)
    assert topic_names(cluster) == before


def test_well_secured_and_running(cluster, new_proxy):
    """Over TLS, logged in; and beside the proxy that runs with the same configuration."""
    s = own("SCRAM-SHA-512") | {"kafka.security.protocol": "sasl_ssl", "kafka.ssl.ca.location": cluster.pki.ca}
    p = new_proxy(settings=s, upstream=cluster.bootstrap_of("SASLTLS"))
    until("the statement topic is made", lambda: p.dbom_topic in topic_names(cluster), 30 * PATIENCE)
    c = Check(p)
    c.ends(0, "nothing failed, 1 warning")
    c.has("warn", "state directory", f"in use by another makoto-proxy, process {p.proc.pid}:")
    n = cluster.nodes[0]
    c.has("ok", f"broker {n.host}:{n.port_of('SASLTLS')}", "^reached, TLS with the certificate of CN=.* until 20.*, logged in by SCRAM-SHA-512 as User:sidecar$")
    c.has("ok", "signing key", "^SHA256:[0-9a-f]{64}$")
    c.has("ok", f"topic {p.dbom_topic}", "partitions, and the login has its rights")
    c.has("ok", f"topic {p.dbom_topic}", "statements are kept for ever")
    c.has("ok", f"topic {p.dbom_topic}", "max.message.bytes=")
    c.has("ok", "listen.bootstrap.port", "is taken, as by the proxy that runs")
    assert "sidecar-pw" not in c.text
    assert p.alive()


def test_token(cluster, tmp_path):
    """Whom a token names is the principal."""
    (tmp_path / "token").write_text(jwt("somebody"))
    s = own("OAUTHBEARER", **{"kafka.sasl.oauthbearer.token.file": str(tmp_path / "token")})
    c, _ = checked(tmp_path / "p", cluster.bootstrap_of("SOAUTH").split(",")[0], s | {"attest.dbom.topic": f"dbom-token-{os.getpid():x}"})
    c.ends(0, "all well")
    assert any(text == "reached, logged in by OAUTHBEARER as User:somebody" for _, text in c.of("ok")), c.text


def test_mutual_tls(cluster, tmp_path):
    """The name of the certificate is the principal, and its end is told."""
    cert = cluster.pki.make(f"checker-{os.getpid()}")
    s = {
        "kafka.security.protocol": "ssl",
        "kafka.ssl.ca.location": cluster.pki.ca,
        "kafka.ssl.certificate.location": cert.crt,
        "kafka.ssl.key.location": cert.key,
        "attest.dbom.topic": f"dbom-mtls-{os.getpid():x}",
    }
    c, _ = checked(tmp_path / "p", cluster.bootstrap_of("MTLS"), s)
    c.ends(0, "all well")
    c.has("ok", "kafka.ssl.certificate.location", "^ends at 20")


def test_statements_elsewhere(cluster, island, tmp_path):
    """Whose statements count for what consumers read, on this cluster and on another: may the login read each?"""
    name = f"dbom-followed-{os.getpid():x}"
    assert ctl("keygen", "--out", tmp_path / "k.pem", "--public", tmp_path / "k.pub.pem").returncode == 0
    (tmp_path / "trust.yaml").write_text("issuers: {writer: {keys: [k.pub.pem]}}\n")
    verify = {"verify.mode": "enforce", "verify.policy": str(tmp_path / "trust.yaml"), "attest.dbom.topic": f"{name}.own"}
    for kind in ("west", "own"):
        island.create(f"{name}.{kind}", partitions=2, rf=1)
    c, _ = checked(tmp_path / "p", cluster.bootstrap, verify | {"verify.dbom.topics": [f"{name}.west", f"{name}.own"]})
    c.ends(0, "nothing failed, 1 warning")
    c.has("warn", f"topic {name}.west", "^it is not there: ")
    c.has("ok", f"topic {name}.own", "the proxy creates it, and may")
    there = {"verify.dbom.topics": [f"{name}.west", f"{name}.own"], "verify.dbom.bootstrap.servers": "127.0.0.1:1," + island.bootstrap}
    c, _ = checked(tmp_path / "q", cluster.bootstrap, verify | there)
    c.ends(0, "all well")
    c.has("ok", "verify.dbom.bootstrap.servers", f"^reached at {re.escape(island.bootstrap.split(',')[0])}$")
    for kind in ("west", "own"):
        c.has("ok", f"topic {name}.{kind}", "^2 partitions, and the login may read statements there$")
    c, _ = checked(tmp_path / "r", cluster.bootstrap, verify | {"verify.dbom.bootstrap.servers": "127.0.0.1:1"})
    c.ends(1, "1 failed, 0 warnings")
    assert c.of("fail") == [("verify.dbom.bootstrap.servers", "127.0.0.1:1: Connection refused")]


# -- what can't be reached


def test_no_broker(tmp_path):
    c, _ = checked(tmp_path / "p", "127.0.0.1:1")
    c.ends(1, "1 failed, 0 warnings")
    assert c.of("fail") == [("broker 127.0.0.1:1", "Connection refused")]
    c, _ = checked(tmp_path / "q", "127.0.0.1:1,127.0.0.1:2")
    c.ends(1, "1 failed, 2 warnings")
    assert c.of("fail") == [("cluster", "no bootstrap server can be reached")]


def test_one_server_of_two(cluster, tmp_path):
    c, _ = checked(tmp_path / "p", "127.0.0.1:1," + cluster.bootstrap)
    c.ends(0, "nothing failed, 1 warning")
    assert c.of("warn") == [("broker 127.0.0.1:1", "Connection refused")]


def test_wrong_authority(cluster, tmp_path):
    other = Pki(tmp_path / "pki")
    s = {"kafka.security.protocol": "ssl", "kafka.ssl.ca.location": other.ca}
    c, _ = checked(tmp_path / "p", cluster.bootstrap_of("TLS").split(",")[0], s)
    c.ends(1, "1 failed, 0 warnings")
    (what, text), = c.of("fail")
    assert what.startswith("broker 127.0.77.") and "unable to get local issuer certificate" in text


def test_wrong_password(cluster, tmp_path):
    """It is tried once, though there are three servers."""
    c, _ = checked(tmp_path / "p", cluster.bootstrap_of("SPLAIN"), own("PLAIN", "sidecar", "n0t-this"))
    c.ends(1, "1 failed, 0 warnings")
    (what, text), = c.of("fail")
    assert what.startswith("broker ") and text.startswith("can't log in by PLAIN: SASL_AUTHENTICATION_FAILED"), text
    assert text.endswith("; check kafka.sasl.mechanism, kafka.sasl.username and its password")
    assert "n0t-this" not in c.text and len([1 for _, what, _ in c.lines if what.startswith("broker ")]) == 1


def test_wrong_protocol(cluster, tmp_path):
    c, _ = checked(tmp_path / "p", cluster.bootstrap_of("TLS").split(",")[0])
    c.ends(1, "1 failed, 0 warnings")
    assert "the broker's port speaks TLS: set kafka.security.protocol to ssl" in c.of("fail")[0][1]
    c, _ = checked(tmp_path / "q", cluster.bootstrap_of("SPLAIN").split(",")[0])
    c.ends(1, "1 failed, 0 warnings")
    c.has("fail", "cluster", "^Metadata: closed; does this port want a login")


def test_configuration_first(tmp_path):
    """With an error in the configuration nothing is reached for."""
    p = Proxy(tmp_path / "p", "127.0.0.1:1", {"kafka.security.protocol": "ssl", "kafka.ssl.ca.location": "/nowhere/at.all"})
    c = Check(p)
    assert c.rc == 2 and c.text == "" and "/nowhere/at.all" in c.err


def test_here(cluster, tmp_path):
    """Ports and files of this machine."""
    port = free_ports(10)
    taken = socket.create_server(("127.0.0.1", port), reuse_port=False)
    s = {"listen.broker.ports": f"{port + 1}-{port + 2}", "attest.dbom.topic": "dbom-here", "attest.signing.key.id": "file:/nowhere/at.all"}
    c, _ = checked(tmp_path / "p", cluster.bootstrap, s, ports=port)
    c.ends(1, "3 failed, 0 warnings")
    c.has("fail", "listen.bootstrap.port", f"^127.0.0.1:{port}: Address already in use$")
    c.has("fail", "listen.broker.ports", f"^{port + 1}-{port + 2} are too few for 3 brokers$")
    c.has("fail", "signing key", "/nowhere/at.all")
    taken.close()


# -- rights


ACL = """\
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS;User:app
allow.everyone.if.no.acl.found=false
"""


@pytest.fixture(scope="module")
def guarded():
    """A broker with an authorizer, which lets nobody but `app` do anything."""
    c = Cluster(os.path.join(os.path.dirname(STATE), "guarded"), nodes=1, port_base=PORT_BASE + 20, heap="320m", extra=ACL)
    c.start()
    yield c
    c.stop()


ADMIN = {
    "security.protocol": "SASL_PLAINTEXT",
    "sasl.mechanism": "PLAIN",
    "sasl.jaas.config": 'org.apache.kafka.common.security.plain.PlainLoginModule required username="app" password="app-pw";',
}


def guarded_settings(dbom, **more):
    return own("PLAIN") | {"attest.dbom.topic": dbom, **{k.replace("__", "."): v for k, v in more.items()}}


def test_no_rights(guarded, tmp_path):
    """Nothing at all is allowed: the printed commands are run, the check passes, and the proxy does its work with just that."""
    topic, dbom = "orders-none", "dbom-none"
    guarded.create(topic)
    p = Proxy(tmp_path / "p", guarded.bootstrap_of("SPLAIN"), guarded_settings(dbom, attest__topics=[topic]))
    c = Check(p)
    assert c.rc == 1
    c.has("fail", f"topic {dbom}", "may not see it")
    c.has("fail", "topics to attest", f"^{topic}: the login lacks Describe, DescribeConfigs and Read there")
    assert len(c.commands) == 2 and all(f"--allow-principal User:sidecar" in x for x in c.commands), c.commands
    for command in c.commands:
        run(command, ADMIN, tmp_path)
    c = until("the rights have reached the broker", lambda: (x := Check(p)).rc == 0 and x, 30 * PATIENCE)
    c.ends(0, "all well")
    assert not c.commands
    p.start()
    try:
        p.dbom_topic = dbom
        Confluent.produce(p.bootstrap, topic, sample(20), **client_props(Confluent, "PLAIN"))
        attested(guarded, p, topic, "full", dbom)
        c = Check(p)  # of the topic that the proxy made
        c.ends(0, "nothing failed, 2 warnings")
        c.has("warn", f"topic {dbom}", "can't be seen: the login lacks DescribeConfigs")
        run(c.commands[0], ADMIN, tmp_path)
        until("that right, too", lambda: Check(p).last == "nothing failed, 1 warning", 30 * PATIENCE)
    finally:
        p.stop()


def grant(guarded, tmp_path, *words):
    run(f"kafka-acls.sh --bootstrap-server {guarded.bootstrap} --add --allow-principal User:sidecar " + " ".join(words))


def test_topic_that_may_not_be_created(guarded, tmp_path):
    """Every right on it but to create it: whoever administers the cluster makes it, with the printed command."""
    dbom = "dbom-made"
    guarded.create("orders-made")
    grant(guarded, tmp_path, "--operation Describe --operation DescribeConfigs --operation Read --operation Write --topic", dbom)
    grant(guarded, tmp_path, "--operation Describe --operation DescribeConfigs --operation Read --topic orders- --resource-pattern-type prefixed")
    p = Proxy(tmp_path / "p", guarded.bootstrap_of("SPLAIN"), guarded_settings(dbom, attest__topics=["orders-*"]))

    def refused():
        c = Check(p)
        return c if c.of("fail") and not any(what == "topics to attest" for what, _ in c.of("fail")) else None

    c = until("the rights have reached the broker", refused, 30 * PATIENCE)
    c.ends(1, "1 failed, 0 warnings")
    c.has("fail", f"topic {dbom}", "^it is not there, and the login may not create it")
    assert dbom not in topic_names(guarded)
    allow, make = c.commands
    assert "--operation Create" in allow and make.startswith("kafka-topics.sh")
    run(make, ADMIN, tmp_path)
    c = until("the topic has reached the broker", lambda: (x := Check(p)).rc == 0 and x, 30 * PATIENCE)
    c.ends(0, "all well")
    c.has("ok", f"topic {dbom}", "statements are kept for ever")


def test_rights_that_are_missing(guarded, tmp_path):
    """The topics can be seen, but not read back, nor the statement topic written."""
    topic, dbom = "bills-1", "dbom-read"
    guarded.create(topic)
    guarded.create(dbom, configs={"retention.ms": "-1"})
    grant(guarded, tmp_path, "--operation Describe --operation DescribeConfigs --topic", topic, "--topic", dbom)
    p = Proxy(tmp_path / "p", guarded.bootstrap_of("SPLAIN"), guarded_settings(dbom, attest__topics=["bills-*"], clients__authentication="proxy"))

    def seen():
        c = Check(p)
        return c if any(what == "topics to attest" and "lacks Read and Write there" in text for what, text in c.of("fail")) else None

    c = until("the rights have reached the broker", seen, 30 * PATIENCE)
    c.ends(1, "2 failed, 0 warnings")
    c.has("fail", f"topic {dbom}", "^the login lacks Read and Write$")
    c.has("fail", "topics to attest", f"^{topic}: the login lacks Read and Write there;")
    assert any("--topic bills- --resource-pattern-type prefixed" in x for x in c.commands), c.commands
    for command in c.commands:
        run(command, ADMIN, tmp_path)
    c = until("the rights have reached the broker", lambda: (x := Check(p)).rc == 0 and x, 30 * PATIENCE)
    c.ends(0, "all well")


# -- the statement topic


def test_topic_that_keeps_nothing(cluster, tmp_path):
    dbom = f"dbom-short-{os.getpid():x}"
    configs = {"cleanup.policy": "compact,delete", "retention.ms": 3600000, "retention.bytes": 100000, "max.message.bytes": 20000}
    cluster.create(dbom, configs=configs)
    p = Proxy(tmp_path / "p", cluster.bootstrap, {"attest.dbom.topic": dbom})
    c = Check(p)
    c.ends(0, "nothing failed, 4 warnings")
    c.has("warn", f"topic {dbom}", "^cleanup.policy=compact,delete: compaction may take statements$")
    c.has("warn", f"topic {dbom}", "^retention.ms=3600000: ")
    c.has("warn", f"topic {dbom}", "^retention.bytes=100000: ")
    c.has("warn", f"topic {dbom}", "^max.message.bytes=20000, but a statement with its manifest needs up to 40192")
    assert [x.split()[0] for x in c.commands] == ["kafka-configs.sh"] * 2
    for command in c.commands:
        run(command)
    c = until("the settings have reached the broker", lambda: (x := Check(p)).last == "all well" and x, 30 * PATIENCE)
    c.has("ok", f"topic {dbom}", "statements are kept for ever")


# -- what no real broker can be made to say


@pytest.fixture
def fake():
    made = []

    def make(handlers=None, **kw):
        made.append(FakeBroker(handlers or {}, **kw))
        return made[-1]

    yield make
    for b in made:
        b.close()


def metadata_of(b, brokers=None, **topic):
    """An answer that has all rights, with these brokers."""

    def answer(version, request):
        m = b[0].metadata(request)
        m["ClusterAuthorizedOperations"] = 0xFFFF
        for t in m["Topics"]:
            t |= {"TopicAuthorizedOperations": 0xFFFF, **topic}
        if brokers is not None:
            m["Brokers"] = brokers
        return m

    return answer


def test_advertised_address(fake, tmp_path):
    """The bootstrap server answers, and sends clients where nobody is."""
    box = []
    elsewhere = {"NodeId": 2, "Host": "127.0.77.8", "Port": 1, "Rack": None}
    b = fake({"Metadata": lambda v, r: metadata_of(box, [{"NodeId": 1, "Host": b.host, "Port": b.port, "Rack": None}, elsewhere])(v, r)})
    box.append(b)
    c, _ = checked(tmp_path / "p", b.bootstrap)
    assert c.rc == 1
    assert c.of("fail") == [("broker 127.0.77.8:1", "node 2 can't be reached at its advertised address: Connection refused")], c.text


def test_clock(fake, tmp_path):
    def quorum(off):
        def answer(version, request):
            me = {"ReplicaId": 1, "LogEndOffset": 5, "LastFetchTimestamp": -1, "LastCaughtUpTimestamp": int(time.time() * 1000) + off}
            part = {"PartitionIndex": 0, "ErrorCode": 0, "LeaderId": 1, "LeaderEpoch": 1, "HighWatermark": 5, "CurrentVoters": [me], "Observers": []}
            return {"ErrorCode": 0, "Topics": [{"TopicName": "__cluster_metadata", "Partitions": [part]}], "Nodes": []}

        return answer

    for off, text in ((-3600000, r"^the cluster's is 3[56]\d{5} ms behind$"), (3600000, r"^the cluster's is 3[56]\d{5} ms ahead$")):
        box = []
        b = fake({"Metadata": lambda v, r: metadata_of(box)(v, r), "DescribeQuorum": quorum(off)})
        box.append(b)
        c, _ = checked(tmp_path / f"p{off}", b.bootstrap)
        c.has("warn", "clock", text)


def test_the_controller(fake, tmp_path):
    """Where one broker alone makes topics (ZooKeeper's clusters) that one is asked."""

    def created(code):
        return lambda version, request: {"Topics": [{"Name": t["Name"], "ErrorCode": code, "ErrorMessage": "so"} for t in request["Topics"]]}

    for code, level, text in ((0, "ok", "the proxy creates it, and may"), (44, "fail", "can't be created: error 44: so$")):
        pair = []

        def metadata(version, request):
            brokers = [{"NodeId": n, "Host": b.host, "Port": b.port, "Rack": None} for n, b in enumerate(pair, 1)]
            return metadata_of(pair, brokers, ErrorCode=3, Partitions=[])(version, request) | {"ControllerId": 2}

        pair.append(fake({"Metadata": metadata, "CreateTopics": created(41)}))
        pair.append(fake({"Metadata": metadata, "CreateTopics": created(code)}, host="127.0.77.8", node=2))
        c, _ = checked(tmp_path / f"p{code}", pair[0].bootstrap)
        c.has(level, "topic makoto.dbom", text)
        for b in pair:
            asked = [wire.request("CreateTopics").decode(v, body) for k, v, _, body in b.requests if wire.name_of(k) == "CreateTopics"]
            assert len(asked) == 1 and asked[0]["ValidateOnly"], asked


def test_silent_broker(fake, tmp_path):
    """It accepts, and says nothing: that is waited for no longer than is configured."""
    b = fake()
    b.deaf = True
    c, _ = checked(tmp_path / "p", b.bootstrap, {"kafka.connect.timeout": "500ms"})
    c.ends(1, "1 failed, 0 warnings")
    assert c.of("fail") == [(f"broker {b.bootstrap}", "no answer to ApiVersions: timed out")]


def test_old_brokers(fake, tmp_path):
    """Before 2.3 nobody tells rights, before 2.4 -1 partitions can't be asked for, before 2.8 writing once is a right of its own."""
    apis = [(0, 0, 7), (1, 0, 10), (3, 0, 7), (18, 0, 2), (19, 0, 3), (22, 0, 1), (32, 0, 2)]
    missing = {"ErrorCode": 3, "Partitions": []}
    box = []
    b = fake({"Metadata": lambda v, r: metadata_of(box, **missing)(v, r)}, apis=[{"ApiKey": k, "MinVersion": lo, "MaxVersion": hi} for k, lo, hi in apis])
    box.append(b)
    c, _ = checked(tmp_path / "p", b.bootstrap)
    c.ends(0, "nothing failed, 3 warnings")
    c.has("warn", "cluster rights", "IdempotentWrite, which brokers before 2.8 want, can't be seen")
    c.has("warn", "topics to attest", "isn't told")
    c.has("warn", "topic makoto.dbom", "it is not there; that the login may create it could not be asked")
    c.has("ok", "clock", "^not compared")
    assert "Produce" not in [wire.name_of(k) for k, *_ in b.requests]


def test_hostile_broker(fake, tmp_path):
    """It can't write lines of its own, nor make more than one answer of it."""
    box = []
    evil = "x\nok    everything: well\x1b[31m"

    def answer(version, request):
        return metadata_of(box)(version, request) | {"ClusterId": evil}

    b = fake({"Metadata": answer, "DescribeConfigs": lambda v, r: None})
    box.append(b)
    p = Proxy(tmp_path / "p", b.bootstrap)
    c = Check(p)
    c.has("ok", "cluster", r"^x\\u000aok    everything: well\\u001b\[31m, 1 broker$")
    c.has("fail", "cluster", "a question about the statement topic: timed out")
    assert c.rc == 1
