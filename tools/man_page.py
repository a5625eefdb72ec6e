#!/usr/bin/env python3
"""Does man/makotoctl.1 have the commands of makotoctl, and of each the options that its --help has?  And man/makoto-proxy.8 those of makoto-proxy?

usage: tools/man_page.py     prints each difference; exit 1 when there is one
"""
import pathlib
import re
import sys

OPTION = re.compile(r"(?<![\w-])(--?[A-Za-z][\w-]*)")


def of_help(text):
    """Lines such as "  -b, --bootstrap HOST:PORT,…  the cluster"."""
    out = set()
    for line in text.split("\n"):
        found = re.match(r" {2,6}(-.*?)(  |$)", line)
        if found:
            out.update(OPTION.findall(found[1]))
    return out


def of_page(text):
    """Tags such as ".It Fl b , Fl -bootstrap Ar HOST:PORT,…"."""
    return {"-" + o for tag in re.findall(r"^\.It (Fl .*)$", text, re.M) for o in re.findall(r"\bFl (-?[\w-]+)", tag)}


def main():
    helps, bad = {}, False
    usage = re.search(r"options_usage\[\] =\n(.*?);\n", pathlib.Path("src/daemon/options.c").read_text(), re.S)[1]
    page = pathlib.Path("man/makoto-proxy.8").read_text()
    given = set(OPTION.findall(usage))
    for option in sorted(given ^ of_page(page)):
        bad = True
        print(f"man/makoto-proxy.8: {option} " + ("is missing" if option in given else "is not in --help"))
    sources = [p.read_text() for p in pathlib.Path("src/ctl").glob("*.c")]
    table = re.search(r"commands\[\] = \{(.*?)\};", pathlib.Path("src/ctl/main.c").read_text(), re.S)[1]
    for name in re.findall(r"&(\w+)_command", table):
        source = next(s for s in sources if f"const struct command {name}_command =" in s)
        strings = re.search(r"static const char help\[\] =\n(.*?);\n\n", source, re.S)[1]
        helps[name.replace("_", "-")] = "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', strings)).replace("\\n", "\n")
    page = pathlib.Path("man/makotoctl.1").read_text()
    page = page.split(".Sh COMMANDS\n")[1].split(".Sh ")[0]
    sections = dict(s.split("\n", 1) for s in page.split(".Ss ")[1:])
    for name in sorted(helps.keys() ^ sections.keys()):
        bad = True
        print(f"man/makotoctl.1: {name}: " + ("is missing" if name in helps else "makotoctl has no such command"))
    for name in helps.keys() & sections.keys():
        for option in sorted(of_help(helps[name]) ^ of_page(sections[name])):
            bad = True
            print(f"man/makotoctl.1: {name}: {option} " + ("is missing" if option in of_help(helps[name]) else "is not in its --help"))
        if not of_help(helps[name]) and name != "passwd":
            bad = True
            print(f"src/ctl: {name}: no options in its help")
    return bad


if __name__ == "__main__":
    sys.exit(main())
