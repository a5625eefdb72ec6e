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
    """Each way: bootstrap, properties for a client, and the addresses that it may be told, by node."""
    by = profile.setup(cluster, directory)
    brokers = {n.n: (n.host, n.port_of(profile.listener)) for n in cluster.nodes}
    # The tags are of one length: a name may make a record no longer on one way than on the other.
    direct = SimpleNamespace(tag="wayone", bootstrap=cluster.bootstrap_of(profile.listener), props=by.direct, proxy=None, relay=None, brokers=brokers)
    if no_proxy:
        yield direct, SimpleNamespace(**{**vars(direct), "tag": "waytwo"})
        return
    dbom = DBOM if profile.name == "plaintext" else f"{DBOM}.{profile.name}"
    settings = {"attest.headers": "full", "attest.window.max.age": "300ms", **by.proxy}
    with watched(cluster, directory, settings, cluster.bootstrap_of(profile.upstream), dbom, profile.readable, by.relay) as w:
        yield direct, SimpleNamespace(tag="waytwo", props=by.proxied, **vars(w))


@contextlib.contextmanager
def watched(cluster, directory, settings, upstream=None, dbom=DBOM, readable=True, tls=None):
    """A proxy before the cluster and, where it can read what passes, a recording relay before the proxy (tls: see there).

    Gives proxy, relay (or None), bootstrap and the addresses that clients may be told, by node.
    """
    base = free_ports(10)
    host = HOST if readable else "127.0.0.1"
    p = Proxy(directory, upstream or cluster.bootstrap, {"listen.advertised.host": host, "attest.dbom.topic": dbom, **settings}, ports=base)
    p.dbom_topic = dbom
    p.start()
    relay = None
    if readable:
        relay = Relay(range(base, base + 9), tls=tls)
        relay.base = base
        relay.needles = [("text of a broker's address", CANARY.encode())]
        relay.needles += [(f"port {n}", struct.pack(">i", n)) for n in cluster.ports()]
    ours = {n.n: (host, base + n.n) for n in cluster.nodes}
    try:
        yield SimpleNamespace(proxy=p, relay=relay, bootstrap=f"{host}:{base}", dbom=dbom, brokers=ours)
    finally:
        if relay:
            relay.close()
        p.stop()


def clean(relay, but=()):
    """No broker's address was in anything that the relay saw.  but: APIs whose text may hold one (docs/PROTOCOL.md)."""
    assert relay.answers, "nothing passed the relay"
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
