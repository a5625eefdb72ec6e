"""Share groups behind an enforcing proxy: only what is attested, each record once, and none lost while it is held back."""

import re
import subprocess
import threading
import time

import confluent_kafka
import pytest
import wire
from clients import GO, JAVA, Confluent, Rec, run_jobs, sample
from lab.kafka import until
from proxy import PATIENCE
from test_verify_fetch import INVALID_RECORD, copied, forged, pair, stated  # noqa: F401

LIMIT, LOCK_S = 2, 15  # deliveries, then a broker gives a record to the group no more; the least that brokers take


@pytest.fixture
def group(cluster, topic):
    """group(topic) → a share group that reads from the start, with short locks and few deliveries."""

    def make(t):
        g = f"share-{t}"
        cluster.alter_group(
            g,
            share_auto_offset_reset="earliest",
            share_record_lock_duration_ms=LOCK_S * 1000,
            share_delivery_count_limit=LIMIT,
        )
        return g

    return make


def has_share_groups():
    """Debian 12's own Go gets a franz-go that is older than they are (tests/e2e/lab/prepare)."""
    told = subprocess.run(["go", "version", *GO.command()], capture_output=True, text=True, check=True).stdout
    return int(re.search(r": go1\.(\d+)", told)[1]) >= 26


class Job:
    """A share consumer, on its way while the test goes on."""

    def __init__(self, bootstrap, topic, count, group, timeout=60, client=JAVA, **more):
        job = {**JAVA.consume_job(topic, count, op="share", timeout=timeout * PATIENCE, group_id=group), **more}
        self.result, self.client = None, client
        self.thread = threading.Thread(target=self.run, args=(bootstrap, job), daemon=True)
        self.thread.start()

    def run(self, bootstrap, job):
        got = run_jobs(self.client.command(), bootstrap, [job])[0]
        self.result = {**{"records": [], "errors": [], "failed": []}, **got}

    def done(self):
        self.thread.join(300)
        assert self.result is not None
        return self.result


def offsets(result):
    return sorted((r["p"], r["o"]) for r in result["records"])


def test_from_start_to_end(cluster, pair, topic, group):  # noqa: F811
    """All attested records, each once and as they were sent; what was acknowledged is settled."""
    w, r = pair(writer={"attest.window.records": 70})
    t = topic(partitions=2)
    for i, codec in enumerate(("none", "gzip", "zstd")):
        Confluent.produce(w.bootstrap, t, sample(60, seed=i, partitions=2), codec=codec)
    stated(cluster, w, t)
    got = Job(r.bootstrap, t, 180, group(t)).done()
    assert offsets(got) == sorted((p, x.offset) for p in (0, 1) for x in cluster.log(t, p).records)
    assert {x["d"] for x in got["records"]} == {1} and not got["failed"]
    until("what was acknowledged is settled", lambda: cluster.share_lag(f"share-{t}", t) == 0)
    assert r.metric("makoto_verify_records_total", verdict="verified") >= 180


def test_librdkafka(cluster, pair, topic, group):  # noqa: F811
    """Another client, which knows less of the protocol: its locks are renewed all the same."""
    w, r = pair(writer={"attest.window.records": 1000, "attest.window.max.age": "4s"})
    t, errors, got = topic(), [], []
    c = confluent_kafka.ShareConsumer({"bootstrap.servers": r.bootstrap, "group.id": group(t), "error_cb": errors.append})
    try:
        c.subscribe([t])
        Confluent.produce(w.bootstrap, t, sample(20, text=True))

        def read():
            for m in c.poll(0.2):
                assert m.error() is None, m.error()
                got.append(m.offset())
            return len(got) >= 20

        until("all of it", read, 60 * PATIENCE, 0)
    finally:
        c.close()
    assert sorted(got) == list(range(20)) and not errors
    assert r.metric("makoto_verify_answers_held_total") > 0


