"""Fixtures: one cluster a session, proxies, topics.  A program that is missing fails the session; nothing is skipped."""

import itertools
import os
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import proxy as programs  # noqa: E402
from lab.kafka import PORT_BASE, STATE, Cluster  # noqa: E402

DIRECT = os.environ.get("E2E_DIRECT") == "1"  # proves the lab and the clients themselves: no proxy between
NO_PROXY_NEEDED = {"test_vectors.py", "test_lab.py", "test_backlog.py"}


def pytest_addoption(parser):
    parser.addoption("--long", action="store_true", help="run the long suite instead")
    parser.addoption("--clients", action="store_true", help="run the client matrix instead")
    parser.addoption("--versions", action="store_true", help="run the version matrix instead")
    parser.addoption("--profile", default="plaintext", help="how the client matrix secures its connections: matrix/profiles.py")
    parser.addoption("--suites", action="store_true", help="run clients' own tests instead")
    parser.addoption("--life", action="store_true", help="run the life suite instead")


SUITES = ("long", "clients", "life", "versions", "suites")  # each is run alone; what has none of the marks is the default


def pytest_collection_modifyitems(config, items):
    wanted = next((s for s in SUITES if config.getoption("--" + s)), None)
    suite = lambda i: next((s for s in SUITES if i.get_closest_marker(s)), None)  # noqa: E731
    empty = lambda i: wanted == "clients" and i.get_closest_marker("skip")  # noqa: E731  no client has it in this profile
    deselected = [i for i in items if suite(i) != wanted or empty(i)]
    if deselected:
        config.hook.pytest_deselected(items=deselected)
        items[:] = [i for i in items if i not in deselected]
    if wanted == "clients":  # one client after another
        items.sort(key=lambda i: i.callspec.params.get("client", "") if hasattr(i, "callspec") else "")


def pytest_sessionstart(session):
    if hasattr(session.config, "workerinput"):
        return
    os.environ.setdefault("KAFKA_LAB", os.path.join(os.path.expanduser("~"), ".cache", "makoto-kafka-tests"))


def pytest_collection_finish(session):
    needed = any(os.path.basename(str(i.fspath)) not in NO_PROXY_NEEDED for i in session.items)
    missing = programs.missing_programs()
    if needed and missing and not DIRECT and not session.config.option.collectonly:
        pytest.exit("not built: " + ", ".join(missing), returncode=1)


@pytest.fixture(scope="session")
def cluster():
    c = Cluster()
    kept = c.alive()  # tests/e2e/lab/kafka.py start: a cluster that outlives the session
    if not kept:
        c.start()
    yield c
    for n in c.nodes:
        n.resume()
        if not n.alive():
            n.start()  # a test left it down
    if not kept:
        c.stop()


ISLAND = 10  # how far the ports of the cluster below are from the first one's


# What brokers need to take clients' metrics (KIP-714) and to have tiered storage (KIP-405).
PLUGINS = """\
metric.reporters=LabTelemetry
remote.log.storage.system.enable=true
remote.log.storage.manager.class.name=LabStorage
rsm.config.dir={dir}/store
remote.log.metadata.manager.listener.name=PLAINTEXT
rlmm.config.remote.log.metadata.topic.replication.factor=1
rlmm.config.remote.log.metadata.topic.num.partitions=1
remote.log.manager.task.interval.ms=500
log.retention.check.interval.ms=500
"""


@pytest.fixture(scope="session")
def island():
    """A cluster whose brokers may come, move and go, with the node ids that are the ends of the range."""
    directory = os.path.join(os.path.dirname(STATE), "island")
    c = Cluster(
        directory,
        port_base=PORT_BASE + ISLAND,
        heap="320m",
        ids=(0, 1001, 2147483647),
        extra=PLUGINS.format(dir=directory),
    )
    c.start()
    os.makedirs(os.path.join(directory, "store"))
    yield c
    c.stop()


class Direct:
    """Stands in for a proxy in a direct run."""

    public_key = None

    def __init__(self, cluster):
        self.bootstrap = cluster.bootstrap


@pytest.fixture(scope="session")
def proxy(cluster, tmp_path_factory):
    """The proxy that most tests share: defaults, but for windows of a second."""
    if DIRECT:
        yield Direct(cluster)
        return
    p = programs.Proxy(tmp_path_factory.mktemp("proxy"), cluster.bootstrap)
    p.start()
    yield p
    p.stop()


@pytest.fixture
def new_proxy(cluster, tmp_path):
    """Makes proxies of one test: new_proxy(name, {setting: value}).  They are stopped, and must stop well."""
    made = []

    def make(name="proxy", settings=None, start=True, dbom=True, **kw):
        settings = dict(settings or {})
        if dbom:
            settings.setdefault("attest.dbom.topic", f"makoto.dbom.{os.path.basename(tmp_path)}".replace("_", "-").lower())
        p = programs.Proxy(tmp_path / name, kw.pop("upstream", cluster.bootstrap), settings, **kw)
        p.dbom_topic = settings.get("attest.dbom.topic", "makoto.dbom")
        made.append(p)
        return p.start() if start else p

    yield make
    errors = []
    for p in made:
        try:
            p.stop()
        except AssertionError as e:
            errors.append(str(e))
    assert not errors, "\n".join(errors)


_numbers = itertools.count(1)


@pytest.fixture
def topic(cluster, request):
    """Makes topics: topic("name", partitions=1, …) → a name that is new in this cluster."""
    run = f"{os.getpid() % 10000:x}"

    def make(base=None, **kw):
        name = f"{base or request.node.name.split('[')[0].removeprefix('test_')}-{run}-{next(_numbers)}".replace("_", "-")
        return cluster.create(name, **kw)

    return make
