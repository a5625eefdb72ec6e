"""What a soak run is judged by.  Pure: each function is given numbers and gives a Check; test_soak.py plants the faults.

Memory    after the warm-up, the first tenth and two minutes at least: least-squares slope times the time, and the median of the
          last fifth above that of the second fifth, are at most RSS_MB.
"""

import re
from dataclasses import dataclass
from statistics import median

RSS_MB = 6.0
WARM_UP = 120.0  # seconds: caches, buffers of a first storm, arenas of the threads
BROKER_CONNECTIONS = 4  # to each broker, of the proxy itself: looking up, publishing, reading back, and one that is being replaced
LAZY = {"eventpoll": 2}  # each reactor makes one more when it first watches a connection that it doesn't read
JOURNAL_SEGMENTS_LEFT = 2  # the one that is written, and one that ends just now
OLDEST = 60.0  # seconds that a window may have been closed and not published; with soak.py's settings its outcomes and transactions take 15
UNRESOLVED = 50, 1 / 1000  # records, and a share of the attested, whose outcome may stay unknown: connections of clients break, no broker's


@dataclass
class Check:
    name: str
    ok: bool
    text: str

    def __str__(self):
        return f"{'ok    ' if self.ok else 'FAILED'} {self.name}: {self.text}"


def slope(series):
    """Least squares, of [(t, y)]: y's per t."""
    n = len(series)
    mt, my = sum(t for t, _ in series) / n, sum(y for _, y in series) / n
    square = sum((t - mt) ** 2 for t, _ in series)
    return sum((t - mt) * (y - my) for t, y in series) / square if square else 0.0


def part(series, k, n):
    """The k-th of n parts of the time."""
    t0, t1 = series[0][0], series[-1][0]
    lo, hi = t0 + (t1 - t0) * k / n, t0 + (t1 - t0) * (k + 1) / n
    return [y for t, y in series if lo <= t <= hi]


def flat(series, bound=RSS_MB):
    """series: [(seconds, MB)] under load."""
    t0, t1 = series[0][0], series[-1][0]
    warm = [(t, y) for t, y in series if t >= t0 + max((t1 - t0) / 10, WARM_UP)]
    if len(warm) < 20 or warm[-1][0] - warm[0][0] < WARM_UP / 2:
        return Check("memory", False, f"too short to tell: {len(warm)} samples behind the warm-up")
    risen = slope(warm) * (warm[-1][0] - warm[0][0])
    differ = median(part(warm, 4, 5)) - median(part(warm, 1, 5))
    text = (
        f"slope {risen:+.2f} MB over {warm[-1][0] - warm[0][0]:.0f} s, last fifth against second {differ:+.2f} MB, each at most {bound:g}; "
        f"{min(y for _, y in warm):.1f} to {max(y for _, y in warm):.1f} MB"
    )
    return Check("memory", risen <= bound and differ <= bound, text)


def asked_how_transactions_ended(metrics):
    """Once it has to, it has a client of its own for that, and keeps it."""
    return sum(by_label(metrics, "makoto_readback_ends_total", "outcome").values()) > 0


def descriptors(before, after, brokers, asked=False):
    """{kind: how many} with no client, before the load and after; connections of its own to brokers come and go, within a bound.

    asked: how transactions ended.  librdkafka has two pipes for each broker and for those that it was told at first.
    """
    loose = {"broker"}
    lazy = {**LAZY, "pipe": 2 * (brokers + 1) if asked else 0}
    differ = {
        k: (before.get(k, 0), after.get(k, 0))
        for k in sorted({*before, *after} - loose)
        if not 0 <= after.get(k, 0) - before.get(k, 0) <= lazy.get(k, 0)
    }
    ok = not differ and after.get("broker", 0) <= BROKER_CONNECTIONS * brokers and not after.get("client", 0)
    text = ", ".join(f"{n} {k}" for k, n in sorted(after.items()))
    if differ:
        text += "; " + ", ".join(f"{k}: {b} before, {a} after" for k, (b, a) in differ.items())
    return Check("descriptors", ok, f"{text}; brokers at most {BROKER_CONNECTIONS * brokers}")


def threads(before, after, series, brokers, asked=False):
    """asked: how transactions ended, by a client with a thread for each broker, those that it was told at first, and itself."""
    most, more = max(n for _, n in series), brokers + 2 if asked else 0
    return Check("threads", after == most and after in (before, before + more), f"{before} before, {most} at most, {after} after")


def journal(series, at_end, most, segment):
    """series: [(seconds, bytes)] under load."""
    high = max(n for _, n in series)
    left = JOURNAL_SEGMENTS_LEFT * segment
    ok = high <= most and at_end <= left
    return Check("journal", ok, f"{high} bytes at most (bound {most}), {at_end} behind the last window (bound {left})")


def published(oldest):
    """The highest makoto_oldest_unpublished_seconds of all samples."""
    return Check("windows published in time", oldest <= OLDEST, f"one was closed for {oldest:.1f} s at most (bound {OLDEST:g})")


