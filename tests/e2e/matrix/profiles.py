"""How the connections of a run are secured: brokers, proxy, clients.  tests/e2e/run --clients --profile NAME

A driver is given the properties under the names that PROTOCOL.md has; what it does not know it refuses.
"""

import os
from dataclasses import dataclass
from types import SimpleNamespace

from lab.kafka import jwt

PLAINTEXT = {"security.protocol": "PLAINTEXT"}


def _plaintext(cluster, directory):
    return SimpleNamespace(direct=PLAINTEXT, proxied=PLAINTEXT, proxy={})


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
    return SimpleNamespace(direct=client, proxied=client, proxy=proxy)


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
    return SimpleNamespace(direct=PLAINTEXT, proxied=PLAINTEXT, proxy=proxy)


@dataclass
class Profile:
    name: str
    what: str
    listener: str  # of the brokers, that clients dial directly
    upstream: str  # that the proxy dials
    setup: object  # of a cluster and a folder: properties for clients on either way, settings of makoto-proxy
    features: tuple = ()  # what is tested with it; none: all, and Kafka's own tools
    readable: bool = True  # frames between client and proxy can be read by a relay


# What could differ by who logs in where: every way to write, to read, to be in a group, and to be refused.
ESSENCE = (*(f"codec-{c}" for c in ("none", "gzip", "snappy", "lz4", "zstd")), "idempotence", "transactions", "group", "cluster", "too-large")

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
            ESSENCE,
            readable=False,
        ),
        Profile(
            "mtls-oauth",
            "the client in plaintext without a login; the proxy shows brokers a certificate and logs in by OAUTHBEARER. "
            "Directly: a plaintext listener of the same brokers, as the client can't tell the difference",
            "PLAINTEXT",
            "MTLSOAUTH",
            _mtls_oauth,
            ESSENCE,
        ),
    )
}
