"""What a soak run decides, with each fault planted: made series, made metrics, and a made partition of test_checker.py's.

No broker.
"""

import os
import random
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import paths  # noqa: E402, F401  puts the others on the path

import checker  # noqa: E402
import decide  # noqa: E402
import places  # noqa: E402
import test_checker as made_runs  # noqa: E402
import watch  # noqa: E402

HOUR = 3600


def series(of, seconds=HOUR, every=5):
    """A proxy that gets to 30 MB in two minutes and then goes up and down a little, plus of(t)."""
    rng = random.Random(7)
    return [(t, 30 - 10 * max(0, 1 - t / 110) + rng.uniform(-0.5, 0.5) + of(t)) for t in range(0, seconds + 1, every)]


@pytest.mark.parametrize("seconds", (300, HOUR, 10 * HOUR))
def test_memory_that_stays(seconds):
    c = decide.flat(series(lambda t: 0, seconds))
    assert c.ok, c
    assert decide.flat(series(lambda t: 3 if t > seconds / 2 else 0, seconds)).ok  # once, and no more


GROWING = {
    "slowly": lambda t, s: 8 * t / s,
    "for each connection, at the end alone": lambda t, s: max(0, 40 * (t / s - 0.6)),
    "in steps": lambda t, s: 4 * int(3 * t / s),
    "with a period": lambda t, s: 9 * t / s + 3 * (int(t) % 60 < 30),
}


@pytest.mark.parametrize("seconds", (600, HOUR))
@pytest.mark.parametrize("how", GROWING)
def test_memory_that_grows(how, seconds):
    c = decide.flat(series(lambda t: GROWING[how](t, seconds), seconds))
    assert not c.ok, c


def test_memory_of_a_run_too_short():
    assert not decide.flat(series(lambda t: 0, 60)).ok


FDS = {"file": 13, "pipe": 21, "eventfd": 8, "eventpoll": 2, "listening": 5, "broker": 5}


def test_descriptors_back():
    assert decide.descriptors(FDS, FDS, 3).ok
    assert decide.descriptors(FDS, {**FDS, "eventpoll": 4, "broker": 12}, 3).ok


@pytest.mark.parametrize("leak", ("file", "pipe", "eventfd", "listening", "socket", "client", "admin"))
def test_a_leaked_descriptor(leak):
    assert not decide.descriptors(FDS, {**FDS, leak: FDS.get(leak, 0) + 1}, 3).ok


def test_more_leaked_descriptors():
    assert not decide.descriptors(FDS, {**FDS, "broker": 13}, 3).ok
    assert not decide.descriptors(FDS, {**FDS, "eventpoll": 5}, 3).ok
    assert not decide.descriptors(FDS, {**FDS, "listening": 4}, 3).ok
    assert not decide.descriptors({**FDS, "client": 1}, {**FDS, "client": 1}, 3).ok


def test_threads():
    assert decide.threads(15, 15, [(0, 15), (5, 15)], 3).ok
    assert not decide.threads(15, 16, [(0, 15), (5, 16)], 3).ok
    assert not decide.threads(15, 15, [(0, 15), (5, 40)], 3).ok
    assert not decide.threads(15, 20, [(0, 15), (5, 20)], 3).ok


def test_a_client_that_asks_how_transactions_ended():
    """Comes once, when it is needed."""
    m = {'makoto_readback_ends_total{outcome="aborted"}': 15, 'makoto_readback_ends_total{outcome="committed"}': 0}
    asked = decide.asked_how_transactions_ended(m)
    assert asked and not decide.asked_how_transactions_ended({k: 0 for k in m})
    assert decide.descriptors(FDS, {**FDS, "pipe": FDS["pipe"] + 8}, 3, asked).ok
    assert not decide.descriptors(FDS, {**FDS, "pipe": FDS["pipe"] + 9}, 3, asked).ok
    assert not decide.descriptors(FDS, {**FDS, "pipe": FDS["pipe"] + 8}, 3).ok
    assert decide.threads(15, 20, [(0, 15), (5, 20)], 3, asked).ok
    assert not decide.threads(15, 25, [(0, 15), (5, 25)], 3, asked).ok
    assert not decide.threads(15, 15, [(0, 15), (5, 20)], 3, asked).ok


