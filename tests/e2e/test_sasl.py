"""SASL: clients' own logins through the proxy, the proxy's logins, again before they end, and a listener that demands one."""

import base64
import http.server
import json
import os
import subprocess
import threading
import time

import pytest
import wire
from checks import attested, of_topic, public_keys, same_records, statements
from clients import JAVA, Confluent, sample
from lab.kafka import ROOT, jwt, until
from proxy import CTL, PATIENCE, SANITIZERS, ctl

N = 40
SCRAM = ("SCRAM-SHA-256", "SCRAM-SHA-512")


def own(mechanism="PLAIN", user="sidecar", password=None, **more):
    """Settings of a proxy that logs in itself."""
    s = {"kafka.security.protocol": "sasl_plaintext", "kafka.sasl.mechanism": mechanism}
    if mechanism == "PLAIN" or mechanism in SCRAM:
        s |= {"kafka.sasl.username": user, "kafka.sasl.password": password or f"{user}-pw"}
    return s | more


def for_clients(**settings):
    return {"clients.authentication": "proxy", **settings}


def client_props(client, mechanism, user="app", password=None):
    """What an unmodified client needs to log in as `user`."""
    password = password or f"{user}-pw"
    if client is JAVA:
        modules = {"PLAIN": "plain.PlainLoginModule", "OAUTHBEARER": "oauthbearer.OAuthBearerLoginModule"}
        module = "org.apache.kafka.common.security." + modules.get(mechanism, "scram.ScramLoginModule")
        args = f'unsecuredLoginStringClaim_sub="{user}"' if mechanism == "OAUTHBEARER" else f'username="{user}" password="{password}"'
        jaas = f"{module} required {args};"
        return {"security_protocol": "SASL_PLAINTEXT", "sasl_mechanism": mechanism, "sasl_jaas_config": jaas}
    props = {"security_protocol": "SASL_PLAINTEXT", "sasl_mechanism": mechanism}
    if mechanism == "OAUTHBEARER":
        return props | {"enable_sasl_oauthbearer_unsecure_jwt": True, "sasl_oauthbearer_config": f"principal={user}"}
    return props | {"sasl_username": user, "sasl_password": password}


def principals(cluster, p, topic):
    v = statements(cluster, public_keys(p.public_key), p.dbom_topic)
    return {x.get("principal") for s in of_topic(v, topic, cluster.topic_id(topic)) for x in s.kafka["producers"]}


def round_trip(cluster, p, topic, client, props):
    sent = sample(N, 3, 2)
    client.produce(p.bootstrap, topic, sent, **props)
    same_records(sent, client.consume(p.bootstrap, topic, N, **props))
    attested(cluster, p, topic, "full", p.dbom_topic)


# -- the client's own login


PASSED = [("SPLAIN", "PLAIN"), ("SSCRAM", "SCRAM-SHA-256"), ("SSCRAM", "SCRAM-SHA-512"), ("SOAUTH", "OAUTHBEARER")]


@pytest.mark.parametrize("listener,mechanism", PASSED, ids=[m for _, m in PASSED])
def test_passthrough(cluster, new_proxy, topic, tmp_path, listener, mechanism):
    """The broker decides on the client's login; the statements name who it was."""
    settings = own(mechanism)
    if mechanism == "OAUTHBEARER":
        (tmp_path / "token").write_text(jwt("sidecar"))
        settings["kafka.sasl.oauthbearer.token.file"] = str(tmp_path / "token")
    p = new_proxy(settings=settings, upstream=cluster.bootstrap_of(listener))
    for client in (Confluent, JAVA):
        t = topic(f"passed-{mechanism.lower()}-{client.name}", partitions=2)
        round_trip(cluster, p, t, client, client_props(client, mechanism))
        assert principals(cluster, p, t) == {"User:app"}
    assert "app-pw" not in p.text() and "sidecar-pw" not in p.text()


def test_passthrough_of_raw_tokens(cluster, new_proxy, topic):
    """SaslHandshake 0: tokens without headers, then requests; and a wrong one ends the connection."""
    p = new_proxy(settings=own(), upstream=cluster.bootstrap_of("SPLAIN"))
    with wire.Conn("127.0.0.1", p.port) as c:
        assert c.ask("SaslHandshake", 0, {"Mechanism": "PLAIN"})["ErrorCode"] == 0
        c.send_frame(b"\0app\0app-pw")
        assert c.recv_frame() == b""
        assert len(c.ask("Metadata", 12, {"Topics": []})["Brokers"]) == 3
    with wire.Conn("127.0.0.1", p.port) as c:
        assert c.ask("SaslHandshake", 0, {"Mechanism": "PLAIN"})["ErrorCode"] == 0
        c.send_frame(b"\0app\0wrong")
        assert c.closed()


