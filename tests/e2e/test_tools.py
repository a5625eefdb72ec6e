"""Kafka's own command-line tools through the proxy."""

import re
import subprocess

from checks import attested
from clients import Confluent
from conftest import DIRECT
from lab.kafka import java


def run(*args, data=None, ok=True):
    p = subprocess.run(java(*args), input=data, capture_output=True, timeout=120)
    assert not ok or p.returncode == 0, p.stderr.decode(errors="replace")[-3000:]
    return p


def test_console(cluster, proxy, topic):
    t = topic()
    lines = b"".join(b"h1:a,h2:b%d\tkey-%d\tvalue %d\n" % (i, i, i) for i in range(50))
    run(
        "org.apache.kafka.tools.ConsoleProducer", "--bootstrap-server", proxy.bootstrap, "--topic", t,
        "--reader-property", "parse.key=true", "--reader-property", "parse.headers=true", data=lines,
    )  # fmt: skip
    p = run(
        "org.apache.kafka.tools.consumer.ConsoleConsumer", "--bootstrap-server", proxy.bootstrap, "--topic", t,
        "--from-beginning", "--max-messages", "50", "--timeout-ms", "30000",
        "--formatter-property", "print.key=true", "--formatter-property", "print.headers=true",
    )  # fmt: skip
    got = p.stdout.decode().splitlines()
    assert len(got) == 50
    for i, line in enumerate(got):
        headers, key, value = line.split("\t")
        assert (key, value) == (f"key-{i}", f"value {i}") and headers.startswith(f"h1:a,h2:b{i}")
        assert DIRECT or re.search(r",makoto.content_hash:[0-9a-f]{64},makoto.window_id:\d+,makoto.signature:makoto.dbom/", headers)
    if not DIRECT:
        attested(cluster, proxy, t)


def test_perf(cluster, proxy, topic):
    t = topic(partitions=3)
    p = run(
        "org.apache.kafka.tools.ProducerPerformance", "--bootstrap-server", proxy.bootstrap, "--topic", t, "--num-records", "20000",
        "--record-size", "200", "--throughput", "-1", "--command-property", "acks=all", "compression.type=lz4",
    )  # fmt: skip
    assert b"20000 records sent" in p.stdout, p.stdout
    p = run(
        "org.apache.kafka.tools.ConsumerPerformance", "--bootstrap-server", proxy.bootstrap, "--topic", t,
        "--num-records", "20000", "--timeout", "60000",
    )  # fmt: skip
    assert b"20000" in p.stdout, p.stdout
    if not DIRECT:
        attested(cluster, proxy, t)


def test_topic_tools(cluster, proxy, topic):
    t = topic(partitions=2)
    Confluent.produce(proxy.bootstrap, t, [])
    p = run("org.apache.kafka.tools.TopicCommand", "--bootstrap-server", proxy.bootstrap, "--describe", "--topic", t)
    assert p.stdout.count(b"Leader:") == 2
    p = run("org.apache.kafka.tools.BrokerApiVersionsCommand", "--bootstrap-server", proxy.bootstrap)
    assert DIRECT or b"127.0.77." not in p.stdout
    assert p.stdout.count(b"Produce(0): 0 to 13") == 3, p.stdout[:600]
    p = run("org.apache.kafka.tools.MetadataQuorumCommand", "--bootstrap-server", proxy.bootstrap, "describe", "--status")
    assert b"LeaderId" in p.stdout and (DIRECT or b"127.0.77." not in p.stdout)
