"""The admin listener's page for people, in a real browser: the words are right in each state, and everybody can read them."""

import http.client
import os
import re

import pytest
from browser import Browser
from checks import segment_dir
from clients import Confluent, Rec, sample
from lab.kafka import until
from proxy import PATIENCE
from test_report import CONTRAST, Checker
from test_tamper import BROKER, at, rewrite
from test_verify_fetch import Watch, pair, stated  # noqa: F401  pair is a fixture

TAB, ENTER = "\ue004", "\ue007"
FOCUSABLE = "a[href], button, input, select, textarea, summary, [tabindex], [contenteditable]"


@pytest.fixture
def browser():
    b = Browser()
    yield b
    b.close()


def url(p):
    return f"http://{p.host}:{p.admin_port}/"


class Page(Checker):
    """Well-formed, and the one script and the one style are those of the policy; its words."""

    def __init__(self, p):
        status, self.html = p.http("/")
        assert status == 200
        script = re.findall(r"<script>(.*?)</script>", self.html, re.S)
        assert len(script) == 1 and self.html.count("<script") == 1 and self.html.count("<style>") == 1
        self.links = []
        super().__init__(re.sub(r"<script>.*?</script>|<link [^>]*>|<a id=[^>]*>(.*?)</a>|<noscript>.*?</noscript>", r"\1", self.html, flags=re.S))
        assert len(set(self.ids)) == len(self.ids) and set(self.refs) <= set(self.ids)
        assert self.count["main"] == self.count["header"] == self.count["h1"] == 1
        self.words = " ".join(" ".join(self.text).split())
        self.head = re.search(r"<h1>(.*?)</h1>", self.html)[1]
        assert f"<title>{self.head}: makoto-proxy</title>" in self.html


def wait_head(p, head, timeout=60):
    until(f'the page says "{head}"', lambda: f"<h1>{head}</h1>" in p.http("/")[1], timeout * PATIENCE, 0.2)
    return Page(p)


def looked_at(b, p, directory, name, head):
    """What a reader sees at every width, in the dark, without a script, and by keyboard."""
    b.devtools("Emulation.setScrollbarsHidden", hidden=True)  # pictures would be narrower by one
    for shot, width, dark, scripts in (
        ("wide", 1200, False, True),
        ("wide-dark", 1200, True, True),
        ("narrow", 375, False, True),
        ("narrow-dark", 375, True, False),
        ("tiny", 320, False, False),
    ):
        b.scripts(scripts)
        b.open(url(p), width=width, height=812, dark=dark)
        b.scripts(True)  # for what follows, as the page is loaded
        assert b.run("return document.querySelector('h1').textContent") == head
        assert b.run("return document.documentElement.scrollWidth <= innerWidth"), f"{name} {shot}: the page is wider than its window"
        assert not (low := b.run(CONTRAST)), (name, shot, low)
        b.screenshot(directory / f"{name}-{shot}.png")
    b.open(url(p))
    b.press(TAB)
    assert b.run("return document.activeElement.className") == "skip"
    b.press(ENTER)
    assert b.run("return location.hash") == "#main"
    for link in ("to-metrics", "to-status", "to-healthz", "to-readyz"):
        b.press(TAB)
        assert b.run("return document.activeElement.id") == link
        assert b.run("return getComputedStyle(document.activeElement).outlineStyle") == "solid"
    assert b.run("return [...document.querySelectorAll(arguments[0])].filter(e => e.tabIndex >= 0).length", FOCUSABLE) == 5, "that is all there is"
    elsewhere = b.run("return performance.getEntriesByType('resource').map(e => e.name)")
    assert all(x == url(p) for x in elsewhere), elsewhere
    assert b.complaints() == []


def test_all_well(new_proxy, topic, browser, tmp_path):
    """Fresh, then at work: numbers, the topic, its latest window.  What is shown follows by itself, and nobody's focus is taken away."""
    p = new_proxy("proxy", {"attest.window.records": 20})
    assert "nothing was produced here yet" in wait_head(p, "All is well").words
    browser.open(url(p))
    browser.run("window.same = true; document.getElementById('to-status').focus()")
    t, other = topic(partitions=2), topic()
    Confluent.produce(p.bootstrap, t, sample(50, partitions=2))
    Confluent.produce(p.bootstrap, other, sample(5))
    shown = lambda: browser.run("return document.getElementById('page').textContent")  # noqa: E731
    until("it shows the topic", lambda: t in shown(), 30 * PATIENCE, 0.2)
    assert browser.run("return window.same === true && document.activeElement.id === 'to-status'")
    until("all is published", lambda: p.status()["unpublishedRecords"] == 0, 30 * PATIENCE, 0.1)
    page = wait_head(p, "All is well")
    until("the page does so, too", lambda: "Windows waiting 0 0 open windows" in Page(p).words, 30 * PATIENCE, 0.2)
    page = Page(p)
    assert "Records attested 55" in page.words and "no window waits for its statement for long" in page.words
    assert re.search(rf"{t} [\d.]+ 50 0 \d+ m?s ago: partition [01], window \d+, \d+ records?", page.words), page.words
    assert page.words.index(t) < page.words.index(f" {other} "), "the busiest first"
    status = p.status()
    for known in (status["keyId"], status["clusterId"], status["instance"], status["version"], f"makoto-proxy {status['version']}"):
        assert known in page.words
    for port in status["ports"]:
        assert f"{port['port']} " in page.words
        if "broker" in port:
            assert f"broker {port['node']} at {port['broker']} :{port['brokerPort']}" in page.words, page.words
    looked_at(browser, p, tmp_path, "well", "All is well")
    # without a script the browser loads it again
    browser.scripts(False)
    browser.open(url(p))
    before = browser.run("return document.querySelector('time').textContent")
    until("it is loaded again", lambda: browser.run("return document.querySelector('time').textContent") != before, 30 * PATIENCE, 0.5)


