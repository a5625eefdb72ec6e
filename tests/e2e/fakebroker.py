"""A broker of the tests' own, for what a real one can't be made to say.

It answers by the schema: FakeBroker({"Metadata": f}) calls f(version, request) → response.  A handler for a
number answers an API that nobody knows: f(version, body) → bytes, or a Flood.  Everything it gets is kept in .requests.
"""

import socket
import struct
import threading

import wire


class Flood:
    """An answer too long to be kept: bytes `before`, `n` bytes of nothing, bytes `after`."""

    def __init__(self, before, n, after):
        self.before, self.n, self.after = before, n, after

    def send(self, s, head):
        s.sendall(struct.pack(">i", len(head) + len(self.before) + self.n + len(self.after)) + head + self.before)
        nothing = bytes(1 << 20)
        for at in range(0, self.n, len(nothing)):
            s.sendall(nothing[: self.n - at])
        s.sendall(self.after)


class FakeBroker:
    def __init__(self, handlers=None, host="127.0.77.9", port=0, node=1, apis=None):
        self.handlers = handlers or {}
        self.host, self.node = host, node
        self.listener = socket.create_server((host, port), backlog=1024)
        self.port = self.listener.getsockname()[1]
        self.requests = []  # (key, version, client id, body)
        self.apis = apis
        self.socks = []
        self.deaf = False  # while it is set, who connects is never read: .unheard
        self.unheard = []
        self.closed_by_peer = 0
        threading.Thread(target=self._accept, daemon=True).start()

    bootstrap = property(lambda self: f"{self.host}:{self.port}")

    def ranges(self):
        """What it says it can: every API of the newest broker, and the unknown ones that it has handlers for."""
        if self.apis is not None:
            return self.apis
        out = []
        for key, name in sorted(wire.names().items()):
            m = wire.request(name)
            if key in CONTROLLER_ONLY:
                continue
            out.append({"ApiKey": key, "MinVersion": 0 if key == 0 else m.valid.lo, "MaxVersion": m.valid.hi})
        out += [{"ApiKey": k, "MinVersion": 0, "MaxVersion": 3} for k in self.handlers if isinstance(k, int)]
        return out

    def _accept(self):
        while True:
            try:
                s, _ = self.listener.accept()
            except OSError:
                return
            self.socks.append(s)
            if self.deaf:
                self.unheard.append(s)
                continue
            threading.Thread(target=self._serve, args=(s,), daemon=True).start()

    def _serve(self, s):
        def exactly(n):
            out = b""
            while len(out) < n:
                got = s.recv(n - len(out))
                if not got:
                    raise ConnectionError
                out += got
            return out

        try:
            while True:
                frame = exactly(struct.unpack(">i", exactly(4))[0])
                answer = self._answer(frame)
                if isinstance(answer, Flood):
                    answer.send(s, frame[4:8])
                elif answer is not None:
                    s.sendall(struct.pack(">i", len(answer)) + answer)
        except (ConnectionError, OSError):
            self.closed_by_peer += 1
            s.close()

    def _answer(self, frame):
        key, version, correlation, client, at = wire.parse_request_header(frame)
        body = frame[at:]
        self.requests.append((key, version, client, body))
        head = struct.pack(">i", correlation)
        name = wire.name_of(key)
        if key in self.handlers:
            value = self.handlers[key](version, body)
            return value if isinstance(value, Flood) else head + value
        if name == "ApiVersions" and version not in wire.request(name).valid:
            m = wire.response(name)
            return head + m.encode(0, {"ErrorCode": 35, "ApiKeys": [{"ApiKey": 18, "MinVersion": 0, "MaxVersion": wire.request(name).valid.hi}]})
        request = wire.request(name).decode(version, body)
        if name in self.handlers:
            value = self.handlers[name](version, request)
        elif name == "ApiVersions":
            value = {"ErrorCode": 0, "ApiKeys": self.ranges()}
        elif name == "Metadata":
            value = self.metadata(request)
        else:
            value = {}
        if value is None:
            return None
        flexible = name != "ApiVersions" and version in wire.response(name).flexible
        known = {f.name for f in wire.response(name).fields if version in f.versions}
        value = {k: v for k, v in value.items() if k in known}
        return head + (b"\0" if flexible else b"") + wire.response(name).encode(version, value)

    def metadata(self, request):
        names = [t.get("Name") for t in request.get("Topics") or []]
        parts = [{"PartitionIndex": 0, "LeaderId": self.node, "LeaderEpoch": 0, "ReplicaNodes": [self.node], "IsrNodes": [self.node]}]
        return {
            "Brokers": [{"NodeId": self.node, "Host": self.host, "Port": self.port, "Rack": None}],
            "ClusterId": "fakeFakeFakeFakeFakeFA",
            "ControllerId": self.node,
            "Topics": [{"Name": n or "by-id", "TopicId": b"fake-topic-id-16", "Partitions": parts} for n in names],
        }

    def close(self):
        try:
            self.listener.shutdown(socket.SHUT_RDWR)  # else it listens on for as long as a thread is in accept()
        except OSError:
            pass
        self.listener.close()
        for s in self.socks:
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            s.close()


CONTROLLER_ONLY = {52, 53, 54, 56, 58, 59, 62, 63, 67, 70, 73, 82}
