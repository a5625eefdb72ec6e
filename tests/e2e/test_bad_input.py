"""Bad inputs: what a careless operator, a stranger on the port, or a broken client may bring."""

import os
import re
import signal
import socket
import stat
import struct
import subprocess
import time

import pytest
import wire
from checks import attested
from clients import Confluent, sample
from fakebroker import FakeBroker
from lab.kafka import until
from proxy import CTL, PATIENCE, PROXY, Proxy, ctl, free_ports


# -- configuration

BAD_CONFIG = {
    "unknown key": ("attest:\n  window.recrods: 10\n", r":2:3: .*window\.recrods.*window\.records"),
    "unknown section": ("attset:\n  level: 2\n", r":1:1: .*attset.*attest"),
    "wrong type": ("attest:\n  window.records: many\n", r":2:\d+: .*window\.records"),
    "bad duration": ("attest:\n  window.max.age: 10 parsecs\n", r":2:\d+: .*window\.max\.age"),
    "out of range": ("listen:\n  bootstrap.port: 70000\n", r":2:\d+: .*bootstrap\.port"),
    "not one of": ("attest:\n  headers: fullish\n", r":2:\d+: .*headers"),
    "twice": ("attest:\n  level: 2\n  level: 1\n", r":3:3: .*level"),
    "not YAML": ("attest: [unclosed\nlisten: }\n", r":\d+:\d+: "),
    "unset variable": ("kafka:\n  bootstrap.servers: ${NO_SUCH_VARIABLE_HERE}\n", r":2:\d+: .*NO_SUCH_VARIABLE_HERE"),
}


@pytest.mark.parametrize("case", BAD_CONFIG)
@pytest.mark.parametrize("check_only", [True, False], ids=["-n", "start"])
def test_bad_configuration(tmp_path, case, check_only):
    text, pattern = BAD_CONFIG[case]
    f = tmp_path / "makoto-proxy.yaml"
    f.write_text(text)
    cmd = [PROXY, "-c", str(f)] + (["-n"] if check_only else [])
    p = subprocess.run(cmd, capture_output=True, timeout=20 * PATIENCE, stdin=subprocess.DEVNULL)
    err = p.stderr.decode()
    assert p.returncode == 2, err
    assert re.search("makoto-proxy.yaml" + pattern, err), err


def test_bad_signing_key(tmp_path):
    """-n names what a start would end with; a key that the first start makes is none of that."""
    pem = tmp_path / "k.pem"

    def check(*more, code):
        args = ["-n", "-b", "kafka:9092", "-o", f"state.directory={tmp_path / 'state'}", *more]
        p = subprocess.run([PROXY, *args], capture_output=True, timeout=20 * PATIENCE, stdin=subprocess.DEVNULL, text=True)
        assert p.returncode == code, (more, p.stderr)
        return p.stderr

    here = ("-o", f"attest.signing.key.id=file:{pem}")
    assert check(code=0) == ""
    assert check(*here, code=2) == f"makoto-proxy: attest.signing.key.id: {pem}: can't be read: No such file or directory\n"
    pem.write_text("junk")
    pem.chmod(0o600)
    assert f"{pem}: no private key in it" in check(*here, code=2)
    assert check(*here, "-o", "attest.level=1", code=0) == ""
    pem.unlink()
    assert ctl("keygen", "--out", pem, "--public", tmp_path / "k.pub.pem").returncode == 0
    assert check(*here, code=0) == ""
    (tmp_path / "state").mkdir()
    for relative in ("file:other.pem", "file:signing.pem"):
        (tmp_path / "state" / relative[5:]).write_text("junk")
        (tmp_path / "state" / relative[5:]).chmod(0o600)
        assert f"state/{relative[5:]}: no private key in it" in check("-o", f"attest.signing.key.id={relative}", code=2)


def test_where_a_relative_policy_is_looked_for(tmp_path):
    args = [PROXY, "-n", "-b", "kafka:9092", "-o", "verify.mode=enforce"]

    def said():
        p = subprocess.run(args, capture_output=True, timeout=20 * PATIENCE, stdin=subprocess.DEVNULL, text=True, cwd=tmp_path)
        assert p.returncode == 2
        return p.stderr

    assert said() == f"makoto-proxy: verify.policy: {tmp_path}/trust.yaml: can't be read: No such file or directory\n"
    (tmp_path / "trust.yaml").write_text("foo: 1\n")
    assert said().startswith(f"makoto-proxy: verify.policy: {tmp_path}/trust.yaml:1:1: ")


