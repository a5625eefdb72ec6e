"""A producer of transactions that goes two ways to the cluster, so that the proxy sees some of them end, and others not.

    roamer.py '{as for clients.py, and "direct": the brokers themselves}'

kind: roaming.  Its transactions share an epoch (transaction.version 1).  Every batch goes through the proxy; InitProducerId,
AddPartitionsToTxn and EndTxn go through it or to the brokers directly, each try on a connection that is new or was kept, as
is drawn; its standard error tells which.  A batch whose answer is lost is sent again, the same bytes, or given up with its
life: that of a producer, from one InitProducerId to the next.  What else goes wrong ends a life, too, and nothing more is
sent in it.
"""

import datetime
import json
import os
import sys
import time
from collections import defaultdict

from clients import Client  # this folder's: tests/e2e has another one

sys.path.append(os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "e2e"))

import kafkalog  # noqa: E402
import wire  # noqa: E402

VERSIONS = {"Metadata": 12, "FindCoordinator": 4, "InitProducerId": 4, "AddPartitionsToTxn": 3, "Produce": 11, "EndTxn": 4}
# A leader or coordinator that isn't there, loads or moves, replicas that are missing, the transaction before that still ends.
AGAIN = {3, 5, 6, 7, 13, 14, 15, 16, 19, 20, 51, 56, 74}
ANSWER = 2.5  # seconds that an answer is waited for
STEP = 8  # seconds that one thing is tried for
KEPT = 3  # connections to one address


class Over(Exception):
    """This life is."""


class Way:
    """One way to the cluster, and connections on it."""

    def __init__(self, name, bootstrap, client_id, rng):
        self.name, self.client_id, self.rng = name, client_id, rng
        self.first = [(host, int(port)) for host, _, port in (one.rpartition(":") for one in bootstrap.split(","))]
        self.kept = defaultdict(list)  # by address, and whether it is the coordinator's
        self.numbers = {}  # every connection's, for the evidence
        self.known = {}  # where a partition's leader, or the coordinator, is thought to be

    def reach(self, address, coordinator=False):
        """A connection that is new, or one of those that were kept."""
        held = self.kept[address, coordinator]
        if not held or self.rng.random() < 0.4:
            held.append(wire.Conn(*address, timeout=ANSWER, client_id=self.client_id))
            self.numbers[held[-1]] = len(self.numbers)
            if len(held) > KEPT:
                held.pop(0).close()
            return held[-1]
        return self.rng.choice(held)

    def ask(self, conn, name, value):
        """An answer that doesn't come, or not in time, is an OSError."""
        try:
            return conn.ask(name, VERSIONS[name], value)
        except OSError:
            self.drop(lambda one: one is conn)
            raise

    def _first(self, name, value):
        address = self.rng.choice(self.first)
        return self.ask(self.reach(address), name, value)

    def leader(self, topic, partition):
        if partition not in self.known:
            got = self._first("Metadata", {"Topics": [{"Name": topic}], "AllowAutoTopicCreation": False})
            places = {b["NodeId"]: (b["Host"], b["Port"]) for b in got["Brokers"]}
            leads = {p["PartitionIndex"]: p["LeaderId"] for p in got["Topics"][0]["Partitions"]}
            self.known[partition] = places.get(leads.get(partition))
        return self.known[partition]

    def coordinator(self, tid):
        if tid not in self.known:
            (got,) = self._first("FindCoordinator", {"KeyType": 1, "CoordinatorKeys": [tid]})["Coordinators"]
            self.known[tid] = None if got["ErrorCode"] else (got["Host"], got["Port"])
        return self.known[tid]

    def drop(self, which=lambda conn: True, coordinator=(False, True)):
        for (_, what), held in self.kept.items():
            for conn in [c for c in held if what in coordinator and which(c)]:
                held.remove(conn)
                conn.close()


