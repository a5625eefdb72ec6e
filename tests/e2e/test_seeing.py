"""What an operator sees: /metrics is what Prometheus takes and what the source's table says, gauges tell what is so,
each panel of the dashboard has something to show of it, and the log is a line for each event, in both formats."""

import json
import os
import re
import socket
import struct
import subprocess
import sys

import pytest
import wire
from checks import attested
from clients import Confluent, sample
from lab.kafka import until
from proxy import PATIENCE, Proxy

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tools"))
import dashboard  # noqa: E402
import metrics_table  # noqa: E402

SAMPLE = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)$")
LOGFMT = re.compile(r'(\w[\w-]*)=("(?:[^"\\\x00-\x1f]|\\["\\]|\\u[0-9a-f]{4})*"|[^\s"=]+)(?: |$)')
LABEL = re.compile(r'(\w+)="([^"]*)"')


@pytest.fixture
def table(monkeypatch):
    monkeypatch.chdir(ROOT)
    return metrics_table.table()


@pytest.fixture(scope="module")
def page(cluster, tmp_path_factory):
    """A proxy that has attested and judged, and its /metrics."""
    directory = tmp_path_factory.mktemp("seeing")
    topic, dbom = (f"{name}-{os.getpid()}" for name in ("seeing", "seeing-dbom"))
    px = Proxy(directory, cluster.bootstrap, {"attest.dbom.topic": dbom})
    px.start()  # makes its key
    px.stop()
    policy = directory / "trust.yaml"
    policy.write_text(f"issuers:\n  ours:\n    keys: [{px.public_key}]\nunattested: deny\n")
    px.settings |= {"verify.mode": "enforce", "verify.policy": str(policy)}
    px.start()
    try:
        cluster.create(topic)
        Confluent.produce(px.bootstrap, topic, sample(50))
        attested(cluster, px, topic, "full", dbom)
        assert len(Confluent.consume(px.bootstrap, topic, 50)) == 50
        until("nothing waits", lambda: px.metric("makoto_verify_waiting") == 0, 60 * PATIENCE)
        until("the statement topics are read", lambda: px.metric("makoto_verify_current") == 1, 60 * PATIENCE)
        yield px, px.http("/metrics")[1]
    except BaseException:
        px.kill()
        raise
    px.stop()


def promtool(*args, data=None):
    p = subprocess.run([os.path.join(ROOT, "tools", "promtool.sh"), *args], input=data, capture_output=True, text=True)
    return p.returncode, p.stdout + p.stderr


def samples(text):
    """(name, {label: value}, value) of each."""
    for line in text.splitlines():
        if not line.startswith("#"):
            name, labels, value = SAMPLE.match(line).groups()
            yield name, dict(LABEL.findall(labels or "")), value


def test_prometheus_takes_it_and_the_source_has_it(page, table):
    px, text = page
    assert promtool("check", "metrics", data=text) == (0, "")
    told = {name: (type_, help_) for name, help_, type_ in re.findall(r"^# HELP (\w+) (.*)\n# TYPE \1 (\w+)$", text, re.M)}
    assert told == {name: (m.type, m.help) for name, m in table.items()}
    seen = {}
    for name, labels, _ in samples(text):
        base = name if name in table else re.sub(r"_(bucket|sum|count)$", "", name)
        labels.pop("le", None)
        of_name = seen.setdefault(base, {})
        for k, v in labels.items():
            if v not in of_name.setdefault(k, []):
                of_name[k].append(v)
    assert seen.keys() == table.keys()
    for name, m in table.items():
        for label, values in m.labels.items():
            assert label in seen[name] and (values is None or sorted(seen[name][label]) == sorted(set(values))), name
        assert seen[name].keys() == m.labels.keys(), name


