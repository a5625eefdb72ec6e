"""A TCP relay between the proxy and the brokers that does harm when told.

    relay = Relay([(listen address, broker address), …])
    relay.arm(number, down, n, what, seconds)    when n more bytes have passed on a live connection in one direction:
        cut        both sides are closed            reset      … with RST
        delay      nothing passes for so long       blackhole  … either way, then it is reset
        lose       what comes in this direction is dropped for so long, the other goes on; then it is reset
        overtaken  the proxy's side is reset; what came upwards behind the n bytes reaches the broker so much later, behind
                   what is sent again on another connection
    relay.refuse(node, seconds)                  new connections to one broker are reset
    relay.late(node, n, seconds)                 the next n connections to one broker get there so much later; those behind
                                                 them are first
    relay.heal()                                 whatever was harmed is closed, and no harm is left
One thread; relay.done counts the harm that was done, by kind.
"""

import selectors
import socket
import struct
import threading
import time
from collections import Counter

CHUNK = 65536
RST = struct.pack("ii", 1, 0)


class Pipe:
    """One direction of a connection."""

    def __init__(self, src, dst):
        self.src, self.dst = src, dst
        self.waiting = b""  # for dst to take it
        self.held = b""  # by a delay
        self.plan = None  # [bytes left, what, seconds]
        self.until = 0.0  # a delay's end
        self.dropping = False


class Connection:
    def __init__(self, client, server):
        self.up, self.down = Pipe(client, server), Pipe(server, client)
        self.socks = (client, server)
        self.silent = False
        self.reset_at = None
        self.harmed = False


