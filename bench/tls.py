"""What TLS, handshakes and idle connections cost the proxy, each beside a floor that the same round measures.

All is CPU time (of the proxy's threads, from /proc; openssl speed's user time), so that other programs on the
machine disturb little.  The broker is the tests' own: what it and the client take doesn't count.
"""

import glob
import os
import re
import socket
import ssl
import statistics
import struct
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "tests", "e2e"))
os.environ.setdefault("E2E_FLAVOR", "release")
os.environ.setdefault("KAFKA_LAB", os.path.join(os.path.expanduser("~"), ".cache", "makoto-kafka-tests"))

import wire  # noqa: E402
from fakebroker import FakeBroker  # noqa: E402
from lab.kafka import until  # noqa: E402
from lab.pki import Pki  # noqa: E402
from proxy import Proxy, free_ports  # noqa: E402

ROUNDS = int(sys.argv[1])
BATCH, ANSWER = 128 * 1024, 1024 * 1024  # a producer's batch, a consumer's max.partition.fetch.bytes
MB = 100  # that are passed on in a round
SHAKES = 500
IDLE = 1000


def cpu_ms(pid):
    """Of all threads, with more digits than /proc/PID/stat has."""
    total = 0
    for path in glob.glob(f"/proc/{pid}/task/*/schedstat"):
        with open(path) as f:
            total += int(f.read().split()[0])
    return total / 1e6


class TlsBroker(FakeBroker):
    def __init__(self, context, *args):
        self.context = context
        super().__init__(*args)

    def _serve(self, s):
        try:
            tls = self.context.wrap_socket(s, server_side=True)
        except OSError:  # the proxy ends
            return
        super()._serve(tls)


class World:
    """A broker and a proxy, TLS on either side or none."""

    def __init__(self, directory, pki, clients, brokers):
        made = wire.response("Produce").encode(9, {"Responses": []})
        fetched = wire.response("Fetch").encode(12, {"Responses": []}) + bytes(ANSWER)
        handlers = {0: lambda v, body: b"\0" + made, 1: lambda v, body: b"\0" + fetched}
        server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.load_cert_chain(pki.cert.crt, pki.cert.key)
        self.broker = TlsBroker(server, handlers) if brokers else FakeBroker(handlers)
        settings = {"attest.enabled": False, "listen.max.connections": 2 * IDLE}
        if clients:
            settings |= {"listen.tls.certificate": pki.cert.crt, "listen.tls.key": pki.cert.key}
        if brokers:
            settings |= {"kafka.security.protocol": "ssl", "kafka.ssl.ca.location": pki.ca}
        self.px = Proxy(tempfile.mkdtemp(dir=directory), self.broker.bootstrap, settings).start()
        self.context = ssl.create_default_context(cafile=pki.ca) if clients else None
        self.conn().close()  # what is made once is made

    def conn(self):
        c = wire.Conn("127.0.0.1", self.px.port, timeout=60)
        if self.context:
            c.sock = self.context.wrap_socket(c.sock, server_hostname="localhost")
        return c

    def cpu(self):
        return cpu_ms(self.px.proc.pid)

    def close(self):
        self.px.stop()
        self.broker.close()


def passed(w, name, version, body, size):
    """CPU-ms per MB of requests and answers, one after another on one connection."""
    frame = wire.request_header(wire.request(name).key, version, 1, "bench", True) + body
    with w.conn() as c:
        before, n = 0, MB * 1000000 // size
        for i in range(n + 10):
            if i == 10:
                before = w.cpu()
            c.send_frame(frame)
            c.recv_frame()
        return (w.cpu() - before) / (n * size / 1e6)


def produce(w):
    data = {"Acks": -1, "TimeoutMs": 1000, "TopicData": [{"Name": "t", "PartitionData": [{"Index": 0, "Records": bytes(BATCH)}]}]}
    return passed(w, "Produce", 9, wire.request("Produce").encode(9, data), BATCH)


def fetch(w):
    return passed(w, "Fetch", 12, wire.request("Fetch").encode(12, {"Topics": []}), ANSWER)


def relay(chunk):
    out = subprocess.run([os.path.join(ROOT, "build", "relay"), str(MB), str(chunk), "1000"], capture_output=True, text=True, check=True)
    return float(out.stdout)


