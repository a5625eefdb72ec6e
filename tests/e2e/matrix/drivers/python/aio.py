"""aiokafka."""

import asyncio
import asyncio.constants
import time

import jobs
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.helpers import create_ssl_context

# A broker doesn't end TLS with a client that ends it after acks=0, and asyncio waits for that half a minute.
asyncio.constants.SSL_SHUTDOWN_TIMEOUT = 1

KNOWN = {
    "client.id": ("client_id", str),
    "security.protocol": ("security_protocol", str),
    "sasl.mechanism": ("sasl_mechanism", str),
    "sasl.username": ("sasl_plain_username", str),
    "sasl.password": ("sasl_plain_password", str),
    "ssl.ca.location": ("ssl_context", lambda v: create_ssl_context(cafile=v)),
    "compression.type": ("compression_type", lambda v: None if v == "none" else v),
    "acks": ("acks", lambda v: v if v == "all" else int(v)),
    "enable.idempotence": ("enable_idempotence", lambda v: v == "true"),
    "transactional.id": ("transactional_id", str),
    "group.id": ("group_id", str),
    "isolation.level": ("isolation_level", str),
}


def args(job):
    return {"bootstrap_servers": job["bootstrap"], **jobs.take(job["props"], KNOWN)}


async def produce(job):
    p = AIOKafkaProducer(linger_ms=20, **args(job))
    await p.start()

    async def send(records):
        sent = [
            await p.send(
                job["topic"], jobs.unb64(r["v"]), jobs.unb64(r["k"]), partition=r["p"], timestamp_ms=r.get("t"), headers=jobs.headers(r)
            )
            for r in records
        ]
        return [m and [m.partition, m.offset] for m in await asyncio.gather(*sent)]  # acks=0: None

    try:
        if "txn" not in job:
            return {"offsets": await send(job["records"])}
        offsets = []
        for commit, records in jobs.transactions(job):
            await p.begin_transaction()
            offsets += await send(records)
            await (p.commit_transaction() if commit else p.abort_transaction())
        return {"offsets": offsets}
    finally:
        await p.stop()


async def consume(job):
    grouped = "group.id" in job["props"]
    c = AIOKafkaConsumer(job["topic"], auto_offset_reset="earliest", enable_auto_commit=False, **args(job))
    await c.start()
    out = {"records": []}
    try:
        end = time.monotonic() + job["timeout"]
        while len(out["records"]) < job["count"] and time.monotonic() < end:
            for batch in (await c.getmany(timeout_ms=300)).values():
                for r in batch:
                    out["records"].append(jobs.answer_record(r.partition, r.offset, r.timestamp, r.key, r.value, r.headers))
        if grouped:
            await c.commit()
            got = {t.partition: await c.committed(t) for t in c.assignment()}
            out["committed"] = {str(p): o for p, o in got.items() if o is not None}
        return out
    finally:
        await c.stop()


def with_admin(f):
    async def run(job):
        a = AIOKafkaAdminClient(**args(job))
        await a.start()
        try:
            return await f(a, job)
        finally:
            await a.close()

    run.__name__ = f.__name__
    return run


def good(errors):
    for t in errors:
        if t[1]:
            raise RuntimeError(f"{t[0]}: {t[1]}")


@with_admin
async def create(a, job):
    good((await a.create_topics([NewTopic(job["topic"], job["partitions"], job["replicas"], topic_configs=job["configs"])])).topic_errors)


@with_admin
async def delete(a, job):
    good((await a.delete_topics([job["topic"]])).topic_error_codes)


@with_admin
async def cluster(a, job):
    got = await a.describe_cluster()
    return {"clusterId": got["cluster_id"], "brokers": jobs.brokers((b["node_id"], b["host"], b["port"]) for b in got["brokers"])}


@with_admin
async def configs(a, job):
    (got,) = await a.describe_configs([ConfigResource(ConfigResourceType.TOPIC, job["topic"])])
    (resource,) = got.resources
    return {"configs": {c[0]: c[1] for c in resource[4]}}


@with_admin
async def groups(a, job):
    return {"groups": sorted(g[0] for g in await a.list_consumer_groups())}


@with_admin
async def metadata(a, job):
    (got,) = await a.describe_topics([job["topic"]])
    return {"partitions": sorted([p["partition"], p["leader"], p["replicas"]] for p in got["partitions"])}


async def ends(job):
    c = AIOKafkaConsumer(**args(job))
    await c.start()
    try:
        await c._client._wait_on_metadata(job["topic"])
        parts = [TopicPartition(job["topic"], p) for p in c.partitions_for_topic(job["topic"])]
        first, last = await c.beginning_offsets(parts), await c.end_offsets(parts)
        return {"ends": {str(t.partition): [first[t], last[t]] for t in parts}}
    finally:
        await c.stop()


def now(f):
    return lambda job: asyncio.run(f(job))


jobs.serve({f.__name__: now(f) for f in (produce, consume, create, delete, cluster, configs, groups, metadata, ends)})
