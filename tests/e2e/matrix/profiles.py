"""How the connections of a run are secured: brokers, proxy, clients.  tests/e2e/run --clients --profile NAME

A driver is given the properties under Kafka's own names (PROTOCOL.md); what it does not know it refuses.
"""

from dataclasses import dataclass, field


@dataclass
class Profile:
    name: str
    broker: str = ""  # lines for server.properties; none: the cluster that all tests share
    proxy: dict = field(default_factory=dict)  # settings of makoto-proxy
    direct: dict = field(default_factory=dict)  # properties of a client that dials the brokers
    proxied: dict = field(default_factory=dict)  # properties of a client that dials the proxy
    readable: bool = True  # frames between client and proxy can be read by a relay


PROFILES = {
    p.name: p
    for p in (
        Profile(
            "plaintext",
            direct={"security.protocol": "PLAINTEXT"},
            proxied={"security.protocol": "PLAINTEXT"},
        ),
    )
}
