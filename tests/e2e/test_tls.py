"""TLS: clients to the proxy, the proxy to brokers, both; who is let in, what is said, and new files under traffic."""

import os
import signal
import socket
import ssl
import subprocess
import threading

import pytest
import wire
from checks import attested, same_records
from clients import JAVA, Confluent, sample
from confluent_kafka import Producer
from lab.kafka import until
from lab.pki import Pki
from proxy import PATIENCE, PROXY, Proxy, ctl_verify

N = 40


@pytest.fixture(scope="module")
def pki(cluster, tmp_path_factory):
    """The cluster's authority, with certificates for the proxy and its clients; and a stranger's authority."""
    p = Pki(cluster.pki.dir)
    p.proxy = p.make(f"proxy-{os.getpid()}", "DNS:localhost,IP:127.0.0.1")
    p.app = p.make(f"app-{os.getpid()}", "DNS:app-7.example")
    p.sidecar = p.make(f"sidecar-{os.getpid()}")
    strangers = Pki(tmp_path_factory.mktemp("strangers"), "another-ca")
    p.stranger = strangers.make("stranger", "DNS:app-7.example")
    return p


def listen(pki, **more):
    return {"listen.tls.certificate": pki.proxy.crt, "listen.tls.key": pki.proxy.key, **{f"listen.tls.{k}": v for k, v in more.items()}}


def upstream(cluster, pki, kind):
    """Settings, and bootstrap servers, to reach the cluster so."""
    if kind == "PLAINTEXT":
        return {}, cluster.bootstrap
    s = {"kafka.security.protocol": "ssl", "kafka.ssl.ca.location": pki.ca}
    if kind == "MTLS":
        s |= {"kafka.ssl.certificate.location": pki.sidecar.crt, "kafka.ssl.key.location": pki.sidecar.key}
    return s, cluster.bootstrap_of(kind)


def client_props(client, pki, cert=None):
    if client is JAVA:
        p = {"security_protocol": "SSL", "ssl_truststore_type": "PEM", "ssl_truststore_location": pki.ca}
        return p | ({"ssl_keystore_type": "PEM", "ssl_keystore_location": cert.pem} if cert else {})
    p = {"security_protocol": "ssl", "ssl_ca_location": pki.ca}
    return p | ({"ssl_certificate_location": cert.crt, "ssl_key_location": cert.key} if cert else {})


class TlsConn(wire.Conn):
    def __init__(self, port, pki, cert=None, version=None, **kw):
        super().__init__("127.0.0.1", port, **kw)
        ctx = ssl.create_default_context(cafile=pki.ca)
        if cert is not None:
            ctx.load_cert_chain(cert.crt, cert.key)
        if version is not None:
            ctx.minimum_version = ctx.maximum_version = version
        self.sock = ctx.wrap_socket(self.sock, server_hostname="localhost")

    def serial(self):
        return self.sock.getpeercert()["serialNumber"]

    def works(self):
        return len(self.ask("Metadata", 12, {"Topics": []})["Brokers"]) == 3


def serial_now(p, pki):
    """Of the certificate that a new connection is shown."""
    with TlsConn(p.port, pki) as c:
        p.asked = getattr(p, "asked", 0) + 1
        return c.serial()


# -- clients and brokers


@pytest.mark.parametrize("kind", ["PLAINTEXT", "TLS", "MTLS"])
def test_both_sides(cluster, pki, new_proxy, topic, kind):
    """Clients speak TLS to the proxy, whatever it speaks to the brokers, statements included."""
    settings, servers = upstream(cluster, pki, kind)
    p = new_proxy(settings={**settings, **listen(pki)}, upstream=servers)
    for client in (Confluent, JAVA):
        t = topic(f"tls-{kind.lower()}-{client.name}", partitions=2)
        sent = sample(N, 3, 2)
        client.produce(p.bootstrap, t, sent, codec="zstd", **client_props(client, pki))
        same_records(sent, client.consume(p.bootstrap, t, N, **client_props(client, pki)))
        attested(cluster, p, t, dbom_topic=p.dbom_topic)
    assert p.metric("makoto_tls_handshakes_total", side="client", result="ok") > 4
    assert (p.metric("makoto_tls_handshakes_total", side="broker", result="ok") > 4) == (kind != "PLAINTEXT")
    assert p.metric("makoto_tls_certificate_ends_timestamp_seconds", side="client") > 0


