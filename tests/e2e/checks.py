"""What must be true of an attested topic, held against Kafka's own log, twice: by makotoctl and by verifier.py."""

import os
from types import SimpleNamespace

import verifier
from clients import OWN
from lab.kafka import until
from proxy import PATIENCE, ctl_verify


def public_keys(*paths):
    out = []
    for p in paths:
        with open(p, "rb") as f:
            out.append(verifier.load_key(f.read()))
    return out


_known = {}  # see verifier.Verifier


def statements(cluster, keys, dbom_topic="makoto.dbom", accept_level1=False):
    """A Verifier that has read the whole statement topic from the brokers' disks."""
    v = verifier.Verifier(cluster.id, keys, dbom_topic, accept_level1, known=_known)
    meta = cluster.metadata(dbom_topic)
    v.partitions = len(meta["Partitions"])
    for p in meta["Partitions"]:
        log = cluster.log(dbom_topic, p["PartitionIndex"])
        v.add(log.committed(), p["PartitionIndex"])
    return v


def of_topic(v, topic, topic_id):
    return [s for s in v.statements if s.kafka["topic"] == topic and s.kafka.get("topicId") == topic_id]


def wait_stated(cluster, keys, topic, records=None, dbom_topic="makoto.dbom", timeout=30, **kw):
    """Waits until the statements of this topic count as many records as its log holds (or as are asked for)."""
    topic_id = cluster.topic_id(topic)
    want = records
    if want is None:
        want = sum(len(cluster.log(topic, p).records) for p in cluster.partitions(topic))
    seen = {}

    def enough():
        v = statements(cluster, keys, dbom_topic, **kw)
        seen["n"] = sum(s.count for s in of_topic(v, topic, topic_id))
        return v if seen["n"] >= want else None

    try:
        return until(f"{want} records of {topic} are stated", enough, timeout * PATIENCE, 0.2)
    except AssertionError as e:
        raise AssertionError(f"{e}; stated: {seen.get('n')}") from None


def check_publication(v, topic, topic_id):
    """Where and how the statements stand in their topic."""
    for s in of_topic(v, topic, topic_id):
        assert s.partition == verifier.dbom_partition(s.chain, v.partitions), f"{s.record_key} in partition {s.partition}"
        if s.signed:
            (sig,) = s.outer["signatures"]
            assert s.outer["payloadType"] == verifier.PAYLOAD_TYPE and sig["keyid"] == s.kafka["signingKeyId"]
    assert not v.unreadable, v.unreadable[:3]


def check_headers(log, mode, dbom_topic="makoto.dbom"):
    """Every record ends in the three, adjacent, in order, of this mode; or has none of ours in mode none."""
    for r in log.records:
        if mode == "none":
            assert not any(n in OWN for n, _ in r.headers), r
            continue
        assert tuple(n for n, _ in r.headers[-3:]) == OWN, r.headers
        name = verifier.read_triple(r.headers, len(r.headers) - 3, r.value)
        assert name is not None and name.mode == mode, (mode, r.headers[-3:])
        assert name.dbom_topic == (dbom_topic if mode == "full" else None)


def members_once(v, topic, topic_id, logs):
    """Every record of the logs is a member of exactly one window."""
    for partition, log in logs.items():
        seen = {}
        for s in of_topic(v, topic, topic_id):
            if s.kafka["partition"] == partition and s.trusted:
                for o in s.offsets():
                    assert o not in seen, f"{topic}-{partition}@{o} in {seen[o]} and {s.record_key}"
                    seen[o] = s.record_key
        offsets = {r.offset for r in log.records}
        assert offsets == set(seen), (
            f"{topic}-{partition}: not stated {sorted(offsets - set(seen))[:10]}, "
            f"stated and not in the log {sorted(set(seen) - offsets)[:10]}"
        )


