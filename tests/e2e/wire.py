"""Kafka's wire protocol for tests, read from the message definitions that the kafka-clients jar carries.

Shares nothing with src/: any request of any version can be built from a dict, any answer read into one.

    conn = wire.Conn("127.0.0.1", 9092)
    conn.ask("Metadata", 12, {"Topics": None})["Brokers"]
"""

import errno
import glob
import json
import os
import re
import socket
import struct
import uuid
import zipfile


class Short(Exception):
    """The message ends inside a field, or goes on behind the last one."""


def cache_dir():
    """Where what the lab fetched is kept."""
    return os.environ.get("KAFKA_LAB") or os.path.join(os.path.expanduser("~"), ".cache", "makoto-kafka-tests")


def kafka_release():
    """The release of Kafka that the lab runs, and that the definitions are of."""
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "lab", "pom.xml")) as f:
        return re.search(r"<kafka>(.*)</kafka>", f.read())[1]


def jars_dir():
    return os.path.join(cache_dir(), "lib-" + kafka_release())


class _Range:
    """A version range of the definitions: "0+", "3-7", "2", "none"."""

    def __init__(self, text):
        text = (text or "none").strip()
        if text == "none":
            self.lo, self.hi = 1, 0
        elif text.endswith("+"):
            self.lo, self.hi = int(text[:-1]), 1 << 20
        elif "-" in text:
            self.lo, self.hi = map(int, text.split("-"))
        else:
            self.lo = self.hi = int(text)

    def __contains__(self, version):
        return self.lo <= version <= self.hi


class _Field:
    def __init__(self, spec, structs):
        self.name = spec["name"][0].upper() + spec["name"][1:]
        self.versions = _Range(spec.get("versions"))
        self.nullable = _Range(spec.get("nullableVersions"))
        self.tagged = _Range(spec.get("taggedVersions"))
        self.flexible = _Range(spec["flexibleVersions"]) if "flexibleVersions" in spec else None
        self.tag = spec.get("tag")
        kind = spec["type"]
        self.array = kind.startswith("[]")
        self.kind = kind[2:] if self.array else kind
        self.fields = None
        if self.kind not in _SCALARS:
            self.fields = [_Field(f, structs) for f in spec.get("fields") or structs[self.kind]]
        self.default = self._default(spec.get("default"))

    def _default(self, text):
        if self.array:
            return None if text == "null" else []
        if self.fields is not None:
            return None if text == "null" else {}
        if self.kind in ("string",):
            return None if text == "null" else (text or "")
        if self.kind in ("bytes", "records"):
            return None if text == "null" else b""
        if self.kind == "bool":
            return str(text).lower() == "true"
        if self.kind == "uuid":
            return bytes(16)
        if self.kind == "float64":
            return float(text or 0)
        return int(str(text), 0) if text not in (None, "") else 0


_INTS = {"int8": ">b", "int16": ">h", "uint16": ">H", "int32": ">i", "uint32": ">I", "int64": ">q", "float64": ">d"}
_SCALARS = set(_INTS) | {"bool", "string", "bytes", "records", "uuid"}


class Writer:
    def __init__(self):
        self.parts = []

    def raw(self, b):
        self.parts.append(b)

    def pack(self, fmt, v):
        self.parts.append(struct.pack(fmt, v))

    def uvarint(self, v):
        out = bytearray()
        while v >= 0x80:
            out.append(v & 0x7F | 0x80)
            v >>= 7
        out.append(v)
        self.parts.append(bytes(out))

    def done(self):
        return b"".join(self.parts)


class Reader:
    def __init__(self, data, at=0):
        self.data, self.at = data, at

    def take(self, n):
        if n < 0 or n > len(self.data) - self.at:
            raise Short(f"{n} bytes wanted at {self.at} of {len(self.data)}")
        out = self.data[self.at : self.at + n]
        self.at += n
        return out

    def unpack(self, fmt):
        return struct.unpack(fmt, self.take(struct.calcsize(fmt)))[0]

    def uvarint(self):
        shift = out = 0
        while True:
            byte = self.take(1)[0]
            out |= (byte & 0x7F) << shift
            if byte < 0x80:
                return out
            shift += 7
            if shift > 63:
                raise Short("varint too long")

    def left(self):
        return len(self.data) - self.at