def test_passthrough_of_a_wrong_password(cluster, new_proxy):
    p = new_proxy(settings=own(), upstream=cluster.bootstrap_of("SPLAIN"))
    with wire.Conn("127.0.0.1", p.port) as c:
        got = c.ask("SaslHandshake", 1, {"Mechanism": "SCRAM-SHA-256"})
        assert (got["ErrorCode"], got["Mechanisms"]) == (33, ["PLAIN"])
    with wire.Conn("127.0.0.1", p.port) as c:
        c.ask("SaslHandshake", 1, {"Mechanism": "PLAIN"})
        got = c.ask("SaslAuthenticate", 2, {"AuthBytes": b"\0app\0wrong"})
        assert got["ErrorCode"] == 58 and "Invalid username or password" in got["ErrorMessage"]
        assert c.closed()


def test_passthrough_of_reauthentication(cluster, new_proxy):
    """KIP-368 by the client itself, on the live connection; the broker ends one that doesn't."""
    p = new_proxy(settings=own(), upstream=cluster.bootstrap_of("REAUTH"))
    with wire.Conn("127.0.0.1", p.port) as c, wire.Conn("127.0.0.1", p.port) as idle:
        for x in (c, idle):
            x.ask("SaslHandshake", 1, {"Mechanism": "PLAIN"})
            assert x.ask("SaslAuthenticate", 2, {"AuthBytes": b"\0app\0app-pw"})["SessionLifetimeMs"] > 0
        began = last = time.monotonic()
        while time.monotonic() < began + 6:  # longer than a session lasts
            if time.monotonic() > last + 1.5:  # sooner than a second after the last a broker takes none
                last = time.monotonic()
                assert c.ask("SaslHandshake", 1, {"Mechanism": "PLAIN"})["ErrorCode"] == 0
                assert c.ask("SaslAuthenticate", 2, {"AuthBytes": b"\0app\0app-pw"})["ErrorCode"] == 0
            assert len(c.ask("Metadata", 12, {"Topics": []})["Brokers"]) == 3
        idle.send("Metadata", 12, {"Topics": []})
        assert idle.closed()


def test_certificate(cluster, new_proxy, topic):
    """Where clients show certificates to the proxy, statements name their subjects."""
    shown, app = cluster.pki.make(f"proxy-{os.getpid()}", "DNS:localhost,IP:127.0.0.1"), cluster.pki.make(f"app-{os.getpid()}")
    tls = {"certificate": shown.crt, "key": shown.key, "client.ca": cluster.pki.ca}
    p = new_proxy(settings={f"listen.tls.{k}": v for k, v in tls.items()})
    t = topic(partitions=2)
    props = {"security_protocol": "ssl", "ssl_ca_location": cluster.pki.ca, "ssl_certificate_location": app.crt, "ssl_key_location": app.key}
    round_trip(cluster, p, t, Confluent, props)
    assert principals(cluster, p, t) == {f"User:CN=app-{os.getpid()}"}


# -- the proxy's login


@pytest.mark.parametrize("mechanism", ["PLAIN", *SCRAM, "OAUTHBEARER"])
def test_own_login(cluster, new_proxy, topic, tmp_path, mechanism):
    """Clients don't log in; each of their connections, control's and the statements' are logged in by the proxy."""
    listener = {"PLAIN": "SPLAIN", "OAUTHBEARER": "SOAUTH"}.get(mechanism, "SSCRAM")
    settings = own(mechanism)
    if mechanism == "OAUTHBEARER":
        (tmp_path / "token").write_text(jwt("sidecar") + "\n")
        settings["kafka.sasl.oauthbearer.token.file"] = str(tmp_path / "token")
    p = new_proxy(settings=for_clients(**settings), upstream=cluster.bootstrap_of(listener))
    for client in (Confluent, JAVA):
        t = topic(f"own-{mechanism.lower()}-{client.name}", partitions=2)
        round_trip(cluster, p, t, client, {})
        assert principals(cluster, p, t) == {None}
    with wire.Conn("127.0.0.1", p.port) as c:
        got = c.ask("SaslHandshake", 1, {"Mechanism": "PLAIN"})
        assert (got["ErrorCode"], got["Mechanisms"]) == (33, [])
    assert "sidecar-pw" not in p.text()
    assert "sidecar-pw" not in p.http("/status")[1]


