"""Clients' own integration tests tell the same of the proxy as of the brokers: test by test passed, skipped, failed.

A skip counts like a pass: an API that the proxy hid would turn tests into skips.
"""

import os
import time

import pytest
from conftest import DIRECT, ISLAND
from lab.kafka import PORT_BASE, STATE, Cluster, until
from matrix.ways import clean, watched
from proxy import PATIENCE
from suites import SUITES, counts

pytestmark = pytest.mark.suites


@pytest.fixture
def brokers(request, name):
    """The lab's three brokers, or those that the suite is made for."""
    own = SUITES[name].brokers
    if own is None:
        yield request.getfixturevalue("cluster")
        return
    c = Cluster(os.path.join(os.path.dirname(STATE), "suite"), port_base=PORT_BASE + ISLAND, **own)
    c.start()
    yield c
    c.stop()


@pytest.mark.parametrize("name", SUITES)
def test_same_results(brokers, tmp_path, name, capsys):
    """Directly, then through the proxy, at the same brokers; what fails directly on this lab must fail through the proxy, too."""

    def run(way, bootstrap):
        directory = tmp_path / way
        directory.mkdir()
        start = time.monotonic()
        results = SUITES[name].run(bootstrap, str(directory))
        lost = SUITES[name].unsettled.keys() - results.keys()
        assert not lost, f"no test of the suite: {lost}"
        with capsys.disabled():
            print(f"\n{name} {way}: {counts(results)} ({time.monotonic() - start:.0f} s)")
        return {t: r for t, r in results.items() if t not in SUITES[name].unsettled}

    direct = run("direct", brokers.bootstrap)
    assert "pass" in direct.values()
    if DIRECT:
        assert run("again", brokers.bootstrap) == direct
        return
    # A port number by itself is no finding here: a suite's offsets and sizes come by every number.
    settings = {"attest.outcome.wait": "10s"}
    with watched(brokers, str(tmp_path / "proxy"), settings, dbom=f"makoto.dbom.suites.{name}") as w:
        w.relay.needles = [n for n in w.relay.needles if n[0].startswith("text")]
        proxied = run("proxied", w.bootstrap)
        # Where a test denied its topic to everybody, nobody tells whether that is the topic yet: given up after outcome.wait, some
        # times over.  A stop before that would leave these windows to the next start, and say so by its exit code.
        until("no window waits", lambda: w.proxy.metric("makoto_windows_unpublished") == 0, 120 * PATIENCE)
    with capsys.disabled():
        print("fails on both ways:", ", ".join(sorted(t for t, r in direct.items() if r == "fail" == proxied.get(t))) or "none")
    differ = {t: (direct.get(t), proxied.get(t)) for t in direct.keys() | proxied.keys() if direct.get(t) != proxied.get(t)}
    assert differ == SUITES[name].by_design, "directly, through the proxy"
    assert w.relay.addresses, "the relay saw the suite"
    clean(w.relay, but=("DescribeConfigs",))
