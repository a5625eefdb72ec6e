"""Brokers come, go, move, hang and restart while clients work: the proxy follows, and nothing is lost, doubled or reordered.

| what | where |
|---|---|
| a broker added, moved to another host, removed | test_broker_added_moved_and_removed*, test_a_broker_elsewhere, test_wire: test_new_broker_gets_a_port |
| renumbered; ids 0, 1001, 2147483647 | test_a_broker_renumbered, test_node_ids_at_the_ends, test_clients_of_brokers_at_the_ends* |
| leaders and the controller move | test_leaders_and_the_controller_move*, test_attest: test_leader_moves_under_load, test_stream: test_clients_follow |
| rolling restart | test_rolling_restart* |
| bootstrap list partly dead | test_bootstrap_partly_dead, test_a_name_with_a_dead_address, test_bad_input: test_no_broker_at_start |
| DNS change | test_a_name_with_a_dead_address |
| a leader hangs | test_a_leader_that_hangs* |
| all brokers gone for two minutes | test_all_brokers_gone_and_back*, test_readiness_follows_the_brokers, test_bad_input: test_broker_goes_away |
| ports stay | all of these; test_the_proxy_restarts_while_brokers_do* |
| port range exhausted | test_port_range_exhausted, test_wire: test_more_node_ids_than_ports |
| the proxy stops | test_ports_close_one_after_another, test_a_restart_of_the_proxy_is_a_rolling_one*, test_bad_input: test_stop_has_one_deadline |

Those with * are long, and run by make check-life.
"""

import os
import signal
import threading
import time

import pytest
import wire
from checks import attested
from clients import GO, JAVA, Confluent, sample
from fakebroker import FakeBroker
from lab.kafka import ROOT, until
from load import Consuming, Producing, Running, attested_or_counted, check_load, under_way
from proxy import PATIENCE, Proxy, free_ports
from relay import addresses

ENDS = (0, 1001, 2147483647)  # node ids: the ends of their range, and the first that Kafka's own numbering gave


def ports_told(px, port=None):
    """{node id: port} as the proxy tells it; every host must be its own."""
    with wire.Conn(px.host, port or px.port) as c:
        brokers = c.ask("Metadata", 12, {"Topics": []})["Brokers"]
    assert {b["Host"] for b in brokers} <= {px.host}
    return {b["NodeId"]: b["Port"] for b in brokers}


def ask_through(px, node, name, version, value):
    with wire.Conn(px.host, ports_told(px)[node]) as c:
        return c.ask(name, version, value)


def brokers_answer(*fakes):
    """What Metadata tells: these brokers."""

    def answer(version, request):
        brokers = [{"NodeId": f.node, "Host": f.host, "Port": f.port, "Rack": None} for f in fakes]
        return {"Brokers": brokers, "ClusterId": "fakeFakeFakeFakeFakeFA", "ControllerId": fakes[0].node, "Topics": []}

    return answer


@pytest.fixture
def fakes():
    made = []

    def make(*args, **kw):
        made.append(FakeBroker(*args, **kw))
        return made[-1]

    yield make
    for b in made:
        b.close()


# -- node ids, ports, names: what needs no real broker


def test_node_ids_at_the_ends(fakes, new_proxy):
    """0 falls on the bootstrap port, 2147483647 beyond every range: each has a port of its own, that leads to it, for good."""
    brokers = [fakes({}, host=f"127.0.77.{10 + i}", node=n) for i, n in enumerate(ENDS)]
    for b in brokers:
        b.handlers["Metadata"] = brokers_answer(*brokers)
    px = new_proxy(settings={"attest.enabled": False}, upstream=brokers[0].bootstrap)
    told = ports_told(px)
    assert set(told) == set(ENDS) and len(set(told.values())) == 3 and px.port not in told.values()
    assert set(told.values()) <= set(range(px.port, px.port + 9))
    for b in brokers:
        before = [len([r for r in x.requests if r[0] == 12]) for x in brokers]
        with wire.Conn(px.host, told[b.node]) as c:
            c.ask("Heartbeat", 4, {})
        after = [len([r for r in x.requests if r[0] == 12]) for x in brokers]
        assert [y - x for x, y in zip(before, after)] == [int(x is b) for x in brokers], f"the port of {b.node} leads to it"
    px.stop()
    for b in brokers:  # met in another order
        b.handlers["Metadata"] = brokers_answer(*reversed(brokers))
    px.start()
    assert ports_told(px) == told


