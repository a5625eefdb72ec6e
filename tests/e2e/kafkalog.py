"""Kafka's log as it lies on the broker's disk: reading segments, altering them, making batches.

The tests read the log itself, so that what a client or the proxy says about it can be held against it.
Record batch v2 only (KIP-98): a 61-byte header, then the records, compressed as one blob.

      0 base offset i64   8 length i32  12 leader epoch i32  16 magic i8 = 2  17 crc32c u32 over [21, end)
     21 attributes i16   23 last offset delta i32  27 base timestamp i64  35 max timestamp i64
     43 producer id i64  51 producer epoch i16  53 base sequence i32  57 count i32  61 records
"""

import glob
import gzip
import os
import struct
from dataclasses import dataclass, field

import cramjam

CODECS = ("none", "gzip", "snappy", "lz4", "zstd")
HEADER = struct.Struct(">qiibIhiqqqhii")
XERIAL = b"\x82SNAPPY\x00"


def _crc_table():
    out = []
    for i in range(256):
        c = i
        for _ in range(8):
            c = c >> 1 ^ 0x82F63B78 if c & 1 else c >> 1
        out.append(c)
    return out


_TABLE = _crc_table()


def crc32c(data):
    c = 0xFFFFFFFF
    for b in data:
        c = _TABLE[(c ^ b) & 0xFF] ^ c >> 8
    return c ^ 0xFFFFFFFF


def put_varint(out, v):
    v = (v << 1 ^ v >> 63) & 0xFFFFFFFFFFFFFFFF
    while v >= 0x80:
        out.append(v & 0x7F | 0x80)
        v >>= 7
    out.append(v)


def get_varint(data, at):
    shift = v = 0
    while True:
        b = data[at]
        at += 1
        v |= (b & 0x7F) << shift
        if b < 0x80:
            return v >> 1 ^ -(v & 1), at
        shift += 7


def decompress(codec, data):
    if codec == "none":
        return bytes(data)
    if codec == "gzip":
        return gzip.decompress(bytes(data))
    if codec == "lz4":
        return bytes(cramjam.lz4.decompress(bytes(data)))
    if codec == "zstd":
        return bytes(cramjam.zstd.decompress(bytes(data)))
    data = bytes(data)
    if not data.startswith(XERIAL):
        return bytes(cramjam.snappy.decompress_raw(data))
    out, at = [], 16
    while at < len(data):
        (n,) = struct.unpack_from(">i", data, at)
        out.append(bytes(cramjam.snappy.decompress_raw(data[at + 4 : at + 4 + n])))
        at += 4 + n
    return b"".join(out)


def compress(codec, data):
    if codec == "none":
        return data
    if codec == "gzip":
        return gzip.compress(data)
    if codec == "lz4":
        return bytes(cramjam.lz4.compress(data))
    if codec == "zstd":
        return bytes(cramjam.zstd.compress(data))
    return bytes(cramjam.snappy.compress_raw(data))


@dataclass(slots=True)
class Record:
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: list = field(default_factory=list)  # [(name: bytes, value: bytes | None)]
    log_append: bool = False


@dataclass(slots=True)
class Batch:
    base_offset: int
    leader_epoch: int
    attributes: int
    last_delta: int
    base_timestamp: int
    max_timestamp: int
    pid: int
    epoch: int
    base_sequence: int
    count: int
    payload: bytes  # the records as stored
    at: int = 0  # where it starts in its file
    path: str = ""

    codec = property(lambda self: CODECS[self.attributes & 7])
    log_append = property(lambda self: bool(self.attributes & 8))
    transactional = property(lambda self: bool(self.attributes & 16))
    control = property(lambda self: bool(self.attributes & 32))
    size = property(lambda self: 61 + len(self.payload))

    def records(self):
        data = decompress(self.codec, self.payload)
        at, out = 0, []
        for _ in range(self.count):
            length, at = get_varint(data, at)
            end = at + length
            at += 1
            ts, at = get_varint(data, at)
            delta, at = get_varint(data, at)
            n, at = get_varint(data, at)
            key = None if n < 0 else data[at : at + n]
            at += max(n, 0)
            n, at = get_varint(data, at)
            value = None if n < 0 else data[at : at + n]
            at += max(n, 0)
            count, at = get_varint(data, at)
            headers = []
            for _ in range(count):
                n, at = get_varint(data, at)
                name = data[at : at + n]
                at += n
                n, at = get_varint(data, at)
                headers.append((name, None if n < 0 else data[at : at + n]))
                at += max(n, 0)
            if at != end:
                raise ValueError(f"record ends at {at}, its length says {end}")
            stamp = self.max_timestamp if self.log_append else self.base_timestamp + ts
            out.append(Record(self.base_offset + delta, stamp, key, value, headers, self.log_append))
        return out

    def pack(self):
        body = struct.pack(
            ">hiqqqhii",
            self.attributes,
            self.last_delta,
            self.base_timestamp,
            self.max_timestamp,
            self.pid,
            self.epoch,
            self.base_sequence,
            self.count,
        )
        body += self.payload
        return struct.pack(">qiibI", self.base_offset, 9 + len(body), self.leader_epoch, 2, crc32c(body)) + body


