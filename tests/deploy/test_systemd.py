"""systemd/*.service as a real systemd runs them."""

import os
import re
import shlex

import pytest
import wire
from checks import attested
from clients import Confluent, sample
from lab.kafka import ROOT, until
from machine import Machine, Service
from proxy import ctl

N = 40


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    m = Machine(tmp_path_factory.mktemp("machine"))
    m.must("systemd-sysusers")
    yield m
    m.off()


@pytest.fixture
def service(machine, cluster, tmp_path):
    """Makes services: service({setting: value}, unit=…, dropin=…).  They are gone when the test ends."""
    made = []

    def make(settings=None, upstream=None, **kw):
        settings = {"attest.dbom.topic": f"makoto.dbom.{tmp_path.name}".replace("_", "-"), **(settings or {})}
        made.append(Service(machine, tmp_path / f"s{len(made)}", upstream or cluster.bootstrap, settings, **kw))
        return made[-1]

    yield make
    for s in made:
        s.clear()


def produce(s, topic, **props):
    Confluent.produce(s.bootstrap, topic, sample(N, 3), **props)


def test_active_means_that_a_broker_was_reached(cluster, machine, service, topic):
    """Enabled as README says; a start waits for the cluster, and what came before it is not lost."""
    (broker,) = cluster.nodes
    broker.stop()
    try:
        s = service()
        assert s.begin().show("UnitFileState") == "enabled"
        until("it says what it waits for", lambda: s.said("no broker of the cluster can be reached"))
        assert (s.show("ActiveState"), s.show("SubState")) == ("activating", "start")
        assert s.http("/readyz")[0] == 503
        asked = machine.run("makoto-proxy", "-c", s.config_file, "--ready"), machine.run("makoto-proxy", "-c", s.config_file, "--health")
        assert [p.returncode for p in asked] == [1, 0]
    finally:
        broker.start()
        cluster.wait_ready()
    until("it is active", lambda: s.show("ActiveState") == "active")
    assert machine.run("makoto-proxy", "-c", s.config_file, "--ready").returncode == 0
    t = topic("waited")
    produce(s, t)
    attested(cluster, s, t, dbom_topic=s.dbom_topic)
    s.stop()


def limits(machine, pid, name):
    """Soft and hard."""
    lines = machine.must("cat", f"/proc/{pid}/limits").splitlines()
    return next(x for x in lines if x.startswith(name))[len(name) :].split()[:2]