@pytest.mark.parametrize("servers", ["foo:bar", "kafka", "", "a:1,b", "a:1;b:2", "a:70000"])
def test_bad_servers(servers):
    """They are told as what they are, by both programs and at once; not waited for."""
    for args in ([PROXY, "-n", "-b", servers], [CTL, "show", "-b", servers]):
        if servers == "" and args[0] == PROXY:
            continue
        p = subprocess.run(args, capture_output=True, timeout=20 * PATIENCE, stdin=subprocess.DEVNULL, text=True)
        assert p.returncode == 2 and re.search(r": -b: .*HOST:PORT", p.stderr), (args, p.stderr)


def test_good_configuration_and_options(tmp_path):
    f = tmp_path / "makoto-proxy.yaml"
    f.write_text("kafka: {bootstrap.servers: '${HOSTS:-kafka:9092}'}\n")
    run = lambda *a: subprocess.run([PROXY, *a], capture_output=True, timeout=20 * PATIENCE, stdin=subprocess.DEVNULL)  # noqa: E731
    assert run("-c", str(f), "-n").returncode == 0
    assert run("-c", str(f), "-n", "-o", "attest.level=7").returncode == 2
    assert run("-c", str(f), "-n", "-o", "attest.window.records=5").returncode == 0
    assert b"kafka:9092" in run("-c", str(f), "--dump-config").stdout
    assert b"window.records" in run("--dump-keys").stdout
    assert run("--version").returncode == 0 and run("--no-such-flag").returncode == 2
    assert run("-c", str(tmp_path / "none.yaml")).returncode == 2


# -- what is around it


def test_no_broker_at_start(tmp_path):
    """It keeps trying, says so, isn't ready; when the broker comes, it is."""
    port = free_ports(1, "127.0.77.9")
    p = Proxy(tmp_path, f"127.0.77.9:{port}", {"attest.enabled": False})
    p.spawn()
    try:
        p.wait_line(rf"127\.0\.77\.9:{port}")
        until("the admin port answers", lambda: p.http("/healthz")[0] == 200, 20 * PATIENCE)
        assert p.http("/readyz")[0] == 503
        assert p.alive() and not p.said("ready bootstrap=")
        b = FakeBroker({}, port=port)
        p.wait_line("ready bootstrap=", 60)
        until("it is ready", lambda: p.http("/readyz")[0] == 200, 20 * PATIENCE)
        with wire.Conn("127.0.0.1", p.port) as c:
            assert len(c.ask("Metadata", 12, {"Topics": []})["Brokers"]) == 1
        p.stop()
        b.close()
    finally:
        p.kill()