def encode_records(records, base_offset, base_timestamp):
    out = bytearray()
    for r in records:
        one = bytearray([0])
        put_varint(one, r.timestamp - base_timestamp)
        put_varint(one, r.offset - base_offset)
        for part in (r.key, r.value):
            put_varint(one, -1 if part is None else len(part))
            one += part or b""
        put_varint(one, len(r.headers))
        for name, value in r.headers:
            put_varint(one, len(name))
            one += name
            put_varint(one, -1 if value is None else len(value))
            one += value or b""
        put_varint(out, len(one))
        out += one
    return bytes(out)


def make_batch(records, codec="none", pid=-1, epoch=-1, sequence=-1, transactional=False, base_offset=0):
    """A producer's batch; the records' offsets are made 0, 1, 2…"""
    for i, r in enumerate(records):
        r.offset = base_offset + i
    base = records[0].timestamp
    return Batch(
        base_offset,
        -1,
        CODECS.index(codec) | (16 if transactional else 0),
        len(records) - 1,
        base,
        max(r.timestamp for r in records),
        pid,
        epoch,
        sequence,
        len(records),
        compress(codec, encode_records(records, base_offset, base)),
    )


def rebuild(batch, records):
    """The batch with other records, offsets and bounds kept, as the log cleaner would write it."""
    out = Batch(*(getattr(batch, n) for n in Batch.__slots__))
    out.count = len(records)
    out.payload = compress(batch.codec, encode_records(records, batch.base_offset, batch.base_timestamp))
    return out


def read_segment(path):
    with open(path, "rb") as f:
        data = f.read()
    at, out = 0, []
    while len(data) - at >= 61:
        base, length, epoch, magic, _crc, attrs, last, bts, mts, pid, pepoch, seq, count = HEADER.unpack_from(data, at)
        if magic != 2 or length < 49 or at + 12 + length > len(data):
            break  # the broker is writing it just now
        payload = data[at + 61 : at + 12 + length]
        out.append(Batch(base, epoch, attrs, last, bts, mts, pid, pepoch, seq, count, payload, at, path))
        at += 12 + length
    return out


def segments(directory):
    return sorted(p for p in glob.glob(os.path.join(directory, "*.log")) if os.path.basename(p)[0].isdigit())


@dataclass
class PartitionLog:
    records: list  # data records in offset order, aborted ones included
    aborted: set  # offsets
    open: set  # offsets of transactions that have no end yet
    batches: list
    start: int
    end: int

    def committed(self):
        return [r for r in self.records if r.offset not in self.aborted and r.offset not in self.open]


def read_partition(directory):
    batches = [b for p in segments(directory) for b in read_segment(p)]
    records, aborted, pending = [], set(), {}
    for b in batches:
        if b.control:
            for r in b.records():
                kind = struct.unpack(">hh", r.key[:4])[1]
                ours = pending.pop(b.pid, [])
                if kind == 0:
                    aborted.update(ours)
            continue
        got = b.records()
        records.extend(got)
        if b.transactional:
            pending.setdefault(b.pid, []).extend(r.offset for r in got)
    still = {o for offsets in pending.values() for o in offsets}
    start = batches[0].base_offset if batches else 0
    end = batches[-1].base_offset + batches[-1].last_delta + 1 if batches else 0
    return PartitionLog(records, aborted, still, batches, start, end)