def test_own_login_over_tls(cluster, new_proxy, topic):
    settings = own("SCRAM-SHA-512") | {"kafka.security.protocol": "sasl_ssl", "kafka.ssl.ca.location": cluster.pki.ca}
    p = new_proxy(settings=for_clients(**settings), upstream=cluster.bootstrap_of("SASLTLS"))
    round_trip(cluster, p, topic(partitions=2), Confluent, {})


def test_credentials_directory(cluster, new_proxy, topic, tmp_path):
    """The password in a file, relative to where systemd puts credentials; read again for each login."""
    (tmp_path / "pw").write_text("sidecar-pw\n")
    settings = own() | {"kafka.sasl.password.file": "pw"}
    del settings["kafka.sasl.password"]
    p = new_proxy(settings=for_clients(**settings), upstream=cluster.bootstrap_of("SPLAIN"), start=False)
    p.env["CREDENTIALS_DIRECTORY"] = str(tmp_path)
    p.start()
    round_trip(cluster, p, topic(partitions=2), Confluent, {})
    (tmp_path / "pw").write_text("changed\n")
    with wire.Conn("127.0.0.1", p.port) as c:
        c.send("ApiVersions", 0, {})
        assert c.closed()
    assert p.wait_line(r"the proxy can't log in.*SASL_AUTHENTICATION_FAILED")
    (tmp_path / "pw").write_text("sidecar-pw\n")
    round_trip(cluster, p, topic("again", partitions=2), Confluent, {})


def test_the_example_of_a_sidecar(cluster, new_proxy, topic, tmp_path):
    """conf/examples/sidecar-scram.yaml with this cluster's names: clients log in nowhere, and makotoctl takes the same file."""
    with open(os.path.join(ROOT, "conf", "examples", "sidecar-scram.yaml")) as f:
        text = f.read()
    for theirs, ours in (
        ("kafka-1.example.org:9093,kafka-2.example.org:9093", cluster.bootstrap_of("SASLTLS")),
        ("/etc/makoto-proxy/kafka-ca.pem", cluster.pki.ca),
        ("username: orders", "username: sidecar"),
    ):
        assert text.count(theirs) == 1
        text = text.replace(theirs, ours)
    (tmp_path / "kafka.password").write_text("sidecar-pw\n")
    here = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    p = new_proxy(start=False)
    where = [x for k, v in p.settings.items() if not k.startswith("kafka.") for x in ("-o", f"{k}={v}")]
    p.write_config(text)
    p.env |= here
    p.spawn("-c", p.config, *where, config=False)
    p.wait_line("ready bootstrap=")
    t = topic(partitions=2)
    round_trip(cluster, p, t, Confluent, {})
    assert principals(cluster, p, t) == {None}
    verified = ctl("verify", "-c", p.config, "-t", t, "--dbom-topic", p.dbom_topic, "--public-key", p.public_key, env=here)
    assert verified.returncode == 0 and f"OK: all {N} records verified" in verified.stdout, verified.stdout + verified.stderr


class TokenEndpoint:
    """An OIDC provider's token endpoint for client credentials."""

    def __init__(self):
        self.asked, self.sub, self.seconds = [], "sidecar", 3600
        endpoint = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                form = self.rfile.read(int(self.headers["Content-Length"])).decode()
                endpoint.asked.append((self.headers["Authorization"], form))
                good = self.headers["Authorization"] == "Basic " + base64.b64encode(b"makoto:endpoint-secret").decode()
                body = json.dumps({"access_token": jwt(endpoint.sub, endpoint.seconds), "expires_in": endpoint.seconds, "token_type": "bearer"})
                self.send_response(200 if good else 401)
                self.end_headers()
                self.wfile.write(body.encode() if good else b"{}")

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/token"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def endpoint():
    e = TokenEndpoint()
    yield e
    e.close()


def oidc(endpoint, secret="endpoint-secret"):
    return own("OAUTHBEARER") | {
        "kafka.sasl.oauthbearer.token.endpoint.url": endpoint.url,
        "kafka.sasl.oauthbearer.client.id": "makoto",
        "kafka.sasl.oauthbearer.client.secret": secret,
        "kafka.sasl.oauthbearer.scope": "kafka write",
    }


