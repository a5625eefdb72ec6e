"""Samples a proxy: memory, threads, descriptors by what they are, the journal, every metric.

    watch = Watch(proxy, broker_ports, path, every); watch.start(); … ; watch.stop()
Each sample is a line of the file; only what decide.py needs of them stays in memory.
"""

import json
import os
import re
import threading
import time
from collections import Counter

import decide


def descriptors(proxy, broker_ports):
    """{kind: how many}: client, listening, admin, broker connections, other sockets, files, and what else the kernel names."""
    pid = proxy.proc.pid
    sockets = {}
    for name in ("tcp", "tcp6"):
        with open(f"/proc/{pid}/net/{name}") as f:
            next(f)
            for line in f:
                x = line.split()
                ours, theirs = (int(x[i].rsplit(":", 1)[1], 16) for i in (1, 2))
                sockets[x[9]] = ours, theirs, x[3]
    out = Counter()
    for fd in os.listdir(f"/proc/{pid}/fd"):
        try:
            what = os.readlink(f"/proc/{pid}/fd/{fd}")
        except OSError:
            continue  # closed meanwhile
        found = re.fullmatch(r"socket:\[(\d+)\]", what)
        if not found:
            named = re.match(r"anon_inode:\[?(\w+)|(pipe):", what)
            out[(named[1] or named[2]) if named else "file"] += 1
        elif found[1] not in sockets:
            out["socket"] += 1
        else:
            ours, theirs, state = sockets[found[1]]
            if state == "0A":
                out["listening"] += 1
            elif theirs in broker_ports:
                out["broker"] += 1
            elif ours == proxy.admin_port:
                out["admin"] += 1
            else:
                out["client"] += 1
    return dict(out)


def journal_bytes(proxy):
    total = 0
    for name in os.listdir(proxy.state):
        if name.startswith("journal."):
            try:
                total += os.path.getsize(os.path.join(proxy.state, name))
            except OSError:
                pass  # it went just now
    return total


class Watch:
    def __init__(self, proxy, broker_ports, path, every):
        self.proxy, self.ports, self.every = proxy, set(broker_ports), every
        self.file = open(path, "w", buffering=1)
        self.began = time.monotonic()
        self.rss, self.threads, self.journal = [], [], []
        self.oldest = 0.0  # seconds, of all windows that were closed and not published
        self.back = None  # the first time that a counter went back
        self.last = {}
        self.problem = None
        self.ending = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)

    def start(self):
        self.thread.start()

    def stop(self):
        self.ending.set()
        self.thread.join(60)
        self.file.close()

    def sample(self):
        at = time.monotonic() - self.began
        m = self.proxy.metrics()
        rss, n, size = self.proxy.rss_mb(), self.proxy.threads(), journal_bytes(self.proxy)
        line = {"at": round(at, 1), "rss": rss, "threads": n, "journal": size, "fds": descriptors(self.proxy, self.ports)}
        self.file.write(json.dumps({**line, "metrics": {k: v for k, v in m.items() if v}}) + "\n")
        self.rss.append((at, rss))
        self.threads.append((at, n))
        self.journal.append((at, size))
        self.oldest = max(self.oldest, m.get("makoto_oldest_unpublished_seconds", 0))
        c = decide.never_back([self.last, m])
        if not c.ok and self.back is None:
            self.back = c
        self.last = m
        return m

    def _run(self):
        while not self.ending.is_set():
            try:
                self.sample()
            except Exception as e:  # told at the end; a proxy that is gone is told by its own check
                self.problem = self.problem or repr(e)
                if not self.proxy.alive():
                    return
            self.ending.wait(self.every)