def never_back(samples):
    """Counters of one process only grow.  samples: metrics, one after another."""
    wrong, last = [], {}
    for m in samples:
        wrong += [f"{k} from {last[k]:g} to {v:g}" for k, v in m.items() if counts(k) and v < last.get(k, 0)][: 5 - len(wrong)]
        last = m
    return Check("counters only grow", not wrong, "; ".join(wrong) or f"{len(last)} series")


def counts(name):
    return re.search(r"_(total|count|bucket|sum)(\{|$)", name) is not None


def by_label(metrics, name, label):
    """{label's value: number}"""
    out = {}
    for k, v in metrics.items():
        if k.split("{")[0] == name:
            found = re.search(rf'{label}="([^"]*)"', k)
            key = found[1] if found else ""
            out[key] = out.get(key, 0) + int(v)
    return out


def equal(name, **terms):
    """All of them the same number."""
    return Check(name, len(set(terms.values())) == 1, ", ".join(f"{k.replace('_', ' ')} {v}" for k, v in terms.items()))


def at_rest(m, facts):
    """The metrics with no client and no window left, against the log.  facts: what places.py found, added up, and what strangers did.

    facts: listed, statements, statement_bytes, empty_before, attested_topics (records in their log), excluded_topics, in_no_window,
    not_kafka
    """

    def get(name):
        return int(m.get(name, 0))

    unattested = by_label(m, "makoto_records_unattested_total", "reason")
    excluded = unattested.pop("excluded", 0)
    # Looked for in the log, and not found there in time: their windows say that their outcome isn't known.
    unattested["not found"] = by_label(m, "makoto_readback_records_total", "outcome").get("absent", 0)
    others = sum(unattested.values())
    unknown = unattested.get("unresolved", 0) + unattested["not found"]
    why = ", ".join(f"{k} {n}" for k, n in sorted(unattested.items()) if n) or "nothing else"
    attested = get("makoto_records_attested_total")
    low, high = attested + facts["excluded_topics"], attested + excluded + others
    total = facts["attested_topics"] + facts["excluded_topics"]
    unknown_most = UNRESOLVED[0] + int(attested * UNRESOLVED[1])
    failures = get("makoto_publish_failures_total")
    errors = by_label(m, "makoto_client_errors_total", "reason")
    opened, closed = get("makoto_connections_opened_total"), get("makoto_connections_closed_total")
    active = get("makoto_connections_active")
    out = [
        Check("connections", opened == closed + active and active == 0, f"opened {opened}, closed {closed}, active {active}"),
        equal("records attested", counted=attested, listed=facts["listed"]),
        Check(
            "records in the log",
            low <= total <= high and (others > 0 or facts["in_no_window"] == 0),
            f"{total}, of them {facts['excluded_topics']} in excluded topics; attested {attested}, excluded {excluded}, {why}",
        ),
        Check(
            "records in no window",
            facts["attested_topics"] == facts["listed"] + facts["in_no_window"] and facts["in_no_window"] <= others,
            f"{facts['attested_topics']} in attested topics, {facts['listed']} listed, {facts['in_no_window']} not; {why}",
        ),
        Check("records of unknown outcome", unknown <= unknown_most, f"{unknown} (bound {unknown_most}); {why}"),
        Check("excluded", facts["excluded_topics"] <= excluded, f"{facts['excluded_topics']} in the log, {excluded} counted"),
        equal(
            "windows",
            settled=get("makoto_windows_settled_total"),
            published=get("makoto_windows_published_total"),
            statements=facts["statements"],
        ),
        Check(
            "windows left",
            all(get(f"makoto_windows_{k}") == 0 for k in ("open", "unpublished", "recovered_total"))
            and get("makoto_oldest_unpublished_seconds") == 0,
            f"open {get('makoto_windows_open')}, unpublished {get('makoto_windows_unpublished')}, recovered {get('makoto_windows_recovered_total')}",
        ),
        Check(
            "windows empty",
            facts["empty_before"] <= get("makoto_windows_empty_total"),
            f"stated as passed over {facts['empty_before']}, counted {get('makoto_windows_empty_total')}",
        ),
        Check("signing", get("makoto_sign_failures_total") == 0, f"failures {get('makoto_sign_failures_total')}"),
        Check(
            "statement bytes",
            get("makoto_statement_bytes_total") == facts["statement_bytes"]
            or failures > 0
            and get("makoto_statement_bytes_total") > facts["statement_bytes"],
            f"counted {get('makoto_statement_bytes_total')}, in the log {facts['statement_bytes']}, failures {failures}",
        ),
        equal("strangers", told_that_it_is_Kafka=facts["not_kafka"], counted_as_not_Kafka=errors.get("not-kafka", 0)),
        Check("out of memory or descriptors", not errors.get("no-memory") and not refused(m), f"refused {refused(m)}"),
    ]
    return out


def refused(m):
    return sum(by_label(m, "makoto_connections_refused_total", "reason").values())


def read_all(name, got, want):
    """got, want: {"topic-partition": [records, sum]}"""
    wrong = [f"{k}: read {got.get(k)}, the log {want.get(k)}" for k in sorted({*got, *want}) if list(got.get(k, (0, 0))) != list(want.get(k, (0, 0)))]
    return Check(f"consumer {name}", not wrong, "; ".join(wrong[:3]) or f"{sum(n for n, _ in got.values())} records, each once")