def test_port_range_exhausted(cluster, new_proxy, topic):
    """Two ports for three brokers: said clearly, not ready, and no client is told a real address instead."""
    t = topic()
    px = new_proxy(start=False)
    px.settings["listen.broker.ports"] = f"{px.port + 1}-{px.port + 2}"
    px.spawn()
    px.wait_line(r"no port of ours.*listen\.broker\.ports has no free port")
    assert px.http("/readyz")[0] == 503 and px.alive()
    asked = 0
    for name, version, value in (
        ("Metadata", 12, {"Topics": [{"Name": t}]}),
        ("Metadata", 1, {"Topics": None}),
        ("DescribeCluster", 1, {}),
        ("FindCoordinator", 4, {"KeyType": 0, "CoordinatorKeys": [f"g{i}" for i in range(30)]}),
    ):
        with wire.Conn(px.host, px.port) as c:
            c.send(name, version, value)
            try:
                got = c.receive(name, version)
            except ConnectionError:
                asked += 1
                continue
            assert {h for h, _ in addresses(got)} <= {px.host}, got
    assert asked >= 3, "an answer that names the third broker is not given"
    px.stop()
    px.settings["listen.broker.ports"] = f"{px.port + 1}-{px.port + 3}"
    px.start()
    assert len(set(ports_told(px).values())) == 3
    Confluent.produce(px.bootstrap, t, sample(20))
    attested(cluster, px, t, "full", px.dbom_topic)


def test_a_broker_elsewhere(fakes, new_proxy):
    """The same node id at another host and port: the same port of ours, which leads there from the look on that the answer brings about."""
    first, old = fakes({}), fakes({}, host="127.0.77.10", node=4)
    first.handlers["Metadata"] = brokers_answer(first, old)
    px = new_proxy(settings={"attest.enabled": False}, upstream=first.bootstrap)
    told = ports_told(px)
    old.close()
    with wire.Conn(px.host, told[4]) as c:
        assert c.closed(15 * PATIENCE), "as a client sees it of a broker that is gone"
    new = fakes({}, host="127.0.77.11", node=4)
    first.handlers["Metadata"] = brokers_answer(first, new)
    assert ports_told(px) == told

    def leads_there():  # until the look's answer is there the old address counts, and a connection ends as one to it does
        with wire.Conn(px.host, told[4]) as c:
            return c.ask("Heartbeat", 4, {})

    until("the port leads to the new address", leads_there, 15 * PATIENCE)
    assert new.requests[-1][0] == 12


def test_a_broker_renumbered(fakes, new_proxy):
    """Another node id at the same host and port: a port of its own, and the old id's leads where it led, as its address does."""
    first, other = fakes({}), fakes({}, host="127.0.77.10", node=4)
    first.handlers["Metadata"] = brokers_answer(first, other)
    px = new_proxy(settings={"attest.enabled": False}, upstream=first.bootstrap)
    old = ports_told(px)
    for node in (1001, 2147483647, 0):
        other.node = node
        now = ports_told(px)
        assert set(now) == {1, node} and now[1] == old[1] and now[node] not in old.values()
        for port in (now[node], old[4]):
            with wire.Conn(px.host, port) as c:
                c.ask("Heartbeat", 4, {})
    assert [r[0] for r in other.requests].count(12) == 6 and [r[0] for r in first.requests].count(12) == 0


def test_bootstrap_partly_dead(cluster, new_proxy, topic):
    """The first and the last of the list are gone: every new connection still finds a broker."""
    t = topic()
    dead = [f"127.0.77.9:{free_ports(1, '127.0.77.9')}" for _ in range(2)]
    px = new_proxy(upstream=",".join([dead[0], cluster.bootstrap, dead[1]]))
    for _ in range(12):
        assert set(ports_told(px)) == {1, 2, 3}
    Confluent.produce(px.bootstrap, t, sample(20))
    attested(cluster, px, t, "full", px.dbom_topic)


