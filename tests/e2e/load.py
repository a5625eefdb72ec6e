"""A load that goes on until a test ends it, and what must be true of it afterwards: nothing lost, doubled or reordered.

    with Producing(px.bootstrap, topic) as load:
        load.more()         # waits until it has got on
        …
    check_load(cluster, topic, load)
"""

import json
import os
import subprocess
import threading
import time

from checks import of_topic, public_keys, statements
from confluent_kafka import Consumer, KafkaError, Producer
from lab.kafka import until
from proxy import PATIENCE, ctl_verify


class Producing:
    """librdkafka, idempotent, in a thread: value "name:number", partitions in turn, at most so many a second."""

    def __init__(self, bootstrap, topic, name="load", partitions=1, per_second=100, **props):
        self.topic, self.name, self.partitions, self.per_second = topic, name, partitions, per_second
        self.acked = []  # (partition, offset or None, number) as told
        self.failed = []
        self.all_down = []  # when librdkafka said that it has no broker
        self.left = None
        self.sent = 0
        self._end = threading.Event()
        self._producer = Producer(
            {
                "bootstrap.servers": bootstrap,
                "client.id": name,
                "log_level": 2,  # disconnections are what these tests make
                "enable.idempotence": True,
                "linger.ms": 5,
                "compression.type": "lz4",
                "message.timeout.ms": 300000,
                "request.timeout.ms": 5000,
                "socket.timeout.ms": 10000,
                "topic.metadata.refresh.interval.ms": 1000,
                "reconnect.backoff.max.ms": 500,
                "error_cb": self._error,
                **{k.replace("_", "."): v for k, v in props.items()},
            }
        )
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _error(self, err):
        if err.code() == KafkaError._ALL_BROKERS_DOWN:
            self.all_down.append(time.monotonic())

    def _told(self, err, msg):
        number = int(msg.value().split(b":")[1])
        if err is not None:
            self.failed.append((number, err))
        else:
            self.acked.append((msg.partition(), msg.offset(), number))

    def _run(self):
        started = time.monotonic()
        while not self._end.is_set():
            try:
                self._producer.produce(
                    self.topic, b"%s:%d:" % (self.name.encode(), self.sent), b"k%d" % self.sent, self.sent % self.partitions, self._told
                )
                self.sent += 1
            except BufferError:
                self._producer.poll(0.1)
            self._producer.poll(0)
            self._end.wait(max(0, started + self.sent / self.per_second - time.monotonic()))
        self.left = self._producer.flush(120)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        self._end.set()
        self._thread.join(150)

    def more(self, n=50, timeout=60):
        """Waits until so many more are acknowledged, of those that were sent from now on; gives the seconds."""
        from_here, began = self.sent, time.monotonic()

        def there():
            return sum(1 for x in self.acked[-4 * n :] if x[2] >= from_here) >= n

        until(f"{self.name} gets on (sent {self.sent}, acknowledged {len(self.acked)})", there, timeout * PATIENCE)
        return time.monotonic() - began

    def check(self):
        assert self.left == 0 and not self.failed, (self.left, self.failed[:3])
        assert len(self.acked) == self.sent


class Running:
    """The same by a program in another language (its op "load"), in a process of its own."""

    def __init__(self, program, bootstrap, topic, directory, name="load", partitions=1, per_second=100, count=1_000_000, **props):
        self.topic, self.name = topic, name
        self.dir = os.path.join(str(directory), name)
        os.makedirs(self.dir)
        self.stop_file, self.acked_file = self.dir + "/stop", self.dir + "/acked"
        if program.name == "java":
            props = {"linger_ms": 5, "retry_backoff_max_ms": 500, "delivery_timeout_ms": 300000, "max_block_ms": 300000, **props}
        job = {
            "op": "load", "topic": topic, "id": name, "count": count, "size": 64, "partitions": partitions,
            "perSecond": per_second, "stop": self.stop_file, "acked": self.acked_file,
            "props": {"client.id": name, **{k.replace("_", "."): str(v) for k, v in props.items()}},
        }  # fmt: skip
        with open(self.dir + "/jobs", "w") as f:
            json.dump([job], f)
        with open(self.dir + "/err", "w") as err:
            self.proc = subprocess.Popen([*program.command(), bootstrap, self.dir + "/jobs", self.dir + "/results"], stderr=err)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is not None:
            self.proc.kill()
        self.stop()

    def stop(self, timeout=150):
        open(self.stop_file, "w").close()
        try:
            rc = self.proc.wait(timeout)
        except subprocess.TimeoutExpired:
            self.proc.kill()
            self.proc.wait()
            raise
        with open(self.dir + "/err") as f:
            said = f.read()
        if rc != 0:
            self.error = said[-3000:]
            self.acknowledged, self.failed = set(), [self.error]
            return
        with open(self.acked_file, "rb") as f:
            acked = f.read()
        self.acknowledged = {n for n, x in enumerate(acked) if x == 1}
        why = dict(line.split(" ", 2)[1:] for line in said.splitlines() if line.startswith("FAILED "))
        self.failed = [(n, why.get(str(n))) for n, x in enumerate(acked) if x == 2]


