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
from concurrent.futures import ThreadPoolExecutor

import wire
from lab.kafka import ROOT

HOME = os.path.join(ROOT, "build", "e2e", "suites")
LIMIT = 900  # seconds; only for a suite that hangs


def _run(command, directory, env, log, limit=LIMIT):
    """Its exit code and its output; with all that it started it is ended at the limit."""
    with open(log, "wb") as out:
        p = subprocess.Popen(
            command, cwd=directory, env={**os.environ, **env}, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            code = p.wait(limit)
        except subprocess.TimeoutExpired:
            os.killpg(p.pid, signal.SIGKILL)
            p.wait()
            raise
    with open(log, errors="replace") as f:
        return code, f.read()


# An authorizer that lets everybody in, until a test says otherwise.
AUTHORIZER = ("authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer", "allow.everyone.if.no.acl.found=true")


class KafkaPython:
    """What needs a broker and takes one that is there; test_sasl and test_ssl start brokers of their own."""

    name = "kafka-python"
    # Its tests name broker 0, and take the one that they see for a partition's leader: they are made for one broker.
    # They want an authorizer, and sessions of three seconds.
    brokers = {"ids": (0,), "extra": "\n".join((*AUTHORIZER, "group.min.session.timeout.ms=1000")) + "\n"}
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
        "Test848RegexBrokerResolves": "directly it passed twice and failed once of three runs: it saw no record of its second topic",
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


class Librdkafka:
    """Its test-runner, a process for each of its numbers: a test that runs out of its time ends the process, and all that runs in it."""

    name = "librdkafka"
    # They want four partitions; 0118 wants both of its consumers in the group's first generation, or fails.
    settings = ("num.partitions=4", "group.initial.rebalance.delay.ms=500")
    # Some of its tests deny a topic to everybody.  One voter: with an authorizer, several don't let each other in before they are up.
    brokers = {"ids": (1, 2, 3), "extra": "\n".join((*AUTHORIZER, *settings)) + "\n"}
    unsettled = {}
    by_design = {t: ("pass", "fail") for t in ("0073_headers", "0085_headers")}  # they want a record's own headers and none more
    left_out = {  # by their numbers
        "0077 0129": "Kafka 4 refuses segments as small as their topics'",
        "0139 0150": "run against librdkafka's own mock cluster, whatever their flags say",
    }
    # Quick, as the others are run, these say that they have passed, and do nothing.
    whole = ("0018", "0019", "0026", "0045", "0050", "0061", "0089", "0102")
    at_once = 3
    limit = 300  # seconds for a number
    known = re.compile(r"^ {4}_TEST\((\d{4})_\w+,\s*(.*?)\),$", re.M | re.S)
    # What no broker of ours could serve: without a broker, by hand, broken, with brokers that make no topics by themselves.
    unfit = re.compile(r"_LOCAL|_MANUAL|_KNOWN_ISSUE\b|noautocreate")
    ended = re.compile(r"=== Test (\d{4}_\w+) (PASSED|FAILED|SKIPPED) ===")
    began = re.compile(r"=== Running test (\d{4}_\w+) ===")
    skipped = re.compile(r"^\[(\d{4}_\w+)\s*/[^]]*\] WARN: SKIPPING TEST: (?!Filtered)", re.M)
    part = re.compile(r"^\[(\d{4}_\w+)\s*/[^]]*\] \[ (.+?): (PASS|SKIP)\b", re.M)
    chance = re.compile(r"rnd[0-9a-f]{8,}|0x[0-9a-f]+|\d{9,}|127(\.\d+){3}:\d+")  # in what parts are called

    @classmethod
    def numbers(cls):
        with open(os.path.join(HOME, cls.name, "source", "tests", "test.c")) as f:
            text = f.read()
        wanted = {n for n, flags in cls.known.findall(text[text.index("struct test tests[]") :]) if not cls.unfit.search(flags)}
        gone = {n for names in cls.left_out for n in names.split()}
        assert gone <= wanted, gone - wanted
        return sorted(wanted - gone)

    @classmethod
    def run(cls, bootstrap, directory):
        conf = os.path.join(directory, "test.conf")
        with open(conf, "w") as f:
            f.write(f"bootstrap.servers={bootstrap}\ntest.topic.random=true\ntest.timeout.multiplier=2\n")
        env = {"RDKAFKA_TEST_CONF": conf, "TEST_KAFKA_VERSION": wire.kafka_release(), "LD_LIBRARY_PATH": "../src:../src-cpp"}
        env |= {"KAFKA_PATH": os.path.join(HOME, cls.name, "kafka"), "BROKERS": bootstrap, "KAFKA_JARS": wire.jars_dir()}

        def one(number):
            log = os.path.join(directory, number)
            try:
                _, text = _run(["./test-runner", "-L", "-K", *([] if number in cls.whole else ["-Q"]), "-p1"], os.path.join(HOME, cls.name, "source", "tests"), {**env, "TESTS": number}, log, cls.limit)
            except subprocess.TimeoutExpired:
                with open(log, errors="replace") as f:
                    text = f.read()
            return cls.results(re.sub(r"\x1b\[[0-9;]*m", "", text))

        results = {}
        with ThreadPoolExecutor(cls.at_once) as pool:
            for number, got in zip(cls.numbers(), pool.map(one, cls.numbers())):
                assert got, f"{number} said nothing: {directory}"
                results |= got
        return results

    @classmethod
    def results(cls, text):
        """Tests by their names, and what they have passed and skipped of their parts by test and part."""
        out = {t: "fail" for t in cls.began.findall(text)}  # until it tells that it has ended
        out |= {t: {"PASSED": "pass", "FAILED": "fail", "SKIPPED": "skip"}[r] for t, r in cls.ended.findall(text)}
        out |= dict.fromkeys(cls.skipped.findall(text), "skip")
        for test, part, result in cls.part.findall(text):
            name = base = f"{test} {cls.chance.sub('*', part)}"
            n = 1
            while name in out:
                n += 1
                name = f"{base} ({n})"
            out[name] = result.lower()
        return out


SUITES = {s.name: s for s in (KafkaPython, FranzGo, Librdkafka)}


def counts(results):
    n = Counter(results.values())
    return ", ".join(f"{n[k]} {k}" for k in ("pass", "skip", "fail"))
