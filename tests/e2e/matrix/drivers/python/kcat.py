"""kcat, with Debian's librdkafka 2.0.2: text records only."""

import json
import os
import subprocess
import sys

import jobs

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), *[os.pardir] * 3))
import kcattext


def kcat(job, *args, data=b"", timeout=60):
    settings = [x for k, v in job["props"].items() if k != "group.id" for x in ("-X", f"{k}={v}")]
    p = subprocess.run(["kcat", "-b", job["bootstrap"], *settings, *args], input=data, capture_output=True, timeout=timeout)
    if p.returncode:
        raise RuntimeError(p.stderr.decode(errors="replace").strip())
    return p.stdout


def produce(job):
    """One run per partition and set of headers, since a run has one of each."""
    if "txn" in job and not all(t["commit"] for t in job["txn"]):
        raise ValueError("kcat aborts only when it is interrupted")
    runs = {}
    for r in job["records"]:
        runs.setdefault((r["p"], json.dumps(r["h"])), []).append(r)
    for (partition, _), records in runs.items():
        args = [x for n, v in jobs.headers(records[0]) for x in ("-H", f"{n}={v.decode()}")]
        text = b"".join(jobs.unb64(r["k"]) + b"\t" + jobs.unb64(r["v"]) + b"\n" for r in records)
        kcat(job, "-P", "-t", job["topic"], "-p", str(partition), "-K", "\t", *args, data=text)
    return {"offsets": None}


def consume(job):
    if "group.id" in job["props"]:
        args = ["-G", job["props"]["group.id"], "-c", str(job["count"]), "-X", "auto.offset.reset=earliest", job["topic"]]
    else:
        args = ["-C", "-t", job["topic"], "-e", "-o", "beginning"]
    data = kcat(job, "-q", "-f", kcattext.FORMAT, *args, timeout=job["timeout"])
    return {"records": [jobs.answer_record(*fields) for fields in kcattext.records(data)]}


def look(job, *args):
    return json.loads(kcat(job, "-L", "-J", *args))


def cluster(job):
    out = []
    for b in look(job)["brokers"]:
        host, port = b["name"].rsplit(":", 1)
        out.append((b["id"], host, int(port)))
    return {"clusterId": None, "brokers": jobs.brokers(out)}


def metadata(job):
    (topic,) = look(job, "-t", job["topic"])["topics"]
    return {"partitions": sorted([p["partition"], p["leader"], [r["id"] for r in p["replicas"]]] for p in topic["partitions"])}


def ends(job):
    parts = [p[0] for p in metadata(job)["partitions"]]
    out = {}
    for p in parts:
        both = [kcat(job, "-Q", "-t", f"{job['topic']}:{p}:{at}").split()[-1] for at in (-2, -1)]
        out[str(p)] = [int(x) for x in both]
    return {"ends": out}


jobs.serve({f.__name__: f for f in (produce, consume, cluster, metadata, ends)})
