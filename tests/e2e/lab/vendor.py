"""A broker as a cloud vendor gives it: a real one whose ApiVersions answers are edited, on the address that it tells.

    with Vendor(cluster, hidden={32}, added={10000: (0, 3)}): …

A request of a hidden API, or of a version that isn't offered, ends the connection, as a broker without it would.
"""

import socket
import struct
import threading

import wire
from lab.releases import VENDOR_HOST

API_VERSIONS = 18


class Vendor:
    def __init__(self, cluster, hidden=(), added=None, highest=None, raised=0):
        """added: {key: (min, max)}; highest: {key: max}, or lower; raised: every maximum is told so much higher."""
        self.hidden, self.added, self.highest, self.raised = set(hidden), added or {}, highest or {}, raised
        self.refused = []  # (key, version) of requests that were not offered
        self.asked = set()  # keys
        node = cluster.node(1)
        self.to = (node.host, node.port_of("VENDOR"))
        self.bootstrap = f"{VENDOR_HOST}:{self.to[1]}"
        self.listener = socket.create_server((VENDOR_HOST, self.to[1]), backlog=64)
        self.socks = set()
        self.lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(self.to, timeout=10)
                server.settimeout(None)
            except OSError:
                client.close()
                continue
            for s in (client, server):
                s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self.lock:
                self.socks |= {client, server}
            pending = {}
            threading.Thread(target=self._pump, args=(client, server, self._up, pending), daemon=True).start()
            threading.Thread(target=self._pump, args=(server, client, self._down, pending), daemon=True).start()

    def _pump(self, src, dst, edit, pending):
        buf = b""
        try:
            while True:
                data = src.recv(1 << 18)
                if not data:
                    break
                buf += data
                while len(buf) >= 4:
                    (n,) = struct.unpack_from(">i", buf)
                    if len(buf) < 4 + n:
                        break
                    frame = edit(buf[4 : 4 + n], pending)
                    dst.sendall(struct.pack(">i", len(frame)) + frame)
                    buf = buf[4 + n :]
        except (OSError, _NotOffered):
            pass
        for s in (src, dst):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def _up(self, frame, pending):
        key, version, correlation = struct.unpack_from(">hhi", frame)
        self.asked.add(key)
        if key in self.hidden or key in self.added or version > self.highest.get(key, version):
            self.refused.append((key, version))
            raise _NotOffered
        pending[correlation] = (key, version)
        return frame

    def _down(self, frame, pending):
        (correlation,) = struct.unpack_from(">i", frame)
        key, version = pending.pop(correlation)
        if key != API_VERSIONS:
            return frame
        if frame[4:6] != b"\0\0":
            version = 0  # an error is told in version 0's form
        m = wire.response("ApiVersions")
        value = m.decode(version, frame, 4)
        value["ApiKeys"] = self._edited(value["ApiKeys"])
        return frame[:4] + m.encode(version, value)

    def _edited(self, apis):
        out = []
        for a in apis:
            key, top = a["ApiKey"], a["MaxVersion"]
            if key in self.hidden:
                continue
            if key != API_VERSIONS:
                top = min(top + self.raised, self.highest.get(key, top + self.raised))
            out.append({**a, "MaxVersion": top})
        return out + [{"ApiKey": k, "MinVersion": lo, "MaxVersion": hi} for k, (lo, hi) in self.added.items()]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)  # wakes accept(), which would keep the port
        self.listener.close()
        with self.lock:
            for s in self.socks:
                try:
                    s.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
                s.close()


class _NotOffered(Exception):
    pass
