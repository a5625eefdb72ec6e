"""Kerberos: a client's own GSSAPI login through the proxy.

A ticket is for the host name that the client dials, which is the proxy's; so the brokers' keytab must have a
key for that name too.  Here clients dial localhost and brokers are 127.0.77.n.
"""

import os
import subprocess

import pytest
from checks import attested, of_topic, public_keys, statements
from lab.kafka import PORT_BASE, Cluster, java
from lab.kdc import REALM, Kdc
from proxy import free_ports

N = 25
KRB5 = "com.sun.security.auth.module.Krb5LoginModule required useKeyTab=true storeKey=true"
PLAIN = 'org.apache.kafka.common.security.plain.PlainLoginModule required user_sidecar="sidecar-pw";'


@pytest.fixture(scope="module")
def kdc(tmp_path_factory):
    k = Kdc(tmp_path_factory.mktemp("kdc"), free_ports(1))
    k.start("kafka/localhost", "alice")
    yield k
    k.stop()


@pytest.fixture(scope="module")
def kerberized(kdc, tmp_path_factory):
    """One broker whose SPLAIN listener takes tickets as well; the proxy's own connections use PLAIN."""
    jaas = f'{KRB5} keyTab="{kdc.keytab("kafka/localhost")}" principal="kafka/localhost@{REALM}";'
    extra = (
        "listener.name.splain.sasl.enabled.mechanisms=GSSAPI,PLAIN\n"
        f"listener.name.splain.gssapi.sasl.jaas.config={jaas}\n"
        f"listener.name.splain.plain.sasl.jaas.config={PLAIN}\n"
        "sasl.kerberos.service.name=kafka\n"
    )
    c = Cluster(directory=str(tmp_path_factory.mktemp("kerberized")), nodes=1, port_base=PORT_BASE + 1000, extra=extra)
    before = os.environ.get("JDK_JAVA_OPTIONS")
    os.environ["JDK_JAVA_OPTIONS"] = f"-Djava.security.krb5.conf={kdc.conf}"
    try:
        c.start()
    finally:
        if before is None:
            del os.environ["JDK_JAVA_OPTIONS"]
        else:
            os.environ["JDK_JAVA_OPTIONS"] = before
    yield c
    c.stop()


@pytest.fixture
def passing(kerberized, new_proxy):
    return new_proxy(
        upstream=kerberized.bootstrap_of("SPLAIN"),
        settings={
            "listen.advertised.host": "localhost",
            "kafka.security.protocol": "sasl_plaintext",
            "kafka.sasl.mechanism": "PLAIN",
            "kafka.sasl.username": "sidecar",
            "kafka.sasl.password": "sidecar-pw",
        },
    )


def kcat(kdc, bootstrap, *args, text=None):
    props = {
        "security.protocol": "SASL_PLAINTEXT",
        "sasl.mechanisms": "GSSAPI",
        "sasl.kerberos.service.name": "kafka",
        "sasl.kerberos.keytab": kdc.keytab("alice"),
        "sasl.kerberos.principal": f"alice@{REALM}",
    }
    env = kdc.env | {"KRB5CCNAME": f"FILE:{kdc.dir}/tickets"}
    cmd = ["kcat", "-b", bootstrap, *(x for k, v in props.items() for x in ("-X", f"{k}={v}")), *args]
    p = subprocess.run(cmd, input=text, capture_output=True, timeout=120, env=env)
    assert p.returncode == 0, p.stderr.decode()
    return p.stdout


def console(kdc, bootstrap, topic, path):
    """What Java's console consumer reads with a ticket of its own."""
    path.write_text(
        "security.protocol=SASL_PLAINTEXT\nsasl.mechanism=GSSAPI\nsasl.kerberos.service.name=kafka\n"
        f'sasl.jaas.config={KRB5} keyTab="{kdc.keytab("alice")}" principal="alice@{REALM}";\n'
    )
    cmd = java(
        "org.apache.kafka.tools.consumer.ConsoleConsumer",
        "--bootstrap-server", bootstrap, "--topic", topic, "--from-beginning", "--max-messages", str(N), "--command-config", str(path),
        jvm=(f"-Djava.security.krb5.conf={kdc.conf}",),
    )
    p = subprocess.run(cmd, capture_output=True, timeout=120)
    assert p.returncode == 0, p.stderr.decode()
    return p.stdout.splitlines()


def test_passthrough(kdc, kerberized, passing, tmp_path):
    """librdkafka writes, it and Java read; the records are attested, and no principal is claimed, as none was seen."""
    topic = kerberized.create("tickets", partitions=1)
    lines = [b"reading %d" % i for i in range(N)]
    kcat(kdc, f"localhost:{passing.port}", "-P", "-t", topic, text=b"\n".join(lines) + b"\n")
    assert kcat(kdc, f"localhost:{passing.port}", "-C", "-t", topic, "-e", "-q", "-o", "beginning").splitlines() == lines
    assert console(kdc, f"localhost:{passing.port}", topic, tmp_path / "java.properties") == lines
    attested(kerberized, passing, topic, "full", passing.dbom_topic)
    v = statements(kerberized, public_keys(passing.public_key), passing.dbom_topic)
    told = [x for s in of_topic(v, topic, kerberized.topic_id(topic)) for x in s.kafka["producers"]]
    assert told and all("principal" not in x for x in told)


def test_no_ticket(kdc, kerberized, passing):
    """A name that the realm doesn't have: the client's library says so, the proxy lives."""
    env = kdc.env | {"KRB5CCNAME": f"FILE:{kdc.dir}/none"}
    cmd = ["kcat", "-b", f"localhost:{passing.port}", "-L", "-m", "10", "-X", "security.protocol=SASL_PLAINTEXT", "-X", "sasl.mechanisms=GSSAPI",
           "-X", "sasl.kerberos.service.name=kafka", "-X", f"sasl.kerberos.keytab={kdc.keytab('alice')}", "-X", f"sasl.kerberos.principal=bob@{REALM}"]
    p = subprocess.run(cmd, capture_output=True, timeout=120, env=env)
    assert p.returncode != 0
    assert kcat(kdc, f"localhost:{passing.port}", "-L", "-J")