def speed(*args):
    """The last line of openssl speed in its form for machines: all numbers of it."""
    out = subprocess.run(["openssl", "speed", "-mr", "-seconds", "1", *args], capture_output=True, text=True, check=True).stdout
    return [float(x) for x in re.findall(r"[\d.]+(?:e[+-]?\d+)?", out.strip().splitlines()[-1].split(":", 2)[2])]


def cipher():
    """CPU-ms that AES-256-GCM takes for a MB, in records of 16 KiB."""
    return 1e9 / speed("-evp", "aes-256-gcm", "-bytes", "16384")[-1]


def shake(context, port):
    with socket.create_connection(("127.0.0.1", port), timeout=60) as s:
        if context:
            context.wrap_socket(s, server_hostname="localhost").close()


def connections(pid, context, port):
    """CPU-ms for each of many connections, one after another."""
    shake(context, port)
    before = cpu_ms(pid)
    for _ in range(SHAKES):
        shake(context, port)
    return (cpu_ms(pid) - before) / SHAKES


def bare_server(pki, context):
    port = free_ports(1)
    cmd = ["openssl", "s_server", "-quiet", "-accept", f"127.0.0.1:{port}", "-cert", pki.cert.crt, "-key", pki.cert.key, "-num_tickets", "0"]
    p = subprocess.Popen(cmd, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until("it listens", lambda: shake(context, port) is None, 20)
        return connections(p.pid, context, port)
    finally:
        p.kill()
        p.wait()


def idle(w):
    """KiB of resident memory for each idle connection."""
    before = w.px.rss_mb()
    conns = [w.conn() for _ in range(IDLE)]
    until("all are there", lambda: w.px.metric("makoto_connections_active") == IDLE, 60)
    each = (w.px.rss_mb() - before) * 1024 / IDLE
    for c in conns:
        c.close()
    return each


def median(rows, i):
    return statistics.median(r[i] for r in rows)


def show(rounds):
    print("\n| case | CPU-ms per MB | floor | ratio |\n|---|---|---|---|")
    for name in rounds[0]["passed"]:
        rows = [(r["passed"][name], r["floor"][name]) for r in rounds]
        print(f"| {name} | {median(rows, 0):.2f} | {median(rows, 1):.2f} | {statistics.median(a / b for a, b in rows):.2f} |")
    print("\n| connection, made and closed | per CPU-second |\n|---|---|")
    for name in rounds[0]["rate"]:
        print(f"| {name} | {1000 / statistics.median(r['rate'][name] for r in rounds):.0f} |")
    over = [(r["rate"]["TLS 1.3, the proxy"] - r["rate"]["plaintext, the proxy"]) / r["rate"]["floor: openssl s_server"] for r in rounds]
    print(f"\nwhat TLS adds to a connection, over openssl s_server's: {statistics.median(over):.2f}")
    print("\n| idle connection | KiB |\n|---|---|")
    for name in rounds[0]["idle"]:
        print(f"| {name} | {statistics.median(r['idle'][name] for r in rounds):.1f} |", flush=True)


def one_round(directory, pki):
    out = {"passed": {}, "floor": {}, "rate": {}, "idle": {}}
    gcm = cipher()
    for text, clients, brokers in (("plaintext", False, False), ("TLS to clients", True, False), ("TLS on both sides", True, True)):
        w = World(directory, pki, clients, brokers)
        for what, measure, size in (("produce", produce, BATCH), ("fetch", fetch, ANSWER)):
            name = f"{what}, {text}"
            out["floor"][name] = relay(min(size, BATCH)) + (clients + brokers) * gcm
            out["passed"][name] = measure(w)
        if not brokers:
            kind = "TLS 1.3" if clients else "plaintext"
            out["rate"][f"{kind}, the proxy"] = connections(w.px.proc.pid, w.context, w.px.port)
            out["idle"][kind] = idle(w)
            context = w.context
        w.close()
        if clients and not brokers:
            out["rate"]["floor: openssl s_server"] = bare_server(pki, context)
    sign, agree = speed("ecdsap256"), speed("ecdhx25519")
    out["rate"]["floor: one P-256 signature, two X25519 operations"] = 1000 / sign[-2] + 2000 / agree[-2]
    return out


def main():
    with tempfile.TemporaryDirectory() as d:
        pki = Pki(os.path.join(d, "pki"))
        pki.cert = pki.make("bench", "DNS:localhost,IP:127.0.0.1,IP:127.0.77.9")
        start = time.monotonic()
        show([one_round(d, pki) for _ in range(ROUNDS)])
        print(f"\n{ROUNDS} rounds in {time.monotonic() - start:.0f} s")


main()
