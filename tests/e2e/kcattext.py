"""What kcat prints of a record, and how to read it.

It tells the length of a key and of a value, but not of a header: those come as n=v,n=v whatever their bytes are.  The
proxy's are of random bytes, commas and ends of lines among them, so that they are found by their names, and the end of
a record by a mark that no random bytes are.
"""

import re

END = b"--- end of the record ---"
FORMAT = "%p %o %T %K %k %S %s %h" + END.decode()
OWN = re.compile(rb"(?:^|,)(makoto\.(?:content_hash|window_id|signature))=", re.S)


def _headers(text):
    """The program's own are text without commas, and stand first."""
    first, *own = OWN.split(text)
    return [tuple(h.split(b"=", 1)) for h in first.split(b",") if h] + list(zip(own[::2], own[1::2]))


def records(data):
    """(partition, offset, timestamp, key, value, [(name, value)])"""
    at = 0

    def word():
        nonlocal at
        end = data.index(b" ", at)
        got, at = data[at:end], end + 1
        return int(got)

    def sized():
        nonlocal at
        n = word()
        got = data[at : at + max(n, 0)]
        at += max(n, 0) + 1
        return None if n < 0 else got

    while at < len(data):
        partition, offset, stamp = word(), word(), word()
        key, value = sized(), sized()
        end = data.index(END, at)
        yield partition, offset, stamp, key, value, _headers(data[at:end])
        at = end + len(END)
