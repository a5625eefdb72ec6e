"""One unmodified producer of a load, in a process of its own; says what it was told.

usage: load_producer.py BOOTSTRAP TOPIC KIND NAME COUNT PARTITIONS RESULTS

KIND: idempotent, plain, transactional (a transaction each 500 records, every fifth aborted).
RESULTS gets a line `partition offset sequence a|c` for each acknowledged record (a: of an
aborted transaction), and a last line `done`.
"""

import sys

from confluent_kafka import KafkaException, Producer

TXN = 500


def main():
    bootstrap, topic, kind, name, count, partitions, results = sys.argv[1:]
    count, partitions = int(count), int(partitions)
    props = {
        "bootstrap.servers": bootstrap,
        "client.id": name,
        "linger.ms": 5,
        "compression.type": {"idempotent": "lz4", "plain": "none", "transactional": "zstd"}[kind],
        "enable.idempotence": kind != "plain",
        "acks": "all",
        "message.timeout.ms": 120000,
        "queue.buffering.max.messages": 100000,
        "reconnect.backoff.max.ms": 500,
    }
    if kind == "plain":
        props["max.in.flight.requests.per.connection"] = 1  # else a retry may reorder
    if kind == "transactional":
        props |= {"transactional.id": name, "transaction.timeout.ms": 120000}
    p = Producer(props)
    out = open(results, "w", buffering=1 << 16)
    outcome = "c"

    def acked(err, msg):
        if err is not None:
            raise SystemExit(f"{name}: a record was not stored: {err}")
        out.write(f"{msg.partition()} {msg.offset()} {int(msg.value().split(b':')[1])} {outcome}\n")

    def send(i):
        while True:
            try:
                p.produce(topic, b"%s:%d:%s" % (name.encode(), i, b"x" * 64), b"k%d" % i, i % partitions, acked)
                p.poll(0)
                return
            except BufferError:
                p.poll(0.1)

    def tried(step):
        while True:
            try:
                return step(60)
            except KafkaException as e:
                if not e.args[0].retriable():
                    raise

    if kind == "transactional":
        tried(p.init_transactions)
        for n, at in enumerate(range(0, count, TXN)):
            outcome = "a" if n % 5 == 4 else "c"
            p.begin_transaction()
            for i in range(at, min(at + TXN, count)):
                send(i)
            p.flush(120)
            tried(p.abort_transaction if outcome == "a" else p.commit_transaction)
            out.flush()
    else:
        for i in range(count):
            send(i)
    assert p.flush(120) == 0
    out.write("done\n")
    out.close()


if __name__ == "__main__":
    main()
