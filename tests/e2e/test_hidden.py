"""Brokers that hide or add APIs, as cloud vendors' do: the proxy works, and asks for nothing that isn't offered."""

import copy
import time

import pytest
import wire
from checks import attested, same_records
from clients import JAVA, Confluent, Rec, sample
from lab.kafka import until
from lab.releases import RELEASES, ReleaseCluster
from lab.vendor import Vendor
from matrix.ways import clean, watched
from proxy import PATIENCE
from relay import HOST
from test_versions import cluster  # noqa: F401  (a fixture)

pytestmark = [pytest.mark.versions, pytest.mark.parametrize("cluster", ["2.8.2", "4.4.0"], indirect=True)]
NEWEST = max(RELEASES.values(), key=lambda r: r.number)
CREATE_TOPICS, DESCRIBE_CONFIGS, ALTER_CONFIGS, INCREMENTAL = 19, 32, 33, 44
DESCRIBE_CLUSTER, DESCRIBE_TOPIC_PARTITIONS, FIND_COORDINATOR, METADATA, PRODUCE, FETCH = 60, 75, 10, 3, 0, 1
INIT_PRODUCER_ID = 22

BROKERS = {
    "no settings": {"hidden": {DESCRIBE_CONFIGS, ALTER_CONFIGS, INCREMENTAL}},
    "no cluster": {"hidden": {DESCRIBE_CLUSTER, DESCRIBE_TOPIC_PARTITIONS}},
    "no topics made": {"hidden": {CREATE_TOPICS}},
    "more APIs": {"added": {10000: (0, 3), 501: (2, 2), 32000: (0, 0)}},
    "newer than the table": {"raised": 7, "added": {95: (0, 1)}},
    # Each API as Kafka 2.1 has it: no topic ids, though the topics have them.
    "old versions": {"highest": {PRODUCE: 7, FETCH: 10, METADATA: 7, FIND_COORDINATOR: 2, DESCRIBE_CONFIGS: 2, INIT_PRODUCER_ID: 1}},
}


class Seen(ReleaseCluster):
    """A cluster as it is seen through a vendor's broker."""

    bootstrap = property(lambda self: self.vendor.bootstrap)

    def topic_id(self, topic):
        return None if METADATA in self.vendor.highest else super().topic_id(topic)


@pytest.fixture
def behind(cluster, tmp_path, request):  # noqa: F811
    """behind(which, settings) → the vendor's broker, the cluster as it shows it, and the way through the proxy."""
    opened = []

    def make(which, settings=None):
        vendor = Vendor(cluster, **BROKERS[which])
        opened.append(vendor)
        seen = copy.copy(cluster)
        seen.__class__, seen.vendor = Seen, vendor
        dbom = f"makoto.dbom.{'-'.join(which.split())}.{cluster.release.version}.{len(request.node.name)}"
        if CREATE_TOPICS in vendor.hidden:
            cluster.create(dbom)
        manager = watched(cluster, tmp_path, {"attest.window.max.age": "300ms", **(settings or {})}, vendor.bootstrap, dbom)
        way = manager.__enter__()
        opened.append(manager)
        return vendor, seen, way

    yield make
    for x in reversed(opened):
        x.__exit__(None, None, None)


def fits(which, release):
    return which != "newer than the table" or release.version == NEWEST.version


@pytest.mark.parametrize("which", BROKERS)
def test_session(cluster, behind, topic, which):  # noqa: F811
    if not fits(which, cluster.release):
        which = "more APIs"  # an older broker can't be told newer than the table
    vendor, seen, way = behind(which)
    t = topic(partitions=2)
    sent = sample(40, 1, 2)
    Confluent.produce(way.bootstrap, t, sent[:20], codec="lz4", enable_idempotence=True)
    JAVA.run(way.bootstrap, [JAVA.produce_job(t, sent[20:], codec="gzip", enable_idempotence="true", acks="all")])
    same_records(sent, sorted(Confluent.consume(way.bootstrap, t, 40, group_id=f"g-{t}"), key=lambda r: (r.partition, r.offset)))
    attested(seen, way.proxy, t, dbom_topic=way.dbom, chains=2)
    with wire.Conn(HOST, way.relay.base) as c:
        told = {a["ApiKey"]: a for a in c.ask("ApiVersions", 3, {"ClientSoftwareName": "e2e", "ClientSoftwareVersion": "1"})["ApiKeys"]}
    assert not set(told) & (vendor.hidden | set(vendor.added)), "neither what it hides nor what nobody knows is offered"
    for key, a in told.items():
        m = wire.request(wire.name_of(key))
        assert a["MaxVersion"] <= min(m.valid.hi, vendor.highest.get(key, m.valid.hi)), a
    assert vendor.refused == [], "nothing was asked for that isn't offered"
    clean(way.relay)


def test_without_settings(cluster, behind, topic):  # noqa: F811
    """Limits and timestamp types that can't be asked for: learnt from answers; what can't be attested is counted, and why."""
    vendor, seen, way = behind("no settings")
    tight = topic("tight", configs={"max.message.bytes": 1000})
    sent = [Rec(b"k", b"v" * 900, [], int(time.time() * 1000), 0) for _ in range(3)]
    for r in sent:
        Confluent.produce(way.bootstrap, tight, [r], acks="all")
    same_records(sent, Confluent.consume(way.bootstrap, tight, 3))
    attested(seen, way.proxy, tight, mode=None, dbom_topic=way.dbom, chains=None)
    assert way.proxy.metric("makoto_batches_too_large_total") == 2, "the limit is learnt once: with long headers, and with short ones"

    late = topic("late", configs={"message.timestamp.type": "LogAppendTime"})
    sent = sample(20, 2)
    Confluent.produce(way.bootstrap, late, sent[:10])
    Confluent.produce(way.bootstrap, late, sent[10:])
    same_records(sent, Confluent.consume(way.bootstrap, late, 20), timestamps=False)

    def all_told():
        m = way.proxy.metric
        return m("makoto_records_attested_total") + m("makoto_records_unattested_total", reason="timestamp-type") >= 23

    until("each record is attested, or counted with its reason", all_told, 30 * PATIENCE)
    assert way.proxy.metric("makoto_records_unattested_total", reason="timestamp-type") <= 10, "the type is learnt"
    assert DESCRIBE_CONFIGS not in vendor.asked and vendor.refused == []
    clean(way.relay)
