"""makotoctl -c: it reaches and logs in at every cluster that the proxy can, by the proxy's own code."""

import hashlib
import hmac
import json
import os
import re
import socket
import struct
import threading
from urllib.parse import quote

import pytest
import wire
from checks import attested
from clients import Confluent, sample
from fakebroker import FakeBroker
from lab.kafka import jwt
from lab.pki import Pki
from proxy import ctl, free_ports, json_objects, yaml_of
from test_sasl import client_props, own

N = 24


@pytest.fixture
def conf(tmp_path):
    """conf({"kafka.…": …}) → a configuration file."""

    def write(settings, name="reader.yaml"):
        tree = {}
        for path, value in settings.items():
            section, key = path.split(".", 1)
            tree.setdefault(section, {})[key] = value
        (tmp_path / name).write_text(yaml_of(tree) + "\n")
        (tmp_path / name).chmod(0o600)
        return tmp_path / name

    return write


def made(cluster, proxy, t, dbom_topic="makoto.dbom", **props):
    """Records through the proxy, and their statements."""
    Confluent.produce(proxy.bootstrap, t, sample(N, 3, 2), **props)
    attested(cluster, proxy, t, dbom_topic=dbom_topic)
    return t


def reads(topic, key, *options, env=None):
    """verify and show do all that they do by other ways."""
    p = ctl("verify", *options, "-t", topic, "--public-key", key, "--json", env=env)
    assert p.returncode == 0 and p.stderr == "", (p.returncode, p.stdout[-2000:], p.stderr)
    last = json_objects(p.stdout)[-1]
    assert last["ok"] and last["verdicts"] == {**last["verdicts"], "verified": N} and last["records"] == N, last
    assert last["topicIdChecked"] is True, last
    p = ctl("show", *options, "-t", topic, "--public-key", key, "--json", env=env)
    assert p.returncode == 0 and p.stderr == "", (p.returncode, p.stderr)
    shown = json_objects(p.stdout)
    assert sum(int(s["statement"]["subject"][0]["digest"]["recordCount"]) for s in shown) == N, shown[:1]
    assert {s["signature"] for s in shown} == {"signed"}, shown[0]


def certified(cluster, name):
    c = cluster.pki.make(f"{name}-{os.getpid()}")
    return {"kafka.ssl.ca.location": cluster.pki.ca, "kafka.ssl.certificate.location": c.crt, "kafka.ssl.key.location": c.key}


WAYS = {
    "plaintext": ("PLAINTEXT", "plaintext", None),
    "tls": ("TLS", "ssl", None),
    "mtls": ("MTLS", "ssl", None),
    "plain": ("SPLAIN", "sasl_plaintext", "PLAIN"),
    "scram-256": ("SSCRAM", "sasl_plaintext", "SCRAM-SHA-256"),
    "scram-512-tls": ("SASLTLS", "sasl_ssl", "SCRAM-SHA-512"),
    "oauthbearer": ("SOAUTH", "sasl_plaintext", "OAUTHBEARER"),
    "mtls-oauthbearer": ("MTLSOAUTH", "sasl_ssl", "OAUTHBEARER"),
}


def settings_of(cluster, way, tmp_path):
    listener, protocol, mechanism = WAYS[way]
    s = own(mechanism, "app") if mechanism else {}
    s |= {"kafka.bootstrap.servers": cluster.bootstrap_of(listener), "kafka.security.protocol": protocol}
    if mechanism == "OAUTHBEARER":
        (tmp_path / "token").write_text(jwt("app"))
        s["kafka.sasl.oauthbearer.token.file"] = str(tmp_path / "token")
    if "mtls" in way:
        s |= certified(cluster, "reader")
    elif protocol.endswith("ssl"):
        s["kafka.ssl.ca.location"] = cluster.pki.ca
    return s


@pytest.fixture(scope="module")
def written(cluster, proxy):
    """A topic that the shared proxy attested."""
    return made(cluster, proxy, cluster.create(f"ctl-login-{os.getpid():x}", partitions=2))


@pytest.mark.parametrize("way", WAYS)
def test_way(cluster, proxy, written, conf, tmp_path, way):
    reads(written, proxy.public_key, "-c", conf(settings_of(cluster, way, tmp_path)))


def test_with_the_proxys_own_file(cluster, new_proxy, topic, tmp_path):
    """The whole of it, as the proxy has it: makotoctl takes what it needs, the statements' topic too."""
    p = new_proxy(settings=settings_of(cluster, "scram-512-tls", tmp_path), upstream=cluster.bootstrap_of("SASLTLS"))
    t = made(cluster, p, topic(partitions=2), p.dbom_topic, **client_props(Confluent, "SCRAM-SHA-512"))
    reads(t, p.public_key, "-c", p.config)