def test_a_name_with_a_dead_address(fakes, tmp_path):
    """A host name with two addresses of which nobody listens at the first; later it is another one's."""
    names = tmp_path / "names"
    one = fakes({}, host="127.0.77.21", node=1)
    two = fakes({}, host="127.0.77.22", node=1, port=one.port)
    for b in (one, two):
        b.handlers["Metadata"] = lambda v, r: {
            "Brokers": [{"NodeId": 1, "Host": "broker-1.lab", "Port": one.port, "Rack": None}],
            "ClusterId": "fakeFakeFakeFakeFakeFA",
            "Topics": [],
        }
    names.write_text("broker-1.lab 127.0.77.20\nbroker-1.lab 127.0.77.21\n")
    px = Proxy(tmp_path, f"broker-1.lab:{one.port}", {"attest.enabled": False})
    px.env = {"LD_PRELOAD": os.path.join(ROOT, "build", "e2e", "names.so"), "LAB_NAMES": str(names)}
    px.env["ASAN_OPTIONS"] = "detect_leaks=0:verify_asan_link_order=0"
    px.start()
    try:
        for port in (px.port, px.port + 1):
            with wire.Conn(px.host, port) as c:
                c.ask("Heartbeat", 4, {})
        assert [r[0] for r in one.requests].count(12) == 2 and not two.requests
        names.write_text("broker-1.lab 127.0.77.20\nbroker-1.lab 127.0.77.22\n")

        def leads_to_two(port):
            before = [r[0] for r in two.requests].count(12)
            with wire.Conn(px.host, port) as c:
                c.ask("Heartbeat", 4, {})
            return [r[0] for r in two.requests].count(12) == before + 1

        # addresses are kept for five seconds
        until("the name is looked up again", lambda: leads_to_two(px.port), 15 * PATIENCE)
        assert leads_to_two(px.port + 1)
        names.write_text("")

        def closed():
            with wire.Conn(px.host, px.port + 1) as c:
                return c.closed(1)

        until("a name without an address closes the connection", closed, 30 * PATIENCE)
        px.stop()
    finally:
        px.kill()


def test_readiness_follows_the_brokers(fakes, new_proxy):
    broker = fakes({})
    px = new_proxy(settings={"attest.enabled": False}, upstream=broker.bootstrap)
    assert px.http("/readyz")[0] == 200 and px.metric("makoto_ready") == 1
    for _ in range(2):
        broker.close()
        until("it isn't ready", lambda: px.http("/readyz")[0] == 503, 30 * PATIENCE)
        assert px.metric("makoto_ready") == 0 and px.http("/healthz")[0] == 200
        # A client isn't left waiting: it hears of it as of a broker that refuses, perhaps while it connects.
        with pytest.raises(ConnectionResetError), wire.Conn(px.host, px.port, timeout=15 * PATIENCE) as c:
            c.sock.recv(1)
        broker = fakes({}, port=broker.port)
        until("it is ready", lambda: px.http("/readyz")[0] == 200, 60 * PATIENCE)
        assert set(ports_told(px)) == {1}


# -- what an earlier run left waits for its cluster


def test_a_stop_says_that_an_earlier_runs_windows_wait(cluster, fakes, new_proxy, topic):
    """Another cluster isn't theirs: they stay in the journal, the exit code says so, and their own cluster gets them."""
    t = topic()
    px = new_proxy(settings={"attest.window.max.age": "1h", "state.sync": "always"})
    Confluent.produce(px.bootstrap, t, sample(20))
    px.kill()
    px.settings["kafka.bootstrap.servers"] = fakes({}).bootstrap
    px.start()
    px.proc.send_signal(signal.SIGTERM)
    assert px.wait() == 1, px.text()
    assert px.said("windows of an earlier run wait in the journal.* windows=1"), px.text()
    px.check_sane()
    px.settings["kafka.bootstrap.servers"] = cluster.bootstrap
    px.start()
    px.stop()
    attested(cluster, px, t, "full", px.dbom_topic, chains=1)


# -- the proxy stops: for its clients a rolling restart