class Message:
    """One request, response or data definition."""

    def __init__(self, spec):
        self.name = spec["name"][0].upper() + spec["name"][1:]
        self.key = spec.get("apiKey")
        self.valid = _Range(spec["validVersions"])
        self.flexible = _Range(spec.get("flexibleVersions"))
        structs = {s["name"]: s["fields"] for s in spec.get("commonStructs", [])}
        self.fields = [_Field(f, structs) for f in spec["fields"]]

    def encode(self, version, value):
        w = Writer()
        self._put_struct(w, self.fields, value, version)
        return w.done()

    def decode(self, version, data, at=0, whole=True):
        r = Reader(data, at)
        out = self._get_struct(r, self.fields, version)
        if whole and r.left():
            raise Short(f"{self.name} v{version}: {r.left()} bytes behind the message")
        return out

    # -- writing

    def _put_struct(self, w, fields, value, version):
        unknown = set(value) - {f.name for f in fields} - {"_tags"}
        if unknown:
            raise KeyError(f"{self.name}: no such field: {sorted(unknown)}")
        flexible = version in self.flexible
        tags = dict(value.get("_tags", {}))
        for f in fields:
            if version not in f.versions:
                continue
            v = value.get(f.name, f.default)
            if f.tag is not None and version in f.tagged:
                if f.name in value and v != f.default:
                    t = Writer()
                    self._put(t, f, v, version)
                    tags[f.tag] = t.done()
                continue
            self._put(w, f, v, version)
        if flexible:
            w.uvarint(len(tags))
            for tag in sorted(tags):
                w.uvarint(tag)
                w.uvarint(len(tags[tag]))
                w.raw(tags[tag])

    def _put(self, w, f, v, version):
        flexible = version in (f.flexible or self.flexible)
        if f.array:
            if v is None:
                w.uvarint(0) if flexible else w.pack(">i", -1)
                return
            w.uvarint(len(v) + 1) if flexible else w.pack(">i", len(v))
            for item in v:
                self._put_one(w, f, item, version, flexible)
        else:
            self._put_one(w, f, v, version, flexible)

    def _put_one(self, w, f, v, version, flexible):
        if f.fields is not None:
            if version in f.nullable and not f.array:
                w.pack(">b", -1 if v is None else 1)
                if v is None:
                    return
            self._put_struct(w, f.fields, v, version)
        elif f.kind == "bool":
            w.pack(">b", 1 if v else 0)
        elif f.kind in _INTS:
            w.pack(_INTS[f.kind], v)
        elif f.kind == "uuid":
            w.raw(v)
        elif f.kind == "string":
            b = None if v is None else v.encode()
            if flexible:
                w.uvarint(0 if b is None else len(b) + 1)
            else:
                w.pack(">h", -1 if b is None else len(b))
            w.raw(b or b"")
        else:
            if flexible:
                w.uvarint(0 if v is None else len(v) + 1)
            else:
                w.pack(">i", -1 if v is None else len(v))
            w.raw(v or b"")

    # -- reading

    def _get_struct(self, r, fields, version):
        out = {}
        for f in fields:
            if version not in f.versions:
                continue
            if f.tag is not None and version in f.tagged:
                out[f.name] = f.default
                continue
            out[f.name] = self._get(r, f, version)
        if version in self.flexible:
            known = {f.tag: f for f in fields if f.tag is not None and version in f.tagged and version in f.versions}
            for _ in range(r.uvarint()):
                tag = r.uvarint()
                body = r.take(r.uvarint())
                if tag in known:
                    sub = Reader(body)
                    out[known[tag].name] = self._get(sub, known[tag], version)
                    if sub.left():
                        raise Short(f"{self.name}: tag {tag} has bytes left")
                else:
                    out.setdefault("_tags", {})[tag] = body
        return out

    def _get(self, r, f, version):
        flexible = version in (f.flexible or self.flexible)
        if f.array:
            n = r.uvarint() - 1 if flexible else r.unpack(">i")
            if n < 0:
                return None
            if n > r.left() and n > 0:
                raise Short(f"{self.name}.{f.name}: {n} entries in {r.left()} bytes")
            return [self._get_one(r, f, version, flexible) for _ in range(n)]
        return self._get_one(r, f, version, flexible)

    def _get_one(self, r, f, version, flexible):
        if f.fields is not None:
            if version in f.nullable and not f.array and r.unpack(">b") < 0:
                return None
            return self._get_struct(r, f.fields, version)
        if f.kind == "bool":
            return r.unpack(">b") != 0
        if f.kind in _INTS:
            return r.unpack(_INTS[f.kind])
        if f.kind == "uuid":
            return bytes(r.take(16))
        if f.kind == "string":
            n = r.uvarint() - 1 if flexible else r.unpack(">h")
            return None if n < 0 else bytes(r.take(n)).decode()
        n = r.uvarint() - 1 if flexible else r.unpack(">i")
        return None if n < 0 else bytes(r.take(n))


