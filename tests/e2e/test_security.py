"""What docs/SECURITY.md says and no other test shows: what a proxy keeps to itself, and what it warns of."""

import os
import signal
import ssl
import struct

import kafkalog
import pytest
import wire
from fakebroker import FakeBroker
from lab.kafka import until
from lab.pki import Pki
from proxy import PATIENCE, Proxy

HOSTILE = "x\nready bootstrap=127.0.0.1:1\x1b[31m\u009b1m key=forged"


@pytest.fixture
def made(tmp_path):
    """Makes brokers and proxies, and ends them."""
    things = []

    def make(settings=None, handlers=None, **kw):
        b = FakeBroker(handlers or {})
        things.append(b.close)
        p = Proxy(tmp_path / "p", b.bootstrap, settings, **kw)
        things.append(p.kill)
        p.fake = b
        return p

    yield make
    for end in reversed(things):
        end()


def test_no_core_file(made):
    """A crash leaves no file with the signing key in it, whatever the limits are."""
    p = made({"attest.enabled": False})
    p.spawn(under=["sh", "-c", 'ulimit -c "$(ulimit -Hc)" && exec "$@"', "sh"])
    p.wait_line("ready bootstrap=")
    p.proc.send_signal(signal.SIGABRT)  # not SIGQUIT, which what a script runs in the background ignores
    _, status = os.waitpid(p.proc.pid, 0)
    p.proc.returncode = -os.WTERMSIG(status)
    assert os.WTERMSIG(status) == signal.SIGABRT
    assert not os.WCOREDUMP(status)


def test_words_of_a_broker(made):
    """A cluster id can't write lines of the log, nor command the terminal that it is read on."""
    p = made({"attest.enabled": False})
    p.fake.handlers["Metadata"] = lambda version, request: {**p.fake.metadata(request), "ClusterId": HOSTILE}
    p.spawn()
    p.wait_line("^ready bootstrap=")
    until("the cluster is known", lambda: p.status()["clusterId"], 20 * PATIENCE)
    assert len([x for x in p.lines if x.startswith("ready ")]) == 1, p.text()
    assert p.said(r"^ready .* cluster=x\?ready\?bootstrap")
    everything = p.text() + p.http("/status")[1] + p.http("/metrics")[1]
    assert "\x1b" not in everything and "\u009b" not in everything
    assert not p.said("^ready bootstrap=127.0.0.1:1$")
    p.stop()


def test_who_only_knocks(made, tmp_path):
    """Until a TLS handshake is over no broker is dialled for a client."""
    pki = Pki(tmp_path / "pki")
    cert = pki.make("proxy", "IP:127.0.0.1")
    p = made({"attest.enabled": False, "listen.tls.certificate": cert.crt, "listen.tls.key": cert.key})
    p.start()
    until("the proxy's own connections are up", lambda: p.metric("makoto_ready") == 1, 20 * PATIENCE)
    dialled = lambda: p.metric("makoto_upstream_connected_total")  # noqa: E731
    before = dialled()
    conns = [wire.Conn("127.0.0.1", p.port) for _ in range(20)]
    for c in conns:
        c.send_raw(b"\x16\x03\x01\x02\x00")  # the beginning of a handshake
    until("they are all there", lambda: p.metric("makoto_connections_active") == len(conns), 20 * PATIENCE)
    secured = ssl.create_default_context(cafile=pki.ca).wrap_socket(wire.Conn("127.0.0.1", p.port).sock, server_hostname="127.0.0.1")
    until("one broker is dialled, for the one that is through", lambda: dialled() > before, 20 * PATIENCE)
    assert p.metric("makoto_connections_active") == len(conns) + 1
    assert dialled() == before + 1
    secured.close()
    for c in conns:
        c.close()
    p.stop()


SECRETS = {"value": b"a value that is nobody's", "key": b"a key that is nobody's", "header": b"a header that is nobody's"}
PASSWORD = b"a password that is nobody's"