class Relay:
    def __init__(self, places):
        self.done = Counter()
        self.lock = threading.RLock()
        self.connections = []
        self.refused_until = [0.0] * len(places)
        self.to_be_late = [(0, 0.0)] * len(places)  # how many more, seconds
        self.waiting = []  # (until, client, node, broker address): accepted, not made yet
        self.selector = selectors.DefaultSelector()
        self.stopping = False
        for i, (here, there) in enumerate(places):
            s = socket.create_server(here, backlog=128)
            s.setblocking(False)
            self.selector.register(s, selectors.EVENT_READ, (i, there))
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    # -- harm

    def count(self):
        with self.lock:
            return len(self.connections)

    def arm(self, number, down, n, what, seconds=0.0):
        with self.lock:
            live = [c for c in self.connections if c.up.src.fileno() >= 0]  # no orphans
            if live:
                c = live[number % len(live)]
                pipe = c.down if down and what != "overtaken" else c.up
                pipe.plan = [n, what, seconds]
                if n == 0:
                    self._harm(c, pipe)

    def refuse(self, node, seconds):
        self.refused_until[node] = time.monotonic() + seconds
        self.done["refuse"] += 1

    def late(self, node, n, seconds):
        with self.lock:
            self.to_be_late[node] = n, seconds
            self.done["late"] += 1

    def heal(self):
        with self.lock:
            self.refused_until = [0.0] * len(self.refused_until)
            self.to_be_late = [(0, 0.0)] * len(self.to_be_late)
            self.waiting = [(0.0, *x[1:]) for x in self.waiting]
            for c in list(self.connections):
                c.up.plan = c.down.plan = None
                if c.harmed:
                    self._close(c, True)

    def close(self):
        self.stopping = True
        self.thread.join(5)
        with self.lock:
            for c in list(self.connections):
                self._close(c)
            for _, client, _, _ in self.waiting:
                client.close()
            for key in list(self.selector.get_map().values()):
                key.fileobj.close()
        self.selector.close()

    # -- the thread

    def _run(self):
        while not self.stopping:
            events = self.selector.select(0.02)
            with self.lock:
                for key, mask in events:
                    if isinstance(key.data, tuple):
                        self._accept(key.fileobj, *key.data)
                    else:
                        self._move(key.data, key.fileobj, mask)
                now = time.monotonic()
                for x in [x for x in self.waiting if now >= x[0]]:
                    self.waiting.remove(x)
                    self._connect(*x[1:])
                for c in list(self.connections):
                    if c.reset_at is not None and now >= c.reset_at:
                        self._close(c, True)
                        continue
                    for pipe in (c.up, c.down):
                        if pipe.until and now >= pipe.until:
                            pipe.until = 0.0
                            data, pipe.held = pipe.held, b""
                            self._pass(c, pipe, data)

    def _accept(self, listener, i, there):
        try:
            client, _ = listener.accept()
        except OSError:
            return
        if time.monotonic() < self.refused_until[i]:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RST)
            client.close()
            return
        n, seconds = self.to_be_late[i]
        if n > 0:
            self.to_be_late[i] = n - 1, seconds
            self.waiting.append((time.monotonic() + seconds, client, i, there))
        else:
            self._connect(client, i, there)

    def _connect(self, client, i, there):
        server = socket.socket()
        server.settimeout(1)
        if server.connect_ex(there):
            client.close()
            server.close()
            return
        c = Connection(client, server)
        for s in c.socks:
            s.setblocking(False)
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.selector.register(s, selectors.EVENT_READ, c)
        self.connections.append(c)

    def _move(self, c, sock, mask):
        if c not in self.connections:
            return  # ended by what was done a moment ago
        into, out = (c.up, c.down) if sock is c.up.src else (c.down, c.up)
        if mask & selectors.EVENT_WRITE:
            self._write(c, out)
        if not mask & selectors.EVENT_READ or c not in self.connections:
            return
        if c.silent or into.until or len(into.waiting) > 4 * CHUNK:
            self._watch(c)
            return
        try:
            data = sock.recv(CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._close(c)
            return
        self._pass(c, into, data)

    def _pass(self, c, pipe, data):
        if pipe.dropping:
            return
        if pipe.plan is None:
            self._put(c, pipe, data)
        elif pipe.plan[0] > len(data):
            pipe.plan[0] -= len(data)
            self._put(c, pipe, data)
        else:
            n = pipe.plan[0]
            self._put(c, pipe, data[:n])
            if c in self.connections:
                self._harm(c, pipe, data[n:])
        if c in self.connections:
            self._watch(c)

    def _harm(self, c, pipe, rest=b""):
        """What was planned for it; of an orphan, nothing more."""
        _, what, seconds = pipe.plan
        pipe.plan = None
        if c.up.src.fileno() < 0:
            return
        c.harmed = True
        self.done[what] += 1
        now = time.monotonic()
        if what in ("cut", "reset"):
            self._close(c, what == "reset")
            return
        if what == "overtaken":
            self._orphan(c, rest, now + seconds)
        elif what == "delay":
            pipe.held, pipe.until = rest, now + seconds
        else:
            c.silent, pipe.dropping = what == "blackhole", what == "lose"
            c.reset_at = now + seconds
        self._watch(c)

    def _orphan(self, c, rest, until):
        """The proxy is away, as far as it can see; the broker hears the rest of what it said."""
        client = c.up.src
        try:
            while data := client.recv(CHUNK):
                rest += data
        except OSError:
            pass  # that was all
        if client in self.selector.get_map():
            self.selector.unregister(client)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RST)
        client.close()
        c.down.dropping = True
        c.up.held, c.up.until = rest, until
        c.reset_at = until + 1  # by then it has been taken

    def _put(self, c, pipe, data):
        pipe.waiting += data
        self._write(c, pipe)

    def _write(self, c, pipe):
        try:
            while pipe.waiting:
                n = pipe.dst.send(pipe.waiting)
                pipe.waiting = pipe.waiting[n:]
        except BlockingIOError:
            pass
        except OSError:
            self._close(c)
            return
        self._watch(c)

    def _watch(self, c):
        """What the selector looks for; a connection that is held is not looked at, and so stays quiet."""
        if c not in self.connections:
            return
        for into, out in ((c.up, c.down), (c.down, c.up)):
            mask = 0
            if not c.silent and not into.until and len(into.waiting) <= 4 * CHUNK:
                mask |= selectors.EVENT_READ
            if out.waiting and not c.silent:
                mask |= selectors.EVENT_WRITE
            sock = into.src
            if sock.fileno() < 0:
                continue  # an orphan's
            known = sock in self.selector.get_map()
            if mask and known:
                if self.selector.get_key(sock).events != mask:
                    self.selector.modify(sock, mask, c)
            elif mask:
                self.selector.register(sock, mask, c)
            elif known:
                self.selector.unregister(sock)

    def _close(self, c, reset=False):
        if c not in self.connections:
            return
        self.connections.remove(c)
        for s in c.socks:
            if s.fileno() < 0:
                continue
            if s in self.selector.get_map():
                self.selector.unregister(s)
            if reset:
                s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RST)
            s.close()
