"""A machine with a real systemd: a tree in build/deploy booted by systemd-nspawn, all that it writes in memory.

It has the network of the machine it runs on, so brokers and clients meet its services on the loopback addresses.
"""

import os
import shutil
import signal
import subprocess

from lab.kafka import ROOT, until
from proxy import Proxy


class Machine:
    def __init__(self, directory, tree="machine"):
        self.console = os.path.join(str(directory), "console.log")
        with open(self.console, "wb") as out:
            self.proc = subprocess.Popen(
                ["systemd-nspawn", "--register=no", "--keep-unit", "--quiet", "--volatile=overlay", f"--machine=makoto-{os.getpid()}",
                 "-D", os.path.join(ROOT, "build", "deploy", tree), "--console=read-only", "-b", "systemd.log_target=console"],
                stdin=subprocess.DEVNULL, stdout=out, stderr=out,
            )  # fmt: skip
        self.leader = until("the machine's init runs", self._child)
        until("the machine is up", lambda: self.systemctl("is-active", "multi-user.target").stdout == "active\n", 120)

    def _child(self):
        assert self.proc.poll() is None, open(self.console).read()
        with open(f"/proc/{self.proc.pid}/task/{self.proc.pid}/children") as f:
            pid = int(f.read().split()[0])
        return pid if os.path.exists(f"/proc/{pid}/root/run/systemd/private") else None

    def run(self, *command, timeout=120):
        enter = ["nsenter", "-t", str(self.leader), "-m", "-u", "-i", "-n", "-p", "-C", "--"]
        env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "SYSTEMD_PAGER": "", "SYSTEMD_COLORS": "0"}
        return subprocess.run([*enter, *command], capture_output=True, text=True, timeout=timeout, env=env, stdin=subprocess.DEVNULL)

    def must(self, *command, **kw):
        p = self.run(*command, **kw)
        assert p.returncode == 0, f"{command}: {p.returncode}\n{p.stdout}{p.stderr}"
        return p.stdout

    def systemctl(self, *args, **kw):
        return self.run("systemctl", *args, **kw)

    def path(self, inside):
        """Where a file of the machine is for us."""
        return f"/proc/{self.leader}/root{inside}"

    def write(self, inside, text, mode=0o644, owner=(0, 0)):
        os.makedirs(os.path.dirname(self.path(inside)), exist_ok=True)
        with open(self.path(inside), "w") as f:
            f.write(text)
        os.chmod(self.path(inside), mode)
        os.chown(self.path(inside), *owner)

    def off(self):
        """Told as a machine is that is switched off; its services are stopped."""
        self.proc.send_signal(signal.SIGTERM)
        try:
            self.proc.wait(90)
        except subprocess.TimeoutExpired:
            self.proc.kill()
            self.proc.wait()
            raise AssertionError("the machine didn't halt") from None


class Service(Proxy):
    """A makoto-proxy that a machine's systemd runs: the end-to-end tests' Proxy with its files and its manager elsewhere."""

    def __init__(self, machine, directory, upstream, settings=None, unit="makoto-proxy", dropin=""):
        self.machine, self.unit, self.dropin = machine, unit, dropin
        instance = unit.partition("@")[2]
        self.state_dir = "/var/lib/makoto-proxy" + (f"/{instance}" if instance else "")
        self.config_file = f"/etc/makoto-proxy/{instance or 'makoto-proxy'}.yaml"
        super().__init__(directory, upstream, settings)
        del self.settings["state.directory"]  # the unit says where
        self.dbom_topic = self.settings["attest.dbom.topic"]
        self.public_key = self.machine.path(self.state_dir + "/signing.pub.pem")

    config = property(lambda self: self.machine.path(self.config_file))
    public_key = None  # the one of the key that it makes, unless a test says another

    def configure(self, text=None):
        os.makedirs(os.path.dirname(self.config), exist_ok=True)
        self.write_config(text)

    def begin(self):
        """From nothing: no state, no failures counted.  Returns while it starts."""
        self.clear()
        self.configure()
        if self.dropin:
            self.machine.write(f"/etc/systemd/system/{self.unit}.service.d/test.conf", self.dropin)
        self.machine.must("systemctl", "enable", self.unit)
        self.machine.must("systemctl", "start", "--no-block", self.unit)
        return self

    def start(self, timeout=60):
        self.begin()
        until(f"{self.unit} is active", lambda: self.show("ActiveState") == "active", timeout)
        return self

    def clear(self):
        self.machine.systemctl("disable", "--now", self.unit)
        self.machine.systemctl("reset-failed", self.unit)
        for inside in (self.state_dir, f"/etc/systemd/system/{self.unit}.service.d"):
            shutil.rmtree(self.machine.path(inside), ignore_errors=True)

    def show(self, name):
        return self.machine.must("systemctl", "show", "--value", "-p", name, self.unit).strip()

    def pid(self):
        return self.show("MainPID")

    def text(self):
        """The log of its newest start."""
        return self.machine.must("journalctl", "-o", "cat", f"_SYSTEMD_INVOCATION_ID={self.show('InvocationID')}")

    def said(self, pattern):
        self.lines = self.text().splitlines()
        return super().said(pattern)

    def process(self):
        """/proc/<pid>/status of its main process."""
        text = self.machine.must("cat", f"/proc/{self.pid()}/status")
        return dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)

    def stop(self, timeout=120):
        """By systemd; it must have ended by itself, well."""
        self.machine.must("systemctl", "stop", self.unit, timeout=timeout)
        assert (self.show("Result"), self.show("ExecMainCode"), self.show("ExecMainStatus")) == ("success", "1", "0"), self.text()