def test_bootstrap_of_the_command_line(cluster, proxy, written, conf, tmp_path):
    """-b says where, the file how."""
    s = settings_of(cluster, "scram-512-tls", tmp_path)
    where = s.pop("kafka.bootstrap.servers")
    f = conf(s)
    p = ctl("show", "-c", f)
    assert p.returncode == 2 and "kafka.bootstrap.servers is not set" in p.stderr, p.stderr
    reads(written, proxy.public_key, "-c", f, "-b", where)
    reads(written, proxy.public_key, "-c", f, "-b", "127.0.0.1:1," + where)  # a server that is down is passed over


# -- what is said when it fails


@pytest.mark.parametrize("command", ["verify", "show"])
@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-512"])
def test_wrong_password(cluster, proxy, conf, command, mechanism):
    s = own(mechanism, "app", "n0t-this") | {"kafka.security.protocol": "sasl_ssl", "kafka.ssl.ca.location": cluster.pki.ca}
    f = conf(s | {"kafka.bootstrap.servers": cluster.bootstrap_of("SASLTLS")})
    p = ctl(command, "-c", f, "-t", "any", "--public-key", proxy.public_key)
    (line,) = p.stderr.splitlines()
    assert p.returncode == 3 and p.stdout == ""
    assert line.startswith(f"makotoctl {command}: 127.0.77."), line
    assert f": can't log in by {mechanism}: SASL_AUTHENTICATION_FAILED: " in line, line
    assert line.endswith(f"; check kafka.sasl.username and its password, in {f}"), line
    assert "n0t-this" not in line