def numbers(cluster, topic, name):
    """{partition: [(offset, number), …]} of one load, in the log's order; checks it for doubles on the way.

    A producer that raises its epoch sends again what may be stored already: librdkafka does so when a broker that it
    comes back to says OUT_OF_ORDER_SEQUENCE_NUMBER.  Within an epoch nothing may come twice, or out of order; what came
    in an earlier one counts as not there.
    """
    out = {}
    for p in cluster.partitions(topic):
        last = None
        for b in cluster.log(topic, p).batches:
            for r in [] if b.control else b.records():
                who, number = r.value.split(b":")[:2]
                if who.decode() != name:
                    continue
                number, epoch, xs = int(number), (b.pid, b.epoch), out.setdefault(p, [])
                if xs and xs[-1][1] >= number and epoch != last:
                    xs[:] = [x for x in xs if x[1] < number]
                assert not xs or xs[-1][1] < number, f"{topic}-{p}: {name}'s {number} comes behind {xs[-1]}"
                xs.append((r.offset, number))
                last = epoch
    return out


def under_way(cluster, topic, *names):
    """Waits until each load's records are in every partition.

    A leader that doesn't know an idempotent producer yet takes whichever of its batches comes first, and the producer
    is stuck with the one before (KAFKA-14359); so nobody moves a leader before that.
    """

    def all_there():
        want = set(cluster.partitions(topic))
        return all({p for p, xs in numbers(cluster, topic, n).items() if len(xs) > 20} == want for n in names)

    until("every load is under way", all_there, 60 * PATIENCE, 0.3)


def check_load(cluster, topic, *loads):
    """The log holds what each producer was told, where it was told, once and in its order."""
    for load in loads:
        got = numbers(cluster, topic, load.name)
        if isinstance(load, Producing):
            load.check()
            # A batch that was stored and whose answer was lost may be acknowledged to librdkafka without its offset.
            at = {(p, n): o for p, xs in got.items() for o, n in xs}
            log = {(p, o, n) for (p, n), o in at.items()}
            told = {(p, at.get((p, n)) if o is None else o, n) for p, o, n in load.acked}
            assert log == told, f"in the log alone {sorted(log - told)[:5]}, told alone {sorted(told - log)[:5]}, {len(log)} {len(told)}"
        else:
            assert not load.failed, load.failed[:3]
            assert {n for xs in got.values() for _, n in xs} == load.acknowledged


class Consuming:
    """A consumer group's only member, in a thread; commits as it goes."""

    def __init__(self, bootstrap, topic, group, protocol="classic", **props):
        self.got = []  # (partition, offset, value), in the order of arrival
        self.errors = []
        self._end = threading.Event()
        self._consumer = Consumer(
            {
                "bootstrap.servers": bootstrap,
                "group.id": group,
                "log_level": 2,
                "auto.offset.reset": "earliest",
                "auto.commit.interval.ms": 500,
                "group.protocol": protocol,
                **({"session.timeout.ms": 20000} if protocol == "classic" else {}),  # KIP-848: the broker's to say
                "socket.timeout.ms": 10000,
                "reconnect.backoff.max.ms": 500,
                "topic.metadata.refresh.interval.ms": 1000,
                **{k.replace("_", "."): v for k, v in props.items()},
            }
        )
        self._consumer.subscribe([topic])
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self):
        while not self._end.is_set():
            for m in self._consumer.consume(500, 0.2):
                if m.error():
                    self.errors.append(m.error())
                else:
                    self.got.append((m.partition(), m.offset(), m.value()))
        self._consumer.close()

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._end.set()
        self._thread.join(60)

    def check(self, cluster, topic):
        """Waits until it has read the whole log; a group may read again from its commit, but skips nothing."""
        want = {(p, r.offset): r.value for p in cluster.partitions(topic) for r in cluster.log(topic, p).records}
        until("the group has read all", lambda: len({(p, o) for p, o, _ in self.got}) >= len(want), 60 * PATIENCE)
        assert {(p, o): v for p, o, v in self.got} == want
        high = {}
        for p, o, _ in self.got:
            assert o <= high.get(p, -1) + 1, f"{topic}-{p}: from {high.get(p)} to {o}"
            high[p] = max(o, high.get(p, -1))


def counted_unattested(px):
    return px.metric("makoto_records_unattested_total")


def attested_or_counted(cluster, px, topic, chains=1):
    """Verified, or counted by the proxy (which is the test's own) as not attested; never a violation.

    Gives how many records are not verified.
    """
    until("every window is published", lambda: px.status()["unpublishedRecords"] == 0, 90 * PATIENCE)
    counted = counted_unattested(px)
    # A leader that was just elected shows less than it acknowledged, until its followers have asked again.
    logs = {q: cluster.log(topic, q) for q in cluster.partitions(topic)}
    v = statements(cluster, public_keys(px.public_key), px.dbom_topic)
    p, lines, last = ctl_verify(cluster.bootstrap, topic, px.public_key, "--dbom-topic", px.dbom_topic)
    assert p.returncode in (0, 4), f"makotoctl verify: {p.returncode}\n{p.stdout[-3000:]}\n{p.stderr[-2000:]}"
    total = sum(len(log.records) for log in logs.values())
    verified = last["verdicts"].get("verified", 0)
    assert last["records"] == total
    assert total - verified <= counted, f"{total - verified} records are not verified, {counted} counted: {last}"
    assert (p.returncode == 0) == (verified == total), last
    topic_id = cluster.topic_id(topic)
    for q, log in logs.items():
        j = v.judge(topic, topic_id, q, log)
        assert not j.violations(), j.violations()[:5]
        mine = {s.chain for s in of_topic(v, topic, topic_id) if s.kafka["partition"] == q}
        assert chains is None or len(mine) <= chains
    print(f"{topic}: {total - verified} of {total} records not verified, {counted:.0f} counted as unattested")
    return total - verified
