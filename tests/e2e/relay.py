"""A recording TCP relay between clients and the proxy.

The proxy listens on 127.0.0.1 and advertises 127.0.88.1; the relay stands on the same ports there, so that
every connection a client makes, to whichever address it was told, is read byte for byte.
"""

import socket
import struct
import threading

import wire

HOST = "127.0.88.1"


class Relay:
    def __init__(self, ports, to_host="127.0.0.1", host=HOST):
        self.to_host, self.host = to_host, host
        self.lock = threading.Lock()
        self.answers = {}  # (api key, version) → count
        self.bytes_down = 0
        self.hits = []  # (api key, version, what, the bytes around it)
        self.needles = []  # (what, bytes)
        self.addresses = set()  # every (host, port) that an answer told
        self.errors = []
        self.stopping = False
        self.listeners = []
        self.socks = set()
        for port in ports:
            s = socket.create_server((host, port), backlog=64)
            self.listeners.append(s)
            threading.Thread(target=self._accept, args=(s, port), daemon=True).start()

    def _accept(self, listener, port):
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection((self.to_host, port), timeout=10)
                server.settimeout(None)
            except OSError:
                client.close()
                continue
            for s in (client, server):
                s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            pending = {}
            with self.lock:
                self.socks |= {client, server}
            threading.Thread(target=self._pump, args=(client, server, self._up, pending), daemon=True).start()
            threading.Thread(target=self._pump, args=(server, client, self._down, pending), daemon=True).start()

    def _pump(self, src, dst, see, pending):
        buf, tail = b"", b""
        try:
            while True:
                data = src.recv(1 << 18)
                if not data:
                    break
                if see == self._down:
                    self._scan_raw(tail + data)
                    tail = (tail + data)[-64:]
                buf += data
                while len(buf) >= 4:
                    (n,) = struct.unpack_from(">i", buf)
                    if len(buf) < 4 + n:
                        break
                    try:
                        see(buf[4 : 4 + n], pending)
                    except Exception as e:
                        with self.lock:
                            self.errors.append(repr(e))
                    buf = buf[4 + n :]
                dst.sendall(data)
        except OSError:
            pass
        for s in (src, dst):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def _up(self, frame, pending):
        key, version, correlation, _, _ = wire.parse_request_header(frame)
        pending[correlation] = (key, version)

    def _scan_raw(self, data):
        """Bytes as they come, frames or not: the text of an upstream address must be in none."""
        for what, needle in self.needles:
            if what.startswith("text") and needle in data:
                with self.lock:
                    at = data.index(needle)
                    self.hits.append((None, None, what, data[max(0, at - 60) : at + 40]))

    def _down(self, frame, pending):
        (correlation,) = struct.unpack_from(">i", frame)
        key, version = pending.pop(correlation, (None, None))
        with self.lock:
            self.bytes_down += len(frame)
            self.answers[(key, version)] = self.answers.get((key, version), 0) + 1
        for what, needle in self.needles:
            at = frame.find(needle)
            if at >= 0:
                with self.lock:
                    self.hits.append((key, version, what, frame[max(0, at - 60) : at + 40]))
        name = wire.name_of(key)
        if name in ADDRESSED:
            if name == "ApiVersions":
                return
            with self.lock:
                self.addresses |= set(addresses(wire.decode_response(name, version, frame)))

    def seen(self):
        """Names of the APIs that were answered."""
        return {wire.name_of(k) for k, _ in self.answers}

    def close(self):
        for s in self.listeners:
            s.close()
        with self.lock:
            for s in self.socks:
                try:
                    s.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
                s.close()


ADDRESSED = ("Metadata", "FindCoordinator", "DescribeCluster", "Produce", "Fetch", "ShareFetch", "ShareAcknowledge", "DescribeQuorum")


def addresses(value):
    """Every (host, port) in an answer, wherever it stands."""
    if isinstance(value, dict):
        if "Host" in value and "Port" in value and value["Port"] >= 0 and value["Host"]:
            yield value["Host"], value["Port"]
        for v in value.values():
            yield from addresses(v)
    elif isinstance(value, list):
        for v in value:
            yield from addresses(v)