WRONG = {
    "mechanism": ("SPLAIN", own("SCRAM-SHA-512", "app"), 3, r"can't log in by SCRAM-SHA-512: UNSUPPORTED_SASL_MECHANISM: .*check kafka.sasl.mechanism"),
    "nobody": (None, {"kafka.bootstrap.servers": "127.0.0.1:1"}, 3, "127.0.0.1:1: Connection refused"),
    "plaintext to TLS": ("TLS", {}, 3, "the broker's port speaks TLS"),
    "half a login": ("SPLAIN", {"kafka.security.protocol": "sasl_plaintext"}, 2, "kafka.sasl.mechanism is not set"),
    "half of TLS": ("TLS", {"kafka.ssl.ca.location": "/nonexistent"}, 2, "want ssl or sasl_ssl"),
    "no authority": ("TLS", {"kafka.security.protocol": "ssl", "kafka.ssl.ca.location": "/nonexistent"}, 2, "/nonexistent"),
    "no such key": ("TLS", {"kafka.ssl.ca.locatoin": "x"}, 2, r"the nearest key is .kafka.ssl.ca.location."),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong(cluster, conf, name):
    listener, settings, code, text = WRONG[name]
    p = ctl("show", "-c", conf({"kafka.bootstrap.servers": cluster.bootstrap_of(listener) if listener else "", **settings}))
    assert p.returncode == code and p.stdout == "" and re.search(text, p.stderr), (p.returncode, p.stderr)


def test_no_login_where_one_is_wanted(cluster, conf):
    f = conf({"kafka.bootstrap.servers": cluster.bootstrap_of("SPLAIN")})
    p = ctl("show", "-c", f, "-X", "socket.timeout.ms=2000")
    assert p.returncode == 3 and "closed by the broker: does this port want a login?" in p.stderr, p.stderr


def test_strange_authority(cluster, conf, tmp_path):
    other = Pki(tmp_path / "other", "other-ca")
    s = {"kafka.security.protocol": "ssl", "kafka.ssl.ca.location": other.ca, "kafka.bootstrap.servers": cluster.bootstrap_of("TLS")}
    p = ctl("show", "-c", conf(s))
    assert p.returncode == 3 and "certificate" in p.stderr and p.stderr.startswith("makotoctl show: 127.0.77."), p.stderr


def test_options_that_contradict(cluster, conf):
    f = conf({"kafka.bootstrap.servers": cluster.bootstrap})
    for name in ("security.protocol=ssl", "sasl.username=x", "ssl.ca.location=/x"):
        p = ctl("show", "-c", f, "-X", name)
        assert p.returncode == 2 and "with -c, the file says that" in p.stderr, p.stderr
    p = ctl("show", "-c", f, "-X", "socket.timeout.ms=20000")
    assert p.returncode == 0 or "makoto.dbom" in p.stderr, p.stderr
    p = ctl("show", "-c", "/nonexistent.yaml")
    assert p.returncode == 2 and "/nonexistent.yaml: can't be read" in p.stderr, p.stderr


# -- AWS_MSK_IAM, which no broker but Amazon's has


KEY, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
FRONT = "127.0.88.1"


class IamBroker(FakeBroker):
    """Before a port that wants no login: it wants AWS_MSK_IAM, and then passes everything on."""

    def __init__(self, to, port):
        self.to, self.here, self.believed, self.refused = to, threading.local(), 0, 0
        super().__init__(host=FRONT, port=port)

    def _answer(self, frame):
        name = wire.name_of(struct.unpack_from(">h", frame)[0])
        self.handlers = {"SaslHandshake": self.handshake, "SaslAuthenticate": self.authenticate}
        if name in self.handlers:
            return super()._answer(frame)
        if name != "ApiVersions" and not getattr(self.here, "in_", False):
            raise ConnectionError
        if not hasattr(self.here, "sock"):
            self.here.sock = socket.create_connection(self.to, timeout=60)
        s = self.here.sock
        s.sendall(struct.pack(">i", len(frame)) + frame)
        f = s.makefile("rb")
        return f.read(struct.unpack(">i", f.read(4))[0])

    def handshake(self, version, request):
        return {"ErrorCode": 0 if request["Mechanism"] == "AWS_MSK_IAM" else 33, "Mechanisms": ["AWS_MSK_IAM"]}

    def authenticate(self, version, request):
        m = json.loads(request["AuthBytes"])
        if m["x-amz-signature"] != signature(m):
            self.refused += 1
            return {"ErrorCode": 58, "ErrorMessage": "Access denied", "AuthBytes": b"", "SessionLifetimeMs": 0}
        self.here.in_ = True
        self.believed += 1
        return {"ErrorCode": 0, "ErrorMessage": None, "AuthBytes": b'{"version":"2020_10_22"}', "SessionLifetimeMs": 0}


def signature(m):
    """What the query of a presigned kafka-cluster:Connect must be signed with (AWS Signature Version 4)."""
    key, date, region, service, _ = m["x-amz-credential"].split("/")
    assert key == KEY and (region, service) == ("eu-central-1", "kafka-cluster") and m["host"] == FRONT
    query = {
        "Action": "kafka-cluster:Connect",
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
        "X-Amz-Credential": m["x-amz-credential"],
        "X-Amz-Date": m["x-amz-date"],
        "X-Amz-Expires": m["x-amz-expires"],
        "X-Amz-SignedHeaders": "host",
    }
    text = "&".join(f"{k}={quote(v, safe='')}" for k, v in query.items())
    canonical = f"GET\n/\n{text}\nhost:{FRONT}\n\nhost\n{hashlib.sha256(b'').hexdigest()}"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    to_sign = f"AWS4-HMAC-SHA256\n{m['x-amz-date']}\n{date}/{region}/{service}/aws4_request\n{digest}"
    k = b"AWS4" + SECRET.encode()
    for part in (date, region, service, "aws4_request"):
        k = hmac.digest(k, part.encode(), "sha256")
    return hmac.digest(k, to_sign.encode(), "sha256").hex()


@pytest.fixture
def iam(cluster, new_proxy):
    """A cluster that wants AWS_MSK_IAM: its brokers are IamBrokers, whose addresses a proxy of ours tells."""
    base = free_ports(10)
    new_proxy(settings={"listen.advertised.host": FRONT, "attest.enabled": False}, ports=base)
    brokers = [IamBroker(("127.0.0.1", base + i), base + i) for i in range(4)]
    yield brokers
    for b in brokers:
        b.close()


def test_msk_iam(proxy, written, iam, conf):
    s = own("AWS_MSK_IAM") | {"kafka.sasl.aws.region": "eu-central-1"}
    f = conf(s | {"kafka.bootstrap.servers": iam[0].bootstrap})
    env = {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET}
    reads(written, proxy.public_key, "-c", f, env=env)
    assert sum(b.believed for b in iam) > 2 and sum(b.refused for b in iam) == 0

    p = ctl("verify", "-c", f, "-t", written, "--public-key", proxy.public_key, env=env | {"AWS_SECRET_ACCESS_KEY": "an0ther"})
    assert p.returncode == 3, p.stderr
    why = "can't log in by AWS_MSK_IAM: SASL_AUTHENTICATION_FAILED: Access denied; check the keys of kafka.sasl.aws"
    assert p.stderr.startswith(f"makotoctl verify: {iam[0].bootstrap}: {why}"), p.stderr
    assert "an0ther" not in p.stderr
    assert sum(b.refused for b in iam) == 1, "a login that is refused is not tried again"
