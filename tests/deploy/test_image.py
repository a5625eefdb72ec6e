"""docker/Dockerfile's image, run as an engine would, and docker/compose.yaml with the programs in it."""

import os
import re
import stat

import pytest
from checks import attested
from clients import Confluent, sample
from container import CONFIG, Container, yaml
from lab.kafka import ROOT

N = 40
PROXY, CTL = "/usr/bin/makoto-proxy", "/usr/bin/makotoctl"


@pytest.fixture
def container(image, cluster, tmp_path):
    made = []

    def make(settings=None, upstream=None):
        settings = {"attest.dbom.topic": f"makoto.dbom.{tmp_path.name}".replace("_", "-"), **(settings or {})}
        made.append(Container(image, tmp_path / f"c{len(made)}", upstream or cluster.bootstrap, settings))
        return made[-1]

    yield make
    for c in made:
        c.kill()


def test_what_is_in_it(image):
    """Two programs, the libraries that they need, authorities, a user; no shell, nothing that may be more than its user."""
    programs = {os.path.relpath(f, image.root) for f in image.files if os.access(f, os.X_OK) and not re.search(r"\.so(\.|$)", f)}
    assert programs == {"usr/bin/makoto-proxy", "usr/bin/makotoctl"}
    for shell in ("bin/sh", "usr/bin/sh", "bin/bash", "bin/busybox"):
        assert not os.path.lexists(os.path.join(image.root, shell))
    assert sum(os.lstat(f).st_size for f in image.files) < 40 << 20
    assert not [f for f in image.files if os.lstat(f).st_mode & (stat.S_ISUID | stat.S_ISGID)]
    others = {os.path.relpath(f, image.root) for f in image.files if not re.search(r"\.so(\.|$)", f)} - programs
    assert {f for f in others if not f.endswith("ssl/cert.pem")} == {
        "etc/ssl/certs/ca-certificates.crt", "etc/makoto-proxy/makoto-proxy.yaml", "etc/nsswitch.conf", "etc/passwd", "etc/group"}  # fmt: skip
    with open(os.path.join(image.root, "etc/ssl/certs/ca-certificates.crt")) as f:
        assert f.read().count("BEGIN CERTIFICATE") > 50
    owner = image.state_owner
    assert (owner.st_uid, owner.st_gid, owner.st_mode & 0o777) == (65532, 65532, 0o700)
    assert stat.S_IMODE(os.stat(os.path.join(image.root, "var/tmp")).st_mode) == 0o1777, "verify's, for what doesn't fit into memory"
    assert image.owners == {(0, 0)}, "nothing but its state is the user's"


def test_what_it_says(image):
    c = image.config
    assert (c["Entrypoint"], c["Cmd"]) == ([PROXY], ["-c", CONFIG])
    assert c["User"] == "65532:65532" and c["StopSignal"] == "SIGTERM"
    assert c["Healthcheck"]["Test"] == ["CMD", PROXY, "-c", CONFIG, "--health"]
    assert c["Healthcheck"]["Timeout"] > 5 * 10**9, "--health itself waits five seconds"
    assert "STATE_DIRECTORY=/var/lib/makoto-proxy" in c["Env"] and list(c["Volumes"]) == ["/var/lib/makoto-proxy"]
    assert c["Labels"]["org.opencontainers.image.title"] == "makoto-kafka" and c["Labels"]["org.opencontainers.image.licenses"] == "Apache-2.0"


def healthy(c):
    p = c.exec(*c.image.config["Healthcheck"]["Test"][1:])
    assert p.returncode in (0, 1), p.stderr
    return p.returncode == 0


def test_it_attests(cluster, container, topic):
    """Its own command, as its user, over a root that can't be written; asked, stopped and verified by nothing but itself."""
    c = container({"attest.window.max.age": "1h"})
    c.write_config()
    assert not healthy(c), "nothing runs yet"
    c.start()
    with open(f"/proc/{c.pid1()}/status") as f:
        status = dict(line.split(":\t", 1) for line in f.read().splitlines() if ":\t" in line)
    assert status["Uid"].split() == ["65532"] * 4 and status["Groups"].strip() == "" and status["NSpid"].split()[-1] == "1"
    assert status["CapEff"] == "0" * 16
    assert healthy(c)
    ready = c.exec(PROXY, "-c", CONFIG, "--ready")
    assert (ready.returncode, ready.stderr) == (0, ""), ready.stderr
    t = topic("contained")
    Confluent.produce(c.bootstrap, t, sample(N, 3))
    c.stop()
    assert not healthy(c)
    attested(cluster, c, t, dbom_topic=c.dbom_topic)
    key = "/var/lib/makoto-proxy/signing.pub.pem"
    p = c.exec(CTL, "verify", "-b", cluster.bootstrap, "-t", t, "--dbom-topic", c.dbom_topic, "--public-key", key)
    assert p.returncode == 0 and f"OK: all {N} records verified" in p.stdout, p.stdout + p.stderr
    made = {os.path.basename(f): os.stat(os.path.join(c.state, f)) for f in os.listdir(c.state)}
    assert {s.st_uid for s in made.values()} == {65532} and stat.S_IMODE(made["signing.pem"].st_mode) == 0o600