@pytest.mark.parametrize("kind", ["TLS", "MTLS"])
def test_brokers_alone(cluster, pki, new_proxy, topic, kind):
    """Clients that can do no TLS reach brokers that want it."""
    settings, servers = upstream(cluster, pki, kind)
    p = new_proxy(settings=settings, upstream=servers)
    t = topic(partitions=2)
    sent = sample(N, 4, 2)
    Confluent.produce(p.bootstrap, t, sent, codec="lz4")
    same_records(sent, Confluent.consume(p.bootstrap, t, N))
    attested(cluster, p, t, dbom_topic=p.dbom_topic)
    x = ["security.protocol=ssl", f"ssl.ca.location={pki.ca}"]
    if kind == "MTLS":
        x += [f"ssl.certificate.location={pki.app.crt}", f"ssl.key.location={pki.app.key}"]
    args = ["--dbom-topic", p.dbom_topic, *(a for prop in x for a in ("-X", prop))]
    done, _, last = ctl_verify(servers, t, p.public_key, *args)
    assert done.returncode == 0 and last["verdicts"] == {"verified": N}, done.stderr


def test_large_records(cluster, pki, new_proxy, topic):
    """Frames of many records of TLS, both ways, with more in flight than sockets hold."""
    settings, servers = upstream(cluster, pki, "TLS")
    p = new_proxy(settings={**settings, **listen(pki)}, upstream=servers)
    t = topic()
    sent = [r for r in sample(64, 5) if r.value] * 3
    for i, r in enumerate(sent):
        sent[i] = type(r)(r.key, os.urandom(700_000 if i % 8 == 0 else 5000), r.headers, r.timestamp)
    Confluent.produce(p.bootstrap, t, sent, **client_props(Confluent, pki))
    same_records(sent, Confluent.consume(p.bootstrap, t, len(sent), **client_props(Confluent, pki)))
    attested(cluster, p, t, dbom_topic=p.dbom_topic)


# -- who is let in


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["1.2", "1.3"])
def test_clients_certificates(cluster, pki, new_proxy, topic, version):
    p = new_proxy(settings={**listen(pki, **{"client.ca": pki.ca, "client.names": ["nobody", "*-7.example"]}), "attest.enabled": False})

    def refused(cert):
        try:
            with TlsConn(p.port, pki, cert, version) as c:
                c.works()
        except (ssl.SSLError, ConnectionError):
            return True
        return False

    with TlsConn(p.port, pki, pki.app, version) as c:
        assert c.works()
    assert refused(None)
    p.wait_line("peer did not return a certificate")
    assert refused(pki.stranger)
    p.wait_line("unable to get local issuer certificate: CN=stranger")
    assert refused(pki.sidecar)
    p.wait_line("no name of the client's certificate is allowed: CN=sidecar")
    assert p.metric("makoto_tls_handshakes_total", side="client", result="certificate") == 3
    assert p.metric("makoto_client_errors_total", reason="tls") == 3
    if version == ssl.TLSVersion.TLSv1_3:
        t = topic()
        sent = sample(N, 6)
        JAVA.produce(p.bootstrap, t, sent, **client_props(JAVA, pki, pki.app))
        same_records(sent, Confluent.consume(p.bootstrap, t, N, **client_props(Confluent, pki, pki.app)))


def test_optional_and_version(cluster, pki, new_proxy):
    p = new_proxy(settings={**listen(pki, **{"client.ca": pki.ca, "client.auth": "optional", "min.version": "1.3"})})
    for cert in (None, pki.app):
        with TlsConn(p.port, pki, cert) as c:
            assert c.works() and c.sock.version() == "TLSv1.3"
    with pytest.raises(ssl.SSLError):
        TlsConn(p.port, pki, version=ssl.TLSVersion.TLSv1_2)


