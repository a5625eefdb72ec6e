#!/usr/bin/env python3
"""conf/grafana/makoto-proxy.json: the dashboard, made from the panels below; descriptions are the metrics' own help.
Each metric of /metrics is on it, or in NOT_SHOWN, and it has no other.

usage: tools/dashboard.py            prints what differs, and each offence; exit 1 when there is something
       tools/dashboard.py --write    writes it anew
       tools/dashboard.py --rules    its queries as recording rules, for promtool
"""
import difflib
import json
import pathlib
import re
import sys

from metrics_table import offences, series, table

PAGE = pathlib.Path("conf/grafana/makoto-proxy.json")
NOT_SHOWN = {"makoto_connections_closed_total": "those opened less those open"}
MEANT = 'reason=~"excluded|disabled|control|duplicate"'  # records that nobody wanted attested, or that were before
NOT_MEANT = MEANT.replace("=~", "!~")
BAD = 'verdict=~"misplaced|altered|untrusted|forged-header|missing|offset-reused|gap|fork|break|duplicate"'
GREEN, ORANGE, RED = "green", "orange", "red"


def of(name, labels=""):
    return name + '{job=~"$job", instance=~"$instance"' + (f", {labels}" if labels else "") + "}"


def rate(name, legend="", by="", labels=""):
    """By a label, or in all: so many a second.  With both the legend stands in front of the label's value."""
    inner = f"rate({of(name, labels)}[$__rate_interval])"
    keys = by.split()
    legend = " ".join(([legend] if legend else []) + ["{{" + k + "}}" for k in keys])
    return (f"sum by ({', '.join(keys)}) ({inner})" if by else f"sum({inner})"), legend


def grown(name, labels=""):
    """In the time that the dashboard shows."""
    return f"sum(increase({of(name, labels)}[$__range]))"


def now(name, legend="", how="sum", labels=""):
    return f"{how}({of(name, labels)})", legend


def each(name, legend="{{instance}}"):
    return of(name), legend


def quantile(q, name, labels, legend):
    return f"histogram_quantile({q}, sum by (le) (rate({of(name + '_bucket', labels)}[$__rate_interval])))", legend


def graph(title, unit, *queries):
    return {"type": "timeseries", "title": title, "unit": unit, "queries": queries, "width": 8, "height": 7}


def number(title, unit, query, steps, none="–"):
    """steps: [(colour, from)], the first from -∞."""
    return {"type": "stat", "title": title, "unit": unit, "queries": [(query, "")], "steps": steps, "none": none, "width": 4, "height": 4}


