"""What is bounded, whatever many, slow, silent or dead peers do: memory, descriptors, time; and what is said meanwhile."""

import os
import re
import resource
import select
import signal
import socket
import ssl
import struct
import threading

import pytest
import wire
from fakebroker import FakeBroker, Flood
from lab.kafka import until
from lab.pki import Pki
from proxy import FLAVOR, PATIENCE, Proxy

MANY = 5000 if FLAVOR == "release" else 500
HELD = 0.25  # MB that a connection may hold: 256 KiB
OWN = 6  # descriptors that it opens for itself when it first needs them: an epoll for each thread, the publisher's
OTHER = 8  # MB for everything that is not a connection's


@pytest.fixture(scope="module")
def pki(tmp_path_factory):
    p = Pki(tmp_path_factory.mktemp("pki"))
    p.proxy = p.make("proxy", "DNS:localhost,IP:127.0.0.1")
    p.client = ssl.create_default_context(cafile=p.ca)
    return p


@pytest.fixture
def world(tmp_path, pki):
    """Makes a broker and a proxy before it: world({setting: value}, handlers, tls=True)."""
    made = []

    def make(settings=None, handlers=None, tls=False, under=()):
        b = FakeBroker(handlers)
        more = {"listen.tls.certificate": pki.proxy.crt, "listen.tls.key": pki.proxy.key} if tls else {}
        p = Proxy(tmp_path, b.bootstrap, {"attest.enabled": False, **more, **(settings or {})})
        made.append((b, p))
        p.spawn(under=under)
        p.wait_line("ready bootstrap=")
        until("it is ready", lambda: p.http("/readyz")[0] == 200, 20 * PATIENCE)
        return b, p

    yield make
    for b, p in made:
        try:
            p.stop()
        finally:
            b.close()


