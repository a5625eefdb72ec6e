"""Which client has what.  What it hasn't, or can't say, stands here with the reason, and nowhere else.

`PYTHONPATH=tests/e2e python3 tests/e2e/matrix/table.py` prints it for docs/CLIENTS.md.
"""

from dataclasses import dataclass, field

from matrix.profiles import PROFILES

CODECS = ("none", "gzip", "snappy", "lz4", "zstd")

FEATURES = {
    **{f"codec-{c}": f"batches compressed with {c}, written and read back" for c in CODECS},
    "idempotence": "an idempotent producer",
    "acks-0": "acks=0",
    "acks-1": "acks=1",
    "transactions": "committed, aborted, committed; read_committed and read_uncommitted",
    "group": "a consumer group (classic protocol): read, commit, leave, come back",
    "group-848": "the same with the protocol of KIP-848",
    "create": "create a topic with configuration; what metadata says of it; delete it",
    "configs": "describe a topic's configuration",
    "cluster": "describe the cluster",
    "list-groups": "list groups",
    "ends": "first and next offset of a topic's partitions",
    "too-large": "a record that the topic's limit refuses",
    "tight": "records that the topic's limit allows, but not with full headers on them",
    "auto-create": "writing to a topic that isn't there",
}


@dataclass
class Client:
    name: str
    version: str
    driver: tuple = ()  # how it is run: see drivers.command
    lacks: dict = field(default_factory=dict)  # feature: reason
    text: bool = False  # keys and values are lines of text, and timestamps its own
    cannot: dict = field(default_factory=dict)  # kind of record: reason; see test_matrix.fit
    shut_out: dict = field(default_factory=dict)  # profile: why it can't log in there


NO_ADMIN = "no such call"
_clients = [
    Client("java", "4.4.0", ("java", "Jobs")),
    Client("franz-go", "1.22.2", ("binary", "goclient")),
    Client("sarama", "1.61.1", ("binary", "sarama"), lacks={"group-848": "only the classic protocol"}),
    Client(
        "kafka-go",
        "0.4.51",
        ("binary", "kafkago"),
        lacks={
            "idempotence": "no idempotent producer",
            "transactions": "no transactional producer, only the requests",
            "group-848": "only the classic protocol",
        },
        cannot={"empty": "reads what is empty as null"},
    ),
    Client(
        "rskafka",
        "0.6.0",
        ("binary", "rskafka"),
        lacks={
            "idempotence": "no idempotent producer",
            "acks-0": "acks is always all",
            "acks-1": "acks is always all",
            "transactions": "no transactions",
            "group": "no groups",
            "group-848": "no groups",
            "configs": NO_ADMIN,
            "cluster": NO_ADMIN,
            "list-groups": NO_ADMIN,
        },
        cannot={
            "null header": "a header's value is bytes",
            "repeated header": "its headers are a sorted map",
            "header order": "its headers are a sorted map",
            "topic configuration": "not on creation",
        },
    ),
    Client("confluent-kafka", "2.16.1 (librdkafka 2.16.1)", ("python", "confluent.py"), cannot={"empty header name": "refuses it"}),
    Client("aiokafka", "0.14.0", ("python", "aio.py"), lacks={"group-848": "only the classic protocol"}, cannot={"both null": "refuses it"}),
    Client(
        "kafka-python",
        "3.0.12",
        ("python", "kafkapython.py"),
        lacks={"group-848": "only the classic protocol"},
        cannot={"null header": "refuses it", "both null": "refuses it"},
    ),
    Client("kafkajs", "2.2.4", ("node", "kafkajs.js"), lacks={"group-848": "only the classic protocol"}, cannot={"null header": "fails on it"}),
    Client("platformatic", "@platformatic/kafka 2.12.1", ("node", "platformatic.js"), cannot={"repeated header": "its headers are a map"}),
    Client(
        "kcat",
        "1.7.1 (librdkafka 2.0.2)",
        ("python", "kcat.py"),
        text=True,
        lacks={
            "transactions": "commits at the end of its input; aborts only when it is interrupted, at no certain moment",
            "group-848": "librdkafka 2.0.2 is older than KIP-848",
            "create": NO_ADMIN,
            "configs": NO_ADMIN,
            "list-groups": NO_ADMIN,
        },
        shut_out=dict.fromkeys(
            ("tls-scram", "tls-read"), "its SCRAM sends the server's nonce changed, which Kafka 4 refuses; librdkafka 2.6.1 does not"
        ),
    ),
]

CLIENTS = {c.name: c for c in _clients}


def markdown():
    short = {"codec-" + c: c for c in CODECS}
    out = ["| client | version | " + " | ".join(short.get(f, f) for f in FEATURES) + " |", "|---" * (len(FEATURES) + 2) + "|"]
    notes = {}
    for c in CLIENTS.values():
        cells = []
        for f in FEATURES:
            why = c.lacks.get(f)
            cells.append("yes" if why is None else f"– [{notes.setdefault(why, len(notes) + 1)}]")
        out.append(f"| {c.name} | {c.version} | " + " | ".join(cells) + " |")
    out += ["", *(f"{n}. {why}" for why, n in notes.items()), ""]
    out += [f"* {short.get(f, f)}: {what}" for f, what in FEATURES.items()] + [""]
    out += ["What a client can't express is not given to it:", ""]
    out += [f"* {c.name}, {kind}: {why}" for c in CLIENTS.values() for kind, why in c.cannot.items()]
    return "\n".join(out + secured()) + "\n"


def secured():
    """The table of the profiles beside plaintext."""
    profiles = [p for p in PROFILES.values() if p.name != "plaintext"]
    out = ["", "And with secured connections, all of that; with tls-read what makes a client ask for addresses:", ""]
    out += ["| client | " + " | ".join(p.name for p in profiles) + " |", "|---" * (len(profiles) + 1) + "|"]
    notes = {}
    for c in CLIENTS.values():
        why = [c.shut_out.get(p.name) for p in profiles]
        cells = ["yes" if w is None else f"– [{notes.setdefault(w, chr(ord('a') + len(notes)))}]" for w in why]
        out.append(f"| {c.name} | " + " | ".join(cells) + " |")
    out += ["", *(f"{n}. {why}: the same failure with the proxy as without" for why, n in notes.items()), ""]
    return out + [f"* {p.name}: {p.what}" for p in profiles]


if __name__ == "__main__":
    print(markdown(), end="")
