#!/usr/bin/env python3
"""Verifies one record's proof with what docs/FORMAT.md says and nothing of ours.
usage: verify_proof.py proof.json public.pem [the record's value]"""
import base64, hashlib, json, struct, sys

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

sha256 = lambda b: hashlib.sha256(b).digest()
need = lambda ok, what: ok or sys.exit("not proved: " + what)
proof, key = json.load(open(sys.argv[1])), load_pem_public_key(open(sys.argv[2], "rb").read())
envelope = json.loads(base64.b64decode(proof["statement"]["value"]))
kind, payload, [signature] = envelope["payloadType"].encode(), base64.b64decode(envelope["payload"]), envelope["signatures"]
pae = b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)
key.verify(base64.b64decode(signature["sig"]), pae, ec.ECDSA(SHA256()))  # or it raises
predicate, leaf, offset = json.loads(payload)["predicate"], proof["leaf"], proof["offset"]
kafka, tree = predicate["metadata"]["kafka"], predicate["integrity"]["merkleTree"]
need(kind == b"application/vnd.in-toto+json" and kafka["format"] == "makoto-kafka/1", "another format")
need(proof["statement"]["key"] == f"{kafka['chainId']}/{kafka['windowId']}", "another statement")
ids = [str(kafka.get(name, "")) for name in ("instance", "clusterId", "topic", "topicId", "partition")]
chain = "\n".join(["makoto-kafka/1", predicate["collector"]["id"], *ids])
need(chain.count("\n") == 6 and sha256(chain.encode()).hex()[:32] == kafka["chainId"], "another's chain")
need([proof["topic"], proof["partition"]] == [kafka["topic"], kafka["partition"]], "another topic or partition")
need(any(first <= offset < first + n for first, n in kafka["ranges"]), "the offset is not listed")
at = sum(min(max(offset - first, 0), n) for first, n in kafka["ranges"])  # so many members stand before it
need((leaf["flags"] & 4 != 0) == (kafka["timestampType"] == "CreateTime"), "the timestamp's type")
hashes = bytes.fromhex(leaf["keyHash"] + leaf["valueHash"] + leaf["headersHash"])
node, last = sha256(struct.pack(">BBBq", 0, 1, leaf["flags"], leaf["timestamp"]) + hashes), tree["leafCount"] - 1
for sibling in map(bytes.fromhex, proof["inclusion"]["path"]):
    need(last > 0, "the path is too long")
    right = at % 2 == 1 or at == last
    node = sha256(b"\1" + (sibling + node if right else node + sibling))
    while right and at and at % 2 == 0:
        at, last = at // 2, last // 2
    at, last = at // 2, last // 2
need(last == 0 and node.hex() == tree["root"], "the path doesn't lead to the signed root")
values = [open(f, "rb").read() for f in sys.argv[3:]] + [base64.b64decode(proof[v]) for v in proof if v == "value"]
need(all(sha256(v).hex() == leaf["valueHash"] and not leaf["flags"] & 2 for v in values), "another value")
print(f"{proof['topic']}/{proof['partition']} offset {offset}: proved")
