"""debian/: packages that are the same wherever they are made, and what becomes of a machine that has them."""

import glob
import hashlib
import os
import shutil
import subprocess

import pytest
from checks import attested
from clients import Confluent, sample
from lab.kafka import ROOT, until
from lab.pki import Pki
from machine import Machine, Service
from test_tls import TlsConn

N = 40
PACKAGES = os.path.join(ROOT, "build", "deploy", "packages")
INSTANCE = "makoto-proxy@orders"


def debs(which, dbgsym=False):
    return sorted(p for p in glob.glob(f"{PACKAGES}/{which}/*.deb") if dbgsym or "-dbgsym_" not in p)


def test_made_elsewhere_they_are_the_same():
    """In another folder, at another time, with another umask, time zone and language."""

    def sums(which):
        return {os.path.basename(p): hashlib.sha256(open(p, "rb").read()).hexdigest() for p in debs(which, dbgsym=True)}

    one = sums("one")
    assert sorted(name.split("_")[0] for name in one) == ["makoto-proxy", "makoto-proxy-dbgsym", "makotoctl", "makotoctl-dbgsym"]
    assert one == sums("twin")


def test_lintian():
    (changes,) = glob.glob(f"{PACKAGES}/one/*.changes")
    p = subprocess.run(["lintian", "--allow-root", "--pedantic", "--display-info", changes], capture_output=True, text=True, timeout=300)
    assert (p.returncode, p.stdout) == (0, ""), p.stdout + p.stderr


def test_what_is_in_them():
    files = {}
    for deb in debs("one"):
        listed = subprocess.run(["dpkg-deb", "-c", deb], check=True, capture_output=True, text=True).stdout.splitlines()
        for mode, owner, _, _, _, path, *_ in (line.split() for line in listed):
            assert owner == "root/root" and mode[1:] in ("rwxr-xr-x", "rw-r--r--", "rwxrwxrwx"), (deb, mode, owner, path)
            if mode[0] != "d":
                files[path.removeprefix(".")] = os.path.basename(deb).split("_")[0]
    for path, package in {
        "/usr/bin/makoto-proxy": "makoto-proxy",
        "/etc/makoto-proxy/makoto-proxy.yaml": "makoto-proxy",
        "/lib/systemd/system/makoto-proxy.service": "makoto-proxy",
        "/lib/systemd/system/makoto-proxy@.service": "makoto-proxy",
        "/usr/lib/sysusers.d/makoto-proxy.conf": "makoto-proxy",
        "/usr/share/man/man8/makoto-proxy.8.gz": "makoto-proxy",
        "/usr/share/man/man5/makoto-proxy.yaml.5.gz": "makoto-proxy",
        "/usr/share/doc/makoto-proxy/examples/alerts.yaml": "makoto-proxy",
        "/usr/bin/makotoctl": "makotoctl",
        "/usr/share/man/man1/makotoctl.1.gz": "makotoctl",
        "/usr/share/man/man5/makoto-dbom.5.gz": "makotoctl",
        "/usr/share/bash-completion/completions/makotoctl": "makotoctl",
        "/usr/share/zsh/vendor-completions/_makotoctl": "makotoctl",
    }.items():
        assert files.get(path) == package, path


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    m = Machine(tmp_path_factory.mktemp("package"), tree="bare")
    yield m
    m.off()


def apt(machine, *args):
    return machine.must("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-y", "--no-install-recommends", *args, timeout=180)


def install(machine, which, *options):
    inside = []
    for deb in debs(which):
        inside.append(f"/var/cache/{os.path.basename(deb)}")
        shutil.copy(deb, machine.path(inside[-1]))
    return apt(machine, *options, "install", *inside)


def there(machine, path):
    return machine.run("test", "-e", path).returncode == 0


def put(machine, inside, path, mode, owner):
    """As certificates are renewed: a file that is whole takes the other's place."""
    with open(path) as f:
        machine.write(inside + ".new", f.read(), mode, (owner, 0))
    machine.must("mv", inside + ".new", inside)