def test_ports_close_one_after_another(fakes, new_proxy):
    """SIGTERM: who waits gets the answer; a port goes on until its turn, a second at most after the one before."""
    gate = threading.Event()
    brokers = [fakes({"JoinGroup": lambda v, r: gate.wait(60 * PATIENCE) and {}}, host=f"127.0.77.{30 + n}", node=n) for n in (1, 2, 3)]
    for b in brokers:
        b.handlers["Metadata"] = brokers_answer(*brokers)
    px = new_proxy(settings={"attest.enabled": False}, upstream=brokers[0].bootstrap)
    ports = [px.port, *ports_told(px).values()]
    waiting = [wire.Conn(px.host, p) for p in ports]
    try:
        for c in waiting:
            c.send("JoinGroup", 9, {})
        until("each has its request", lambda: sum(r[0] == 11 for b in brokers for r in b.requests) == len(ports))
        began = time.monotonic()
        px.proc.send_signal(signal.SIGTERM)
        px.wait_line("stopping: connections end")
        for turn, port in enumerate(ports):

            def refused():
                try:
                    with wire.Conn(px.host, port) as c:
                        c.ask("Heartbeat", 4, {})
                except ConnectionRefusedError:
                    return True
                except ConnectionError:  # it was let in just before the port closed
                    return False

            until("the port closes", refused, 30 * PATIENCE)
            # Nobody is turned away before the ports before it had their second; 0.1 s is how far clocks may be apart.
            assert time.monotonic() - began > turn - 0.1, (turn, port)
        gate.set()
        for c in waiting:
            c.receive("JoinGroup", 9)
            assert c.closed(15 * PATIENCE)
    finally:
        gate.set()
        for c in waiting:
            c.close()


@pytest.mark.life
def test_a_restart_of_the_proxy_is_a_rolling_one(cluster, new_proxy, topic, tmp_path):
    """Stopped and started under clients: nothing fails, and librdkafka finds no broker for no longer than the restart takes."""
    t = topic(partitions=3)
    px = new_proxy()
    with Consuming(px.bootstrap, t, f"g-{t}") as reader:
        c = Producing(px.bootstrap, t, "c", 3)
        with c, Running(JAVA, px.bootstrap, t, tmp_path, "j", 3) as j, Running(GO, px.bootstrap, t, tmp_path, "g", 3) as g:
            under_way(cluster, t, "c", "j", "g")
            for _ in range(3):
                c.more()
                down = [time.monotonic()]
                px.stop()
                down.append(time.monotonic())
                px.start()
                up = time.monotonic()
                c.more()
                told = [at for at in c.all_down if at >= down[0]]
                # The reconnect back-off is 0.5 s at most; whoever is told later than that is told of something else.
                assert all(at < up + 3 * PATIENCE for at in told), (down, up, told)
        check_load(cluster, t, c, j, g)
        reader.check(cluster, t)
    attested_or_counted(cluster, px, t)


# -- a cluster that changes


def group_at(cluster, n, base):
    """A group's name that this broker coordinates."""
    cluster.ask("FindCoordinator", 4, {"KeyType": 0, "CoordinatorKeys": [base]})  # makes the offsets' topic

    def found():
        keys = [f"{base}-{i}" for i in range(60)]
        got = cluster.ask("FindCoordinator", 4, {"KeyType": 0, "CoordinatorKeys": keys})["Coordinators"]
        return next((c["Key"] for c in got if c["NodeId"] == n and not c["ErrorCode"]), None)

    return until(f"a group is coordinated by {n}", found)


@pytest.mark.life
def test_clients_of_brokers_at_the_ends(island, new_proxy):
    """Real brokers with these ids: leaders, coordinators and replicas on each, every client."""
    px = new_proxy(upstream=island.bootstrap)
    t = island.create(f"ends-{os.getpid()}", assignment=[[n, *(x for x in ENDS if x != n)] for n in ENDS])
    sent = 0
    # Java numbers its connection to a coordinator 2147483647 - id: with both ends in one cluster they are mixed up,
    # with or without a proxy.
    for client, coordinators in ((Confluent, ENDS), (JAVA, (1001,)), (GO, ENDS)):
        client.produce(px.bootstrap, t, sample(60, sent, 3), codec="lz4")
        sent += 60
        for n in coordinators:
            group = group_at(island, n, f"ends-{client.name}-{os.getpid()}")
            assert len(client.consume(px.bootstrap, t, sent, group_id=group)) == sent, (client.name, n)
            assert island.committed(group, t) == {p: island.log(t, p).end for p in range(3)}
    attested(island, px, t, "full", px.dbom_topic)
    told = ports_told(px)
    px.stop()
    px.start()
    assert ports_told(px) == told and set(told) == set(ENDS)