if has_share_groups():

    def test_franz_go(cluster, pair, topic, group):  # noqa: F811
        """A third one: what isn't stated for long comes at its first delivery, and a violation is told."""
        w, r = pair(writer={"attest.window.records": 1000, "attest.window.max.age": f"{LOCK_S + 5}s"})
        t = topic()
        Confluent.produce(w.bootstrap, t, sample(20, text=True))
        got = Job(r.bootstrap, t, 20, group(t), timeout=90, client=GO).done()
        assert offsets(got) == [(0, x) for x in range(20)]
        assert {x["d"] for x in got["records"]} == {1} and not got["failed"] and not got["errors"]
        until("what was acknowledged is settled", lambda: cluster.share_lag(f"share-{t}", t) == 0)
        Confluent.produce(cluster.bootstrap, t, [forged(cluster, t)])
        Confluent.produce(w.bootstrap, t, sample(10, text=True))
        got = Job(r.bootstrap, t, 10, f"share-{t}", timeout=90, client=GO, untilError=True).done()
        assert offsets(got) == [(0, x) for x in range(21, 31)]
        assert {x["d"] for x in got["records"]} == {1} and not got["failed"]
        assert any("INVALID_RECORD" in e for e in got["errors"]), got["errors"]


def test_two_proxies(cluster, new_proxy, tmp_path, topic, group):
    """Batches of two in turn in one partition, stated at different times: each comes when it is, once, none is thought missing."""
    writers = [new_proxy(f"w-{age}", {"attest.window.records": 1000, "attest.window.max.age": age}) for age in ("500ms", "6s")]
    policy = tmp_path / "trust.yaml"
    policy.write_text(f"issuers:\n  writers:\n    keys: [{', '.join(str(w.public_key) for w in writers)}]\nunattested: deny\n")
    r = new_proxy("reader", {"verify.mode": "enforce", "verify.policy": str(policy), "attest.enabled": False})
    t = topic()
    for i in range(20):
        Confluent.produce(writers[i % 2].bootstrap, t, sample(5, seed=i, text=True))
    got = Job(r.bootstrap, t, 100, group(t), timeout=90).done()
    assert offsets(got) == [(0, x) for x in range(100)]
    assert {x["d"] for x in got["records"]} == {1} and not got["failed"]
    assert r.metric("makoto_verify_records_total", verdict="missing") == 0
    assert r.metric("makoto_verify_records_returned_total") == 0


def test_a_group_without_renewals(cluster, pair, topic, group):  # noqa: F811
    """What isn't stated at once goes back to it, which is said and counted, and comes with a later delivery."""
    w, r = pair(writer={"attest.window.records": 1000, "attest.window.max.age": f"{LOCK_S + 10}s"})
    t = topic()
    g = group(t)
    cluster.alter_group(g, share_renew_acknowledge_enable="false", share_delivery_count_limit=5)
    Confluent.produce(w.bootstrap, t, sample(20, text=True))
    got = Job(r.bootstrap, t, 20, g, timeout=LOCK_S * 6).done()
    assert offsets(got) == [(0, x) for x in range(20)] and not got["failed"]
    assert {x["d"] for x in got["records"]} & {1} == set()
    r.wait_line("go back to the group.*records=20 cause=.the broker refused to renew their lock")
    assert r.metric("makoto_verify_records_returned_total") >= 20


def test_live(cluster, pair, topic, group):  # noqa: F811
    """Records come when their window is stated; and who waits doesn't spin."""
    w, r = pair(writer={"attest.window.records": 1000, "attest.window.max.age": "2s"})
    t = topic()
    began = time.monotonic()
    job = Job(r.bootstrap, t, 100, group(t))
    for i in range(5):
        Confluent.produce(w.bootstrap, t, [Rec(None, b"%d" % i)] * 20)
        stated(cluster, w, t, records=20 * (i + 1))
    got = job.done()
    rate = r.metric("makoto_requests_total", api="ShareFetch") / (time.monotonic() - began)
    assert offsets(got) == [(0, x) for x in range(100)]
    assert {x["d"] for x in got["records"]} == {1} and not got["failed"]
    assert rate < 15, f"{rate} fetches a second"
    assert r.metric("makoto_verify_answers_held_total") > 0


def test_held_for_long(cluster, pair, topic, group):  # noqa: F811
    """Nothing is stated for longer than the locks of all deliveries together would be held: all comes, at its first delivery."""
    w, r = pair(writer={"attest.window.records": 100000, "attest.window.max.age": f"{LOCK_S * LIMIT + 5}s"})
    t = topic()
    began = time.monotonic()
    Confluent.produce(w.bootstrap, t, sample(50, text=True))
    got = Job(r.bootstrap, t, 50, group(t), timeout=150).done()
    assert time.monotonic() - began > LOCK_S * LIMIT
    assert offsets(got) == [(0, x) for x in range(50)]
    assert {x["d"] for x in got["records"]} == {1} and not got["failed"]
    until("what was acknowledged is settled", lambda: cluster.share_lag(f"share-{t}", t) == 0)