def test_records_and_passwords_are_not_told(made):
    """At the finest level of the log, and on every page of the admin listener: no content of records, no password."""

    def produced(version, request):
        return {
            "Responses": [
                {
                    "Name": t.get("Name"),
                    "TopicId": t.get("TopicId"),
                    "PartitionResponses": [{"Index": p["Index"], "ErrorCode": 0, "BaseOffset": 0} for p in t["PartitionData"]],
                }
                for t in request["TopicData"]
            ]
        }

    p = made({"log.level": "debug"}, {"Produce": produced})
    p.start()
    records = [kafkalog.Record(i, 1700000000000, SECRETS["key"], SECRETS["value"], [(b"h", SECRETS["header"])]) for i in range(3)]
    batch = kafkalog.make_batch(records).pack()
    broken = batch[:-1] + bytes([batch[-1] ^ 1])  # its checksum is wrong
    with wire.Conn("127.0.0.1", p.port) as c:
        c.ask("SaslHandshake", 1, {"Mechanism": "PLAIN"})
        c.ask("SaslAuthenticate", 2, {"AuthBytes": b"\0alice\0" + PASSWORD})
        for b in (batch, broken):
            value = {"Acks": -1, "TimeoutMs": 1000, "TopicData": [{"Name": "t", "PartitionData": [{"Index": 0, "Records": b}]}]}
            c.ask("Produce", 9, value)
        c.send_raw(struct.pack(">i", -1) + SECRETS["value"])
        assert c.closed(15 * PATIENCE)
    # The broker had it all, so the proxy has seen it.
    sent = b"".join(body for _, _, _, body in p.fake.requests)
    assert PASSWORD in sent and all(x in sent for x in SECRETS.values())
    assert p.metric("makoto_records_attested_total") == 3
    told = p.text() + "".join(p.http(path)[1] for path in ("/", "/metrics", "/status", "/healthz", "/readyz"))
    for secret in [PASSWORD, *SECRETS.values()]:
        for form in (secret.decode(), secret.hex()):
            assert form not in told
    # What the pages do tell: nothing of who is connected, or of what is written.
    pages = p.http("/metrics")[1] + p.http("/status")[1]
    assert "alice" not in pages and 'topic="' not in pages and '"t"' not in pages
    # The page for people has the topic, where names may be shown.
    until("the topic is on the page", lambda: "<bdi>t</bdi>" in p.http("/")[1], 20 * PATIENCE)
    assert "alice" not in p.http("/")[1]
    p.settings["admin.names"] = False
    p.write_config()
    p.proc.send_signal(signal.SIGHUP)
    p.wait_line("the configuration was reloaded")
    until("it has no names", lambda: "Their names are not shown" in p.http("/")[1], 20 * PATIENCE)
    assert "<bdi>t</bdi>" not in p.http("/")[1]


EXPOSED = {
    "anybody may use the proxy's login": {
        "listen.address": "0.0.0.0",
        "clients.authentication": "proxy",
        "kafka.security.protocol": "sasl_plaintext",
        "kafka.sasl.mechanism": "SCRAM-SHA-256",
        "kafka.sasl.username": "u",
        "kafka.sasl.password": "p",
    },
    "clients' passwords can be read on the network": {
        "listen.address": "0.0.0.0",
        "clients.authentication": "proxy",
        "listen.sasl.users.file": "USERS",
    },
    "the proxy's own login can be read on the network": {
        "kafka.security.protocol": "sasl_plaintext",
        "kafka.sasl.mechanism": "PLAIN",
        "kafka.sasl.username": "u",
        "kafka.sasl.password": "p",
    },
}


@pytest.mark.parametrize("warning", EXPOSED)
def test_exposed(made, tmp_path, warning):
    """Settings that give something away to the network are warned of, each by its name; others aren't."""
    users = tmp_path / "users"
    users.write_text("app:pbkdf2-sha256$1000$c2FsdHNhbHRzYWx0$" + "A" * 43 + "=\n")
    p = made({k: str(users) if v == "USERS" else v for k, v in EXPOSED[warning].items()} | {"attest.enabled": False})
    p.spawn()
    p.wait_line("level=warn .*" + warning)
    for other in EXPOSED:
        assert (p.said(other) is not None) == (other == warning)


def test_not_exposed(made):
    """The defaults are warned of in nothing."""
    p = made({"attest.enabled": False}).start()
    assert not any(p.said(x) for x in [*EXPOSED, "where=startup level=warn"]), p.text()
    p.stop()


@pytest.mark.parametrize("mode, warned", [(0o755, False), (0o757, True)])
def test_state_directory_of_everybody(made, tmp_path, mode, warned):
    """Who may write there can put another key or other heads in place: that is said."""
    (tmp_path / "state").mkdir()
    (tmp_path / "state").chmod(mode)
    p = made({"attest.enabled": False}, state=str(tmp_path / "state")).start()
    assert (p.said("level=warn .*state directory can be written by everybody") is not None) == warned
    p.stop()