def test_token_endpoint(cluster, new_proxy, topic, endpoint):
    """One token serves every login; it is asked for again before it ends."""
    endpoint.seconds = 8
    p = new_proxy(settings=for_clients(**oidc(endpoint)), upstream=cluster.bootstrap_of("SOAUTH"))
    round_trip(cluster, p, topic(partitions=2), Confluent, {})
    assert len(endpoint.asked) <= 3  # not once for each connection
    assert endpoint.asked[0][1] == "grant_type=client_credentials&scope=kafka%20write"
    first = len(endpoint.asked)
    until("the token is asked for again", lambda: len(endpoint.asked) > first, 30)
    round_trip(cluster, p, topic("later", partitions=2), Confluent, {})
    assert "endpoint-secret" not in p.text() and "eyJ" not in p.text()


def test_token_endpoint_says_no(cluster, new_proxy, endpoint):
    p = new_proxy(settings=for_clients(**oidc(endpoint, "wrong")), upstream=cluster.bootstrap_of("SOAUTH"), start=False)
    p.spawn()
    p.wait_line(r"what it takes to log in can't be fetched.*status 401")
    p.wait_line(r"no broker of the cluster can be reached.*status 401")
    assert p.http("/readyz")[0] == 503


# -- what is said when it fails


WRONG = {
    "password": (own(password="n0t-this"), "SPLAIN", r"mechanism=PLAIN .*SASL_AUTHENTICATION_FAILED: .*Invalid username or password"),
    "scram-password": (own("SCRAM-SHA-256", password="n0t-this"), "SSCRAM", r"mechanism=SCRAM-SHA-256 .*SASL_AUTHENTICATION_FAILED: .*invalid credentials"),
    "mechanism": (own("SCRAM-SHA-512"), "SPLAIN", r"UNSUPPORTED_SASL_MECHANISM: SCRAM-SHA-512 isn't among the broker's: PLAIN"),
    "listener": (own(), "PLAINTEXT", r"ILLEGAL_SASL_STATE|takes no SASL|UNSUPPORTED_SASL_MECHANISM"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong(cluster, new_proxy, name):
    settings, listener, line = WRONG[name]
    p = new_proxy(settings=for_clients(**settings), upstream=cluster.bootstrap_of(listener), start=False)
    p.spawn()
    p.wait_line(r"level=error where=login msg=\"the proxy can't log in\" broker=127\.0\.77\.\d:\d+ .*" + line)
    assert p.http("/readyz")[0] == 503
    assert p.metric("makoto_upstream_errors_total", reason="login") > 0
    assert "sidecar-pw" not in p.text() and "n0t-this" not in p.text()


REFUSED = [
    ({"kafka.security.protocol": "sasl_plaintext"}, "kafka.sasl.mechanism is not set"),
    (own("GSSAPI"), '"GSSAPI" is not right'),
    (own() | {"kafka.sasl.password": ""}, "kafka.sasl.password"),
    ({"kafka.sasl.mechanism": "PLAIN"}, "kafka.security.protocol is not sasl_"),
    (own("OAUTHBEARER"), "token.file"),
    ({"listen.sasl.users.file": "/nonexistent"}, "wants clients.authentication: proxy"),
    (for_clients(**{"listen.sasl.users.file": "/nonexistent"}), "/nonexistent: can't be read"),
]


@pytest.mark.parametrize("settings,text", REFUSED, ids=range(len(REFUSED)))
def test_configuration_refused(new_proxy, settings, text):
    p = new_proxy(settings=settings, start=False, upstream="127.0.0.1:1")
    p.spawn("-n")
    assert p.wait() == 2 and text in p.text(), p.text()
    p.proc = None


# -- KIP-368


def test_reauthentication_unseen(cluster, new_proxy, topic):
    """Sessions of 4 s: one connection of a client works for 12 s, requests in flight all the time."""
    p = new_proxy(settings=for_clients(**own(**{"log.level": "debug"})), upstream=cluster.bootstrap_of("REAUTH"))
    t = topic()
    with wire.Conn("127.0.0.1", p.port) as c:
        end = time.monotonic() + 12
        asked = 0
        while time.monotonic() < end:
            ids = [c.send("Metadata", 12, {"Topics": [{"Name": t}]}) for _ in range(20)]
            for i in ids:
                assert len(c.receive("Metadata", 12, i)["Brokers"]) == 3
            asked += 20
        assert asked > 100
    assert len([x for x in p.lines if "logged in again" in x]) >= 2
    round_trip(cluster, p, topic("after", partitions=2), Confluent, {})
    assert p.metric("makoto_upstream_errors_total") == 0, p.text()


def test_reauthentication_of_a_producer(cluster, new_proxy, topic):
    """An unmodified idempotent producer across three sessions: nothing is lost, doubled or said."""
    from confluent_kafka import Producer

    p = new_proxy(settings=for_clients(**own(**{"log.level": "debug"})), upstream=cluster.bootstrap_of("REAUTH"))
    t, events = topic(), []
    client = Producer({"bootstrap.servers": p.bootstrap, "enable.idempotence": True, "linger.ms": 5, "error_cb": events.append})
    end, n = time.monotonic() + 12, 0
    while time.monotonic() < end:
        client.produce(t, b"%d" % n)
        n += 1
        client.poll(0.02)
    assert client.flush(30) == 0
    assert not events, events
    assert [r.value for r in cluster.log(t).records] == [b"%d" % i for i in range(n)]
    assert len([x for x in p.lines if "logged in again" in x]) >= 2
    attested(cluster, p, t, "full", p.dbom_topic)


# -- a login at the proxy


@pytest.fixture
def demanding(cluster, new_proxy, tmp_path):
    users = tmp_path / "users"
    lines = []
    for name in ("app", "other"):
        r = ctl_passwd(name, f"{name}-local")
        assert r.startswith(f"{name}:pbkdf2-sha256$")
        lines.append(r)
    users.write_text("# who may\n" + "".join(lines))
    settings = for_clients(**own()) | {"listen.sasl.users.file": str(users)}
    p = new_proxy(settings=settings, upstream=cluster.bootstrap_of("SPLAIN"))
    p.users = users
    return p


def ctl_passwd(name, password):
    p = subprocess.run([CTL, "passwd", name], input=password.encode() + b"\n", capture_output=True, env={**os.environ, **SANITIZERS}, timeout=60 * PATIENCE)
    assert p.returncode == 0, p.stderr
    return p.stdout.decode()


@pytest.mark.parametrize("client", [Confluent, JAVA], ids=lambda c: c.name)
def test_demanded(cluster, demanding, topic, client):
    t = topic(partitions=2)
    round_trip(cluster, demanding, t, client, client_props(client, "PLAIN", "app", "app-local"))
    assert principals(cluster, demanding, t) == {"User:app"}
    assert "app-local" not in demanding.text()


def test_demanded_and_not_given(demanding):
    with wire.Conn("127.0.0.1", demanding.port) as c:
        assert c.ask("ApiVersions", 0, {})["ErrorCode"] == 0
        c.send("Metadata", 12, {"Topics": []})
        assert c.closed()
    assert demanding.wait_line(r"ILLEGAL_SASL_STATE: a request before the login")
    for version in (0, 1, 2):
        with wire.Conn("127.0.0.1", demanding.port) as c:
            assert c.ask("SaslHandshake", 1, {"Mechanism": "PLAIN"})["ErrorCode"] == 0
            assert c.ask("SaslAuthenticate", version, {"AuthBytes": b"\0app\0other-local"})["ErrorCode"] == 58
            c.send("SaslHandshake", 1, {"Mechanism": "PLAIN"})
            assert c.closed()
    with wire.Conn("127.0.0.1", demanding.port) as c:
        got = c.ask("SaslHandshake", 1, {"Mechanism": "SCRAM-SHA-256"})
        assert (got["ErrorCode"], got["Mechanisms"]) == (33, ["PLAIN"])
    with wire.Conn("127.0.0.1", demanding.port) as c:
        assert c.ask("SaslHandshake", 0, {"Mechanism": "PLAIN"})["ErrorCode"] == 0
        c.send_frame(b"\0other\0other-local")
        assert c.recv_frame() == b""
        assert len(c.ask("Metadata", 12, {"Topics": []})["Brokers"]) == 3


def test_users_change(demanding):
    """A user that is taken out of the file can't log in any more."""

    def login():
        with wire.Conn("127.0.0.1", demanding.port) as c:
            c.ask("SaslHandshake", 1, {"Mechanism": "PLAIN"})
            return c.ask("SaslAuthenticate", 2, {"AuthBytes": b"\0other\0other-local"})["ErrorCode"]

    assert login() == 0
    kept = [x for x in demanding.users.read_text().splitlines(True) if not x.startswith("other:")]
    demanding.users.write_text("".join(kept))
    assert login() == 58
    demanding.users.write_text("garbage\n")
    assert login() == 58
    assert demanding.wait_line(r"the users' file changed and can't be used.*:1: ")