def open_files(n):
    """So many for this process.  A limit that is too low fails the test: it would show nothing."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    enough = hard == resource.RLIM_INFINITY or hard >= n
    assert enough, f"the hard limit of open files is {hard}, this test needs {n}: raise it (ulimit -Hn, LimitNOFILE=)"
    if soft != resource.RLIM_INFINITY and soft < n:
        resource.setrlimit(resource.RLIMIT_NOFILE, (n, hard))


def fds(p):
    return len(os.listdir(f"/proc/{p.proc.pid}/fd"))


def active(p):
    return p.metric("makoto_connections_active")


def all_gone(p, before):
    """Nothing is left of the connections that there were."""
    try:
        until("the connections are gone", lambda: active(p) == 0 and fds(p) <= before + OWN, 60 * PATIENCE)
    except AssertionError:
        raise AssertionError(f"left: {active(p)} connections, {fds(p)} descriptors where {before} were, {p.status()}") from None
    assert p.metric("makoto_connections_opened_total") == p.metric("makoto_connections_closed_total")


def dial(p, pki=None, timeout=60):
    s = socket.create_connection((p.host, p.port), timeout=timeout)
    return pki.client.wrap_socket(s, server_hostname="localhost") if pki else s


def serves(p):
    with wire.Conn(p.host, p.port, timeout=20 * PATIENCE) as c:
        c.ask("Heartbeat", 4, {})
    return True


# -- many


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
def test_many_idle(world, pki, tls):
    """Thousands of connections that do nothing: each costs little, and all is given back."""
    open_files(2 * MANY + 200)
    b, p = world({"listen.max.connections": MANY + 10}, tls=tls)
    b.deaf = True
    before, rss = fds(p), p.rss_mb()
    conns = [dial(p, pki if tls else None) for _ in range(MANY)]
    until("all are there", lambda: active(p) == MANY and p.metric("makoto_upstream_connected_total") >= MANY, 60 * PATIENCE)
    each = (p.rss_mb() - rss) * 1024 / MANY
    if FLAVOR == "release":
        assert each < (64 if tls else 16), f"{each:.1f} KiB for each"
    b.deaf = False
    if not tls:
        serves(p)
    for c in conns:
        c.close()
    all_gone(p, before)


def test_storm(world):
    """Connections that come and go at once, in every way: none stays, and nobody else is disturbed."""
    n = 2000
    b, p = world()
    before, threads = fds(p), p.threads()
    request = wire.encode_request("Heartbeat", 4, {})
    with wire.Conn(p.host, p.port, timeout=60 * PATIENCE) as bystander:
        bystander.ask("Heartbeat", 4, {})
        for i in range(n):
            s = dial(p)
            if i % 4 == 1:
                s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # a reset
            elif i % 4 == 2:
                s.sendall(struct.pack(">i", len(request)) + request[:5])
            elif i % 4 == 3:
                s.sendall(struct.pack(">i", len(request)) + request)
            s.close()
            if i % 100 == 0:
                bystander.ask("Heartbeat", 4, {})
        come = lambda: p.metric("makoto_connections_opened_total") + p.metric("makoto_connections_refused_total")  # noqa: E731
        until("all came", lambda: come() >= n, 60 * PATIENCE)
        bystander.ask("Heartbeat", 4, {})
    all_gone(p, before)
    assert p.threads() == threads
    assert serves(p)


def test_no_descriptor_left(world):
    """More connections than descriptors: who can't be served is refused and counted, who is there goes on, and it passes."""
    limit, more = 100, 150
    b, p = world(under=["sh", "-c", f'ulimit -n {limit} && exec "$@"', "sh"])
    with wire.Conn(p.host, p.port, timeout=20 * PATIENCE) as kept:
        kept.ask("Heartbeat", 4, {})
        before = fds(p)
        # They come while it stands still, so that it finds them all at once.
        os.kill(p.proc.pid, signal.SIGSTOP)
        conns = [dial(p) for _ in range(more)]
        os.kill(p.proc.pid, signal.SIGCONT)
        p.wait_line("level=warn .*a connection can't be accepted.*Too many open files")
        for _ in range(20):
            kept.ask("Heartbeat", 4, {})
        ended = lambda: sum(1 for c in conns if select.select([c], [], [], 0)[0])  # noqa: E731
        until("those that are too many are closed", lambda: ended() >= more - limit // 2, 20 * PATIENCE)
        assert fds(p) <= limit
        for c in conns:
            c.close()
        until("its own page is there again", lambda: p.http("/metrics")[0] == 200, 30 * PATIENCE)
        until("they are gone", lambda: active(p) == 1 and fds(p) <= before + OWN, 60 * PATIENCE)
        refused = p.metric("makoto_connections_refused_total", reason="files")
        said = sum("a connection can't be accepted" in x for x in p.lines)
        assert 1 <= said <= refused <= more
        assert said + p.metric("makoto_log_lines_suppressed_total") >= refused
        kept.ask("Heartbeat", 4, {})
        assert serves(p)


# -- silent


HALF_OPEN = {
    "nothing": (False, b""),
    "half a length": (False, b"\0\0"),
    "half a frame": (False, struct.pack(">i", 1000) + b"\0\x0c\0\0" + b"\0" * 100),
    "half a whole frame": (False, struct.pack(">i", 1000) + b"\0\x03\0\x0c\0\0\0\x01\xff\xff" + b"\0" * 100),
    "tls: nothing": (True, b""),
    "tls: half a hello": (True, bytes.fromhex("16030100c8010000c40303") + bytes(32)),
}


@pytest.mark.parametrize("case", HALF_OPEN)
def test_half_open(world, case):
    """Peers that stop in the middle are not waited for longer than listen.idle.timeout."""
    tls, said = HALF_OPEN[case]
    b, p = world({"listen.idle.timeout": "500ms"}, tls=tls)
    before = fds(p)
    conns = [wire.Conn(p.host, p.port) for _ in range(20)]
    for c in conns:
        c.send_raw(said)
    assert all(c.closed(30 * PATIENCE) for c in conns)
    all_gone(p, before)
    assert p.metric("makoto_client_errors_total", reason="idle") == len(conns)
    for c in conns:
        c.close()


def test_half_a_handshake(world):
    """Without an idle timeout a handshake still has its own time."""
    b, p = world({"listen.idle.timeout": "0s"}, tls=True)
    before = fds(p)
    conns = [wire.Conn(p.host, p.port) for _ in range(20)]
    for c in conns:
        c.send_raw(HALF_OPEN["tls: half a hello"][1])
    assert all(c.closed(60 * PATIENCE) for c in conns)
    all_gone(p, before)
    assert p.metric("makoto_tls_handshakes_total", side="client", result="timeout") == len(conns)
    for c in conns:
        c.close()


def test_silent_broker(world):
    """A broker that accepts and says nothing, and clients that gave it up: no connection is left behind."""
    b, p = world()
    before = fds(p)
    b.deaf = True
    conns = [wire.Conn(p.host, p.port) for _ in range(20)]
    for c in conns:
        c.send("Heartbeat", 4, {})
    until("the broker has them", lambda: len(b.unheard) == len(conns), 20 * PATIENCE)
    for c in conns:
        c.close()
    all_gone(p, before)


# -- slow


SLOW = 16 * 1000 * 1000  # bytes for each of them
SLOW_ONES = 48


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
def test_slow_readers(world, pki, tls):
    """Clients that ask for more than fits anywhere and don't read: the broker waits, the proxy holds its bound and no more."""
    b, p = world(handlers={12345: lambda v, body: Flood(b"", SLOW, b"end")}, tls=tls)
    before, rss = fds(p), p.rss_mb()
    conns = [dial(p, pki if tls else None, 120 * PATIENCE) for _ in range(SLOW_ONES)]
    request = wire.request_header(12345, 0, 7, "slow", False)
    for s in conns:
        s.sendall(struct.pack(">i", len(request)) + request)
    until("each was waited for", lambda: p.metric("makoto_reads_paused_total", side="broker") >= SLOW_ONES, 60 * PATIENCE)
    for s in conns:
        left, last = 4 + 4 + SLOW + 3, b""
        while left:
            last = s.recv(min(left, 1 << 20))
            assert last
            left -= len(last)
        assert last.endswith(b"end")
        s.close()
    if FLAVOR == "release":
        assert p.peak_rss_mb() - rss < SLOW_ONES * HELD + OTHER
    all_gone(p, before)


def test_slow_broker(world):
    """A broker that doesn't read what clients send it: they wait, the proxy holds its bound and no more."""
    b, p = world()
    before, rss = fds(p), p.rss_mb()
    b.deaf = True
    head = wire.request_header(12345, 0, 7, "fast", False)
    frame = struct.pack(">i", len(head) + SLOW) + head + bytes(SLOW)
    conns = [dial(p, timeout=120 * PATIENCE) for _ in range(SLOW_ONES)]
    senders = [threading.Thread(target=s.sendall, args=(frame,)) for s in conns]
    for t in senders:
        t.start()
    until("each was waited for", lambda: p.metric("makoto_reads_paused_total", side="client") >= SLOW_ONES, 60 * PATIENCE)
    until("the broker has them", lambda: len(b.unheard) == SLOW_ONES, 60 * PATIENCE)  # the kernel takes connections before accept(2) does
    left = dict.fromkeys(b.unheard, len(frame))
    while left:
        ready = select.select(list(left), [], [], 60 * PATIENCE)[0]
        assert ready, "the rest doesn't come"
        for s in ready:
            got = len(s.recv(1 << 20))
            assert 0 < got <= left[s]
            left[s] -= got
            if left[s] == 0:
                del left[s]
    for t in senders:
        t.join()
    if FLAVOR == "release":
        assert p.peak_rss_mb() - rss < SLOW_ONES * HELD + OTHER
    for s in conns:
        s.close()
    all_gone(p, before)


# -- nobody there


def test_ready_follows_the_brokers(world):
    b, p = world()
    port = b.port
    assert p.http("/readyz")[0] == 200 and p.metric("makoto_ready") == 1
    b.close()
    until("it is not ready", lambda: p.http("/readyz")[0] == 503, 60 * PATIENCE)
    assert "no broker answers" in p.http("/readyz")[1] and p.metric("makoto_ready") == 0
    assert p.status()["why"] == "no broker answers"
    p.wait_line('level=warn .*not ready.*cause="no broker answers"')
    assert p.http("/healthz")[0] == 200
    b = FakeBroker({}, port=port)
    try:
        until("it is ready again", lambda: p.http("/readyz")[0] == 200, 60 * PATIENCE)
        assert p.metric("makoto_ready") == 1 and serves(p)
    finally:
        p.stop()
        b.close()


def test_not_ready_without_a_port(world):
    """More brokers than ports: that is what it says."""
    ids, other = [1], FakeBroker({})
    told = lambda: [{"NodeId": i, "Host": other.host, "Port": other.port, "Rack": None} for i in ids]  # noqa: E731
    b, p = world(handlers={"Metadata": lambda v, r: {**other.metadata(r), "Brokers": told()}})
    ids[:] = range(1, 12)
    with wire.Conn(p.host, p.port) as c:  # the proxy looks again when a client hears of a broker that has no port
        c.send("Metadata", 12, {"Topics": []})
        assert c.closed(20 * PATIENCE)
    until("it is not ready", lambda: p.http("/readyz")[0] == 503, 30 * PATIENCE)
    assert re.search(r"listen\.broker\.ports", p.http("/readyz")[1]), p.http("/readyz")
    ids[:] = [1]
    until("it is ready again", lambda: p.http("/readyz")[0] == 200, 30 * PATIENCE)
    other.close()