def test_strangers(cluster, pki, new_proxy):
    p = new_proxy(settings=listen(pki))
    frame = wire.encode_request("ApiVersions", 3, {"ClientSoftwareName": "x", "ClientSoftwareVersion": "1"})
    for send, said in (
        (lambda c: c.send_frame(frame), "plaintext Kafka on a TLS port: set security.protocol to ssl"),
        (lambda c: c.send_raw(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"), "HTTP on a TLS port"),
    ):
        with wire.Conn("127.0.0.1", p.port) as c:
            send(c)
            assert c.closed(15 * PATIENCE)
        p.wait_line(said)
    before = len(p.lines)
    socket.create_connection(("127.0.0.1", p.port)).close()  # as health checks do
    with TlsConn(p.port, pki) as c:
        assert c.works()
    assert not [x for x in p.lines[before:] if "level=warn" in x], p.lines[before:]


# -- brokers that can't be trusted, or don't speak it


class Forward:
    """A door to a broker's port at another address, which its certificate doesn't name."""

    def __init__(self, to, host="127.0.77.8"):
        self.to, self.listener = to, socket.create_server((host, 0))
        self.address = "%s:%d" % self.listener.getsockname()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                a, _ = self.listener.accept()
            except OSError:
                return
            b = socket.create_connection(self.to)
            for x, y in ((a, b), (b, a)):
                threading.Thread(target=self._pump, args=(x, y), daemon=True).start()

    @staticmethod
    def _pump(x, y):
        try:
            while data := x.recv(65536):
                y.sendall(data)
        except OSError:
            pass
        for s in (x, y):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def close(self):
        self.listener.close()


def never_ready(p, *lines):
    p.spawn()
    try:
        for line in lines:
            p.wait_line(line)
        assert p.http("/readyz")[0] == 503 and not p.said("ready bootstrap=")
        p.stop()
    finally:
        p.kill()


def test_wrong_name(cluster, pki, tmp_path):
    node = cluster.node(1)
    door = Forward((node.host, node.port_of("TLS")))
    settings = {"kafka.security.protocol": "ssl", "kafka.ssl.ca.location": pki.ca, "attest.enabled": False}
    never_ready(
        Proxy(tmp_path / "strict", door.address, settings),
        r"level=warn .*no broker of the cluster can be reached.*hostname mismatch: the certificate is not for 127.0.77.8 but for .*IP:127.0.77.1",
    )
    lax = Proxy(tmp_path / "lax", door.address, {**settings, "kafka.ssl.endpoint.identification.algorithm": "none"})
    lax.start()
    lax.stop()
    door.close()


def test_wrong_authority(cluster, pki, tmp_path):
    other = Pki(tmp_path / "other", "another-ca")
    settings = {"kafka.security.protocol": "ssl", "kafka.ssl.ca.location": other.ca}
    p = Proxy(tmp_path / "p", cluster.bootstrap_of("TLS"), settings)
    never_ready(p, "unable to get local issuer certificate")


def test_broker_wants_a_certificate(cluster, pki, tmp_path):
    p = Proxy(tmp_path / "p", cluster.bootstrap_of("MTLS"), {"kafka.security.protocol": "ssl", "kafka.ssl.ca.location": pki.ca})
    never_ready(p, "refused by the other end: .*certificate|bad certificate")


def test_protocols_mixed_up(cluster, pki, tmp_path):
    ours = {"kafka.security.protocol": "ssl", "kafka.ssl.ca.location": pki.ca}
    never_ready(Proxy(tmp_path / "a", cluster.bootstrap, ours), "as a plaintext port does: see security.protocol")
    never_ready(Proxy(tmp_path / "b", cluster.bootstrap_of("TLS")), "the broker's port speaks TLS: set kafka.security.protocol to ssl|closed by the broker")


# -- files


def test_bad_files(cluster, pki, tmp_path):
    bad = tmp_path / "bad.pem"
    bad.write_text("no PEM\n")
    readable = tmp_path / "readable.key"
    readable.write_bytes(open(pki.proxy.key, "rb").read())
    readable.chmod(0o644)
    cases = [
        ({**listen(pki), "listen.tls.certificate": str(bad)}, r"listen\.tls: .*bad\.pem: certificate: nothing of that kind"),
        ({**listen(pki), "listen.tls.key": str(tmp_path / "none.key")}, r"none\.key: can't be read: No such file"),
        ({**listen(pki), "listen.tls.key": str(readable)}, r"readable\.key: a private key that others may read or write \(mode 0644\)"),
        ({**listen(pki), "listen.tls.key": pki.app.key}, r"app-\d+\.key: not the key of the certificate in .*proxy"),
        ({"listen.tls.certificate": pki.proxy.crt}, r"listen\.tls\.key: missing"),
        (listen(pki, **{"client.auth": "required"}), r"listen\.tls\.client\.ca: missing"),
        (listen(pki, **{"client.names": ["a"]}), r"listen\.tls\.client\.names: can't be checked"),
        ({"kafka.ssl.ca.location": pki.ca}, r"kafka\.security\.protocol: plaintext, where"),
        ({"kafka.security.protocol": "ssl", "kafka.ssl.ca.location": str(bad)}, r"kafka\.ssl: .*bad\.pem: certificate authorities"),
        ({"kafka.security.protocol": "sasl_ssl"}, r"kafka\.sasl\.mechanism is not set"),
    ]
    for i, (settings, pattern) in enumerate(cases):
        p = Proxy(tmp_path / str(i), cluster.bootstrap, settings)
        p.spawn()
        assert p.wait() == 2, p.text()
        assert p.said(pattern), p.text()
        p.kill()
        run = subprocess.run([PROXY, "-c", p.config, "-n"], capture_output=True, timeout=20 * PATIENCE, text=True)
        assert run.returncode == 2 and p.said(pattern), run.stderr
    good = Proxy(tmp_path / "good", cluster.bootstrap, listen(pki))
    good.write_config()
    assert subprocess.run([PROXY, "-c", good.config, "-n"], capture_output=True, timeout=20 * PATIENCE).returncode == 0


class Traffic:
    """A producer that sends all the time over connections that it keeps; errors of any kind are remembered."""

    def __init__(self, p, topic, pki):
        self.errors, self.delivered, self.stop = [], 0, threading.Event()
        props = {k.replace("_", "."): v for k, v in client_props(Confluent, pki).items()}
        conf = {"bootstrap.servers": p.bootstrap, "linger.ms": 1, "error_cb": lambda e: self.errors.append(str(e)), **props}
        self.producer, self.topic = Producer(conf), topic
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _delivered(self, err, _):
        if err:
            self.errors.append(str(err))
        else:
            self.delivered += 1

    def _run(self):
        while not self.stop.is_set():
            if len(self.producer) < 100:
                self.producer.produce(self.topic, b"x" * 1000, on_delivery=self._delivered)
            self.producer.poll(0.002)

    def goes_on(self):
        n = self.delivered
        until("records are delivered", lambda: self.delivered > n + 20, 20 * PATIENCE)

    def end(self):
        self.stop.set()
        self.thread.join()
        assert self.producer.flush(60 * PATIENCE) == 0
        assert not self.errors, self.errors[:5]


def test_new_files_under_traffic(cluster, pki, new_proxy, topic):
    """Certificates are replaced, by signal and by time, with good ones and a bad one; no connection notices."""
    mine = Pki(pki.dir)
    shown = mine.make(f"shown-{os.getpid()}", "DNS:localhost,IP:127.0.0.1")
    settings, servers = upstream(cluster, pki, "TLS")
    tls = {"listen.tls.certificate": shown.crt, "listen.tls.key": shown.key}
    p = new_proxy(settings={**settings, **tls}, upstream=servers)
    t = topic()
    traffic = Traffic(p, t, pki)
    traffic.goes_on()
    kept = TlsConn(p.port, pki)
    first = kept.serial()
    closed = p.metric("makoto_connections_closed_total")

    def others_closed():
        return p.metric("makoto_connections_closed_total") - closed - p.asked

    mine.make("fresh", "DNS:localhost,IP:127.0.0.1", into=shown)
    p.proc.send_signal(signal.SIGHUP)
    p.wait_line("the configuration was reloaded")
    second = serial_now(p, pki)
    assert second != first
    traffic.goes_on()

    mine.make("fresh", "DNS:localhost,IP:127.0.0.1", into=shown)  # found by itself
    until("the new certificate is shown", lambda: serial_now(p, pki) != second, 30 * PATIENCE, 0.5)
    p.wait_line("TLS files changed and were read again")
    third = serial_now(p, pki)
    traffic.goes_on()

    with open(shown.crt + ".new", "w") as f:
        f.write("no certificate\n")
    os.replace(shown.crt + ".new", shown.crt)
    p.proc.send_signal(signal.SIGHUP)
    p.wait_line(r"level=error .*was not reloaded.*shown-\d+\.crt: certificate: nothing of that kind")
    p.wait_line(r"level=error .*TLS files changed and can't be used.*shown-\d+\.crt", 30)
    assert serial_now(p, pki) == third
    assert p.metric("makoto_tls_reloads_total", result="failed") == 1 == p.metric("makoto_tls_reloads_total", result="ok")
    assert p.metric("makoto_reloads_total", result="failed") == 1 == p.metric("makoto_reloads_total", result="ok")
    traffic.goes_on()
    assert kept.works() and kept.serial() == first
    until("of all connections, only those that asked for serials ended", lambda: others_closed() == 0, 10 * PATIENCE)
    kept.close()
    traffic.end()
    attested(cluster, p, t, dbom_topic=p.dbom_topic)