def test_service_manager_hears_the_truth(tmp_path):
    """READY=1 when it is ready and not before, then at the end of each reload; nothing behind STOPPING=1."""
    host, port = "127.0.77.9", free_ports(1, "127.0.77.9")
    never = {"Heartbeat": lambda version, request: None}
    p = Proxy(tmp_path, f"{host}:{port}", {"attest.enabled": False})
    reloads = 0

    def reload():
        nonlocal reloads
        reloads += 1
        p.proc.send_signal(signal.SIGHUP)
        until("it is reloaded", lambda: p.text().count("the configuration was reloaded") == reloads, 20 * PATIENCE)

    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(f"\0makoto-e2e-{os.getpid()}")
        manager.settimeout(60 * PATIENCE)

        def told(n):
            out = [manager.recv(256).decode() for _ in range(n)]
            begun = [int(s.split("\nMONOTONIC_USEC=")[1]) for s in out if s.startswith("RELOADING=1")]
            assert all(at <= t <= time.monotonic_ns() // 1000 for t in begun), (begun, at)
            return [s.split("\nMONOTONIC_USEC=")[0] for s in out]

        at = time.monotonic_ns() // 1000
        p.env["NOTIFY_SOCKET"] = f"@makoto-e2e-{os.getpid()}"
        p.spawn()
        try:
            until("the admin port answers", lambda: p.http("/healthz")[0] == 200, 20 * PATIENCE)
            reload()
            b = FakeBroker(never, port=port)
            assert told(1) == ["READY=1"]
            reload()
            assert told(2) == ["RELOADING=1", "READY=1"]
            b.close()
            p.wait_line('msg="not ready"')
            reload()  # started it has been: the reload ends all the same
            assert told(2) == ["RELOADING=1", "READY=1"]
            b = FakeBroker(never, port=port)
            p.wait_line('msg="ready again"', 60)
            with wire.Conn("127.0.0.1", p.port) as c:
                c.send("Heartbeat", 4, {})
                until("the broker has the request", lambda: any(r[0] == 12 for r in b.requests), 20 * PATIENCE)
                p.proc.send_signal(signal.SIGTERM)
                assert told(1) == ["STOPPING=1"]
                reload()
                b.close()  # no answer will come
                p.stop()
        finally:
            p.kill()
        manager.setblocking(False)
        with pytest.raises(BlockingIOError):
            told(1)


def test_watchdog_hears_from_one_that_works(tmp_path):
    """WATCHDOG=1 again and again, as WATCHDOG_USEC asks, for as long as the process works: none while it is stopped, again when it goes on."""
    b = FakeBroker({})
    p = Proxy(tmp_path, b.bootstrap, {"attest.enabled": False})
    usec = 400_000
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(f"\0makoto-e2e-watchdog-{os.getpid()}")
        manager.settimeout(60 * PATIENCE)
        p.env |= {"NOTIFY_SOCKET": f"@makoto-e2e-watchdog-{os.getpid()}", "WATCHDOG_USEC": str(usec)}

        def told():
            return manager.recv(256).decode()

        def stopped():
            tasks = f"/proc/{p.proc.pid}/task"
            return all(open(f"{tasks}/{t}/stat").read().rsplit(")", 1)[1].split()[0] == "T" for t in os.listdir(tasks))

        p.spawn()
        try:
            while (first := told()) == "WATCHDOG=1":  # a start may take long, and works as well
                pass
            assert first == "READY=1"
            assert [told() for _ in range(3)] == ["WATCHDOG=1"] * 3
            p.proc.send_signal(signal.SIGSTOP)
            until("all its threads are stopped", stopped, 20 * PATIENCE)
            manager.setblocking(False)
            with pytest.raises(BlockingIOError):
                while True:  # what it had sent by then
                    assert told() == "WATCHDOG=1"
            manager.settimeout(usec / 1e6)
            with pytest.raises(TimeoutError):
                told()
            p.proc.send_signal(signal.SIGCONT)
            manager.settimeout(60 * PATIENCE)
            assert [told() for _ in range(3)] == ["WATCHDOG=1"] * 3
            p.stop()
        finally:
            p.kill()
    b.close()


def test_stop_before_ready(tmp_path):
    p = Proxy(tmp_path, f"127.0.77.9:{free_ports(1, '127.0.77.9')}")
    p.spawn()
    until("the admin port answers", lambda: p.http("/healthz")[0] == 200, 20 * PATIENCE)
    asked = {x: subprocess.run([PROXY, "-c", p.config, x], capture_output=True, text=True, timeout=60) for x in ("--health", "--ready")}
    assert asked["--health"].returncode == 0 and "/healthz: 200" in asked["--health"].stdout
    assert asked["--ready"].returncode == 1 and "/readyz: 503" in asked["--ready"].stderr
    p.stop()
    gone = subprocess.run([PROXY, "-c", p.config, "--health"], capture_output=True, text=True, timeout=60)
    assert gone.returncode == 1 and "refused" in gone.stderr


@pytest.mark.parametrize("hard, enough", [(400, False), (900, True)])
def test_open_files(tmp_path, hard, enough):
    """The soft limit becomes the hard one; when that is too low for the configuration it is said."""
    b = FakeBroker({})
    p = Proxy(tmp_path, b.bootstrap, {"attest.enabled": False, "listen.max.connections": 300})
    script = f'ulimit -Sn 200 && ulimit -Hn {hard} && exec "$@"'
    p.spawn(under=["sh", "-c", script, "sh"])
    p.wait_line("ready bootstrap=")
    with open(f"/proc/{p.proc.pid}/limits") as f:
        (line,) = [x.split() for x in f if x.startswith("Max open files")]
    assert line[3:5] == [str(hard)] * 2
    # A client has two connections, the range is of nine ports.
    said = p.said("listen.max.connections needs")
    assert (said is None) == enough
    assert enough or f"limit={hard} needed={2 * 300 + 9 + 64}" in said
    p.stop()
    b.close()


def test_stop_has_one_deadline(tmp_path):
    """A client whose broker never answers has two thirds of shutdown.timeout; what is left is for statements."""
    b = FakeBroker({"Heartbeat": lambda version, request: None})
    p = Proxy(tmp_path, b.bootstrap, {"attest.enabled": False})
    p.spawn("-o", "shutdown.timeout=3s")
    p.wait_line("ready bootstrap=")
    with wire.Conn("127.0.0.1", p.port) as c:
        c.send("Heartbeat", 4, {})
        until("the broker has the request", lambda: any(r[0] == 12 for r in b.requests), 20 * PATIENCE)
        p.stop()
        assert c.closed()
    # Less is left on a slow machine, never more; timers may be a millisecond early.
    assert int(p.said("no connection is left").rsplit("ms-left=", 1)[1]) <= 1002
    b.close()


def test_port_taken(tmp_path, cluster):
    p = Proxy(tmp_path, cluster.bootstrap)
    with socket.create_server(("127.0.0.1", p.port)):
        p.spawn()
        assert p.wait() == 1
    assert p.said(str(p.port)), p.text()
    p.kill()


@pytest.mark.parametrize("case", ["missing", "mode", "not a key", "a directory"])
def test_unusable_key(tmp_path, cluster, case):
    key = tmp_path / "signing.pem"
    if case == "not a key":
        key.write_text("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
        key.chmod(0o600)
    elif case == "a directory":
        key.mkdir()
    elif case == "mode":
        subprocess.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", str(key)], check=True)
        key.chmod(0o644)
    p = Proxy(tmp_path / "p", cluster.bootstrap, {"attest.signing.key.id": f"file:{key}"})
    p.spawn()
    try:
        assert p.wait() in (1, 2), p.text()
        assert p.said("signing.pem"), p.text()
    finally:
        p.kill()


def test_state_directory_unwritable(tmp_path, cluster):
    blocked = tmp_path / "file"
    blocked.write_text("")
    p = Proxy(tmp_path / "p", cluster.bootstrap, state=str(blocked / "state"))
    p.spawn()
    try:
        assert p.wait() in (1, 2) and p.said("state"), p.text()
    finally:
        p.kill()


def test_two_proxies_on_one_state(tmp_path, cluster, new_proxy):
    """Two writers of one chain would fork it: the second doesn't start."""
    first = new_proxy()
    second = Proxy(tmp_path / "second", cluster.bootstrap, state=first.state)
    second.spawn()
    try:
        assert second.wait() in (1, 2), second.text()
    finally:
        second.kill()


# -- strangers on the Kafka port

TLS_HELLO = bytes.fromhex("16030100c8010000c40303") + bytes(32) + b"\0" * 160


@pytest.fixture(scope="module")
def target(cluster, tmp_path_factory):
    p = Proxy(tmp_path_factory.mktemp("bad"), cluster.bootstrap, {"attest.dbom.topic": "makoto.dbom.bad", "listen.max.frame.bytes": "2MiB"})
    p.dbom_topic = "makoto.dbom.bad"
    p.start()
    t = cluster.create(f"bystander-{os.getpid()}")
    yield p, t
    p.stop()


def bystander(p, t):
    """Somebody else's session is not disturbed."""
    Confluent.produce(p.bootstrap, t, sample(3))


STRANGERS = {
    "garbage": b"\xff" * 4 + os.urandom(500),
    "HTTP": b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "TLS": TLS_HELLO,
    "2 GB": struct.pack(">i", 0x7FFFFFFF) + b"\0" * 100,
    "negative length": struct.pack(">i", -5),
    "zero length": struct.pack(">i", 0),
    "over the limit": struct.pack(">i", 2 * 1024 * 1024 + 1) + b"\0\x03\0\x0c" + b"\0" * 100,
    "header cut": struct.pack(">i", 6) + b"\0\x03\0\x0c\0\0",
    "negative client id": struct.pack(">i", 10) + b"\0\x03\0\x0c\0\0\0\x01\xff\x00",
}


@pytest.mark.parametrize("case", STRANGERS)
@pytest.mark.parametrize("port", ["bootstrap", "broker"])
def test_strangers(target, case, port):
    p, t = target
    before = len(p.lines)

    def strange():  # again while the log's rate limit is used up by the cases before
        c = wire.Conn("127.0.0.1", p.port + (port == "broker"))
        c.send_raw(STRANGERS[case])
        assert c.closed(15 * PATIENCE), "the connection is closed"
        return len(p.lines) > before

    until("it is said in the log", strange, 10, 0.3)
    if case == "TLS":
        assert any("TLS" in x for x in p.lines[before:]), p.lines[before:]
    bystander(p, t)
    assert p.alive() and p.rss_mb() < 400 * PATIENCE


def test_memory_is_not_taken_on_trust(target):
    """Twenty frames announced as large, of which nothing comes: no memory is set aside for them."""
    p, t = target
    before = p.rss_mb()
    conns = [wire.Conn("127.0.0.1", p.port) for _ in range(20)]
    for c in conns:
        c.send_raw(struct.pack(">i", 2 * 1024 * 1024 - 10) + b"\0\0\0\x09")
    bystander(p, t)
    assert p.rss_mb() - before < 20 * PATIENCE
    for c in conns:
        c.close()


def test_truncated_requests(cluster, target):
    """Every API's request, cut at many places: the proxy lives, closes or carries it; nobody else notices."""
    p, t = target
    leader = p.port + cluster.leader(t)
    import kafkalog

    batch = kafkalog.make_batch([kafkalog.Record(0, int(time.time() * 1000), b"k", b"v")]).pack()
    whole = {
        "Produce": (9, {"Acks": -1, "TimeoutMs": 1000, "TopicData": [{"Name": t, "PartitionData": [{"Index": 0, "Records": batch}]}]}),
        "Metadata": (12, {"Topics": [{"Name": t}]}),
        "FindCoordinator": (4, {"CoordinatorKeys": ["g"]}),
        "ApiVersions": (3, {"ClientSoftwareName": "x", "ClientSoftwareVersion": "1"}),
        "InitProducerId": (4, {"TransactionTimeoutMs": 1000}),
        "EndTxn": (3, {"TransactionalId": "t", "ProducerId": 1, "Committed": True}),
    }
    closed = 0
    for name, (version, value) in whole.items():
        frame = wire.encode_request(name, version, value)
        for cut in sorted({1, 2, 3, 5, 7, 8, 9, 10, 12, len(frame) - 1, *range(11, len(frame), max(1, len(frame) // 12))}):
            c = wire.Conn("127.0.0.1", leader, timeout=10 * PATIENCE)
            c.send_frame(frame[:cut])
            closed += c.closed(0.05)
            c.close()
    bystander(p, t)
    assert p.alive()


def test_slow_bytes(target):
    """A request that comes a byte at a time is a request."""
    p, t = target
    c = wire.Conn("127.0.0.1", p.port)
    frame = wire.encode_request("Metadata", 12, {"Topics": [{"Name": t}]})
    for b in struct.pack(">i", len(frame)) + frame:
        c.send_raw(bytes([b]))
    assert len(c.receive("Metadata", 12)["Brokers"]) == 3
    c.close()


def test_half_closed_and_reset(target):
    p, t = target
    for _ in range(30):
        s = socket.create_connection(("127.0.0.1", p.port))
        s.sendall(struct.pack(">i", 100) + b"\0" * 10)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        s.close()
    bystander(p, t)


def test_too_many_connections(cluster, tmp_path):
    p = Proxy(tmp_path, cluster.bootstrap, {"listen.max.connections": 10, "attest.enabled": False})
    p.start()
    conns = []
    try:
        for _ in range(10):
            c = wire.Conn("127.0.0.1", p.port)
            c.ask("Metadata", 12, {"Topics": []})
            conns.append(c)
        extra = wire.Conn("127.0.0.1", p.port)
        assert extra.closed(10 * PATIENCE)
        conns[0].ask("Metadata", 12, {"Topics": []})
        conns.pop().close()

        def again():
            with wire.Conn("127.0.0.1", p.port, timeout=2) as c:
                return c.ask("Metadata", 12, {"Topics": []})

        until("a place is free again", again, 20)
    finally:
        for c in conns:
            c.close()
        p.stop()


def test_broker_goes_away(cluster, new_proxy, topic):
    """The upstream closes: so does the client's connection; the next ones work."""
    b = FakeBroker({})
    p = new_proxy("gone", {"attest.enabled": False}, upstream=b.bootstrap)
    c = wire.Conn("127.0.0.1", p.port)
    c.ask("Metadata", 12, {"Topics": []})
    for s in b.socks:
        try:
            s.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
    assert c.closed(10 * PATIENCE)
    with wire.Conn("127.0.0.1", p.port) as again:
        again.ask("Metadata", 12, {"Topics": []})
    b.close()


def test_all_went_well(cluster, target):
    """After all this the bystander's records are attested to the last one."""
    p, t = target
    attested(cluster, p, t, "full", p.dbom_topic)
    assert stat.S_IMODE(os.stat(os.path.join(p.state, "signing.pem")).st_mode) == 0o600
