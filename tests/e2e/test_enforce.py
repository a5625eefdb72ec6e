"""Clients in six languages as consumers behind verify.mode: enforce, all at once, each with a proxy of its own (tests/e2e/run --clients --profile enforce)."""

import contextlib
import os
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from checks import public_keys, same_records, wait_stated
from clients import Confluent, Rec, sample
from conftest import DIRECT
from lab.kafka import until
from matrix.drivers import Driver, command, result_record
from matrix.table import CLIENTS, CODECS
from proxy import PATIENCE, Proxy

pytestmark = pytest.mark.clients
DBOM = "makoto.dbom.enforce"
STATED_AFTER = "2s"  # at most: so long is a record held back that nothing follows
FETCHES = 10  # a second, of one client at one broker: it waits for 200 or 500 ms at a time
TOLD = {  # what an application hears of INVALID_RECORD, in each client's words
    "java": "error code 87",
    "confluent-kafka": "INVALID_RECORD",
    "franz-go": "INVALID_RECORD",
    "aiokafka": "Unexpected error",
    "kafkajs": "This record has failed the validation on broker",
    "sarama": "This record has failed the validation on broker",
}


class Reader:
    """A client, and the proxy that it reads through."""

    def __init__(self, name, proxy):
        self.name, self.proxy = name, proxy
        self.driver = Driver(command(*CLIENTS[name].driver))

    def ask(self, topic, count, timeout=60, **props):
        props = {k.replace("_", "."): str(v) for k, v in props.items()}
        return self.driver.ask(op="consume", bootstrap=self.proxy.bootstrap, props=props, topic=topic, count=count, timeout=timeout)

    def consume(self, topic, count, **kw):
        got = self.ask(topic, count, **kw)
        assert "error" not in got, got["error"]
        assert "errors" not in got, got["errors"]  # franz-go's
        return [result_record(r) for r in got.get("records", [])], got.get("committed")

    def fetches(self):
        return self.proxy.metric("makoto_requests_total", api="Fetch")

    def verified(self):
        return self.proxy.metric("makoto_verify_records_total", verdict="verified")

    def held(self):
        return self.proxy.metric("makoto_verify_answers_held_total")


class Lab:
    """A proxy that attests, and a reader for each client behind one that lets through what the first one vouches for."""

    def __init__(self, cluster, directory, cleanup):
        self.cluster = cluster
        windows = {"attest.window.records": 70, "attest.window.max.age": STATED_AFTER}
        self.writer = Proxy(directory / "writer", cluster.bootstrap, {"attest.dbom.topic": DBOM, **windows}).start()
        cleanup.callback(self.writer.stop)
        policy = directory / "trust.yaml"
        policy.write_text(f"issuers:\n  writer:\n    keys: [{self.writer.public_key}]\nunattested: deny\n")
        verify = {"verify.mode": "enforce", "verify.policy": str(policy), "attest.enabled": False, "attest.dbom.topic": DBOM}
        self.readers = {}
        for name in TOLD:
            p = Proxy(directory / name, cluster.bootstrap, verify).start()
            cleanup.callback(p.stop)
            self.readers[name] = Reader(name, p)
            cleanup.callback(self.readers[name].driver.close)
        self.pool = cleanup.enter_context(ThreadPoolExecutor(len(TOLD)))

    def topic(self, name, **kw):
        return self.cluster.create(f"enforce-{name}-{os.getpid()}", **kw)

    def produce(self, topic, records, **kw):
        Confluent.produce(self.writer.bootstrap, topic, records, **kw)

    def stated(self, topic, **kw):
        wait_stated(self.cluster, public_keys(self.writer.public_key), topic, dbom_topic=DBOM, **kw)

    def begin(self, f):
        """f(reader) of each, side by side: {name: Future}"""
        return {name: self.pool.submit(f, r) for name, r in self.readers.items()}

    def each(self, f):
        done = self.begin(f)
        for x in done.values():
            x.exception()  # waits
        return done


@pytest.fixture(scope="module")
def lab(cluster, tmp_path_factory):
    assert not DIRECT, "nothing is verified on the direct way"
    with contextlib.ExitStack() as cleanup:
        yield Lab(cluster, tmp_path_factory.mktemp("enforce"), cleanup)


def seen(records):
    """Everything of each record, in the order of the offsets: one that came twice stands there twice."""
    return sorted((r.partition, r.offset, r.key, r.value, r.headers, r.timestamp) for r in records)


@pytest.fixture(scope="module")
def codecs(lab):
    t, sent = lab.topic("codecs", partitions=2), []
    for i, codec in enumerate(CODECS):
        some = sample(40, seed=i, partitions=2)
        lab.produce(t, some, codec=codec)
        sent += some
    lab.stated(t)
    return sent, Confluent.consume(lab.cluster.bootstrap, t, len(sent)), lab.each(lambda r: r.consume(t, len(sent))[0])


