"""The matrix's clients that test_verify_fetch.py hasn't, as consumers of a proxy with verify.mode: enforce (tests/e2e/run --clients --profile enforce)."""

import threading
import time

import pytest
from checks import public_keys, same_records, wait_stated
from clients import Confluent, Rec, sample
from conftest import DIRECT
from lab.kafka import until
from matrix.drivers import Driver, command, result_record
from matrix.table import CLIENTS, CODECS
from proxy import PATIENCE, Proxy

pytestmark = pytest.mark.clients
NAMES = ("kafkajs", "sarama")
DBOM = "makoto.dbom.enforce"
STATED_AFTER = "1s"  # at most: so long is a record held back that nothing follows
TOLD = "This record has failed the validation on broker"  # INVALID_RECORD, in the words that both have for it
FETCHES = 10  # a second, of one client: it waits for 200 or 500 ms at a time


class Pair:
    """A proxy that attests, and one that lets through what the first one vouches for."""

    def __init__(self, cluster, directory):
        self.cluster = cluster
        windows = {"attest.window.records": 70, "attest.window.max.age": STATED_AFTER}
        self.writer = Proxy(directory / "writer", cluster.bootstrap, {"attest.dbom.topic": DBOM, **windows}).start()
        policy = directory / "trust.yaml"
        policy.write_text(f"issuers:\n  writer:\n    keys: [{self.writer.public_key}]\nunattested: deny\n")
        verify = {"verify.mode": "enforce", "verify.policy": str(policy), "attest.enabled": False, "attest.dbom.topic": DBOM}
        self.reader = Proxy(directory / "reader", cluster.bootstrap, verify).start()

    def stated(self, topic, **kw):
        wait_stated(self.cluster, public_keys(self.writer.public_key), topic, dbom_topic=DBOM, **kw)

    def fetches(self):
        return self.reader.metric("makoto_requests_total", api="Fetch")

    def stop(self):
        self.writer.stop()
        self.reader.stop()


@pytest.fixture(scope="module")
def pair(cluster, tmp_path_factory):
    assert not DIRECT, "nothing is verified on the direct way"
    p = Pair(cluster, tmp_path_factory.mktemp("enforce"))
    yield p
    p.stop()


@pytest.fixture(scope="module", params=NAMES)
def client(request):
    d = Driver(command(*CLIENTS[request.param].driver))
    d.name = request.param
    yield d
    d.close()


def ask(client, pair, topic, count, timeout=60, **props):
    props = {k.replace("_", "."): str(v) for k, v in props.items()}
    return client.ask(op="consume", bootstrap=pair.reader.bootstrap, props=props, topic=topic, count=count, timeout=timeout)


def consume(client, pair, topic, count, **kw):
    got = ask(client, pair, topic, count, **kw)
    assert "error" not in got, got["error"]
    return [result_record(r) for r in got["records"]], got.get("committed")


def seen(records):
    """Everything of each record, in the order of the offsets: one that came twice stands there twice."""
    return sorted((r.partition, r.offset, r.key, r.value, r.headers, r.timestamp) for r in records)


def test_from_start_to_end(cluster, pair, topic, client):
    """Attested records of every codec: the same as directly, nothing twice."""
    t = topic(partitions=2)
    sent = []
    for i, codec in enumerate(CODECS):
        some = sample(40, seed=i, partitions=2)
        Confluent.produce(pair.writer.bootstrap, t, some, codec=codec)
        sent += some
    pair.stated(t)
    got, _ = consume(client, pair, t, len(sent))
    assert seen(got) == seen(Confluent.consume(cluster.bootstrap, t, len(sent)))
    same_records(sent, got)


def test_groups(cluster, pair, topic, client):
    """Read, commit, leave, come back, while statements come; in read_committed, and in read_uncommitted."""
    t = topic(partitions=2)
    got = []
    for seed, txn in enumerate(([(True, 10), (False, 10), (True, 10)], [(False, 10), (True, 10)])):
        Confluent.produce(pair.writer.bootstrap, t, sample(10 * len(txn), seed, 2), txn=txn, transactional_id=t)
        some, committed = consume(client, pair, t, sum(n for commit, n in txn if commit), group_id=f"g-{t}", isolation_level="read_committed")
        got += some
        assert committed == {str(p): max(r.offset for r in some if r.partition == p) + 1 for p in (0, 1)}
    assert seen(got) == seen(Confluent.consume(cluster.bootstrap, t, 30, isolation_level="read_committed"))
    got, _ = consume(client, pair, t, 50, group_id=f"h-{t}", isolation_level="read_uncommitted")
    assert seen(got) == seen(Confluent.consume(cluster.bootstrap, t, 50))


def test_live(pair, topic, client):
    """Records come once each, when they are stated; who waits for that asks now and then."""
    t = topic()
    got, errors = [], []

    def read():
        try:
            got.extend(consume(client, pair, t, 91)[0])
        except BaseException as e:
            errors.append(e)

    Confluent.produce(pair.writer.bootstrap, t, [Rec(None, b"first")])
    pair.stated(t)
    verified = pair.reader.metric("makoto_verify_records_total", verdict="verified")
    passed = lambda n: pair.reader.metric("makoto_verify_records_total", verdict="verified") - verified >= n  # noqa: E731
    thread = threading.Thread(target=read)
    thread.start()
    try:
        until("it reads", lambda: errors or passed(1), 30 * PATIENCE)
        before, began, held = pair.fetches(), time.monotonic(), pair.reader.metric("makoto_verify_answers_held_total")
        for i in range(3):
            Confluent.produce(pair.writer.bootstrap, t, [Rec(None, b"%d" % i)] * 30)
            until("they were let through", lambda n=1 + 30 * (i + 1): errors or passed(n), 30 * PATIENCE, 0.05)
        rate = (pair.fetches() - before) / (time.monotonic() - began)
    finally:
        thread.join()
    assert not errors, errors
    assert [r.offset for r in got] == list(range(91))
    assert rate < FETCHES, f"{rate} fetches a second"
    assert pair.reader.metric("makoto_verify_answers_held_total") - held >= 3


def test_a_stop(cluster, pair, topic, client):
    """Nothing behind the record comes, and the client neither resets its offset nor asks without pause."""
    t = topic()
    Confluent.produce(pair.writer.bootstrap, t, sample(10))
    pair.stated(t)
    Confluent.produce(cluster.bootstrap, t, [Rec(None, b"half", [(b"makoto.window_id", b"1")])])
    Confluent.produce(pair.writer.bootstrap, t, sample(10))
    pair.stated(t, records=20)
    before, began = pair.fetches(), time.monotonic()
    got = ask(client, pair, t, 11, timeout=3)
    fetches, took = pair.fetches() - before, time.monotonic() - began
    assert [r["o"] for r in got.get("records", [])] in ([], list(range(10))), got
    assert fetches < 10 + 4 * took, f"{fetches} fetches in {took} s"
    told = got["error"]["message"] if "error" in got else client.said()
    assert TOLD in told, told
