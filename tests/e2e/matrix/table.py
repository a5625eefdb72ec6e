"""Which client has what.  What it hasn't, or can't say, stands here with the reason, and nowhere else.

`python3 tests/e2e/matrix/table.py` prints it for docs/CLIENTS.md.
"""

from dataclasses import dataclass, field

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
    command: object = None
    lacks: dict = field(default_factory=dict)  # feature: reason
    text: bool = False  # keys and values are lines of text, and timestamps its own
    cannot: dict = field(default_factory=dict)  # kind of record: reason; see test_matrix.fit
    software: tuple = ()  # as ApiVersions tells it


def _clients():
    from matrix.drivers import binary, java_jobs, node, python

    no_admin = "no such call"
    return [
        Client("java", "4.3.1", java_jobs),
        Client("franz-go", "1.22.2", binary("goclient")),
        Client("sarama", "1.61.1", binary("sarama"), lacks={"group-848": "only the classic protocol"}),
        Client(
            "kafka-go",
            "0.4.51",
            binary("kafkago"),
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
            binary("rskafka"),
            lacks={
                "idempotence": "no idempotent producer",
                "acks-0": "acks is always all",
                "acks-1": "acks is always all",
                "transactions": "no transactions",
                "group": "no groups",
                "group-848": "no groups",
                "configs": no_admin,
                "cluster": no_admin,
                "list-groups": no_admin,
                "auto-create": "asks for metadata of all topics only, which makes none",
            },
            cannot={
                "null header": "a header's value is bytes",
                "repeated header": "its headers are a sorted map",
                "header order": "its headers are a sorted map",
                "topic configuration": "not on creation",
            },
        ),
        Client("confluent-kafka", "2.16.1 (librdkafka 2.16.1)", python("confluent.py"), cannot={"empty header name": "refuses it"}),
        Client("aiokafka", "0.14.0", python("aio.py"), lacks={"group-848": "only the classic protocol"}, cannot={"both null": "refuses it"}),
        Client(
            "kafka-python",
            "3.0.12",
            python("kafkapython.py"),
            lacks={"group-848": "only the classic protocol"},
            cannot={"null header": "refuses it", "both null": "refuses it"},
        ),
        Client("kafkajs", "2.2.4", node("kafkajs.js"), lacks={"group-848": "only the classic protocol"}, cannot={"null header": "fails on it"}),
        Client("platformatic", "@platformatic/kafka 2.12.1", node("platformatic.js"), cannot={"repeated header": "its headers are a map"}),
        Client(
            "kcat",
            "1.7.1 (librdkafka 2.0.2)",
            python("kcat.py"),
            text=True,
            lacks={
                "transactions": "commits at the end of its input; aborts only when it is interrupted, at no certain moment",
                "group-848": "librdkafka 2.0.2 is older than KIP-848",
                "create": no_admin,
                "configs": no_admin,
                "list-groups": no_admin,
            },
        ),
    ]


CLIENTS = {c.name: c for c in _clients()}
