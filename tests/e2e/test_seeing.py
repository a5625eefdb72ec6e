"""What an operator sees: /metrics is what Prometheus takes and what the source's table says, gauges tell what is so,
and each panel of the dashboard has something to show of it."""

import json
import os
import re
import subprocess
import sys

import pytest
from checks import attested
from clients import Confluent, sample
from lab.kafka import until
from proxy import PATIENCE

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tools"))
import dashboard  # noqa: E402
import metrics_table  # noqa: E402

SAMPLE = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)$")
LABEL = re.compile(r'(\w+)="([^"]*)"')


@pytest.fixture
def table(monkeypatch):
    monkeypatch.chdir(ROOT)
    return metrics_table.table()


@pytest.fixture
def page(cluster, new_proxy, topic, tmp_path):
    """Of a proxy that has attested and judged."""
    px = new_proxy(start=False)
    policy = tmp_path / "trust.yaml"
    policy.write_text(f"issuers:\n  ours:\n    keys: [{px.public_key}]\nunattested: deny\n")
    px.start()  # makes its key
    px.stop()
    px.settings |= {"verify.mode": "enforce", "verify.policy": str(policy)}
    px.start()
    t = topic()
    Confluent.produce(px.bootstrap, t, sample(50))
    attested(cluster, px, t, "full", px.dbom_topic)
    assert len(Confluent.consume(px.bootstrap, t, 50)) == 50
    until("nothing waits", lambda: px.metric("makoto_verify_waiting") == 0, 60 * PATIENCE)
    until("the statement topics are read", lambda: px.metric("makoto_verify_current") == 1, 60 * PATIENCE)
    return px, px.http("/metrics")[1]


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