def test_one_waits_and_others_go_on(cluster, pair, topic, group):  # noqa: F811
    """A record that is not attested is held back; what comes to another partition is read meanwhile, and to its own, when it is stated."""
    w, r = pair(writer={"attest.window.max.age": "500ms"}, reader={"verify.hold.max": "1h"})
    t = topic(partitions=2)
    Confluent.produce(cluster.bootstrap, t, [Rec(None, b"by nobody", partition=0)])
    job = Job(r.bootstrap, t, 60, group(t))
    for i in range(3):
        Confluent.produce(w.bootstrap, t, [Rec(None, b"%d" % i, partition=1)] * 20)
        stated(cluster, w, t, records=20 * (i + 1))
    got = job.done()
    assert offsets(got) == [(1, x) for x in range(60)]
    assert {x["d"] for x in got["records"]} == {1} and not got["failed"]


@pytest.mark.parametrize("policy", ("stop", "skip"))
@pytest.mark.parametrize("make", (forged, copied), ids=("forged", "copied"))
def test_a_violation(cluster, pair, topic, group, make, policy):  # noqa: F811
    """A record that may not be seen isn't; it is named, where the policy is to stop the application hears of it, and all others come."""
    w, r = pair(reader={"verify.on.violation": policy})
    t = topic()
    Confluent.produce(w.bootstrap, t, sample(10, text=True))
    stated(cluster, w, t)
    Confluent.produce(cluster.bootstrap, t, [make(cluster, t)])
    Confluent.produce(w.bootstrap, t, sample(10, text=True))
    stated(cluster, w, t, records=20)
    got = Job(r.bootstrap, t, 20, group(t), goOn=True, untilError=policy == "stop").done()
    assert offsets(got) == [(0, x) for x in range(21) if x != 10]
    assert {x["d"] for x in got["records"]} == {1} and not got["failed"]
    line = r.wait_line("a record may not be seen")
    assert f"topic={t}" in line and "offset=10" in line
    if policy == "stop":
        assert got["errors"] and str(INVALID_RECORD) in got["errors"][0]
        assert r.metric("makoto_verify_stops_total") == 1
    else:
        assert not got["errors"]
        assert r.metric("makoto_verify_records_skipped_total") >= 1


def test_observe(cluster, pair, topic, group):  # noqa: F811
    """Nothing changes for share groups; what they get is judged and counted, and a violation named."""
    w, r = pair("observe")
    t = topic()
    Confluent.produce(w.bootstrap, t, sample(10, text=True))
    stated(cluster, w, t)
    Confluent.produce(cluster.bootstrap, t, [forged(cluster, t)])
    got = Job(r.bootstrap, t, 11, group(t)).done()
    assert offsets(got) == [(0, x) for x in range(11)] and not got["errors"]
    line = r.wait_line("a record that enforce would hold back")
    assert f"topic={t}" in line and "offset=10" in line and "verdict=forged-header" in line
    until("all are counted", lambda: r.metric("makoto_verify_records_total", verdict="verified") == 10, 30 * PATIENCE, 0.05)
    assert r.metric("makoto_verify_records_total", verdict="forged-header") == 1


def test_a_share_fetch_out_of_the_blue(cluster, pair, topic, group):  # noqa: F811
    """Who asks for no versions isn't known to have been told of ShareFetch: he is disconnected, and the broker doesn't hear of it."""
    w, r = pair()
    t = topic()
    g, member = group(t), "AAAAAAAAAAAAAAAAAAAAAQ"
    part = {"PartitionIndex": 0, "AcknowledgementBatches": []}
    ask = {"GroupId": g, "MemberId": member, "ShareSessionEpoch": 0, "MaxWaitMs": 500, "MinBytes": 1, "MaxBytes": 1 << 20,
           "MaxRecords": 100, "BatchSize": 100, "Topics": [{"TopicId": cluster.metadata(t)["TopicId"], "Partitions": [part]}],
           "ForgottenTopicsData": []}  # fmt: skip
    with wire.Conn(r.host, r.port + cluster.leader(t)) as c:
        with pytest.raises(ConnectionError):
            c.ask("ShareFetch", 1, ask)
    r.wait_line("a request whose answer can't be verified.*api=ShareFetch")