def test_sandbox(machine, service):
    s = service().start()
    status = s.process()
    user = machine.must("id", "-u", "makoto-proxy").strip()
    group = machine.must("id", "-g", "makoto-proxy").strip()
    assert set(status["Uid"].split()) == {user} != {"0"} and set(status["Gid"].split()) == {group}
    assert status["Groups"].strip() in ("", group)
    assert {status[x] for x in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {"0" * 16}
    assert status["NoNewPrivs"] == "1" and status["Seccomp"] == "2"
    files, cores = limits(machine, s.pid(), "Max open files"), limits(machine, s.pid(), "Max core file size")
    # Where the machine's own init may not raise its limit, it is what that has.
    assert files == [str(min(65536, int(limits(machine, "1", "Max open files")[1])))] * 2 and cores == ["0", "0"]

    # In its mount namespace not even root writes anywhere but to its state and its own /tmp.
    def write(path):
        return machine.run("nsenter", "-t", s.pid(), "-m", "--", "touch", path)

    for path in ("/etc/makoto-proxy/x", "/usr/x", "/var/lib/x", "/var/log/x", "/run/x", "/srv/x"):
        refused = write(path)
        assert refused.returncode == 1 and "Read-only file system" in refused.stderr, (path, refused.stderr)
    assert write("/root/x").returncode == write("/home/x").returncode == 1
    assert write(f"{s.state_dir}/x").returncode == 0 and write("/tmp/x").returncode == 0
    assert machine.run("test", "-e", "/tmp/x").returncode == 1, "its /tmp is its own"
    modes = machine.must("stat", "-c", "%a %U %n", s.state_dir, f"{s.state_dir}/signing.pem").split("\n")
    assert modes[:2] == [f"700 makoto-proxy {s.state_dir}", f"600 makoto-proxy {s.state_dir}/signing.pem"]
    s.stop()


# As the units say: only root can read these files.
CREDENTIALS = [f"LoadCredential={name}:/etc/makoto-proxy/{name}" for name in ("kafka.password", "tls.key", "signing.pem")]


def the_check(*more):
    """The command that docs/OPERATING.md has for it."""
    with open(os.path.join(ROOT, "docs", "OPERATING.md")) as f:
        words = shlex.split(re.search(r"(?m)^    (systemd-run (?:.*\\\n)*.*)", f.read())[1].replace("\\\n", " "))
    i = words.index("makoto-proxy")
    return [*words[:i], *more, *words[i:]]


def test_tls_and_credentials(cluster, machine, service, topic, tmp_path):
    """All that the filter of system calls has to let pass: TLS on both sides, the proxy's own login; a password and two keys that only root can read."""
    pki = cluster.pki
    cert = pki.make("proxy", "DNS:localhost,IP:127.0.0.1")
    s = service(
        {
            "kafka.security.protocol": "sasl_ssl",
            "kafka.ssl.ca.location": "/etc/makoto-proxy/kafka-ca.pem",
            "kafka.sasl.mechanism": "SCRAM-SHA-512",
            "kafka.sasl.username": "sidecar",
            "kafka.sasl.password.file": "kafka.password",
            "clients.authentication": "proxy",
            "listen.tls.certificate": "/etc/makoto-proxy/tls.crt",
            "listen.tls.key": "${CREDENTIALS_DIRECTORY}/tls.key",
            "attest.signing.key.id": "file:${CREDENTIALS_DIRECTORY}/signing.pem",
        },
        upstream=cluster.bootstrap_of("SASLTLS"),
        dropin="\n".join(["[Service]", *CREDENTIALS, ""]),
    )
    signing, s.public_key = str(tmp_path / "signing.pem"), str(tmp_path / "signing.pub.pem")
    assert ctl("keygen", "--out", signing, "--public", s.public_key).returncode == 0
    for inside, path, mode in (("kafka-ca.pem", pki.ca, 0o644), ("tls.crt", cert.crt, 0o644), ("tls.key", cert.key, 0o600), ("signing.pem", signing, 0o600)):
        with open(path) as f:
            machine.write(f"/etc/makoto-proxy/{inside}", f.read(), mode)
    machine.write("/etc/makoto-proxy/kafka.password", "sidecar-pw\n", 0o600)
    s.start()
    assert "signing.pem" not in machine.must("ls", s.state_dir), "the key is where root put it, and nowhere else"
    for codec in ("none", "gzip", "snappy", "lz4", "zstd"):
        t = topic(f"secured-{codec}")
        produce(s, t, codec=codec, security_protocol="SSL", ssl_ca_location=pki.ca)
        attested(cluster, s, t, dbom_topic=s.dbom_topic)
    # Beside it, and where it would be again: state, key and password are the unit's.
    given = [x for c in CREDENTIALS for x in ("-p", c)]
    beside = machine.run(*the_check(*given))
    assert beside.returncode == 0, beside.stdout + beside.stderr
    assert f"{s.state_dir} is in use by another makoto-proxy, process " in beside.stdout
    assert re.search(r"(?m)^ok    signing key: SHA256:", beside.stdout), beside.stdout
    s.stop()
    ended = machine.run(*the_check(*given))
    assert ended.returncode == 0 and f"{s.state_dir}: the next start goes on with its chains" in ended.stdout, ended.stdout + ended.stderr
    without = machine.run(*the_check(*given[2:]))
    assert without.returncode == 1 and re.search(r"(?m)^fail .*kafka\.password", without.stdout), without.stdout + without.stderr
    bare = machine.run(*the_check())
    assert bare.returncode == 2 and "CREDENTIALS_DIRECTORY" in bare.stderr, bare.stdout + bare.stderr
    assert "sidecar-pw" not in s.text()


def test_reload(machine, service):
    s = service().start()
    pid = s.pid()
    s.settings["log.level"] = "debug"
    s.configure()
    machine.must("systemctl", "reload", s.unit)
    s.wait_line("the configuration was reloaded")
    until("it is active again", lambda: s.show("ActiveState") == "active")
    s.configure("kafka: {bootstrap.servers: [\n")
    machine.must("systemctl", "reload", s.unit)
    s.wait_line("the configuration was not reloaded, the old one stays")
    until("it is active again", lambda: s.show("ActiveState") == "active")
    assert s.pid() == pid and s.http("/readyz")[0] == 200
    s.stop()


def test_killed_it_comes_back_and_finishes_its_windows(cluster, machine, service, topic):
    s = service({"attest.window.max.age": "1h"}).start()
    t = topic("killed")
    produce(s, t)
    pid = s.pid()
    machine.must("systemctl", "kill", "--kill-whom=main", "-s", "KILL", s.unit)
    until("systemd starts it again", lambda: s.show("NRestarts") == "1" and s.show("ActiveState") == "active")
    assert s.pid() != pid
    attested(cluster, s, t, dbom_topic=s.dbom_topic)
    s.stop()


def test_hung_it_is_ended_and_comes_back(machine, service):
    s = service(dropin="[Service]\nWatchdogSec=2\n").start()
    heard = {s.show("WatchdogTimestampMonotonic")}
    until("it is heard of again and again", lambda: heard.add(s.show("WatchdogTimestampMonotonic")) or len(heard) > 3)
    assert s.show("NRestarts") == "0"
    machine.must("systemctl", "kill", "--kill-whom=main", "-s", "STOP", s.unit)
    until("systemd starts it again", lambda: s.show("NRestarts") == "1" and s.show("ActiveState") == "active")
    s.stop()


def test_a_broken_configuration_is_not_tried_again(machine, service):
    s = service()
    s.clear()
    s.configure("kafka: {bootstrap.server: x}\n")
    refused = machine.systemctl("start", s.unit)
    assert refused.returncode == 1
    assert (s.show("ActiveState"), s.show("Result"), s.show("ExecMainStatus"), s.show("NRestarts")) == ("failed", "exit-code", "2", "0")
    assert s.said(r"makoto-proxy\.yaml:1:\d+: "), s.text()
    s.start().stop()


def test_a_stop_publishes_what_is_open(cluster, machine, service, topic):
    s = service({"attest.window.max.age": "1h"}).start()
    t = topic("stopped")
    produce(s, t)
    s.stop()
    assert s.said("msg=stopped .*windows_published=[1-9]")
    attested(cluster, s, t, dbom_topic=s.dbom_topic)


def seconds(machine, text):
    """A time span as systemd or the proxy writes it."""
    (us,) = re.findall(r"(?m)^\s*μs: (\d+)$", machine.must("systemd-analyze", "timespan", text))
    return int(us) / 10**6


def test_a_stop_has_the_time_it_takes(cluster, machine, service, topic):
    """Brokers that hang: it ends by itself within shutdown.timeout, systemd waits for longer than that, and the next start publishes what was open."""
    s = service({"attest.window.max.age": "1h", "shutdown.timeout": "5s"}).start()
    (default,) = (line.split("\t")[2] for line in machine.must("makoto-proxy", "--dump-keys").splitlines() if line.startswith("shutdown.timeout\t"))
    assert seconds(machine, s.show("TimeoutStopUSec")) > seconds(machine, default)
    t = topic("drained")
    produce(s, t)
    (broker,) = cluster.nodes
    broker.pause()
    try:
        with wire.Conn("127.0.0.1", s.port + broker.n) as c:
            c.send("Heartbeat", 4, {})
            until("an answer is waited for", lambda: s.metric("makoto_requests_total", api="Heartbeat") == 1)
            machine.must("systemctl", "stop", s.unit)
        # 1: windows wait for the next start.
        assert (s.show("Result"), s.show("ExecMainCode"), s.show("ExecMainStatus")) == ("exit-code", "1", "1"), s.text()
    finally:
        broker.resume()
    machine.must("systemctl", "reset-failed", s.unit)
    machine.must("systemctl", "start", s.unit)
    attested(cluster, s, t, dbom_topic=s.dbom_topic)
    s.stop()


def test_one_for_each_cluster(cluster, machine, service, topic):
    """makoto-proxy@NAME beside makoto-proxy@OTHER: files, states and keys of their own."""
    both = [service(unit=f"makoto-proxy@{name}").start() for name in ("orders", "payments")]
    for s in both:
        t = topic("several")
        produce(s, t)
        attested(cluster, s, t, dbom_topic=s.dbom_topic)
    assert len({open(s.public_key).read() for s in both}) == 2
    for s in both:
        s.stop()
