"""MirrorMaker 2 as it is, from one cluster to another: records and statements; what was attested at the source vouches for the copy.

It reads through a proxy with verify.mode: enforce, and who reads the copy does, too.
"""

import json
import os
import signal
import subprocess
import time

import pytest
import wire
from checks import public_keys, wait_stated
from clients import Confluent, Rec, sample
from lab.kafka import PORT_BASE, STATE, Cluster, java, until
from proxy import PATIENCE, Proxy, ctl, json_objects
from test_verify_fetch import INVALID_RECORD, Watch

pytestmark = pytest.mark.clients

MIRROR = """\
clusters = west, east
west.bootstrap.servers = {west}
east.bootstrap.servers = {east}
west->east.enabled = true
west->east.topics = {topics}
east->west.enabled = false
emit.heartbeats.enabled = false
emit.checkpoints.enabled = false
sync.topic.acls.enabled = false
offset-syncs.topic.location = target
refresh.topics.interval.seconds = 1
replication.factor = 1
offset-syncs.topic.replication.factor = 1
config.storage.replication.factor = 1
offset.storage.replication.factor = 1
status.storage.replication.factor = 1
plugin.discovery = service_load
"""
N = 60


@pytest.fixture(scope="module")
def east():
    """The cluster that is mirrored to: one broker, with an id of its own."""
    c = Cluster(os.path.join(os.path.dirname(STATE), "east"), nodes=1, port_base=PORT_BASE + 10, heap="320m", id="makotoLabClusterId0002")
    c.start()
    yield c
    c.stop()


class MirrorMaker:
    def __init__(self, directory, west, east, topics):
        config = directory / "mm2.properties"
        config.write_text(MIRROR.format(west=west, east=east, topics=",".join(topics)))
        self.log = directory / "mm2.log"
        lib = os.path.join(wire.cache_dir(), "mirror")
        with open(self.log, "wb") as out:
            cmd = java("org.apache.kafka.connect.mirror.MirrorMaker", str(config), heap="384m", lib=lib)
            self.proc = subprocess.Popen(cmd, stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=directory)

    def check(self):
        assert self.proc.poll() is None, f"MirrorMaker ended with {self.proc.returncode}\n{self.log.read_text()[-4000:]}"

    def stop(self):
        self.proc.send_signal(signal.SIGTERM)
        try:
            self.proc.wait(30 * PATIENCE)
        except subprocess.TimeoutExpired:
            self.proc.kill()
            self.proc.wait()


@pytest.fixture
def enforcing(tmp_path):
    """enforcing(name, bootstrap, policy, dbom) → a proxy that verifies."""
    made = []

    def make(name, upstream, policy, dbom):
        path = tmp_path / f"{name}.yaml"
        path.write_text(json.dumps(policy))
        settings = {"verify.mode": "enforce", "verify.policy": str(path), "attest.enabled": False, "attest.dbom.topic": dbom}
        made.append(Proxy(tmp_path / name, upstream, settings).start())
        made[-1].policy = path
        return made[-1]

    yield make
    for p in made:
        p.stop()


def verified(p, bootstrap, topic, dbom):
    """(exit code, findings, the sum, the text) of makotoctl verify by a proxy's policy."""
    args = ("verify", "-b", bootstrap, "-t", topic, "--dbom-topic", dbom, "--policy", p.policy)
    found = json_objects(ctl(*args, "--json").stdout)
    said = ctl(*args)
    return said.returncode, found[:-1], found[-1], said.stdout


