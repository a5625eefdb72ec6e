"""Starting, watching and stopping the programs under test."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request

from lab.kafka import ROOT, until

FLAVOR = os.environ.get("E2E_FLAVOR", "release")
PROXY = os.environ.get("MAKOTO_PROXY") or os.path.join(ROOT, "build", FLAVOR, "makoto-proxy")
CTL = os.environ.get("MAKOTOCTL") or os.path.join(ROOT, "build", FLAVOR, "makotoctl")
SANITIZERS = {
    "ASAN_OPTIONS": "detect_leaks=1:abort_on_error=0:exitcode=99",
    "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1:exitcode=98",
    "TSAN_OPTIONS": "halt_on_error=0:exitcode=97",
}
# An ASan build is about four times slower; the deadlines follow.
PATIENCE = {"release": 1}.get(FLAVOR, 4)

_taken = set()


def free_ports(n, host="127.0.0.1"):
    """n neighbouring ports that nobody listens on, from the lab's own range."""
    base = int(os.environ.get("E2E_PROXY_PORTS", "26000"))
    at = base + os.getpid() * 37 % 2000
    for _ in range(4000):
        at = base if at + n > base + 3990 else at
        ports = range(at, at + n)
        at += n
        if _taken & set(ports):
            continue
        try:
            for p in ports:
                with socket.socket() as s:
                    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    s.bind((host, p))
        except OSError:
            continue
        _taken.update(ports)
        return ports[0]
    raise RuntimeError("no free ports")


def yaml_of(tree, indent=0):
    """Nested dicts as the subset of YAML that configuration needs; scalars as JSON."""
    out = []
    for k, v in tree.items():
        if isinstance(v, dict) and v:
            out.append("  " * indent + f"{k}:")
            out.append(yaml_of(v, indent + 1))
        else:
            out.append("  " * indent + f"{k}: {json.dumps(v)}")
    return "\n".join(out)