@pytest.mark.parametrize("name", TOLD)
def test_from_start_to_end(codecs, name):
    """Attested records of every codec: the same as directly, nothing twice."""
    sent, direct, got = codecs
    assert seen(got[name].result()) == seen(direct)
    same_records(sent, got[name].result())


@pytest.fixture(scope="module")
def groups(lab):
    """What the members of a group have read, and committed, in either of two times; and what those of another."""
    t, times = lab.topic("groups", partitions=2), []
    for seed, txn in enumerate(([(True, 10), (False, 10), (True, 10)], [(False, 10), (True, 10)])):
        lab.produce(t, sample(10 * len(txn), seed, 2), txn=txn, transactional_id=t)
        n = sum(n for commit, n in txn if commit)
        got = lab.each(lambda r, n=n: r.consume(t, n, group_id=f"g-{r.name}", isolation_level="read_committed"))
        times.append((got, {str(p): lab.cluster.high_watermark(t, p) for p in (0, 1)}))
    whole = lab.each(lambda r: r.consume(t, 50, group_id=f"h-{r.name}", isolation_level="read_uncommitted")[0])
    direct = {level: Confluent.consume(lab.cluster.bootstrap, t, n, isolation_level=level) for level, n in (("read_committed", 30), ("read_uncommitted", 50))}
    return times, whole, direct


@pytest.mark.parametrize("name", TOLD)
def test_groups(groups, name):
    """Read, commit, leave, come back, while statements come; in read_committed, and in read_uncommitted."""
    times, whole, direct = groups
    got = []
    for by, ends in times:
        some, committed = by[name].result()
        got += some
        for p, end in ends.items():  # some commit what they have read, and some how far: behind what was aborted, too
            assert max(r.offset for r in some if r.partition == int(p)) < committed[p] <= end
    assert seen(got) == seen(direct["read_committed"])
    assert seen(whole[name].result()) == seen(direct["read_uncommitted"])


@pytest.fixture(scope="module")
def live(lab):
    """What was sent while all read; what each has read; how often it asked while records were held back, in how long, and how many answers were held."""
    t = lab.topic("live", assignment=[[1], [1]])
    lab.produce(t, [Rec(None, b"first")])
    lab.stated(t)
    begun = {name: (r.verified(), r.held()) for name, r in lab.readers.items()}
    got = lab.begin(lambda r: r.consume(t, 91)[0])

    def passed(r, n):
        return lambda: got[r.name].done() or r.verified() - begun[r.name][0] >= n

    def wait(r, n):
        before, began = r.fetches(), time.monotonic()
        until(f"{r.name} has {n} records", passed(r, n), 30 * PATIENCE, 0.05)
        return r.fetches() - before, time.monotonic() - began

    with ThreadPoolExecutor(len(TOLD)) as pool:  # the lab's has the clients
        for r in lab.readers.values():
            until(f"{r.name} reads", passed(r, 1), 30 * PATIENCE)
        waits = []
        for i in range(3):
            lab.produce(t, [Rec(None, b"%d" % i, partition=i % 2)] * 30)
            waits.append({r.name: pool.submit(wait, r, 1 + 30 * (i + 1)) for r in lab.readers.values()})
            for x in waits[-1].values():
                x.exception()
    held = {name: r.held() - begun[name][1] for name, r in lab.readers.items()}
    return Confluent.consume(lab.cluster.bootstrap, t, 91), got, waits, held


@pytest.mark.parametrize("name", TOLD)
def test_live(live, name):
    """Records come once each, when they are stated; who waits for that, beside a partition that has nothing, asks now and then."""
    direct, got, waits, held = live
    assert seen(got[name].result()) == seen(direct)
    fetches, took = map(sum, zip(*(w[name].result() for w in waits)))
    print(f"{fetches / took:.1f} fetches a second while records were held")
    assert took > 1 and fetches / took < FETCHES, f"{fetches} fetches in {took} s"
    assert held[name] >= 3


@pytest.fixture(scope="module")
def stopped(lab):
    """What each says of a record that nobody may see, at offset 10; how often it asked, and in how long."""
    t = lab.topic("planted")
    lab.produce(t, sample(10))
    lab.stated(t)
    Confluent.produce(lab.cluster.bootstrap, t, [Rec(None, b"half", [(b"makoto.window_id", b"1")])])
    lab.produce(t, sample(10))
    lab.stated(t, records=20)

    def read(r):
        before, began = r.fetches(), time.monotonic()
        got = r.ask(t, 11, timeout=3)
        told = got["error"]["message"] if "error" in got else "".join(got.get("errors", [])) or r.driver.said()
        return got, told, r.fetches() - before, time.monotonic() - began

    return lab.each(read)


@pytest.mark.parametrize("name", TOLD)
def test_a_stop(stopped, name):
    """Nothing behind the record comes, and the client neither resets its offset nor asks without pause."""
    got, told, fetches, took = stopped[name].result()
    assert [r["o"] for r in got.get("records", [])] in ([], list(range(10))), got
    assert fetches < 10 + 4 * took, f"{fetches} fetches in {took} s"
    assert TOLD[name] in told, told
