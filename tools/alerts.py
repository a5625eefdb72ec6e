#!/usr/bin/env python3
"""conf/prometheus: each alert names metrics and labels that there are, has its place in docs/OPERATING.md, which has no
others, and fires in a test, and not in another one that has every metric of it.

usage: tools/alerts.py      prints each offence; exit 1 when there is one
"""
import pathlib
import re
import sys

import yaml

from metrics_table import offences, series, table

DOCUMENT = "docs/OPERATING.md"
TESTS = ("conf/prometheus/alerts_test.yaml", "conf/prometheus/alerts_days_test.yaml")


def check():
    metrics = table()
    rules = [r for g in yaml.safe_load(pathlib.Path("conf/prometheus/alerts.yaml").read_text())["groups"] for r in g["rules"]]
    tests = [t for name in TESTS for t in yaml.safe_load(pathlib.Path(name).read_text())["tests"]]
    headings = re.findall(r"^### (Makoto\w+)$", pathlib.Path(DOCUMENT).read_text(), re.M)
    fired = "".join(str(s["labels"]) for t in tests for e in t["promql_expr_test"] for s in e["exp_samples"])
    quiet = next(str(t["input_series"]) for t in tests if t["name"] == "all is well")
    for r in rules:
        name = r["alert"]
        yield from (f"{name}: {x}" for x in offences(r["expr"], metrics))
        if r["annotations"].get("runbook") != f"{DOCUMENT}#{name.lower()}":
            yield f"{name}: its runbook is not {DOCUMENT}#{name.lower()}"
        if name not in headings:
            yield f"{DOCUMENT}: nothing about {name}"
        if f'alertname="{name}"' not in fired:
            yield f"{name}: no test in which it fires"
        for metric, _ in series(r["expr"]):
            if metric not in quiet:
                yield f'{name}: no {metric} in the test "all is well"'
    for name in headings:
        if name not in [r["alert"] for r in rules]:
            yield f"{DOCUMENT}: {name} is no alert"
    if len(rules) < 10 or len(headings) != len(set(headings)):
        yield "conf/prometheus/alerts.yaml, or the headings of " + DOCUMENT + ", can't be read"


def main():
    found = list(check())
    print("\n".join(found))
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
