#!/usr/bin/env python3
"""Makes the seeds of fuzz_message from Kafka's own bytes: each API's oldest and newest version,
and every version of those that the product opens.

usage: seed_message.py tests/vectors/messages.txt tests/fuzz/corpus/message
"""
import collections
import pathlib
import sys

# These the product reads or changes; every version of them is a seed.
OPENED = {0, 1, 3, 10, 18, 19, 22, 26, 32, 55, 60, 75, 78, 79}


def main():
    messages, folder = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    seeds = collections.defaultdict(dict)
    for line in messages.read_text().splitlines():
        if not line.startswith("#"):
            key, name, way, version, body = line.split(" ")
            seeds[(int(key), name, way)][int(version)] = bytes.fromhex(body)
    folder.mkdir(parents=True, exist_ok=True)
    for (key, name, way), by_version in seeds.items():
        for version, body in by_version.items():
            if key in OPENED or version in (min(by_version), max(by_version)):
                head = key.to_bytes(2, "big") + bytes([version, way == "response"])
                (folder / f"{name}-{way}-{version}").write_bytes(head + body)
    return 0


sys.exit(main())