def test_gauges_tell_what_is_so(page):
    px, text = page
    value = {name: float(v) for name, labels, v in samples(text) if not labels}
    files = [os.path.join(px.state, n) for n in os.listdir(px.state) if n.startswith("journal.")]
    assert value["makoto_ready"] == 1
    assert value["makoto_journal_segments"] == len(files) == 1
    assert 0 < value["makoto_journal_bytes"] <= sum(map(os.path.getsize, files))
    assert value["makoto_journal_max_bytes"] == 1 << 30
    assert value["makoto_journal_failing"] == 0
    assert value["makoto_signing_key_written_timestamp_seconds"] == int(os.stat(os.path.join(px.state, "signing.pem")).st_mtime)
    assert value["makoto_verify_memory_bytes"] > 0
    assert value["makoto_oldest_unpublished_seconds"] == 0 and value["makoto_windows_unpublished"] == 0


def test_each_panel_has_something_to_show(page, tmp_path):
    """Prometheus's own evaluation of each query, over the page of a real run whose every series goes on growing."""
    _, text = page
    series = []
    for name, labels, value in samples(text):
        labels |= {"job": "makoto-proxy", "instance": "a"}
        inside = ",".join(f'{k}="{v}"' for k, v in labels.items())
        series.append({"series": f"{name}{{{inside}}}", "values": f"{float(value):g}+1x90"})
    expected = [{"labels": "{}", "value": 1}]
    tests = [{"expr": f"count({dashboard.plain(q)}) > bool 0", "eval_time": "80m", "exp_samples": expected} for q in dashboard.queries()]
    assert len(tests) > 50
    path = tmp_path / "dashboard_test.yaml"
    path.write_text(json.dumps({"rule_files": [], "evaluation_interval": "1m", "tests": [{"interval": "1m", "input_series": series, "promql_expr_test": tests}]}))
    code, said = promtool("test", "rules", str(path))
    assert code == 0, said


def fields(line, how):
    """{name: value} of a line of the log, all of which has to be that."""
    if how == "json":
        return json.loads(line)
    at, out = 0, {}
    while at < len(line):
        m = LOGFMT.match(line, at)
        assert m and m[1] not in out, line
        out[m[1]] = json.loads(m[2]) if m[2].startswith('"') else m[2]
        at = m.end()
    return out


@pytest.mark.parametrize("how", ["logfmt", "json"])
def test_a_line_for_each_event(cluster, new_proxy, tmp_path, how):
    """Under strangers, and a client whose name would be several lines: each line can be parsed, and no place says more than ten a second."""
    strangers, name = 200, 'x\nts=1 level=error where=app msg=forged\n{"level":"error"}\r\x1b[2J"\u2028'
    users = tmp_path / "users"
    users.write_text("app:pbkdf2-sha256$1000$c2FsdHNhbHRzYWx0$" + "A" * 43 + "=\n")
    login = {"clients.authentication": "proxy", "listen.sasl.users.file": str(users)}
    px = new_proxy(settings={"log.format": how, "log.level": "debug", **login})
    for _ in range(strangers):
        with socket.create_connection((px.host, px.port), 30 * PATIENCE) as s:
            s.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert s.recv(1) == b""
    with socket.create_connection((px.host, px.port), 30 * PATIENCE) as s:
        for request in (("SaslHandshake", 1, {"Mechanism": "PLAIN"}), ("SaslAuthenticate", 2, {"AuthBytes": b"\0app\0wrong"})):
            frame = wire.encode_request(*request, client_id=name)
            s.sendall(struct.pack(">i", len(frame)) + frame)
            assert s.recv(4096)
    until("all are counted", lambda: px.metric("makoto_client_errors_total", reason="not-kafka") == strangers, 30 * PATIENCE)
    left_out = px.metric("makoto_log_lines_suppressed_total")
    px.stop()
    events = [fields(x, how) for x in px.lines if not x.startswith("ready ")]
    assert len(px.lines) == len(events) + 1
    for e in events:
        assert list(e)[:4] == ["ts", "level", "where", "msg"] and e["level"] in ("error", "warn", "info", "debug")
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", e["ts"])
    assert [e["client"] for e in events if e["msg"] == "a client's login is refused"] == [name]
    assert not [e for e in events if e["msg"] == "forged" or e["level"] == "error"]
    told = [e for e in events if "HTTP" in str(e.get("cause"))]
    assert told and len(told) + left_out == strangers
    by_second = [e["ts"][:19] for e in told]
    assert max(map(by_second.count, by_second)) <= 20  # parts of two of the proxy's own seconds
