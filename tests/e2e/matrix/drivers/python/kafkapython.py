"""kafka-python."""

import time

import jobs
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType

KNOWN = {
    "client.id": ("client_id", str),
    "security.protocol": ("security_protocol", str),
    "sasl.mechanism": ("sasl_mechanism", str),
    "sasl.username": ("sasl_plain_username", str),
    "sasl.password": ("sasl_plain_password", str),
    "ssl.ca.location": ("ssl_cafile", str),
    "compression.type": ("compression_type", lambda v: None if v == "none" else v),
    "acks": ("acks", lambda v: -1 if v == "all" else int(v)),
    "enable.idempotence": ("enable_idempotence", lambda v: v == "true"),
    "transactional.id": ("transactional_id", str),
    "group.id": ("group_id", str),
    "isolation.level": ("isolation_level", str),
}


def args(job):
    return {"bootstrap_servers": job["bootstrap"].split(","), **jobs.take(job["props"], KNOWN)}


def produce(job):
    p = KafkaProducer(linger_ms=20, **args(job))
    offsets = []

    def send(records):
        sent = [
            p.send(
                job["topic"], jobs.unb64(r["v"]), jobs.unb64(r["k"]), partition=r["p"], timestamp_ms=r.get("t"), headers=jobs.headers(r)
            )
            for r in records
        ]
        p.flush(60)
        for f in sent:
            m = f.get(60)
            offsets.append([m.partition, m.offset] if m.offset >= 0 else None)  # acks=0: -1

    try:
        if "txn" not in job:
            send(job["records"])
        else:
            p.init_transactions()
            for commit, records in jobs.transactions(job):
                p.begin_transaction()
                send(records)
                p.commit_transaction() if commit else p.abort_transaction()
        return {"offsets": offsets}
    finally:
        p.close(30)


def consume(job):
    grouped = "group.id" in job["props"]
    c = KafkaConsumer(auto_offset_reset="earliest", enable_auto_commit=False, **args(job))
    out = {"records": []}
    try:
        if grouped:
            c.subscribe([job["topic"]])
        else:
            c.assign([TopicPartition(job["topic"], p) for p in c.partitions_for_topic(job["topic"])])
            c.seek_to_beginning()
        end = time.monotonic() + job["timeout"]
        while len(out["records"]) < job["count"] and time.monotonic() < end:
            for batch in c.poll(10000).values():  # a poll that ends while it joins a group joins anew, as another member
                for r in batch:
                    out["records"].append(jobs.answer_record(r.partition, r.offset, r.timestamp, r.key, r.value, r.headers))
        if grouped:
            c.commit()
            got = {t.partition: c.committed(t) for t in c.assignment()}
            out["committed"] = {str(p): o for p, o in got.items() if o is not None}
        return out
    finally:
        c.close()


def with_admin(f):
    def run(job):
        a = KafkaAdminClient(**args(job))
        try:
            return f(a, job)
        finally:
            a.close()

    run.__name__ = f.__name__
    return run


@with_admin
def create(a, job):
    a.create_topics({job["topic"]: {"num_partitions": job["partitions"], "replication_factor": job["replicas"], "configs": job["configs"]}})


@with_admin
def delete(a, job):
    a.delete_topics([job["topic"]])


@with_admin
def cluster(a, job):
    got = a.describe_cluster()
    return {"clusterId": got["cluster_id"], "brokers": jobs.brokers((b["broker_id"], b["host"], b["port"]) for b in got["brokers"])}


@with_admin
def configs(a, job):
    got = a.describe_configs([ConfigResource(ConfigResourceType.TOPIC, job["topic"])], config_filter="all")
    return {"configs": {n: c["value"] for n, c in got["topic"][job["topic"]].items()}}


@with_admin
def groups(a, job):
    return {"groups": sorted(g["group_id"] for g in a.list_groups())}


@with_admin
def metadata(a, job):
    (got,) = a.describe_topics([job["topic"]])
    return {"partitions": sorted([p["partition_index"], p["leader_id"], p["replica_nodes"]] for p in got["partitions"])}


def ends(job):
    c = KafkaConsumer(**args(job))
    try:
        parts = [TopicPartition(job["topic"], p) for p in c.partitions_for_topic(job["topic"])]
        first, last = c.beginning_offsets(parts), c.end_offsets(parts)
        return {"ends": {str(t.partition): [first[t], last[t]] for t in parts}}
    finally:
        c.close()


jobs.serve({f.__name__: f for f in (produce, consume, create, delete, cluster, configs, groups, metadata, ends)})
