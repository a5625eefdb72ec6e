"""What /metrics has, as the source says it: src/base/metrics.def, and what is written without a row there."""
import pathlib
import re

SOURCES = ["src/base/metrics.c", "src/admin/process.c"]
TEXT = r'"((?:[^"\\]|\\.)*)"'
ROW = re.compile(rf"^(COUNTER|GAUGE|HISTOGRAM)(?:_NS|_MS)?\(\w+, {TEXT}, {TEXT}, {TEXT}\)$", re.M)
WRITTEN = re.compile(r"# HELP (\w+) (.*?)\\n\"?\s*\"?# TYPE \1 (\w+)")
PUT = re.compile(rf'\bput\(w, {TEXT}, {TEXT}, {TEXT},')


class Metric:
    """type: counter, gauge, histogram.  labels: {name: its values}, or name: None where they aren't in the source."""

    def __init__(self, type_, help_):
        self.type, self.help, self.labels = type_, help_, {}


def table():
    """{name: Metric}"""
    found = {}
    for type_, name, labels, help_ in ROW.findall(pathlib.Path("src/base/metrics.def").read_text()):
        m = found.setdefault(name, Metric(type_.lower(), help_))
        for label, value in re.findall(r'(\w+)=\\"([^"\\]*)\\"', labels):
            m.labels.setdefault(label, []).append(value)
    for source in SOURCES:
        text = pathlib.Path(source).read_text()
        for name, help_, type_ in WRITTEN.findall(text):
            if name != "%s":
                found[name] = Metric(type_, help_)
        for name, type_, help_ in PUT.findall(text):
            found[name] = Metric(type_, help_)
    found["makoto_requests_total"].labels = {"api": None, "version": None}
    found["makoto_build_info"].labels = {"version": None}
    return found


def series(expr):
    """(metric, {label: matched text}) of each selector in a PromQL expression."""
    for name, labels in re.findall(r"\b((?:makoto|process)_\w+)(?:\{([^}]*)\})?", expr):
        yield name, dict(re.findall(r'(\w+)\s*(?:=~|!~|!=|=)\s*"([^"]*)"', labels))


def offences(expr, metrics):
    """What an expression names that /metrics doesn't have."""
    for name, labels in series(expr):
        base = name if name in metrics else re.sub(r"_(bucket|sum|count)$", "", name)
        m = metrics.get(base)
        if m is None or (base != name) != (m.type == "histogram"):
            yield f"no metric {name}"
            continue
        if m.type == "counter" and not re.search(r"\b(rate|increase)\(\s*" + name, expr) and "== 0" not in expr:
            yield f"{name} is a counter: its value alone says nothing"
        for label, text in labels.items():
            if label in ("instance", "job") or m.labels.get(label, "") is None:
                continue
            for value in text.split("|"):
                if value not in m.labels.get(label, []):
                    yield f'{name} has no {label}="{value}"'
