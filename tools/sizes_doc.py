#!/usr/bin/env python3
"""docs/OPERATING.md says how much the proxy takes; is each of its figures one that bench/README.md has?

A row's last cell, "measured as", names the measured rows: HEAD: ROW; ROW (HEAD is how the table's first column is called),
or a column. Each figure has to be the rounding of one in them, and each of them has to be a figure's.

usage: tools/sizes_doc.py      prints each offence; exit 1 when there is one
"""
import pathlib
import re
import sys

NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")


def tables(path):
    """[[cells]] of each table, its head first."""
    out, inside = [], False
    for line in pathlib.Path(path).read_text().splitlines():
        if line.startswith("|"):
            cells = [c.strip() for c in line.strip().strip("|").split("|")]
            if not inside:
                out.append([])
            if set("".join(cells)) != {"-"}:
                out[-1].append(cells)
        inside = line.startswith("|")
    return out


def numbers(cells):
    return [float(n.replace(",", "")) for c in cells for n in NUMBER.findall(c)]


def is_rounding(text, value):
    """text: as it stands in the document; a multiple of ten may be one of tens."""
    n, decimals = float(text), len(text.partition(".")[2])
    return n == round(value, decimals) or (n % 10 == 0 and n == round(value, -1))


def measured(bench, where):
    """[numbers] of each row or column that is named; None for one that isn't there."""
    head, _, rows = where.partition(": ")
    if not rows:
        columns = [numbers(row[t[0].index(where)] for row in t[1:]) for t in bench if where in t[0]]
        return columns or [None]
    found = {row[0]: numbers(row[1:]) for t in bench if t[0][0] == head for row in t[1:]}
    return [found.get(name) for name in rows.split("; ")]


def check():
    bench = tables("bench/README.md")
    sizes = [t for t in tables("docs/OPERATING.md") if t[0][-1] == "measured as"]
    if len(sizes) != 1 or len(sizes[0]) < 5:
        yield "docs/OPERATING.md: no table of sizes"
        return
    for what, figures, where in sizes[0][1:]:
        got = measured(bench, where)
        if None in got:
            yield f"{what}: bench/README.md has no {where}"
            continue
        texts = NUMBER.findall(figures)
        for text in texts:
            if not any(is_rounding(text, v) for values in got for v in values):
                yield f"{what}: {text} was not measured, but {got}"
        for values in got:
            if not any(is_rounding(text, v) for text in texts for v in values):
                yield f"{what}: nothing of what was measured as {values} is there"


def main():
    found = list(check())
    print("\n".join(found))
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