def test_journal():
    mib = 1 << 20
    assert decide.journal([(0, 3 * mib), (5, 2 * mib)], mib, 12 * mib, mib).ok
    assert not decide.journal([(0, 3 * mib), (5, 13 * mib)], mib, 12 * mib, mib).ok
    assert not decide.journal([(0, 3 * mib)], 3 * mib, 12 * mib, mib).ok


def test_windows_that_are_published_late():
    assert decide.published(20.0).ok
    assert not decide.published(61.0).ok


def test_the_highest_of_all_samples_counts(tmp_path):
    import types

    at = iter((2.0, 70.0, 1.0))
    proxy = types.SimpleNamespace(
        metrics=lambda: {"makoto_oldest_unpublished_seconds": next(at)}, rss_mb=lambda: 1, threads=lambda: 1, state=tmp_path,
        proc=types.SimpleNamespace(pid=os.getpid()), admin_port=1,
    )  # fmt: skip
    seen = watch.Watch(proxy, set(), tmp_path / "samples.jsonl", 1)
    for _ in range(3):
        seen.sample()
    seen.file.close()
    assert seen.oldest == 70.0


def test_counters_only_grow():
    a = {"makoto_x_total": 3, "makoto_gauge": 9, 'makoto_y_seconds_bucket{le="1"}': 5}
    assert decide.never_back([a, {**a, "makoto_gauge": 1, "makoto_x_total": 4}]).ok
    assert not decide.never_back([a, {**a, "makoto_x_total": 2}]).ok
    assert not decide.never_back([a, {**a, 'makoto_y_seconds_bucket{le="1"}': 4}]).ok


FACTS = {
    "listed": 1000, "statements": 40, "statement_bytes": 5000, "empty_before": 1, "attested_topics": 1000, "excluded_topics": 50,
    "in_no_window": 0, "not_kafka": 7,
}  # fmt: skip
METRICS = {
    "makoto_connections_opened_total": 30, "makoto_connections_closed_total": 30, "makoto_connections_active": 0,
    "makoto_records_attested_total": 1000, 'makoto_records_unattested_total{reason="excluded"}': 52,
    'makoto_records_unattested_total{reason="unresolved"}': 0, 'makoto_readback_records_total{outcome="absent"}': 0,
    "makoto_windows_settled_total": 40, "makoto_windows_published_total": 40, "makoto_windows_open": 0, "makoto_windows_unpublished": 0,
    "makoto_windows_empty_total": 2, "makoto_windows_recovered_total": 0, "makoto_oldest_unpublished_seconds": 0,
    "makoto_sign_failures_total": 0, "makoto_publish_failures_total": 0, "makoto_statement_bytes_total": 5000,
    'makoto_client_errors_total{reason="not-kafka"}': 7, 'makoto_client_errors_total{reason="no-memory"}': 0,
    'makoto_connections_refused_total{reason="limit"}': 0,
}  # fmt: skip


def test_sums_that_are_right():
    assert [c for c in decide.at_rest(METRICS, FACTS) if not c.ok] == []
    # Two that were counted, and are there all the same.
    m = {**METRICS, 'makoto_records_unattested_total{reason="unresolved"}': 2}
    assert all(c.ok for c in decide.at_rest(m, {**FACTS, "attested_topics": 1002, "in_no_window": 2}))


def planted():
    for name, by in (
        ("makoto_connections_opened_total", 1), ("makoto_connections_closed_total", -1), ("makoto_connections_active", 1),
        ("makoto_records_attested_total", 1), ("makoto_records_attested_total", -1),
        ("makoto_windows_settled_total", 1), ("makoto_windows_published_total", -1), ("makoto_windows_open", 1),
        ("makoto_windows_unpublished", 1), ("makoto_windows_recovered_total", 1), ("makoto_windows_empty_total", -2),
        ("makoto_oldest_unpublished_seconds", 3), ("makoto_sign_failures_total", 1), ("makoto_statement_bytes_total", 1),
        ("makoto_statement_bytes_total", -1), ('makoto_records_unattested_total{reason="excluded"}', -3),
        ('makoto_client_errors_total{reason="not-kafka"}', 1), ('makoto_client_errors_total{reason="no-memory"}', 1),
        ('makoto_connections_refused_total{reason="limit"}', 1),
    ):  # fmt: skip
        yield "metrics", name, by
    for name, by in (
        ("listed", 1), ("listed", -1), ("statements", 1), ("statement_bytes", -1), ("empty_before", 2), ("attested_topics", 1),
        ("attested_topics", -1), ("excluded_topics", 3), ("in_no_window", 1), ("not_kafka", 1),
    ):  # fmt: skip
        yield "facts", name, by


