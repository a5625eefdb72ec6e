#!/usr/bin/env python3
"""Makes src/kafka/schema_table.c from the message definitions in Kafka's clients jar.

usage: gen_schema.py JAR > src/kafka/schema_table.c
       gen_schema.py --check JAR src/kafka/schema_table.c     exit 1 when they differ
"""
import io
import json
import re
import sys
import zipfile

TYPES = {"bool": "BOOL", "int8": "INT8", "int16": "INT16", "uint16": "INT16", "int32": "INT32", "uint32": "INT32",
         "int64": "INT64", "float64": "INT64", "uuid": "UUID", "string": "STRING", "bytes": "BYTES",
         "records": "BYTES"}
FOREVER = 127
NODE_ENDPOINT_APIS = {"ProduceResponse", "FetchResponse", "ShareFetchResponse", "ShareAcknowledgeResponse"}
ADDRESS_APIS = NODE_ENDPOINT_APIS | {"MetadataResponse", "FindCoordinatorResponse", "DescribeClusterResponse"}
# Answers with hosts that are no broker's for a client: applications' own, or controllers'.
OTHER_HOSTS = {"StreamsGroupHeartbeatResponse", "StreamsGroupDescribeResponse", "DescribeQuorumResponse",
               "VoteResponse", "BeginQuorumEpochResponse", "EndQuorumEpochResponse", "FetchSnapshotResponse",
               "UpdateRaftVoterResponse"}
TOPIC_APIS = {"MetadataResponse", "DescribeTopicPartitionsResponse", "CreateTopicsResponse"}


def versions(text):
    """'3+', '0-4', '2', 'none' as (first, last); none is (1, 0)."""
    if text == "none":
        return (1, 0)
    if text.endswith("+"):
        return (int(text[:-1]), FOREVER)
    first, _, last = text.partition("-")
    return (int(first), int(last or first))


def mark(message, path, field):
    """What the product looks for in messages; everything else is only checked and skipped."""
    name = field["name"]
    if message in NODE_ENDPOINT_APIS and name == "NodeEndpoints":
        return "ENDPOINTS"
    if message in ADDRESS_APIS:
        if name in ("NodeId", "BrokerId") and ("Host" in field["siblings"]):
            return "NODE_ID"
        if name == "Host":
            return "HOST"
        if name == "Port":
            return "PORT"
    if message == "DescribeClusterResponse":
        if name == "EndpointType":
            return "ENDPOINT_TYPE"
        if name == "Brokers":
            return "CLUSTER_BROKERS"
    if message == "DescribeQuorumResponse" and path.endswith("/Nodes/Listeners"):
        return "LISTENERS"
    if message in TOPIC_APIS and field.get("entityType") == "topicName" and "TopicId" in field["siblings"]:
        return "TOPIC_NAME"
    if message in TOPIC_APIS and name == "TopicId":
        return "TOPIC_ID"
    return "NONE"


class Table:
    def __init__(self):
        self.fields = []   # C initialisers
        self.structs = []  # (first, count, comment)
        self.messages = {}  # (key, response) -> C initialiser

    def struct(self, message, path, fields, common, flexible):
        names = {f["name"] for f in fields}
        rows = []
        if message.endswith("Response") and {"Host", "Port"} <= names and message not in ADDRESS_APIS | OTHER_HOSTS:
            raise SystemExit(f"{message} {path}: a new address; say in gen_schema.py whose it is")
        for f in fields:
            f = dict(f, siblings=names)
            text = f["type"]
            array = text.startswith("[]")
            if array:
                text = text[2:]
            child = -1
            where = path + "/" + f["name"]
            if text in TYPES:
                kind = TYPES[text]
            else:
                kind = "STRUCT"
                child = self.struct(message, where, f.get("fields") or common[text], common, flexible)
            first, last = versions(f["versions"])
            null_first, null_last = versions(f.get("nullableVersions", "none"))
            tag, tag_first = -1, FOREVER
            if "tag" in f:
                tag = f["tag"]
                tag_first = versions(f["taggedVersions"])[0]
                if versions(f["taggedVersions"])[1] != FOREVER:
                    raise SystemExit(f"{message} {where}: taggedVersions has an end")
            if "flexibleVersions" in f:
                raise SystemExit(f"{message} {where}: its own flexibleVersions")
            rows.append((kind, array, first, last, null_first, null_last, tag, tag_first, child,
                         mark(message, where, f), where))
        index = len(self.structs)
        self.structs.append((len(self.fields), len(rows), f"{message} {path or '/'}"))
        self.fields += rows
        return index

    def add(self, spec):
        valid = versions(spec["validVersions"])
        if valid[1] < valid[0]:
            return
        response = spec["type"] == "response"
        flexible = versions(spec["flexibleVersions"])
        common = {s["name"]: s["fields"] for s in spec.get("commonStructs", [])}
        root = self.struct(spec["name"], "", spec["fields"], common, flexible)
        self.messages[(spec["apiKey"], response)] = dict(
            name=re.sub(r"(Request|Response)$", "", spec["name"]), valid=valid,
            flexible=flexible[0] if flexible[0] <= flexible[1] else FOREVER, root=root,
            unstable=bool(spec.get("latestVersionUnstable")),
            broker="broker" in spec.get("listeners", ["broker"]))