ROWS = [
    ("Is everything attested?", [
        number("Ready", "bool_yes_no", now("makoto_ready", how="min")[0], [(RED, None), (GREEN, 1)]),
        number("Attested, of what should be", "percentunit",
               f"{grown('makoto_records_attested_total')} / ({grown('makoto_records_attested_total')} + {grown('makoto_records_unattested_total', NOT_MEANT)})",
               [(RED, None), (ORANGE, 0.999999), (GREEN, 1)], "no records"),
        number("Let pass unattested", "short", grown("makoto_records_unattested_total", NOT_MEANT), [(GREEN, None), (RED, 0.5)]),
        number("Oldest window to be published", "s", now("makoto_oldest_unpublished_seconds", how="max")[0], [(GREEN, None), (ORANGE, 60), (RED, 300)]),
        number("Violations that consumers met", "short", grown("makoto_verify_records_total", BAD), [(GREEN, None), (RED, 0.5)]),
        number("Journal, of its size", "percentunit", f"max({of('makoto_journal_bytes')} / {of('makoto_journal_max_bytes')})", [(GREEN, None), (ORANGE, 0.25), (RED, 0.5)]),
        graph("Records", "cps", rate("makoto_records_attested_total", "attested"), rate("makoto_records_unattested_total", "not meant to be:", "reason", MEANT),
              rate("makoto_records_unattested_total", "unattested:", "reason", NOT_MEANT), rate("makoto_records_refused_total", "refused by a broker")),
        graph("Unattested, by reason", "cps", rate("makoto_records_unattested_total", by="reason")),
        graph("Given back to be tried again", "reqps", rate("makoto_requests_rejected_total", by="reason")),
    ]),
    ("Windows", [
        graph("Windows", "short", now("makoto_windows_open", "open"), now("makoto_windows_unpublished", "not published")),
        graph("Oldest window to be published", "s", each("makoto_oldest_unpublished_seconds")),
        graph("Ends of windows", "cps", rate("makoto_windows_settled_total", "settled"), rate("makoto_windows_empty_total", "empty"),
              rate("makoto_windows_published_total", "published"), rate("makoto_windows_recovered_total", "taken over from an earlier run")),
        graph("What fails, and is tried again", "cps", rate("makoto_publish_failures_total", "publishing"), rate("makoto_sign_failures_total", "signing"),
              rate("makoto_readback_failures_total", "reading back")),
        graph("Statements", "Bps", rate("makoto_statement_bytes_total", "published")),
        graph("Answers that were lost, read back", "cps", rate("makoto_readback_records_total", by="outcome")),
        graph("Chains", "short", now("makoto_chains", "chains")),
        graph("Transactions", "cps", rate("makoto_transactions_total", by="outcome")),
        graph("Transactions whose end the log told", "cps", rate("makoto_readback_ends_total", by="outcome")),
        graph("Age of the signing key", "s", (f"time() - ({of('makoto_signing_key_written_timestamp_seconds')} > 0)", "{{instance}}")),
    ]),
    ("Produce", [
        graph("Latency of Produce", "s", quantile(0.5, "makoto_produce_seconds", 'part="proxy"', "proxy, median"), quantile(0.99, "makoto_produce_seconds", 'part="proxy"', "proxy, 99 %"),
              quantile(0.5, "makoto_produce_seconds", 'part="broker"', "broker, median"), quantile(0.99, "makoto_produce_seconds", 'part="broker"', "broker, 99 %")),
        graph("Batches attested, by headers", "cps", rate("makoto_batches_total", by="headers")),
        graph("Batches again", "cps", rate("makoto_retries_total", "retries"), rate("makoto_batches_too_large_total", "too large with headers")),
        graph("Requests by name that went out by id", "reqps", rate("makoto_produce_by_id_total", "by id")),
        graph("Processor time of attesting", "percentunit", rate("makoto_codec_seconds_total", "codecs"), rate("makoto_hash_seconds_total", "records")),
        graph("Requests, by API", "reqps", rate("makoto_requests_total", by="api")),
    ]),
    ("Fetch, and what consumers may see", [
        graph("Records read, by verdict", "cps", rate("makoto_verify_records_total", by="verdict")),
        graph("Held back, stopped, left out", "cps", rate("makoto_verify_answers_held_total", "answers held"), rate("makoto_verify_stops_total", "partitions stopped"),
              rate("makoto_verify_records_skipped_total", "records left out"), rate("makoto_verify_records_returned_total", "back to a share group"),
              rate("makoto_verify_sessions_unknown_total", "sessions begun anew")),
        graph("Statement topics are read", "bool_yes_no", each("makoto_verify_current")),
        graph("Waiting for statements", "short", each("makoto_verify_waiting")),
        graph("Memory of statements", "bytes", each("makoto_verify_memory_bytes")),
        graph("Processor time of verifying", "percentunit", rate("makoto_verify_seconds_total", "verifying")),
        graph("Passed unread", "Bps", rate("makoto_verify_unread_bytes_total", "observe")),
    ]),
    ("Connections", [
        graph("Clients", "short", each("makoto_connections_active")),
        graph("Connections that come", "cps", rate("makoto_connections_opened_total", "accepted"), rate("makoto_connections_refused_total", "refused:", "reason")),
        graph("Closed for what came on them", "cps", rate("makoto_client_errors_total", by="reason")),
        graph("Traffic", "Bps", rate("makoto_bytes_total", by="direction")),
        graph("Reading paused for a slow side", "cps", rate("makoto_reads_paused_total", by="side")),
        graph("Exchanges that waited for us", "cps", rate("makoto_exchanges_held_total", "held"), rate("makoto_exchanges_held_timeouts_total", "went on without"),
              rate("makoto_answers_withheld_total", "answers withheld")),
    ]),
    ("Upstream", [
        graph("Connections to brokers", "cps", rate("makoto_upstream_connected_total", "made"), rate("makoto_upstream_errors_total", "failed:", "reason")),
        graph("Ports for brokers", "short", each("makoto_broker_ports")),
        graph("Topics looked up", "cps", rate("makoto_topic_lookups_total", "asked"), rate("makoto_topic_lookups_failed_total", "without an answer")),
    ]),
    ("TLS", [
        graph("Handshakes", "cps", rate("makoto_tls_handshakes_total", by="side result")),
        graph("Until the certificate ends", "s", (f"({of('makoto_tls_certificate_ends_timestamp_seconds')} > 0) - time()", "{{instance}} {{side}}")),
        graph("TLS files read again", "cps", rate("makoto_tls_reloads_total", by="result")),
    ]),
    ("Journal", [
        graph("Size", "bytes", each("makoto_journal_bytes"), now("makoto_journal_max_bytes", "at most", "min")),
        graph("Segments", "short", each("makoto_journal_segments")),
        graph("Can't be written", "bool_yes_no", each("makoto_journal_failing")),
        graph("Written anew", "Bps", rate("makoto_journal_renewed_bytes_total", "bytes")),
    ]),
    ("Process", [
        graph("Memory", "bytes", each("process_resident_memory_bytes")),
        graph("Processor", "percentunit", rate("process_cpu_seconds_total", by="instance")),
        graph("Open files", "short", each("process_open_fds"), now("process_max_fds", "at most", "min")),
        graph("Up for", "s", (f"time() - {of('process_start_time_seconds')}", "{{instance}}")),
        graph("Version", "short", (f"count by (version) ({of('makoto_build_info')})", "{{version}}")),
        graph("Configuration read again", "cps", rate("makoto_reloads_total", by="result")),
        graph("Log lines left out", "cps", rate("makoto_log_lines_suppressed_total", "suppressed")),
    ]),
]
SOURCE = {"type": "prometheus", "uid": "${datasource}"}