@pytest.mark.life
def test_broker_added_moved_and_removed(island, new_proxy):
    """A fourth broker comes, leads, comes back at another address, and goes, under a producer that knows nothing of it."""
    px = new_proxy(upstream=island.bootstrap)
    t = island.create(f"fourth-{os.getpid()}", assignment=[[1001, 0]])
    with Producing(px.bootstrap, t) as load:
        load.more()
        island.add(7)
        try:
            port = until("the proxy tells of it", lambda: ports_told(px).get(7))
            with wire.Conn(px.host, port) as c:
                assert len(c.ask("Metadata", 12, {"Topics": []})["Brokers"]) == 4
            island.move_leader(t, 0, [7, 0])
            load.more()
            before = island.node(7).port
            assert island.move(7).port != before
            island.move_leader(t, 0, [7, 0])
            load.more()
            assert ports_told(px)[7] == port
            with wire.Conn(px.host, port) as c:
                assert len(c.ask("Metadata", 12, {"Topics": []})["Brokers"]) == 4
            island.move_leader(t, 0, [1001, 0])
        finally:
            for other in island.ask("Metadata", 12, {"Topics": None})["Topics"]:  # it shall lead and hold nothing
                for p in other["Partitions"]:
                    keep = [n for n in p["ReplicaNodes"] if n != 7]
                    if keep != p["ReplicaNodes"]:
                        island.move_leader(other["Name"], p["PartitionIndex"], keep or [1001])
            island.remove(7)
        load.more()
        until("the proxy tells of it no more", lambda: set(ports_told(px)) == set(ENDS))
        with wire.Conn(px.host, port) as c:
            assert c.closed(15 * PATIENCE)
        load.more()
    check_load(island, t, load)
    attested_or_counted(island, px, t)


@pytest.mark.life
def test_leaders_and_the_controller_move(cluster, new_proxy, topic, tmp_path):
    """Reassignments and elections asked for through the proxy, and the controller restarted, under three producers."""
    t = topic(partitions=3)
    px = new_proxy()
    c = Producing(px.bootstrap, t, "c", 3)
    with c, Running(JAVA, px.bootstrap, t, tmp_path, "j", 3) as j, Running(GO, px.bootstrap, t, tmp_path, "g", 3) as g:
        under_way(cluster, t, "c", "j", "g")
        for step in range(3):
            for p in range(3):
                replicas = [(p + step + i) % 3 + 1 for i in range(3)]
                parts = [{"PartitionIndex": p, "Replicas": replicas}]
                value = {"TimeoutMs": 20000, "Topics": [{"Name": t, "Partitions": parts}]}
                got = ask_through(px, 1 + step, "AlterPartitionReassignments", 0, value)
                assert got["ErrorCode"] == 0 and got["Responses"][0]["Partitions"][0]["ErrorCode"] == 0, got

            def settled():
                parts = cluster.metadata(t)["Partitions"]
                return all(p["ReplicaNodes"][0] == (p["PartitionIndex"] + step) % 3 + 1 and len(p["IsrNodes"]) == 3 for p in parts)

            until("the replicas are in their order", settled)
            value = {"ElectionType": 0, "TopicPartitions": [{"Topic": t, "Partitions": [0, 1, 2]}], "TimeoutMs": 20000}
            ask_through(px, 1 + step, "ElectLeaders", 2, value)
            until("each has its leader", lambda: all(cluster.leader(t, p) == (p + step) % 3 + 1 for p in range(3)))
            c.more()
        before = cluster.active_controller()
        before.stop()
        until("another one is the controller", lambda: cluster.active_controller() is not before)
        c.more()
        before.start()
        cluster.wait_ready()
        c.more()
    check_load(cluster, t, c, j, g)
    attested_or_counted(cluster, px, t)


@pytest.mark.life
@pytest.mark.parametrize("how, protocol", [("stopped", "classic"), ("killed", "consumer")])
def test_rolling_restart(cluster, new_proxy, topic, tmp_path, how, protocol):
    """Every broker restarts in turn, under an idempotent producer of each client and a group of either protocol."""
    t = topic(partitions=3)
    px = new_proxy()
    told = ports_told(px)
    with Consuming(px.bootstrap, t, f"g-{t}", protocol) as reader:
        c = Producing(px.bootstrap, t, "c", 3, 40)
        with c, Running(JAVA, px.bootstrap, t, tmp_path, "j", 3, 40) as j, Running(GO, px.bootstrap, t, tmp_path, "g", 3, 40) as g:
            under_way(cluster, t, "c", "j", "g")
            for n in (1, 2, 3):
                cluster.restart(n, kill=how == "killed")
                c.more()
        check_load(cluster, t, c, j, g)
        reader.check(cluster, t)
    assert ports_told(px) == told
    attested_or_counted(cluster, px, t)


