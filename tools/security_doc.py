#!/usr/bin/env python3
"""Do documents keep their word?  Each test that one names is in the tree, and each row of a table that
has a column "shown by" names one, or says "no test: why".  A table may stand in the comment that a C file begins with.

usage: tools/security_doc.py [DOCUMENT …]      prints each offence; exit 1 when there is one
"""

import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
UNIT = re.compile(r"(tests/unit/test_\w+\.c): (\w+)")
E2E = re.compile(r"(tests/e2e/test_\w+\.py)::(\w+)(?:\[(.+)\])?")


def source(path):
    try:
        with open(os.path.join(ROOT, path), encoding="utf-8") as f:
            return f.read()
    except OSError:
        return None


def is_there(name):
    unit, e2e = UNIT.fullmatch(name), E2E.fullmatch(name)
    text = source((unit or e2e)[1]) if unit or e2e else None
    if text is None:
        return False
    if unit:
        return re.search(rf"^START_TEST\({unit[2]}\)", text, re.M) and re.search(rf"tcase_add_\w*test\w*\(\w+, {unit[2]}\b", text)
    return re.search(rf"^\s*def {e2e[2]}\(", text, re.M) and (e2e[3] is None or f'"{e2e[3]}"' in text)


def rows(lines):
    """(line number, last cell) of each row under a head that ends in "shown by"."""
    inside = False
    for number, line in enumerate(lines, 1):
        if not line.startswith("|"):
            inside = False
            continue
        last = line.rstrip().rstrip("|").rsplit("|", 1)[1].strip()
        if last == "shown by":
            inside = True
        elif inside and set(last) != {"-"}:
            yield number, last


def check(path):
    with open(path, encoding="utf-8") as f:
        lines = [line.removeprefix(" * ") for line in f.read().splitlines()]
    path = os.path.relpath(path)
    bad, tests, count = [], 0, 0
    for number, line in enumerate(lines, 1):
        for name in re.findall(r"`(tests/[^`]*)`", line):
            tests += 1
            if not is_there(name):
                bad.append(f"{path}:{number}: there is no test {name}")
    for number, cell in rows(lines):
        count += 1
        if not re.search(r"`tests/|no test: \w", cell):
            bad.append(f'{path}:{number}: a claim without a test, and without "no test: why"')
    if count == 0 or tests == 0:
        bad.append(f"{path}: no claims in it")
    print("\n".join(bad) if bad else f"{path}: {count} claims, {tests} names of tests")
    return len(bad)


def main():
    paths = sys.argv[1:] or [os.path.join(ROOT, *p) for p in (("docs", "SECURITY.md"), ("docs", "GUARANTEES.md"), ("tests", "unit", "test_attacks.c"))]
    return 1 if sum([check(p) for p in paths]) else 0


if __name__ == "__main__":
    sys.exit(main())