def test_mirrored(cluster, east, new_proxy, enforcing, topic, tmp_path):
    w = new_proxy("writer", {"attest.window.records": 16})
    t, dbom = topic("orders", partitions=2), w.dbom_topic
    sent = [r for i, codec in enumerate(("lz4", "none")) for r in produce(w, t, i, codec)]
    wait_stated(cluster, public_keys(w.public_key), t, dbom_topic=dbom)
    issuers = {"plant-7": {"keys": [w.public_key], "topics": [t], "clusters": [cluster.id]}}
    west = enforcing("west", cluster.bootstrap, {"issuers": issuers}, dbom)
    copy, copied_dbom = f"west.{t}", f"west.{dbom}"

    mm = MirrorMaker(tmp_path, west.bootstrap, east.bootstrap, [t, dbom])
    try:

        def mirrored():
            mm.check()
            ends = lambda c, name, of: {p: c.high_watermark(name, p) for p in cluster.partitions(of)}  # noqa: E731
            return all(ends(cluster, x, x) == ends(east, f"west.{x}", x) for x in (t, dbom))

        until("all is mirrored", mirrored, 90 * PATIENCE, 0.3)
        before, began = fetches(west), time.monotonic()
        sent += produce(w, t, 2, "zstd")  # while it works
        wait_stated(cluster, public_keys(w.public_key), t, dbom_topic=dbom)
        until("all of that, too", mirrored, 60 * PATIENCE, 0.3)
        rate = (fetches(west) - before) / (time.monotonic() - began)
    finally:
        mm.stop()
    assert west.metric("makoto_verify_records_total", verdict="verified") >= len(sent)
    print(f"{rate:.1f} fetches a second while records were held, and copied")
    assert rate < 10 * len(cluster.nodes), f"{rate} fetches a second, of one consumer at {len(cluster.nodes)} brokers"

    mirrors = [{"topic": "west.*", "of": "*", "cluster": cluster.id}]
    reader = enforcing("reader", east.bootstrap, {"issuers": issuers, "mirrors": mirrors}, copied_dbom)
    code, found, total, said = verified(reader, east.bootstrap, copy, copied_dbom)
    assert code == 0 and total["verdicts"] == {"verified": 0, "verified-content": len(sent)}, (found, said)
    assert total["issuers"] == [{"issuer": "plant-7", "records": len(sent)}]

    path = json.loads(ctl("show", "-b", east.bootstrap, "-t", copy, "-p", "1", "--record", "0", "--dbom-topic", copied_dbom, "--policy", reader.policy, "--json").stdout)
    (hop,) = path["hops"]  # its headers name the topic as it is called at the source
    found = {k: hop.get(k) for k in ("headers", "dbomTopic", "signature", "issuer", "clusterId", "topic", "partition", "offset", "member")}
    assert found == {
        "headers": "full",
        "dbomTopic": dbom,
        "signature": "signed",
        "issuer": "plant-7",
        "clusterId": cluster.id,
        "topic": t,
        "partition": 1,
        "offset": 0,
        "member": "yes",
    }

    whole = lambda rs: sorted((r.partition, r.offset, r.key, r.value, r.headers, r.timestamp) for r in rs)  # noqa: E731
    got = Confluent.consume(reader.bootstrap, copy, len(sent))
    assert whole(got) == whole(Confluent.consume(cluster.bootstrap, t, len(sent))), "the proxy gives the copy, and the copy is what it is of"

    r = next(r for r in got if r.partition == 1 and r.key and r.value)
    end = east.high_watermark(copy, 1)
    Confluent.produce(east.bootstrap, copy, [Rec(r.key + b"!", r.value, r.headers, r.timestamp, 1)])
    Confluent.produce(east.bootstrap, copy, [Rec(r.key, r.value + b"!", r.headers, r.timestamp, 1)])
    code, found, total, said = verified(reader, east.bootstrap, copy, copied_dbom)
    changed = {"altered": 1, "forged-header": 1}  # a key; a value, which its header has the hash of
    assert code == 1 and total["verdicts"] == {"verified": 0, "verified-content": len(sent), **changed}, (found, said)
    named = sorted((x["topic"], x["partition"], x["offset"], x["verdict"]) for x in found if x.get("verdict") in changed)
    assert named == [(copy, 1, end, "altered"), (copy, 1, end + 1, "forged-header")], found
    assert "VIOLATION: 1 altered" in said, said
    with Watch(reader.bootstrap, copy, 1) as c:
        assert c.stopped() == INVALID_RECORD
        assert [m.offset() for m in c.records] == list(range(end))


def fetches(proxy):
    return proxy.metric("makoto_requests_total", api="Fetch")


def produce(proxy, t, seed, codec):
    records = sample(N, seed, 2)
    Confluent.produce(proxy.bootstrap, t, records, codec=codec)
    return records