@pytest.mark.life
def test_a_leader_that_hangs(cluster, new_proxy, topic):
    """SIGSTOP: its sockets stay open and say nothing.  Who comes through the proxy gets on as who doesn't."""
    hung = cluster.node(1)  # the first of the bootstrap list: the proxy's own questions go there too
    t, d, fresh = topic("proxied", assignment=[[1, 2, 3]]), topic("direct", assignment=[[1, 2, 3]]), topic("fresh", assignment=[[2, 1, 3]])
    px = new_proxy(settings={"attest.outcome.wait": "20s"})
    seconds = {}

    def recover(load):
        seconds[load.name] = load.more(timeout=90)

    with Producing(px.bootstrap, t, "proxied") as through, Producing(cluster.bootstrap, d, "direct") as direct:
        through.more()
        direct.more()
        hung.pause()
        try:
            both = [threading.Thread(target=recover, args=(x,)) for x in (through, direct)]
            for x in both:
                x.start()

            def a_new_client():
                with wire.Conn(px.host, px.port, timeout=2) as c:
                    return c.ask("Metadata", 12, {"Topics": []})["Brokers"]

            until("a new client finds a broker that answers", a_new_client, 30)
            until("others lead", lambda: cluster.leader(t) != 1 and cluster.leader(d) != 1)
            Confluent.produce(px.bootstrap, fresh, sample(20), socket_timeout_ms=5000, message_timeout_ms=60000)
            for x in both:
                x.join()
            assert set(seconds) == {"proxied", "direct"}, "one of them did not get on"
            # Both wait for the session of the broker to end, then for a request's own timeout; the proxy adds none.
            assert seconds["proxied"] < seconds["direct"] + 10 * PATIENCE, seconds
        finally:
            hung.resume()
        cluster.wait_ready()
        through.more()
        direct.more()
    check_load(cluster, t, through)
    check_load(cluster, d, direct)
    attested_or_counted(cluster, px, t)
    assert attested_or_counted(cluster, px, fresh) == 0, "the cluster was asked about it meanwhile, of another broker"


@pytest.mark.life
def test_all_brokers_gone_and_back(cluster, new_proxy, topic, tmp_path):
    """For two minutes: clients recover by themselves, and none is left waiting meanwhile."""
    seconds = 120
    t = topic(partitions=3)
    px = new_proxy(settings={"attest.outcome.wait": "20s"})
    told = ports_told(px)
    with Consuming(px.bootstrap, t, f"g-{t}") as reader:
        with Producing(px.bootstrap, t, "c", 3, 40) as c, Running(JAVA, px.bootstrap, t, tmp_path, "j", 3, 40) as j:
            under_way(cluster, t, "c", "j")
            for n in cluster.nodes:
                n.kill()
            try:
                gone = time.monotonic()
                until("it isn't ready", lambda: px.http("/readyz")[0] == 503, 30 * PATIENCE)
                # A client isn't left waiting, perhaps not even connected.
                with pytest.raises(ConnectionResetError), wire.Conn(px.host, px.port, timeout=15 * PATIENCE) as s:
                    s.sock.recv(1)
                until("the time is over", lambda: time.monotonic() - gone >= seconds, seconds + 1)
                assert px.alive() and px.http("/healthz")[0] == 200 and px.http("/readyz")[0] == 503
            finally:
                for n in cluster.nodes:
                    n.start()
            cluster.wait_ready()
            until("it is ready", lambda: px.http("/readyz")[0] == 200, 30 * PATIENCE)
            assert ports_told(px) == told
            c.more(timeout=90)
        check_load(cluster, t, c, j)
        reader.check(cluster, t)
    attested_or_counted(cluster, px, t)


@pytest.mark.life
def test_the_proxy_restarts_while_brokers_do(cluster, new_proxy, topic):
    """Stopped and started while a broker is away: the same ports, for the absent one too, and the chains go on."""
    t = topic(partitions=3)
    px = new_proxy()
    told = ports_told(px)
    with Producing(px.bootstrap, t, "c", 3) as c:
        c.more()
        cluster.node(2).stop()
        px.stop()
        px.start()
        c.more()
        with wire.Conn(px.host, told[2]) as s:
            assert s.closed(15 * PATIENCE)
        cluster.node(2).start()
        cluster.wait_ready()
        assert ports_told(px) == told
        c.more()
    check_load(cluster, t, c)
    attested_or_counted(cluster, px, t)
