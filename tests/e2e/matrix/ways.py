"""The two ways to the brokers that the matrix compares: directly, and through the proxy with a recording relay before it."""

import contextlib
import json
import re
import struct
from types import SimpleNamespace

import wire
from lab.kafka import CANARY
from proxy import Proxy, free_ports
from relay import HOST, Relay

DBOM = "makoto.dbom.matrix"


@contextlib.contextmanager
def two_ways(cluster, profile, directory, no_proxy=False):
    # The tags are of one length: a name may make a record no longer on one way than on the other.
    direct = SimpleNamespace(tag="wayone", bootstrap=cluster.bootstrap, props=profile.direct, proxy=None, relay=None)
    if no_proxy:
        yield direct, SimpleNamespace(**{**vars(direct), "tag": "waytwo"})
        return
    base = free_ports(10)
    settings = {"listen.advertised.host": HOST, "attest.dbom.topic": DBOM, "attest.headers": "full"}
    settings |= {"attest.window.max.age": "300ms", **profile.proxy}
    p = Proxy(directory, cluster.bootstrap, settings, ports=base)
    p.start()
    relay = Relay(range(base, base + 9))
    relay.base = base
    relay.needles = [("text of a broker's address", CANARY.encode())]
    relay.needles += [(f"port {n}", struct.pack(">i", n)) for n in cluster.ports()]
    try:
        yield direct, SimpleNamespace(tag="waytwo", bootstrap=f"{HOST}:{base}", props=profile.proxied, proxy=p, relay=relay)
    finally:
        relay.close()
        p.stop()


def clean(relay, but=()):
    """No broker's address was in anything that the relay saw.  but: APIs whose text may hold one (docs/PROTOCOL.md)."""
    hits = [h for h in relay.hits if wire.name_of(h[0]) not in but] if but else relay.hits
    if but:
        hits = [h for h in hits if h[0] is not None]  # the raw scan tells no API: what it saw is told by the frame's, too
    assert hits == [], [(wire.name_of(k) if k is not None else None, v, w, b) for k, v, w, b in hits[:5]]
    assert relay.errors == [], relay.errors[:5]
    assert relay.addresses <= {(HOST, relay.base + i) for i in range(9)}, relay.addresses
    relay.hits.clear()


def normal(text, way):
    """Without names of this way: topics, groups, addresses."""
    text = text.replace(way.tag, "WAY")
    one = r"127\.0\.\d+\.\d+(:\d+)?(/127\.0\.\d+\.\d+:\d+)?"
    return re.sub(f"{one}(,{one})*", "ADDRESS", text)


def normal_value(value, way):
    return json.loads(normal(json.dumps(value, default=lambda b: b.hex(), sort_keys=True), way))