class Roamer(Client):
    def __init__(self, job):
        super().__init__(job)
        self.tid = job["name"]
        self.through = Way("through the proxy", job["bootstrap"], self.tid, self.rng)
        self.direct = Way("directly", job["direct"], self.tid, self.rng)
        self.directly = 0.5

    def asked(self, name, value, error_of=lambda got: got["ErrorCode"], partition=None):
        """The answer and its error, asked for again while that may change."""
        end = time.monotonic() + STEP
        while time.monotonic() < end:
            whom = self.tid if partition is None else partition
            way = self.direct if partition is None and self.rng.random() < self.directly else self.through
            sent, said = False, "not reached"
            if name == "EndTxn" and way is self.direct:
                # Who keeps a connection through the proxy while an end passes elsewhere can be told of wrongly
                # (docs/GUARANTEES.md): no client does, as it has one connection to its coordinator.
                self.through.drop(coordinator=(True,))
            try:
                address = way.coordinator(self.tid) if partition is None else way.leader(self.job["topic"], partition)
                if address is not None:
                    conn = way.reach(address, partition is None)
                    sent, said = True, "no answer"
                    got = way.ask(conn, name, value)
                    error = error_of(got)
                    said = f"error {error}"
                    if error not in AGAIN:
                        return got, error
            except OSError:
                self.may_come = self.may_come or sent and name == "EndTxn"
                if sent and name == "Produce" and self.rng.random() < 0.2:
                    raise Over from None
            finally:
                self.tell(name, value, way, conn if sent else None, said)
            way.known.pop(whom, None)
            time.sleep(self.rng.uniform(0.02, 0.2))  # as a client does, for the brokers' sake
        raise Over

    def tell(self, name, value, way, conn, said):
        """Which way it went, for who reads the evidence."""
        what = f" {'commit' if value['Committed'] else 'abort'}" if name == "EndTxn" else ""
        whereby = f"connection {way.numbers[conn]}" if conn else "no connection"
        now = datetime.datetime.now(datetime.timezone.utc).strftime("%H:%M:%S.%f")[:-3]
        print(f"{now} {self.tid}:{self.life} {name}{what} {way.name} {whereby}: {said}", file=sys.stderr)

    def taken(self, *args, **kw):
        got, error = self.asked(*args, **kw)
        if error:
            raise Over
        return got

    def begin(self):
        self.life += 1
        self.directly = self.rng.choice((0.2, 0.5, 0.8))
        # An EndTxn that nobody answered may come to the coordinator behind the one that was answered, and so end the next
        # transaction of this epoch: what the answer to that one's EndTxn says isn't sure then.
        self.may_come = False
        got = self.taken("InitProducerId", {"TransactionalId": self.tid, "TransactionTimeoutMs": 6000})
        self.pid, self.epoch, self.sequences = got["ProducerId"], got["ProducerEpoch"], [0] * self.job["partitions"]

    def add(self, partitions):
        value = {
            "V3AndBelowTransactionalId": self.tid,
            "V3AndBelowProducerId": self.pid,
            "V3AndBelowProducerEpoch": self.epoch,
            "V3AndBelowTopics": [{"Name": self.job["topic"], "Partitions": list(partitions)}],
        }

        def error(got):
            errors = {p["PartitionErrorCode"] for t in got["ResultsByTopicV3AndBelow"] for p in t["ResultsByPartition"]}
            return min(errors - {0, 55}, default=0)  # 55: not attempted, as another one failed

        self.taken("AddPartitionsToTxn", value, error)

    def batch(self, partition, x):
        j, made = self.job, []
        for _ in range(self.rng.randint(1, 12)):
            u, value, headers = self.record(partition, x)
            made.append(kafkalog.Record(0, int(time.time() * 1000), u.encode(), value, [(k.encode(), v) for k, v in headers]))
        whose = {"pid": self.pid, "epoch": self.epoch, "sequence": self.sequences[partition], "transactional": True}
        data = [{"Index": partition, "Records": kafkalog.make_batch(made, j["compression"], **whose).pack()}]
        value = {"TransactionalId": self.tid, "Acks": -1, "TimeoutMs": 2000, "TopicData": [{"Name": j["topic"], "PartitionData": data}]}
        part = lambda got: got["Responses"][0]["PartitionResponses"][0]  # noqa: E731
        got, error = self.asked("Produce", value, lambda got: part(got)["ErrorCode"], partition)
        self.sequences[partition] += len(made)
        base = part(got)["BaseOffset"]
        for i, r in enumerate(made):
            where = {"u": r.key.decode(), "t": j["topic"], "p": partition}
            if error:
                self.note(e="fail", **where, err=f"error {error}")
            else:
                self.note(e="ack", **where, o=base + i if base >= 0 else None)
        if error:
            raise Over
        self.pace(len(made))

    def transaction(self, x):
        """How it ended, as far as that was told."""
        everywhere, rng = range(self.job["partitions"]), self.rng
        sure, added = not self.may_come, set()
        for _ in range(rng.randint(1, 4)):
            partition = rng.choice(everywhere)
            if partition not in added:
                more = {partition} if rng.random() < 0.7 else set(everywhere)
                self.add(more)
                added |= more
            self.batch(partition, x)
        if rng.random() < 0.1:
            raise Over  # left behind
        commit = rng.random() < 0.5
        self.taken("EndTxn", {"TransactionalId": self.tid, "ProducerId": self.pid, "ProducerEpoch": self.epoch, "Committed": commit})
        return "unknown" if not sure else "committed" if commit else "aborted"

    def transactions(self):
        begun, number = False, 0
        while not self.ending.is_set():
            x = f"{self.tid}/{number}"
            number += 1
            out = "unknown"
            try:
                if not begun:
                    self.begin()
                begun = True
                out = self.transaction(x)
            except Over:
                begun = False
            self.note(e="txn", x=x, out=out)
        self.through.drop()
        self.direct.drop()


if __name__ == "__main__":
    Roamer(json.loads(sys.argv[1])).run()
