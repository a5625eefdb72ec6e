"""How the connections of a run are secured: brokers, proxy, clients.  tests/e2e/run --clients --profile NAME

A driver is given the properties under the names that PROTOCOL.md has; what it does not know it refuses.
"""

import os
import ssl
from dataclasses import dataclass
from types import SimpleNamespace

from lab.kafka import jwt
from relay import HOST

PLAINTEXT = {"security.protocol": "PLAINTEXT"}


def _plaintext(cluster, directory):
    return SimpleNamespace(direct=PLAINTEXT, proxied=PLAINTEXT, proxy={}, relay=None)


def _tls_scram(cluster, directory):
    shown = cluster.pki.make(f"matrix-{os.getpid()}", "IP:127.0.0.1")
    client = {"security.protocol": "SASL_SSL", "ssl.ca.location": cluster.pki.ca}
    client |= {"sasl.mechanism": "SCRAM-SHA-512", "sasl.username": "app", "sasl.password": "app-pw"}
    proxy = {
        "listen.tls.certificate": shown.crt,
        "listen.tls.key": shown.key,
        "kafka.security.protocol": "sasl_ssl",
        "kafka.ssl.ca.location": cluster.pki.ca,
        "kafka.sasl.mechanism": "SCRAM-SHA-512",
        "kafka.sasl.username": "sidecar",
        "kafka.sasl.password": "sidecar-pw",
    }
    return SimpleNamespace(direct=client, proxied=client, proxy=proxy, relay=None)


def _tls_read(cluster, directory):
    by = _tls_scram(cluster, directory)
    shown = cluster.pki.make(f"relay-{os.getpid()}", f"IP:{HOST}")
    clients = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    clients.load_cert_chain(shown.crt, shown.key)
    by.relay = (clients, ssl.create_default_context(cafile=cluster.pki.ca))
    return by


def _mtls_oauth(cluster, directory):
    own = cluster.pki.make(f"matrix-{os.getpid()}")
    token = os.path.join(directory, "token")
    with open(token, "w") as f:
        f.write(jwt("sidecar"))
    proxy = {
        "clients.authentication": "proxy",
        "kafka.security.protocol": "sasl_ssl",
        "kafka.ssl.ca.location": cluster.pki.ca,
        "kafka.ssl.certificate.location": own.crt,
        "kafka.ssl.key.location": own.key,
        "kafka.sasl.mechanism": "OAUTHBEARER",
        "kafka.sasl.oauthbearer.token.file": token,
    }
    return SimpleNamespace(direct=PLAINTEXT, proxied=PLAINTEXT, proxy=proxy, relay=None)


@dataclass
class Profile:
    name: str
    what: str
    listener: str  # of the brokers, that clients dial directly
    upstream: str  # that the proxy dials
    setup: object  # of a cluster and a folder: properties for clients on either way, settings of makoto-proxy
    readable: bool = True  # a relay before the proxy reads what passes
    features: tuple = ()  # what is tested with it; none: all


# What makes a client ask each thing whose answer tells an address, or a leader.
TOLD = ("codec-none", "idempotence", "transactions", "group", "group-848", "create", "cluster", "too-large", "auto-create")

PROFILES = {
    p.name: p
    for p in (
        Profile("plaintext", "plaintext everywhere", "PLAINTEXT", "PLAINTEXT", _plaintext),
        Profile(
            "tls-scram",
            "TLS on both sides of the proxy; the client logs in at the broker by SCRAM-SHA-512. Directly: the same TLS, the same login",
            "SASLTLS",
            "SASLTLS",
            _tls_scram,
            readable=False,
        ),
        Profile(
            "tls-read",
            "the same, but that a relay ends the client's TLS and has its own to the proxy, so that what clients are sent is read",
            "SASLTLS",
            "SASLTLS",
            _tls_read,
            features=TOLD,
        ),
        Profile(
            "mtls-oauth",
            "the client in plaintext without a login; the proxy shows brokers a certificate and logs in by OAUTHBEARER. "
            "Directly: a plaintext listener of the same brokers, as the client can't tell the difference",
            "PLAINTEXT",
            "MTLSOAUTH",
            _mtls_oauth,
        ),
    )
}