def ends_told(v, topic, topic_id):
    """{(partition, offset): "committed", "aborted" or "open"}: how the records' transactions ended, as all statements together tell it.

    A record that is in no transaction is "committed".
    """
    out = {}
    for s in sorted(of_topic(v, topic, topic_id), key=lambda s: (s.chain, s.window)):
        p = s.kafka["partition"]
        runs = lambda name: {(p, o) for run in s.kafka[name] for o in range(run[0], run[0] + run[1])}  # noqa: E731
        aborted, left = runs("aborted"), runs("open")
        for at in ((p, o) for o in s.offsets()):
            out[at] = "aborted" if at in aborted else "open" if at in left else "committed"
        for first, n, outcome in s.kafka["resolved"]:
            for at in ((p, o) for o in range(first, first + n)):
                assert out.get(at) == "open", f"{s.record_key} tells the end of {at}, which was {out.get(at)}"
                out[at] = outcome
    return out


def attested(cluster, proxy, topic, mode="full", dbom_topic="makoto.dbom", timeout=30, compacted=False, isolation=None, chains=1):
    """The whole check of a topic that went through one proxy and that nobody tampered with.

    chains: how many chains a partition may have (None: any number).  Returns the judgements by partition.
    """
    keys = public_keys(proxy.public_key)
    v = wait_stated(cluster, keys, topic, dbom_topic=dbom_topic, timeout=timeout)
    topic_id = cluster.topic_id(topic)
    check_publication(v, topic, topic_id)
    logs = {p: cluster.log(topic, p) for p in cluster.partitions(topic)}
    members_once(v, topic, topic_id, logs)
    out = {}
    for p, log in logs.items():
        if mode is not None:
            check_headers(log, mode, dbom_topic)
        j = v.judge(topic, topic_id, p, log, compacted)
        assert not j.violations(), j.violations()[:5]
        assert j.counts() in ({}, {"verified": len(log.records)}), j.counts()
        mine = [s for s in of_topic(v, topic, topic_id) if s.kafka["partition"] == p]
        if chains is not None:
            assert len({s.chain for s in mine}) <= chains
        for s in mine:
            aborted = {o for f, n in s.kafka["aborted"] for o in range(f, f + n)}
            assert aborted == {o for o in s.offsets() if o in log.aborted}, "aborted members are the log's"
            assert s.kafka["signingKeyId"] == verifier.key_id(keys[0])
            records = [r for r in log.records if r.offset in s.index()]
            assert s.body["predicate"]["aggregates"]["statistics"]["valueBytes"] == sum(len(r.value or b"") for r in records)
        out[p] = SimpleNamespace(judgement=j, log=log, statements=sorted(mine, key=lambda s: (s.chain, s.window)))
    total = sum(len(x.log.records) for x in out.values())
    args = ["--dbom-topic", dbom_topic] + (["--isolation", isolation] if isolation else [])
    p, lines, last = ctl_verify(cluster.bootstrap, topic, proxy.public_key, *args)
    assert p.returncode == 0, f"makotoctl verify: {p.returncode}\n{p.stdout[-3000:]}\n{p.stderr[-2000:]}"
    assert last["ok"] is True and last["records"] == sum(last["verdicts"].values()), last
    if isolation != "read_committed":
        assert last["verdicts"].get("verified") == total == last["records"], last
    return out


def same_records(sent, got, timestamps=True):
    """What was read is what was sent: each partition's records, in their order, nothing more, nothing less."""
    by_part = lambda rs: {p: [r for r in rs if r.partition == p] for p in {r.partition for r in rs}}  # noqa: E731
    a, b = by_part(sent), by_part(got)
    assert {p: len(x) for p, x in a.items()} == {p: len(x) for p, x in b.items()}
    for p, want in a.items():
        have = sorted(b[p], key=lambda r: r.offset)
        assert [r.offset for r in b[p]] == [r.offset for r in have], "read out of order"
        for w, h in zip(want, have):
            assert w.same(h, timestamps), (w, h)


def segment_dir(cluster, topic, partition=0):
    return os.path.join(cluster.node(cluster.leader(topic, partition)).data, f"{topic}-{partition}")