def test_from_installation_to_purge(cluster, machine, topic, tmp_path):
    # Installed, it waits for a cluster's address: nothing runs, and nothing is wrong.
    install(machine, "one")
    user = int(machine.must("id", "-u", "makoto-proxy"))
    first = machine.must("makoto-proxy", "--version")
    settings = {"attest.dbom.topic": "makoto.dbom.packaged"}
    s = Service(machine, tmp_path / "s", cluster.bootstrap, {
        **settings, "listen.tls.certificate": "/etc/makoto-proxy/tls.crt", "listen.tls.key": "/etc/makoto-proxy/tls.key"})  # fmt: skip
    assert (s.show("LoadState"), s.show("ActiveState"), s.show("UnitFileState")) == ("loaded", "inactive", "disabled")
    assert machine.must("systemctl", "--failed", "--no-legend") == "" and machine.must("dpkg", "--audit") == ""
    unset = machine.run("makoto-proxy", "-n", "-c", s.config_file)
    assert unset.returncode == 2 and "kafka.bootstrap.servers is not set" in unset.stderr

    # Configured and started, as README says.
    pki = Pki(cluster.pki.dir)
    old, new = (pki.make(f"packaged-{i}-{os.getpid()}", "DNS:localhost,IP:127.0.0.1") for i in (1, 2))
    put(machine, "/etc/makoto-proxy/tls.crt", old.crt, 0o644, 0)
    put(machine, "/etc/makoto-proxy/tls.key", old.key, 0o600, user)
    s.configure()
    edited = machine.must("cat", s.config_file)
    machine.must("systemctl", "enable", "--now", s.unit)
    t = topic("packaged")

    def produce():
        Confluent.produce(s.bootstrap, t, sample(N, 3), security_protocol="SSL", ssl_ca_location=pki.ca)
        attested(cluster, s, t, dbom_topic=s.dbom_topic)  # and all of it is one chain's

    produce()
    machine.must("makotoctl", "verify", "-b", cluster.bootstrap, "-t", t, "--dbom-topic", s.dbom_topic, "--public-key", f"{s.state_dir}/signing.pub.pem")

    # Another certificate: a connection that was there before goes on, a new one is shown the new certificate.
    with TlsConn(s.port, pki) as before:
        assert before.ask("Metadata", 12, {"Topics": []})["Brokers"]
        pid = s.pid()
        put(machine, "/etc/makoto-proxy/tls.key", new.key, 0o600, user)
        put(machine, "/etc/makoto-proxy/tls.crt", new.crt, 0o644, 0)
        machine.must("systemctl", "reload", s.unit)
        s.wait_line("the configuration was reloaded")
        until("it is active again", lambda: s.show("ActiveState") == "active")

        def shown():
            with TlsConn(s.port, pki) as c:
                return c.serial()

        until("new connections are shown the new certificate", lambda: shown() != before.serial())
        assert before.ask("Metadata", 12, {"Topics": []})["Brokers"]
    assert s.pid() == pid

    # A newer release, as apt does it unattended: it goes on with the state, the key and the configuration that were there.
    # The second one's cluster can't be reached, so it isn't ready; that holds nothing up.
    waiting = Service(machine, tmp_path / "w", "127.0.0.1:1", settings, unit=INSTANCE).begin()
    until("the second one waits", lambda: waiting.show("ActiveState") == "activating" and waiting.pid() != "0")
    pid, pid_of_waiting = s.pid(), waiting.pid()
    key = open(s.public_key).read()
    install(machine, "newer", "-o", "Dpkg::Options::=--force-confold")
    assert machine.must("makoto-proxy", "--version") != first
    until("it was restarted", lambda: s.show("ActiveState") == "active" and s.pid() not in (pid, "0"))
    until("the second one was", lambda: waiting.show("ActiveState") == "activating" and waiting.pid() not in (pid_of_waiting, "0"))
    running = machine.must("sha256sum", f"/proc/{s.pid()}/exe", "/usr/bin/makoto-proxy").split()
    assert running[0] == running[2]
    assert machine.must("cat", s.config_file) == edited and there(machine, s.config_file + ".dpkg-dist")
    assert open(s.public_key).read() == key and s.show("UnitFileState") == "enabled"
    produce()

    # Removed: what it was is still there for another day.
    apt(machine, "remove", "makoto-proxy", "makotoctl")
    assert not there(machine, "/usr/bin/makoto-proxy") and not there(machine, "/usr/bin/makotoctl")
    for unit in (s, waiting):
        assert unit.show("ActiveState") in ("inactive", "failed") and unit.pid() == "0"
    assert there(machine, s.config_file) and there(machine, f"{s.state_dir}/signing.pem")

    # Purged: its configuration, its keys and its state are gone; what others put beside them isn't.
    apt(machine, "purge", "makoto-proxy", "makotoctl")
    for path in (s.config_file, s.config_file + ".dpkg-dist", "/var/lib/makoto-proxy", "/lib/systemd/system/makoto-proxy.service"):
        assert not there(machine, path), path
    assert machine.run("test", "-L", "/etc/systemd/system/multi-user.target.wants/makoto-proxy.service").returncode == 1
    assert there(machine, "/etc/makoto-proxy/tls.key") and there(machine, waiting.config_file)
    assert machine.must("dpkg", "--audit") == "" and machine.run("dpkg", "-s", "makoto-proxy").returncode == 1
