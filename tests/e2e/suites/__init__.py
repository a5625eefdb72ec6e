"""Clients' own integration tests, as their packages bring them: run(bootstrap) gives the result of each test, by name.

brokers: what Cluster takes to start those that a suite is made for, or None for the lab's three.
unsettled: tests that directly, too, pass at one time and fail at another, each with what was seen; they run, but aren't compared.
by_design: tests whose results must differ, directly and proxied, and why they must.
"""

import os
import re
import signal
import subprocess
import xml.etree.ElementTree as xml
from collections import Counter

from lab.kafka import ROOT

HOME = os.path.join(ROOT, "build", "e2e", "suites")
LIMIT = 900  # seconds; only for a suite that hangs


def _run(command, directory, env, log):
    """Its exit code and its output; with all that it started it is ended at the limit."""
    with open(log, "wb") as out:
        p = subprocess.Popen(
            command, cwd=directory, env={**os.environ, **env}, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            code = p.wait(LIMIT)
        except subprocess.TimeoutExpired:
            os.killpg(p.pid, signal.SIGKILL)
            p.wait()
            raise
    with open(log, errors="replace") as f:
        return code, f.read()


class KafkaPython:
    """What needs a broker and takes one that is there; test_sasl and test_ssl start brokers of their own."""

    name = "kafka-python"
    # Its tests name broker 0, and take the one that they see for a partition's leader: they are made for one broker.
    # They want an authorizer that lets everybody in, and sessions of three seconds.
    settings = (
        "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "allow.everyone.if.no.acl.found=true",
        "group.min.session.timeout.ms=1000",
    )
    brokers = {"ids": (0,), "extra": "\n".join(settings) + "\n"}
    unsettled, by_design = {}, {}
    files = ("producer", "consumer", "admin")
    # The newest that it can tell from a broker's versions: its tests compare.
    kafka = "4.3.0"

    @classmethod
    def run(cls, bootstrap, directory):
        home = os.path.join(HOME, cls.name)
        report = os.path.join(directory, "report.xml")
        env = {"KAFKA_URI": "PLAINTEXT://" + bootstrap.split(",")[0], "KAFKA_VERSION": cls.kafka, "KAFKA_ROOT": os.path.join(home, "no-broker")}
        files = [f"test/integration/test_{f}_integration.py" for f in cls.files]
        command = [os.path.join(HOME, "venv", "bin", "python"), "-B", "-m", "pytest", "-q", "-p", "no:cacheprovider", "-o", "log_level=ERROR"]
        code, text = _run([*command, f"--junitxml={report}", *files], home, env, os.path.join(directory, "log"))
        assert code in (0, 1), text[-4000:]
        results = {}
        for case in xml.parse(report).getroot().iter("testcase"):
            kinds = {c.tag for c in case} & {"failure", "error", "skipped"}
            result = "pass" if not kinds else "skip" if kinds == {"skipped"} else "fail"
            results[case.get("classname") + "." + case.get("name")] = result
        return results


class FranzGo:
    """pkg/kgo, whole: the tests without a broker, too, as its authors run them."""

    name = "franz-go"
    brokers = None  # the lab's three
    unsettled = {
        "Test848RegexBrokerResolves": "directly it passed once and failed once of two runs: it saw no record of its second topic",
    }
    by_design = {"TestPooling": ("pass", "fail")}  # it wants the two headers that it wrote and none more: it gets the attestation's, too
    # Its default is 500000 for each of the consume-transform-produce tests, which takes two cores far too long.
    records = 10000
    done = re.compile(r"^\x16?\s*--- (PASS|FAIL|SKIP): (\S+) \([0-9.]+s\)$", re.M)

    @classmethod
    def run(cls, bootstrap, directory):
        home = os.path.join(HOME, cls.name)
        env = {"KGO_SEEDS": bootstrap, "KGO_TEST_RECORDS": str(cls.records), "KGO_LOG_LEVEL": "none"}
        command = [os.path.join(home, "kgo.test"), "-test.v=test2json", f"-test.timeout={LIMIT - 10}s"]
        code, text = _run(command, os.path.join(home, "source", "pkg", "kgo"), env, os.path.join(directory, "log"))
        assert code in (0, 1) and "panic: test timed out" not in text, text[-4000:]
        return {name: result.lower() for result, name in cls.done.findall(text)}


SUITES = {s.name: s for s in (KafkaPython, FranzGo)}


def counts(results):
    n = Counter(results.values())
    return ", ".join(f"{n[k]} {k}" for k in ("pass", "skip", "fail"))
