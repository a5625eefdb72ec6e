"""The lab itself: Kafka's log as this suite reads it is what a client reads, in every codec."""

import kafkalog
import pytest
import wire
from checks import same_records
from clients import Confluent, Rec, sample
from lab.kafka import until


def test_crc32c():
    assert kafkalog.crc32c(b"123456789") == 0xE3069283


@pytest.mark.parametrize("codec", kafkalog.CODECS)
def test_log_is_what_was_sent(cluster, topic, codec):
    t = topic(partitions=2)
    sent = sample(40, partitions=2)
    Confluent.produce(cluster.bootstrap, t, sent, codec=codec)
    for p in (0, 1):
        log = cluster.log(t, p)
        got = [Rec(r.key, r.value, r.headers, r.timestamp, p, r.offset) for r in log.records]
        same_records([r for r in sent if r.partition == p], got)
        for b in log.batches:  # what is read can be written back to the byte
            with open(b.path, "rb") as f:
                f.seek(b.at)
                assert f.read(b.size) == b.pack()


def test_aborted_are_known(cluster, topic):
    t = topic()
    Confluent.produce(cluster.bootstrap, t, sample(30), txn=[(True, 10), (False, 10), (True, 10)], transactional_id=t)
    log = until("the last transaction has its marker", lambda: (lambda x: None if x.open else x)(cluster.log(t)))
    assert len(log.records) == 30 and len(log.aborted) == 10
    assert len(Confluent.consume(cluster.bootstrap, t, 20, isolation_level="read_committed")) == 20


def test_wire_reads_and_writes_every_api():
    """Every version of every message that is not for controllers alone goes through the schema reader."""
    for name in wire.names().values():
        for m in (wire.request(name), wire.response(name)):
            for version in range(m.valid.lo, min(m.valid.hi, m.valid.lo + 40) + 1):
                empty = m.encode(version, {})
                assert m.encode(version, m.decode(version, empty)) == empty