@pytest.mark.parametrize("where, name, by", list(planted()), ids=lambda x: str(x))
def test_a_sum_that_is_off(where, name, by):
    m, f = dict(METRICS), dict(FACTS)
    it = m if where == "metrics" else f
    it[name] += by
    assert [c.name for c in decide.at_rest(m, f) if not c.ok], (name, by)


def test_a_record_in_no_window_that_nothing_counted():
    f = {**FACTS, "attested_topics": 1001, "in_no_window": 1}
    assert {c.name for c in decide.at_rest(METRICS, f) if not c.ok} == {"records in the log", "records in no window"}


def test_too_many_of_unknown_outcome():
    """Each is counted, so that no sum is off."""
    for name in ('makoto_records_unattested_total{reason="unresolved"}', 'makoto_readback_records_total{outcome="absent"}'):
        assert all(c.ok for c in decide.at_rest({**METRICS, name: 51}, {**FACTS, "attested_topics": 1051, "in_no_window": 51}))
        wrong = decide.at_rest({**METRICS, name: 52}, {**FACTS, "attested_topics": 1052, "in_no_window": 52})
        assert [c.name for c in wrong if not c.ok] == ["records of unknown outcome"]


def test_a_consumer_that_missed_one():
    want = {"t-0": [10, 77], "t-1": [3, 5]}
    assert decide.read_all("x", {"t-0": (10, 77), "t-1": (3, 5)}, want).ok
    assert not decide.read_all("x", {"t-0": (9, 70), "t-1": (3, 5)}, want).ok
    assert not decide.read_all("x", {"t-0": (10, 78), "t-1": (3, 5)}, want).ok
    assert not decide.read_all("x", {"t-0": (10, 77)}, want).ok


# --- one partition after another ---------------------------------------------------------


def apart(ev):
    """The names that are found when each partition is looked at alone, and the counters over the sums."""
    report, sums = checker.Report(), checker.Sums()
    for place, log in ev.logs.items():
        mine = [s for s in ev.statements if (places.place_of(s[3]) or next(iter(ev.logs))) == place]
        lines = [x for x in ev.journal if x["e"] == "txn" or (x.get("t"), x.get("p")) == place]
        c = checker.Checker(checker.Evidence(ev.run, lines, {place: log}, mine, checker.Counted(), ev.keys))
        one = c.check_places()
        report.violations += one.violations
        sums += c.sums()
    checker.decide_counters(ev.run, ev.counted, sums, report)
    return report.names()


def test_a_clean_run_apart():
    assert apart(made_runs.Made().evidence()) == set()


@pytest.mark.parametrize("plant,names", made_runs.FAULTS)
def test_each_fault_apart(plant, names):
    m = made_runs.Made()
    ev = m.evidence(plant(m))
    assert apart(ev) == checker.check(ev).names() >= names


def test_what_a_consumer_must_have_read():
    log = made_runs.Made().logs[made_runs.TOPIC, 0]
    got = places.sums_of(log)
    assert got["read_uncommitted"][0] == 24 and got["read_committed"][0] == 19  # five were aborted


# --- a process's own descriptors ---------------------------------------------------------


def test_descriptors_by_kind(tmp_path):
    """Of this process: a file, a pipe, a listening socket and a connection to it, seen from both ends."""
    import socket
    import types

    me = types.SimpleNamespace(proc=types.SimpleNamespace(pid=os.getpid()), admin_port=1)
    before = watch.descriptors(me, set())
    with socket.create_server(("127.0.0.1", 0)) as s, open(tmp_path / "x", "w"):
        port = s.getsockname()[1]
        r, w = os.pipe()
        with socket.create_connection(("127.0.0.1", port)) as c, s.accept()[0]:
            after = watch.descriptors(me, {port})
            me.admin_port = port
            admin = watch.descriptors(me, set())
            del c
        os.close(r)
        os.close(w)
    grown = {k: n - before.get(k, 0) for k, n in after.items() if n != before.get(k, 0)}
    assert grown == {"file": 1, "pipe": 2, "listening": 1, "broker": 1, "client": 1}
    assert admin["admin"] == 1 and admin["client"] == before.get("client", 0) + 1
    assert watch.descriptors(me, set()) == before
