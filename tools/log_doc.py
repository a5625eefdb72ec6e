#!/usr/bin/env python3
"""The table of docs/LOGS.md: every line that the programs can log, as the source has it.

usage: tools/log_doc.py           prints what differs; exit 1 when there is something
       tools/log_doc.py --write   writes the table anew
"""
import difflib
import pathlib
import re
import sys

PAGE = pathlib.Path("docs/LOGS.md")
BEGIN, END = "<!-- the table: tools/log_doc.py -->\n", "<!-- end of the table -->\n"
LEVELS = ["error", "warn", "info", "debug"]
CALL = re.compile(r"\bLOG_(ERROR|WARN|INFO|DEBUG|LIMITED|AT)\(")
LITERAL = re.compile(r'"((?:[^"\\]|\\.)*)"')


def arguments(text, at):
    """The arguments of the call whose parenthesis opened in front of `at`."""
    out, depth, begin, quoted = [], 0, at, False
    while True:
        c = text[at]
        if quoted:
            at += c == "\\"
            quoted = c != '"'
        elif c == '"':
            quoted = True
        elif c in "([{":
            depth += 1
        elif c == "," and depth == 0 or c == ")" and depth == 0:
            out.append(" ".join(text[begin:at].split()))
            begin = at + 1
            if c == ")":
                return out
        elif c in ")]}":
            depth -= 1
        at += 1


def literals(text):
    """A message: literals side by side are one; each of a condition's is one of its own."""
    return ["".join(LITERAL.findall(m[0])) for m in re.finditer(r'(?:"(?:[^"\\]|\\.)*"\s*)+', text)]


def rows():
    for file in sorted(pathlib.Path("src").rglob("*.c")):
        text = re.sub(r"/\*.*?\*/", "", file.read_text(), flags=re.S)
        for call in CALL.finditer(text):
            args = arguments(text, call.end())
            limited = call[1] == "LIMITED"
            levels = [call[1].lower()]
            if call[1] in ("LIMITED", "AT"):
                levels = [x.lower() for x in re.findall(r"LOG_LEVEL_(\w+)", args.pop(0))] or ["debug"]
            where, message, *fields = args
            names = [re.match(r'LOG_[SBI]\(\s*"([^"]*)"', f) for f in fields]
            assert all(names), (file, args)
            for msg in literals(message) or [f"*{where.strip(chr(34))}'s own text*"]:
                yield max(levels, key=LEVELS.index), where.strip('"'), msg, " ".join(n[1] for n in names), "10 a second" if limited else ""


def table():
    lines = ["| level | where | msg | fields | at most |", "|---|---|---|---|---|"]
    for row in sorted(set(rows()), key=lambda r: (LEVELS.index(r[0]), *r[1:])):
        lines.append("|" + "|".join(f" {x} " if x else " " for x in (y.replace("|", "\\|") for y in row)) + "|")
    return "\n".join(lines) + "\n"


def main():
    page = PAGE.read_text()
    head, rest = page.split(BEGIN)
    made = head + BEGIN + table() + END + rest.split(END)[1]
    if sys.argv[1:] == ["--write"]:
        PAGE.write_text(made)
        return 0
    print("\n".join(difflib.unified_diff(page.splitlines(), made.splitlines(), str(PAGE), "tools/log_doc.py --write", lineterm="", n=0)))
    return page != made


if __name__ == "__main__":
    sys.exit(main())
