"""confluent-kafka: librdkafka's newest, as Python ships it."""

import time

import jobs
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, ConfigResource, NewTopic


def conf(job, **more):
    return {"bootstrap.servers": job["bootstrap"], **more, **job["props"]}


def produce(job):
    p = Producer(conf(job, **{"linger.ms": 20}))
    offsets, errors = [None] * len(job["records"]), []

    def send(i, r):
        def done(err, msg):
            if err:
                errors.append(err)
            else:
                offsets[i] = [msg.partition(), msg.offset()]

        args = {"timestamp": r["t"]} if "t" in r else {}
        p.produce(job["topic"], jobs.unb64(r["v"]), jobs.unb64(r["k"]), r["p"], on_delivery=done, headers=jobs.headers(r), **args)
        p.poll(0)

    def flush():
        if p.flush(60):
            raise TimeoutError("messages are not delivered")
        if errors:
            raise KafkaException(errors[0])

    if "txn" not in job:
        for i, r in enumerate(job["records"]):
            send(i, r)
        flush()
    else:
        p.init_transactions(60)
        i = 0
        for commit, records in jobs.transactions(job):
            p.begin_transaction()
            for r in records:
                send(i, r)
                i += 1
            flush()
            p.commit_transaction(60) if commit else p.abort_transaction(60)
    return {"offsets": offsets}


def consume(job):
    grouped = "group.id" in job["props"]
    c = Consumer(conf(job, **{"group.id": "unused", "auto.offset.reset": "earliest", "enable.auto.commit": False, "check.crcs": True}))
    out = {"records": []}
    try:
        if grouped:
            c.subscribe([job["topic"]])
        else:
            parts = c.list_topics(job["topic"], 30).topics[job["topic"]].partitions
            c.assign([TopicPartition(job["topic"], p, OFFSET_BEGINNING) for p in parts])
        end = time.monotonic() + job["timeout"]
        while len(out["records"]) < job["count"] and time.monotonic() < end:
            for m in c.consume(1000, 0.2):
                if m.error():
                    raise KafkaException(m.error())
                out["records"].append(
                    jobs.answer_record(m.partition(), m.offset(), m.timestamp()[1], m.key(), m.value(), m.headers())
                )
        if grouped:
            c.commit(asynchronous=False)
            got = c.committed(c.assignment(), 30)
            out["committed"] = {str(t.partition): t.offset for t in got if t.offset >= 0}
    finally:
        c.close()
    return out


def with_admin(f):
    def run(job):
        a = AdminClient(conf(job))  # held until the answer is there: without a holder it ends at once
        return f(a, job)

    run.__name__ = f.__name__
    return run


def only(futures):
    (f,) = futures.values()
    return f.result(30)


@with_admin
def create(a, job):
    only(a.create_topics([NewTopic(job["topic"], job["partitions"], job["replicas"], config=job["configs"])]))


@with_admin
def delete(a, job):
    only(a.delete_topics([job["topic"]]))


@with_admin
def cluster(a, job):
    got = a.describe_cluster().result(30)
    return {"clusterId": got.cluster_id, "brokers": jobs.brokers((n.id, n.host, n.port) for n in got.nodes)}


@with_admin
def configs(a, job):
    got = only(a.describe_configs([ConfigResource(ConfigResource.Type.TOPIC, job["topic"])]))
    return {"configs": {n: e.value for n, e in got.items()}}


@with_admin
def groups(a, job):
    got = a.list_consumer_groups().result(30)
    if got.errors:
        raise got.errors[0]
    return {"groups": sorted(g.group_id for g in got.valid)}


@with_admin
def metadata(a, job):
    parts = a.list_topics(job["topic"], 30).topics[job["topic"]].partitions
    return {"partitions": sorted([p.id, p.leader, p.replicas] for p in parts.values())}


def ends(job):
    c = Consumer(conf(job, **{"group.id": "unused"}))
    try:
        parts = c.list_topics(job["topic"], 30).topics[job["topic"]].partitions
        return {"ends": {str(p): list(c.get_watermark_offsets(TopicPartition(job["topic"], p), 30)) for p in parts}}
    finally:
        c.close()


jobs.serve({f.__name__: f for f in (produce, consume, create, delete, cluster, configs, groups, metadata, ends)})
