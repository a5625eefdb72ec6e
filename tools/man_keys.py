#!/usr/bin/env python3
"""The keys in man/makoto-proxy.yaml.5, as makoto-proxy --dump-keys has them (src/config/keys.def).

usage: tools/man_keys.py [PROGRAM]           prints what differs; exit 1 when there is something
       tools/man_keys.py --write [PROGRAM]   writes them anew
"""
import difflib
import pathlib
import re
import subprocess
import sys
import textwrap

PAGE = pathlib.Path("man/makoto-proxy.yaml.5")
BEGIN, END = '.\\" keys: what follows is written by tools/man_keys.py\n', '.\\" keys: end\n'


def escaped(text):
    """Text that roff prints as it is: each sentence begins a line, and none is longer than mandoc likes."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("…", "...")
    sentences = re.sub(r"([.:;]) +(?=[A-Z])", r"\1\n", text).split("\n")
    lines = [line for s in sentences for line in textwrap.wrap(s, 80, break_long_words=False, break_on_hyphens=False)]
    return "\n".join(re.sub(r"^([.'])", r"\\&\1", line) for line in lines)


def entry(line):
    path, kind, default, flags, text = line.split("\t")
    facts = [escaped(kind.replace("|", " | "))]
    if default not in ("", "[]", "{}"):
        facts.append(escaped(default))
    facts += [f for f in flags.split(",") if f != "restart"]
    return f".It Cm {path}\n({', '.join(facts)})\n{escaped(text)}\n"


def main():
    args = [a for a in sys.argv[1:] if a != "--write"]
    program = args[0] if args else "build/makoto-proxy"
    keys = subprocess.run([program, "--dump-keys"], capture_output=True, text=True, check=True).stdout.splitlines()
    page = PAGE.read_text()
    head, rest = page.split(BEGIN)
    made = head + BEGIN + "".join(map(entry, keys)) + END + rest.split(END)[1]
    if "--write" in sys.argv:
        PAGE.write_text(made)
        return 0
    differing = [x for x in difflib.unified_diff(page.splitlines(), made.splitlines(), str(PAGE), "tools/man_keys.py --write", lineterm="", n=0)]
    print("\n".join(differing))
    return bool(differing)


if __name__ == "__main__":
    sys.exit(main())