def test_not_ready_is_said(container):
    """Without a broker it is alive, and not ready."""
    c = container(upstream="127.0.77.99:1")
    c.spawn()
    c.wait_line("no broker of the cluster can be reached")
    assert healthy(c)
    ready = c.exec(PROXY, "-c", CONFIG, "--ready")
    assert ready.returncode == 1 and "503" in ready.stdout + ready.stderr, ready
    c.stop()


def test_the_systems_authorities(cluster, container, image, topic):
    """What certificates are held against when no file is configured is the image's bundle; an engine may mount another on it."""
    c = container({"kafka.security.protocol": "ssl"}, upstream=cluster.bootstrap_of("TLS"))
    c.spawn()
    c.wait_line("certificate verify failed|certificate.*(unknown|self|issuer)")
    c.stop()
    bundle = os.path.join(image.root, "etc/ssl/certs/ca-certificates.crt")
    with open(bundle) as f, open(cluster.pki.ca) as ca:
        before = f.read()
        ours = ca.read()
    try:
        with open(bundle, "w") as f:
            f.write(before + ours)
        c.start()
        t = topic("authorities")
        Confluent.produce(c.bootstrap, t, sample(N, 3))
        attested(cluster, c, t, dbom_topic=c.dbom_topic)
        c.stop()
    finally:
        with open(bundle, "w") as f:
            f.write(before)


def settings(image, tmp_path, **env):
    p = image.run(image.volume(str(tmp_path / "state")), [PROXY, "-c", CONFIG, "--dump-config"], env=env)
    assert p.returncode == 0, p.stderr
    return p.stdout


def test_its_own_configuration(image, tmp_path):
    """From the environment; without a cluster it says what to do."""
    state = image.volume(str(tmp_path / "state"))
    p = image.run(state, [PROXY, "-c", CONFIG, "-n"])
    assert p.returncode == 2 and "kafka.bootstrap.servers is not set" in p.stderr, p.stderr
    p = image.run(state, [PROXY, "-c", CONFIG, "-n"], env={"KAFKA_BOOTSTRAP_SERVERS": "k-1:9092,k-2:9092"})
    assert p.returncode == 0, p.stderr
    text = settings(image, tmp_path, KAFKA_BOOTSTRAP_SERVERS="k-1:9092,k-2:9092", ADVERTISED_HOST="here.example", COLLECTOR_ID="urn:x:y")
    for line in ("k-1:9092,k-2:9092", "here.example", "urn:x:y", "0.0.0.0"):
        assert line in text, text


def test_compose(cluster, image, container, tmp_path, topic):
    compose = yaml(os.path.join(ROOT, "docker", "compose.yaml"))["services"]
    proxy, verify, client = compose["proxy"], compose["verify"], compose["client"]
    assert os.path.normpath(os.path.join(ROOT, "docker", proxy["build"]["context"], proxy["build"]["dockerfile"])) == os.path.join(ROOT, "docker", "Dockerfile")
    state = image.volume(str(tmp_path / "compose"))
    p = image.run(state, [*image.config["Entrypoint"], *image.config["Cmd"], "-n"], env=proxy["environment"])
    assert p.returncode == 0, p.stderr
    text = settings(image, tmp_path, **proxy["environment"])
    # What the services say of each other is so: names are services, ports what is listened on, keys where the state is.
    assert proxy["environment"]["KAFKA_BOOTSTRAP_SERVERS"] == "kafka:9092" and "PLAINTEXT://kafka:9092" in compose["kafka"]["environment"]["KAFKA_ADVERTISED_LISTENERS"]
    assert proxy["environment"]["ADVERTISED_HOST"] == "proxy" and "proxy:9092" in client["command"]
    assert re.search(r"bootstrap\.port: 9092\b", text), text
    assert proxy["volumes"] == ["state:/var/lib/makoto-proxy"] and verify["volumes"] == ["state:/var/lib/makoto-proxy:ro"]
    assert proxy["healthcheck"]["test"] == ["CMD", PROXY, "-c", CONFIG, "--ready"] and proxy["read_only"]
    assert {client["depends_on"]["proxy"]["condition"], verify["depends_on"]["proxy"]["condition"]} == {"service_healthy"}
    assert int(proxy["stop_grace_period"].removesuffix("s")) > 30 and re.search(r"shutdown\.timeout: 30s|timeout: 30s", text)
    # The verifier's command, but for the broker and the topic.
    c = container().start()
    t = topic("composed")
    Confluent.produce(c.bootstrap, t, sample(N, 3))
    c.stop()
    ours = {"kafka:9092": cluster.bootstrap, "orders": t}
    argv = verify["entrypoint"] + [ours.get(a, a) for a in verify["command"]]
    p = c.exec(*argv, "--dbom-topic", c.dbom_topic)
    assert p.returncode == 0, p.stdout + p.stderr