def variable(name, query):
    return {"name": name, "label": name.capitalize(), "type": "query", "datasource": SOURCE, "query": query, "definition": query, "refresh": 2, "sort": 1,
            "multi": True, "includeAll": True, "allValue": ".+", "current": {"text": "All", "value": "$__all"}}


def description(panel, metrics):
    """The help of each metric in it, once."""
    names = [re.sub(r"_(bucket|sum|count)$", "", n) if n not in metrics else n for expr, _ in panel["queries"] for n, _ in series(expr)]
    return "\n\n".join(f"`{n}`: {metrics[n].help}" for n in dict.fromkeys(names))


def defaults(panel):
    out = {"unit": panel["unit"], "min": 0} if panel["type"] == "timeseries" else {"unit": panel["unit"], "noValue": panel["none"]}
    if "steps" in panel:
        out["thresholds"] = {"mode": "absolute", "steps": [{"color": c, "value": v} for c, v in panel["steps"]]}
    return out


def options(panel):
    if panel["type"] == "stat":
        return {"colorMode": "background", "graphMode": "none", "justifyMode": "auto", "textMode": "auto", "wideLayout": True, "orientation": "auto",
                "showPercentChange": False, "percentChangeColorMode": "standard", "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False}}
    return {"legend": {"calcs": [], "displayMode": "list", "placement": "bottom", "showLegend": True}, "tooltip": {"mode": "multi", "sort": "desc"}}


def panels(metrics):
    at = {"x": 0, "y": 0}
    line = number_ = 0  # how high the present line is
    for title, row in ROWS:
        number_ += 1
        at = {"x": 0, "y": at["y"] + line}
        line = 1
        yield {"id": number_, "type": "row", "title": title, "collapsed": False, "gridPos": {"h": 1, "w": 24, **at}, "panels": []}
        at = {"x": 24, "y": at["y"]}
        for p in row:
            if at["x"] + p["width"] > 24:
                at = {"x": 0, "y": at["y"] + line}
                line = p["height"]
            number_ += 1
            targets = [{"refId": chr(ord("A") + i), "datasource": SOURCE, "expr": e, "legendFormat": l, "instant": p["type"] == "stat", "range": p["type"] != "stat"}
                       for i, (e, l) in enumerate(p["queries"])]
            yield {"id": number_, "type": p["type"], "title": p["title"], "description": description(p, metrics), "datasource": SOURCE,
                   "gridPos": {"h": p["height"], "w": p["width"], **at}, "targets": targets,
                   "fieldConfig": {"defaults": defaults(p), "overrides": []}, "options": options(p)}
            at["x"] += p["width"]


def dashboard(metrics):
    return {
        "uid": "makoto-proxy", "title": "makoto-proxy", "tags": ["kafka", "makoto"], "description": "Made by tools/dashboard.py from the metrics' own table.",
        "schemaVersion": 39, "editable": False, "graphTooltip": 1, "refresh": "30s", "time": {"from": "now-3h", "to": "now"}, "timezone": "browser", "annotations": {"list": []},
        "templating": {"list": [
            {"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus", "current": {"text": "", "value": ""}},
            variable("job", "label_values(makoto_ready, job)"),
            variable("instance", 'label_values(makoto_ready{job=~"$job"}, instance)'),
        ]},
        "panels": list(panels(metrics)),
    }


def queries():
    return [expr for _, row in ROWS for p in row for expr, _ in p["queries"]]


def plain(expr):
    """Without Grafana's own variables: as Prometheus takes it."""
    for a, b in (("$__rate_interval", "5m"), ("$__range", "1h"), ("$job", ".+"), ("$instance", ".+")):
        expr = expr.replace(a, b)
    return expr


def check(metrics):
    for expr in queries():
        yield from (f"{x}: {expr}" for x in offences(expr, metrics))
    there = {n if n in metrics else re.sub(r"_(bucket|sum|count)$", "", n) for e in queries() for n, _ in series(e)}
    for name in metrics:
        if (name in there) == (name in NOT_SHOWN):
            yield f"{name} is on the dashboard and in NOT_SHOWN, or in neither"
    for name in NOT_SHOWN.keys() - metrics.keys():
        yield f"NOT_SHOWN: no metric {name}"


def main():
    if sys.argv[1:] == ["--rules"]:
        print(json.dumps({"groups": [{"name": "dashboard", "rules": [{"record": f"panel:query:{i}", "expr": plain(e)} for i, e in enumerate(queries())]}]}))
        return 0
    metrics = table()
    found = list(check(metrics))
    made = json.dumps(dashboard(metrics), indent=1, ensure_ascii=False) + "\n"
    if sys.argv[1:] == ["--write"] and not found:
        PAGE.write_text(made)
        return 0
    found += difflib.unified_diff(PAGE.read_text().splitlines(), made.splitlines(), str(PAGE), "tools/dashboard.py --write", lineterm="", n=0)
    print("\n".join(found))
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