def definitions(jar):
    with zipfile.ZipFile(jar) as z:
        for name in sorted(z.namelist()):
            if re.fullmatch(r"common/message/\w+\.json", name):
                text = re.sub(r"^\s*//.*$", "", z.read(name).decode(), flags=re.M)
                spec = json.loads(text)
                if spec["type"] in ("request", "response"):
                    yield spec


def version_of(jar):
    with zipfile.ZipFile(jar) as z:
        text = z.read("kafka/kafka-version.properties").decode()
    return re.search(r"^version=(\S+)", text, re.M).group(1)


def generate(jar):
    table = Table()
    for spec in definitions(jar):
        table.add(spec)
    out = io.StringIO()
    out.write("/* Made by tools/gen_schema.py from kafka-clients %s.  Don't edit; see HACKING.md. */\n" % version_of(jar))
    out.write('#include "kafka/schema_internal.h"\n\n')
    out.write('const char schema_kafka_version[] = "%s";\n\n' % version_of(jar))
    out.write("/* type, array, versions, nullable versions, tag, tagged from, struct, mark */\n")
    out.write("const struct schema_field schema_fields[] = {\n")
    at = 0
    starts = {first: comment for first, count, comment in table.structs if count}
    for kind, array, first, last, null_first, null_last, tag, tag_first, child, what, where in table.fields:
        if at in starts:
            out.write("\t/* %s */\n" % starts[at])
        out.write("\t{T_%s, %d, %d, %d, %d, %d, %d, %d, %d, SCHEMA_%s}, /* %s */\n" % (
            kind, array, first, last, null_first, null_last, tag, tag_first, child, what, where.rsplit("/", 1)[1]))
        at += 1
    out.write("};\n\nconst struct schema_struct schema_structs[] = {\n")
    for first, count, comment in table.structs:
        out.write("\t{%d, %d}, /* %s */\n" % (first, count, comment))
    out.write("};\n\n/* by key; requests and responses */\n")
    last_key = max(k for k, _ in table.messages)
    out.write("const struct schema_api schema_apis[] = {\n")
    for key in range(last_key + 1):
        req, resp = table.messages.get((key, False)), table.messages.get((key, True))
        if not req or not resp:
            continue
        if req["valid"] != resp["valid"] or req["flexible"] != resp["flexible"]:
            raise SystemExit(f"{req['name']}: request and response disagree about versions")
        stable = req["valid"][1] - (1 if req["unstable"] or resp["unstable"] else 0)
        out.write('\t[%d] = {"%s", %d, %d, %d, %d, %d, %d},\n' % (
            key, req["name"], req["valid"][0], stable, req["flexible"], req["broker"], req["root"], resp["root"]))
    out.write("};\n\nconst int schema_api_count = %d;\n" % (last_key + 1))
    return out.getvalue()


def main():
    args = sys.argv[1:]
    if args and args[0] == "--check" and len(args) == 3:
        if generate(args[1]) == open(args[2], encoding="utf-8").read():
            return 0
        print(f"{args[2]} is not what {args[0]} makes of {args[1]}; make it anew (HACKING.md)")
        return 1
    if len(args) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    sys.stdout.write(generate(args[0]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
