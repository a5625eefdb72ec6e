"""A recording TCP relay between clients and the proxy.

The proxy listens on 127.0.0.1 and advertises 127.0.88.1; the relay stands on the same ports there, so that
every connection a client makes, to whichever address it was told, is read byte for byte.  Where the two speak TLS
it ends the client's, and has one of its own to the proxy.
"""

import select
import socket
import ssl
import struct
import threading

import wire

HOST = "127.0.88.1"


class _Direction:
    """What arrives on one side of a connection: searched as it comes, and cut into frames that are seen."""

    def __init__(self, relay, see, pending, raw):
        self.relay, self.see, self.pending, self.raw = relay, see, pending, raw
        self.buf, self.tail = b"", b""

    def feed(self, data):
        if self.raw:
            self.relay._scan_raw(self.tail + data)
            self.tail = (self.tail + data)[-64:]
        self.buf += data
        while len(self.buf) >= 4:
            (n,) = struct.unpack_from(">i", self.buf)
            if len(self.buf) < 4 + n:
                break
            try:
                self.see(self.buf[4 : 4 + n], self.pending)
            except Exception as e:
                with self.relay.lock:
                    self.relay.errors.append(repr(e))
            self.buf = self.buf[4 + n :]


class Relay:
    """tls: (the context of its listeners, that of its connections to the proxy), or None for plaintext."""

    def __init__(self, ports, to_host="127.0.0.1", host=HOST, tls=None):
        self.to_host, self.host, self.tls = to_host, host, tls
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
            up, down = _Direction(self, self._up, pending, False), _Direction(self, self._down, pending, True)
            if self.tls:
                threading.Thread(target=self._pump_tls, args=(client, server, up, down), daemon=True).start()
                continue
            with self.lock:
                self.socks |= {client, server}
            threading.Thread(target=self._pump, args=(client, server, up), daemon=True).start()
            threading.Thread(target=self._pump, args=(server, client, down), daemon=True).start()

    def _pump(self, src, dst, direction):
        try:
            while True:
                data = src.recv(1 << 18)
                if not data:
                    break
                direction.feed(data)
                dst.sendall(data)
        except OSError:
            pass
        self._end(dst, src)

    def _pump_tls(self, client, server, up, down):
        """Both directions in one thread: a TLS connection is not for two at once."""
        try:
            client = self.tls[0].wrap_socket(client, server_side=True)
            server = self.tls[1].wrap_socket(server, server_hostname=self.to_host)
            with self.lock:
                self.socks |= {client, server}
            ends = {client.fileno(): (client, server, up), server.fileno(): (server, client, down)}
            poll = select.poll()
            for fd in ends:
                poll.register(fd, select.POLLIN)
            while True:
                for fd in [fd for fd, (s, _, _) in ends.items() if s.pending()] or [fd for fd, _ in poll.poll()]:
                    src, dst, direction = ends[fd]
                    src.setblocking(False)  # what came may be no data, but a ticket, or half a record
                    try:
                        data = src.recv(1 << 18)
                    except ssl.SSLWantReadError:
                        continue
                    finally:
                        src.setblocking(True)
                    if not data:
                        return
                    direction.feed(data)
                    dst.sendall(data)
        except OSError:
            pass
        finally:
            self._end(client, server)
            self._end(server, client)

    def _end(self, other, mine):
        """The thread that reads `mine` is done: so is the connection."""
        for s in (other, mine):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        with self.lock:
            self.socks.discard(mine)
        mine.close()

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
        name = wire.name_of(key)
        for what, needle in self.needles:
            # Where addresses have their place it is read below; beside them stand offsets and sizes, which may be any number.
            at = -1 if name in ADDRESSED and not what.startswith("text") else frame.find(needle)
            if at >= 0:
                with self.lock:
                    self.hits.append((key, version, what, frame[max(0, at - 60) : at + 40]))
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