_requests, _responses, _by_key = {}, {}, {}


def _load():
    if _by_key:
        return
    jar = glob.glob(os.path.join(jars_dir(), "kafka-clients-*.jar"))[0]
    with zipfile.ZipFile(jar) as z:
        for name in z.namelist():
            if not re.match(r"common/message/\w+(Request|Response)\.json$", name):
                continue
            text = re.sub(r"^\s*//.*$", "", z.read(name).decode(), flags=re.M)
            spec = json.loads(text)
            if spec["validVersions"] == "none":
                continue
            short = re.sub(r"(Request|Response)$", "", spec["name"])
            if spec["type"] == "request":
                _requests[short] = Message(spec)
                _by_key[spec["apiKey"]] = short
            else:
                _responses[short] = Message(spec)


def request(name):
    _load()
    return _requests[name]


def response(name):
    _load()
    return _responses[name]


def name_of(key):
    _load()
    return _by_key.get(key)


def names():
    _load()
    return dict(_by_key)


def request_header(key, version, correlation, client_id, flexible):
    w = Writer()
    w.pack(">h", key)
    w.pack(">h", version)
    w.pack(">i", correlation)
    cid = None if client_id is None else client_id.encode()
    w.pack(">h", -1 if cid is None else len(cid))
    w.raw(cid or b"")
    if flexible:
        w.uvarint(0)
    return w.done()


def encode_request(name, version, value, correlation=1, client_id="raw"):
    """A request's frame, without its length."""
    m = request(name)
    flexible = version in m.flexible
    return request_header(m.key, version, correlation, client_id, flexible) + m.encode(version, value)


def parse_request_header(frame):
    """(key, version, correlation, client id, where the body starts)"""
    r = Reader(frame)
    key, version, correlation = r.unpack(">h"), r.unpack(">h"), r.unpack(">i")
    n = r.unpack(">h")
    cid = None if n < 0 else bytes(r.take(n)).decode(errors="replace")
    name = name_of(key)
    if name and version in request(name).flexible:
        for _ in range(r.uvarint()):
            r.uvarint()
            r.take(r.uvarint())
    return key, version, correlation, cid, r.at


def response_body_at(name, version, frame):
    r = Reader(frame, 4)
    if name != "ApiVersions" and version in response(name).flexible:
        for _ in range(r.uvarint()):
            r.uvarint()
            r.take(r.uvarint())
    return r.at


def decode_response(name, version, frame):
    return response(name).decode(version, frame, response_body_at(name, version, frame))


class ResetSocket:
    """A peer that accepts and resets at once is told of by connect() when it's quick, else by the first recv(): to a test it's the same."""

    def recv(self, _):
        raise ConnectionResetError(errno.ECONNRESET, "reset before connect() returned")

    def sendall(self, _):
        pass

    def settimeout(self, _):
        pass

    def close(self):
        pass


class Conn:
    """A blocking connection that speaks frames."""

    def __init__(self, host, port, timeout=20, client_id="raw"):
        try:
            self.sock = socket.create_connection((host, port), timeout=timeout)
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except ConnectionResetError:
            self.sock = ResetSocket()
        self.client_id = client_id
        self.correlation = 0

    def send_raw(self, data):
        self.sock.sendall(data)

    def send_frame(self, frame):
        self.sock.sendall(struct.pack(">i", len(frame)) + frame)

    def recv_exactly(self, n):
        out = b""
        while len(out) < n:
            got = self.sock.recv(n - len(out))
            if not got:
                raise ConnectionError(f"closed after {len(out)} of {n} bytes")
            out += got
        return out

    def recv_frame(self):
        return self.recv_exactly(struct.unpack(">i", self.recv_exactly(4))[0])

    def send(self, name, version, value):
        self.correlation += 1
        self.send_frame(encode_request(name, version, value, self.correlation, self.client_id))
        return self.correlation

    def receive(self, name, version, correlation=None):
        frame = self.recv_frame()
        if correlation is not None and struct.unpack(">i", frame[:4])[0] != correlation:
            raise AssertionError(f"{name}: answer of another request")
        return decode_response(name, version, frame)

    def ask(self, name, version, value):
        return self.receive(name, version, self.send(name, version, value))

    def closed(self, timeout=10):
        """True when the peer closes within the time, whatever it still sends before."""
        self.sock.settimeout(timeout)
        try:
            while True:
                if not self.sock.recv(65536):
                    return True
        except ConnectionResetError:
            return True
        except TimeoutError:
            return False

    def close(self):
        self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def topic_id_text(raw):
    """A topic id as Kafka's tools print it."""
    import base64

    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def random_id():
    return uuid.uuid4().bytes