def test_windows_waiting(cluster, new_proxy, topic, browser, tmp_path):
    """The statement topic takes nothing: said, with since when and why; and all is well when it takes them again."""
    dbom = f"makoto.dbom.waiting-{os.getpid()}"
    cluster.create(dbom, configs={"max.message.bytes": 100})
    p = new_proxy("proxy", {"attest.dbom.topic": dbom, "attest.window.records": 10})
    t, quiet = topic("orders"), topic("quiet")
    Confluent.produce(p.bootstrap, t, sample(35))
    page = wait_head(p, "Windows are waiting")
    assert re.search(r"4 closed windows wait for their statements, the oldest for 1\d s\. Nothing is lost", page.words), page.words
    assert re.search(rf"{t} late [\d.]+ 35 4 , for 1\d s none yet", page.words.replace("4, for", "4 , for")), page.words
    Confluent.produce(p.bootstrap, quiet, sample(1))
    looked_at(browser, p, tmp_path, "waiting", "Windows are waiting")
    page = Page(p)
    assert page.words.index(f"{t} late") < page.words.index(f"{quiet} ")
    assert "Last warnings and errors" in page.words and "None since the start" not in page.words
    assert f"topic={dbom}" in page.words or dbom in page.words
    cluster.alter_topic(dbom, max_message_bytes=1 << 20)
    page = wait_head(p, "All is well")
    assert "late" not in re.findall(r'class="tag [a-z]+">(.*?)<', page.html)


def test_violations(cluster, pair, topic, browser, tmp_path):  # noqa: F811
    """A record was altered in a broker's log, and a consumer reads it through verify.mode: observe."""
    w, r = pair("observe")
    t = topic("payments", assignment=[[BROKER]], configs={"retention.ms": -1})
    for i in range(4):
        Confluent.produce(w.bootstrap, t, sample(5, seed=i, text=True))
    stated(cluster, w, t, records=20)
    node, directory = cluster.node(BROKER), segment_dir(cluster, t)
    assert "Records that consumers read here are verified" in wait_head(r, "All is well").words
    node.stop()
    rewrite(directory, at(12, value=b"not what was sent"))
    clean = os.path.join(node.data, ".kafka_cleanshutdown")
    if os.path.exists(clean):
        os.unlink(clean)
    node.start()
    cluster.wait_ready()
    cluster.wait_leaders(t)
    with Watch(r.bootstrap, t) as c:
        c.until(20)
    page = wait_head(r, "Violations found")
    assert "1 record that consumers asked for isn't what was attested: 1 altered. Consumers were given it all the same" in page.words
    assert re.search(r"altered 1 \(violation\)", page.words) and re.search(r"verified 1\d", page.words), page.words
    assert f"topic={t} partition=0 offset=12 verdict=altered" in page.words
    assert "not what was sent" not in page.html
    looked_at(browser, r, tmp_path, "violations", "Violations found")


def asked(p, host, path="/"):
    c = http.client.HTTPConnection(p.host, p.admin_port, timeout=10 * PATIENCE)
    c.putrequest("GET", path, skip_host=True)
    if host is not None:
        c.putheader("Host", host)
    c.endheaders()
    with c.getresponse() as answer:
        return answer.status, answer.headers, answer.read().decode()


def test_who_may_ask(new_proxy, topic):
    """Names of others are told nothing; and names of ours are not shown where that isn't wanted."""
    p = new_proxy("proxy", {"admin.hosts": ["edge-1"], "admin.names": False})
    t = topic("secretive")
    Confluent.produce(p.bootstrap, t, [Rec(b"k", b"v")])
    until("it is attested", lambda: p.metric("makoto_records_attested_total") == 1, 30 * PATIENCE, 0.1)
    for host in ("rebound.example", f"rebound.example:{p.admin_port}", "localhost.example"):
        for path in ("/", "/status", "/metrics", "/healthz"):
            status, _, body = asked(p, host, path)
            assert status == 421 and "makoto" not in body
    for host in (f"127.0.0.1:{p.admin_port}", "localhost", "[::1]", "EDGE-1:80", None):
        status, headers, body = asked(p, host)
        assert status == 200 and "<h1>" in body
        assert headers["Cache-Control"] == "no-store" and headers["X-Content-Type-Options"] == "nosniff"
        policy = headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; ") and "unsafe" not in policy and "frame-ancestors 'none'" in policy
    page = until("the record is on the page", lambda: (x := Page(p)) and "Records attested 1 " in x.words and x, 30 * PATIENCE, 0.2)
    assert "1 topic is attested. Their names are not shown" in page.words and t not in page.html


def test_the_proxy_is_gone(new_proxy, browser):
    """A page that is left open says that it is old, and since when."""
    p = new_proxy()
    browser.open(url(p))
    assert browser.run("return document.querySelector('h1').textContent")
    p.stop()
    until("it says so", lambda: "this is old" in browser.run("return document.querySelector('header').textContent"), 60 * PATIENCE, 0.5)
