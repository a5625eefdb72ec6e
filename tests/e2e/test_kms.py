"""Signing keys in AWS KMS, over a fake one: level 3; KMS that is slow, refuses, is away and comes back; the start without it."""

import os
import time

import pytest
from checks import attested, of_topic, public_keys, statements
from clients import Confluent, sample
from fakekms import ARN, KEY_ID, KINDS, SECRET, TOKEN, FakeKms
from lab.kafka import until
from proxy import PATIENCE
from test_check_cluster import Check

N = 60


@pytest.fixture
def kms(request):
    k = FakeKms(getattr(request, "param", "ECC_NIST_P256"))
    yield k
    k.close()
    assert not k.wrong, k.wrong[:3]


@pytest.fixture
def kms_proxy(kms, new_proxy):
    """Like new_proxy, with its key in the fake KMS; no secret is in the log."""
    made = []

    def make(name="proxy", settings=None, start=True, **kw):
        s = {"attest.level": 3, "attest.signing.key.id": f"awskms:///{ARN}", "attest.window.max.age": "200ms", **(settings or {})}
        p = new_proxy(name, s, start=False, **kw)
        p.env = kms.env
        made.append(p)
        return p.start() if start else p

    yield make
    logs = [x for x in (os.path.join(p.dir, "stderr.log") for p in made) if os.path.exists(x)]
    assert logs
    for name in logs:
        with open(name) as f:
            log = f.read()
        assert not any(x in log for x in (SECRET, TOKEN, KEY_ID)), "a secret is in the log"


@pytest.mark.parametrize("kms", KINDS, indirect=True)
def test_round_trip(cluster, kms_proxy, topic, kms):
    p = kms_proxy(settings={"attest.signing.key.id": ARN})
    t = topic(partitions=2)
    Confluent.produce(p.bootstrap, t, sample(N, 3, 2))
    judged = attested(cluster, p, t, "full", p.dbom_topic)
    for s in (s for x in judged.values() for s in x.statements):
        assert s.kafka["makotoLevel"] == "L3" and s.kafka["signingKeyUri"] == f"awskms:///{ARN}"
        assert s.kafka["levelGaps"] == ["L2.P.4", "L2.P.5", "L2.P.6"]
    with open(p.public_key, "rb") as f:
        assert f.read() == kms.public_pem()
    assert os.listdir(p.state).count("signing.pem") == 0
    assert kms.signed >= 3 and kms.asked == kms.signed + 1
    # A start has one at a time; then there may be one for each thread.
    assert kms.connections <= 8


def stated(cluster, p, t):
    v = statements(cluster, public_keys(p.public_key), p.dbom_topic)
    return sum(s.count for s in of_topic(v, t, cluster.topic_id(t)))


FAILURES = {
    "hang": f"cause=.*{ARN}: http://127.0.0.1:.* timed out",
    "ThrottlingException": f"cause=.*{ARN}: ThrottlingException: the account's quota",
    "DisabledException": f"cause=.*{ARN}: DisabledException: the key is disabled: enable it",
    "AccessDeniedException": f"cause=.*{ARN}: AccessDeniedException: the credentials need kms:Sign .* told by the test",
    503: f"cause=.*{ARN}: http://127.0.0.1:.*: status 503",
}


@pytest.mark.parametrize("fail", FAILURES)
def test_away(cluster, kms_proxy, topic, kms, fail):
    """Clients notice nothing; windows wait, and are stated when KMS is back."""
    p = kms_proxy()
    t = topic(partitions=3)
    Confluent.produce(p.bootstrap, t, sample(N, 3, 3))
    attested(cluster, p, t, "full", p.dbom_topic)
    kms.fail = fail
    took = []
    for i in range(3):
        begun = time.monotonic()
        Confluent.produce(p.bootstrap, t, sample(N, 3, 3))
        took.append(time.monotonic() - begun)
    p.wait_line(r"a statement can't be signed\W.*" + FAILURES[fail])
    assert p.metric("makoto_sign_failures_total") > 0
    # The timeout of one request to KMS is 5 s, and in front of one proxy nothing else takes so long.
    assert max(took) < 4 * PATIENCE, took
    assert stated(cluster, p, t) == N
    Confluent.produce(p.bootstrap, t, sample(N, 3, 3))
    kms.fail = None
    p.wait_line("statements are signed again")
    attested(cluster, p, t, "full", p.dbom_topic)


def test_stop_and_crash_without_it(cluster, kms_proxy, topic, kms):
    """What waits for a signature outlives a stop, which doesn't wait for KMS longer than for anything, and a crash."""
    p = kms_proxy(settings={"shutdown.timeout": "2s"})
    t = topic()
    Confluent.produce(p.bootstrap, t, sample(N, 3))
    attested(cluster, p, t, "full", p.dbom_topic)
    kms.fail = "hang"
    Confluent.produce(p.bootstrap, t, sample(N, 3))
    until("KMS was asked", lambda: kms.asked > kms.signed + 1, 30 * PATIENCE)
    begun = time.monotonic()
    p.proc.terminate()
    assert p.wait() in (0, 1)
    # Two seconds, one until a request that hangs gives up, and what a stop takes without KMS.
    assert time.monotonic() - begun < 8 * PATIENCE
    p.check_sane()
    p.proc = None
    kms.fail = None
    p.start()
    kms.fail = 500
    Confluent.produce(p.bootstrap, t, sample(N, 3))
    p.wait_line("a statement can't be signed")
    p.kill()
    kms.fail = None
    p.start()
    attested(cluster, p, t, "full", p.dbom_topic)


def test_start(kms_proxy, kms):
    """A start waits for KMS, half a minute; a key that can't be used in any case is told at once, and so is a level that it isn't of."""
    never = kms_proxy("never", start=False)
    kms.fail = "AccessDeniedException"
    never.spawn()
    never.wait_line(r"the signing key can't be used yet\W.*AccessDeniedException: the credentials need kms:Sign and kms:GetPublicKey")
    check = Check(kms_proxy("check", start=False))
    assert check.rc == 1 and f"{ARN}: AccessDeniedException" in check.text, (check.text, check.err)

    nowhere = kms_proxy("nowhere", start=False)
    nowhere.env = {**kms.env, "AWS_SECRET_ACCESS_KEY": ""}
    nowhere.spawn()
    assert nowhere.wait() == 2 and nowhere.said("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not both set")
    nowhere.proc = None

    level = kms_proxy("level", {"attest.signing.key.id": "file:signing.pem"}, start=False)
    level.spawn()
    assert level.wait() == 2 and level.said("attest.level: 3 wants a key that never leaves a KMS")
    level.proc = None

    assert never.wait() == 1 and never.said(r"level=error .*the signing key can't be used\W.*AccessDeniedException")
    never.proc = None


def test_heals(cluster, kms_proxy, topic, kms):
    kms.fail = 503
    p = kms_proxy(start=False).spawn()
    p.wait_line(r"the signing key can't be used yet\W.*status 503")
    kms.fail = None
    p.wait_line("ready bootstrap=")
    assert Check(kms_proxy("check", start=False)).text.count(f" in awskms:///{ARN}") == 1
    t = topic()
    Confluent.produce(p.bootstrap, t, sample(N, 3))
    attested(cluster, p, t, "full", p.dbom_topic)


def test_wrong_spec(kms_proxy, kms):
    kms.spec = "ECC_SECG_P256K1"
    p = kms_proxy(start=False).spawn()
    assert p.wait() == 2 and p.said("its spec is ECC_SECG_P256K1; want ECC_NIST_P256")
    p.proc = None