class Proxy:
    """One makoto-proxy process.  Settings are dotted paths: Proxy(dir, "k:9092", {"attest.window.records": 10})."""

    SECTIONS = ("listen", "kafka", "clients", "attest", "state", "verify", "admin", "log", "shutdown")

    def __init__(self, directory, upstream, settings=None, host="127.0.0.1", ports=None, state=None):
        self.dir = str(directory)
        os.makedirs(self.dir, exist_ok=True)
        self.host = host
        self.port = ports or free_ports(10)
        self.admin_port = self.port + 9
        self.state = state or os.path.join(self.dir, "state")
        self.settings = {
            "listen.address": host,
            "listen.bootstrap.port": self.port,
            "listen.broker.ports": f"{self.port}-{self.port + 8}",  # node n gets the first port + n
            "listen.advertised.host": host,
            "kafka.bootstrap.servers": upstream,
            "attest.window.max.age": "1s",
            "attest.collector.id": "urn:makoto-kafka:e2e",
            "state.directory": self.state,
            "admin.listen": f"{host}:{self.admin_port}",
            **(settings or {}),
        }
        self.proc = None
        self.lines = []
        self.env = {}

    bootstrap = property(lambda self: f"{self.host}:{self.port}")
    config = property(lambda self: os.path.join(self.dir, "makoto-proxy.yaml"))

    @property
    def public_key(self):
        elsewhere = self.settings.get("attest.signing.key.id", "file:").startswith(("awskms:", "arn:"))
        return os.path.join(self.state, "awskms.pub.pem" if elsewhere else "signing.pub.pem")

    def write_config(self, text=None):
        if text is None:
            tree = {}
            for path, value in self.settings.items():
                section, key = path.split(".", 1)
                assert section in self.SECTIONS, path
                tree.setdefault(section, {})[key] = value
            text = yaml_of(tree) + "\n"
        with open(self.config, "w") as f:
            f.write(text)

    def spawn(self, *args, config=True, under=()):
        """Starts it, by the command `under` when there is one, and returns at once."""
        if config:
            self.write_config()
        self.lines = []
        env = {**os.environ, **SANITIZERS, **self.env}
        for name in ("STATE_DIRECTORY", "NOTIFY_SOCKET"):
            if name not in self.env:
                env.pop(name, None)
        cmd = [*under, PROXY, *(["-c", self.config] if config else []), *args]
        self.proc = subprocess.Popen(cmd, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=env)
        self._reader = threading.Thread(target=self._read, args=(self.proc.stderr,), daemon=True)
        self._reader.start()
        return self

    def _read(self, stream):
        with open(os.path.join(self.dir, "stderr.log"), "ab") as log:
            for raw in stream:
                log.write(raw)
                log.flush()
                self.lines.append(raw.decode(errors="replace").rstrip("\n"))

    def text(self):
        return "\n".join(self.lines)

    def said(self, pattern):
        return next((x for x in list(self.lines) if re.search(pattern, x)), None)

    def wait_line(self, pattern, timeout=30):
        def look():
            found = self.said(pattern)
            if found is None and self.proc.poll() is not None:
                self._reader.join(5)
                found = self.said(pattern)
                if found is None:
                    raise SystemError(f"makoto-proxy ended with {self.proc.returncode}:\n{self.text()}")
            return found

        end = time.monotonic() + timeout * PATIENCE
        while True:
            found = look()
            if found:
                return found
            if time.monotonic() > end:
                raise AssertionError(f"no line like {pattern!r} within {timeout * PATIENCE} s:\n{self.text()}")
            time.sleep(0.02)

    def start(self, timeout=30):
        self.spawn()
        self.wait_line(r"ready bootstrap=", timeout)
        return self

    def wait(self, timeout=60):
        rc = self.proc.wait(timeout * PATIENCE)
        self._reader.join(10)
        return rc

    def stop(self, timeout=60, code=0):
        """SIGTERM; a proxy that exits with another code, or that a sanitizer complained about, fails the test."""
        if self.proc is None:
            return
        if self.proc.poll() is None:
            self.proc.send_signal(signal.SIGTERM)
        try:
            rc = self.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"makoto-proxy did not stop within {timeout * PATIENCE} s:\n{self.text()[-4000:]}") from None
        proc, self.proc = self.proc, None
        assert rc == code, f"makoto-proxy ended with {proc.returncode}:\n{self.text()[-6000:]}"
        self.check_sane()

    def check_sane(self):
        bad = re.search(r"(ERROR: \w+Sanitizer|runtime error:|WARNING: ThreadSanitizer)", self.text())
        assert not bad, self.text()[-8000:]

    def kill(self):
        if self.proc is not None:
            if self.proc.poll() is None:
                self.proc.kill()
            self.wait()
            self.proc = None

    def alive(self):
        return self.proc is not None and self.proc.poll() is None

    # -- the admin port

    def http(self, path, timeout=5):
        """(status, body)"""
        try:
            with urllib.request.urlopen(f"http://{self.host}:{self.admin_port}{path}", timeout=timeout) as r:
                return r.status, r.read().decode()
        except urllib.error.HTTPError as e:
            return e.code, e.read().decode()

    def metrics(self):
        """{name{labels}: value}"""
        out = {}
        for line in self.http("/metrics")[1].splitlines():
            if line and not line.startswith("#"):
                name, value = line.rsplit(" ", 1)
                out[name] = float(value)
        return out

    def metric(self, prefix, **labels):
        """Sum over the series of this name with these labels."""
        total = 0.0
        for name, value in self.metrics().items():
            base = name.split("{")[0]
            if base == prefix and all(f'{k}="{v}"' in name for k, v in labels.items()):
                total += value
        return total

    def status(self):
        return json.loads(self.http("/status")[1])

    def cpu_ms(self):
        with open(f"/proc/{self.proc.pid}/stat") as f:
            fields = f.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")

    def rss_mb(self):
        with open(f"/proc/{self.proc.pid}/status") as f:
            return int(re.search(r"VmRSS:\s+(\d+)", f.read())[1]) / 1024

    def peak_rss_mb(self):
        with open(f"/proc/{self.proc.pid}/status") as f:
            return int(re.search(r"VmHWM:\s+(\d+)", f.read())[1]) / 1024

    def threads(self):
        return len(os.listdir(f"/proc/{self.proc.pid}/task"))


def ctl(*args, timeout=120, env=None):
    """Runs makotoctl; the finished process, its text decoded."""
    p = subprocess.run(
        [CTL, *map(str, args)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=timeout * PATIENCE,
        env={**os.environ, **SANITIZERS, **(env or {})},
    )
    p.stdout, p.stderr = p.stdout.decode(errors="replace"), p.stderr.decode(errors="replace")
    assert p.returncode < 90 and "Sanitizer" not in p.stderr, p.stderr
    assert p.returncode >= 0, f"makotoctl died of signal {-p.returncode}: {p.stderr}"
    return p


def ctl_verify(bootstrap, topic, key, *args, **kw):
    """(exit code, the records' JSON lines, the closing JSON object)"""
    p = ctl("verify", "-b", bootstrap, "-t", topic, "--public-key", key, "--json", *args, **kw)
    objects = json_objects(p.stdout)
    return p, [o for o in objects if "verdicts" not in o], next((o for o in reversed(objects) if "verdicts" in o), None)


def json_objects(text):
    """Every JSON value of a text that has one after another, on one line or over several."""
    out, at, decoder = [], 0, json.JSONDecoder()
    while True:
        while at < len(text) and text[at].isspace():
            at += 1
        if at >= len(text):
            return out
        value, at = decoder.raw_decode(text, at)
        out.append(value)


def missing_programs():
    return [p for p in (PROXY, CTL) if not (os.path.exists(p) and os.access(p, os.X_OK))]


def which(name):
    found = shutil.which(name)
    assert found, f"{name} is not installed: run tools/deps.sh e2e"
    return found
