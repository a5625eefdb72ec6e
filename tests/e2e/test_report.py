"""makotoctl report: one page for an auditor, made of real topics and opened in a real browser.

One statement topic: a good topic, one with a record that was altered on disk and one that was removed, one whose statements are wrong (a gap, a
fork, a key that nobody trusts), ones whose records retention, the cleaner and aborted transactions took.  The issuer's name in the policy is markup.
"""

import hashlib
import html.parser
import os
import re
import subprocess

import pytest
from browser import Browser
from checks import of_topic, public_keys, wait_stated
from clients import Confluent, Rec, sample
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient
from lab.kafka import until
from proxy import CTL, PATIENCE, SANITIZERS, Proxy, ctl
from test_verify_topics import COMPACTED
from test_tamper import at, later, records, restated, rewrite, without

BROKER = 3
STATED = GAP, FORK, STRANGER = 0, 1, 2  # a partition for each thing that is wrong with statements
EVIL = "</title><script>document.title='owned'</script><img src=x onerror=alert(1)> \"Q\" & 'A' \u202egnp"
VOID = {"meta", "br", "img", "link", "hr", "input"}


class Scene:
    def report(self, *args, topics=()):
        """(the finished process, the page)"""
        named = [x for t in topics for x in ("-t", self.names[t])]
        p = ctl("report", "-b", self.cluster.bootstrap, "--policy", self.policy, "--dbom-topic", self.dbom, *named, *args)
        return p, p.stdout


@pytest.fixture(scope="module")
def scene(cluster, tmp_path_factory):
    s = Scene()
    s.cluster, s.dir = cluster, tmp_path_factory.mktemp("report")
    s.run = f"report-{os.getpid()}"
    s.dbom = f"makoto.dbom.{s.run}"
    cluster.create(s.dbom, assignment=[[BROKER]], configs={"retention.ms": -1})
    s.names = {n: f"{s.run}-{n}" for n in "good altered stated aborted expired compacted".split()}
    t = s.names
    settings = {"attest.window.records": 10, "attest.window.max.age": "300ms", "attest.dbom.topic": s.dbom, "attest.compacted": [t["compacted"]]}
    px, stranger = (Proxy(s.dir / n, cluster.bootstrap, settings) for n in ("proxy", "stranger"))
    px.start()
    stranger.start()
    cluster.create(t["good"], partitions=2)
    cluster.create(t["altered"], assignment=[[BROKER]])
    cluster.create(t["stated"], partitions=len(STATED))
    cluster.create(t["aborted"])
    cluster.create(t["expired"])
    cluster.create(t["compacted"], rf=1, configs=COMPACTED)
    Confluent.produce(px.bootstrap, t["compacted"], [Rec(b"k%d" % (i % 5), b"v%d" % i) for i in range(30)])
    Confluent.produce(px.bootstrap, t["good"], sample(40, partitions=2))
    Confluent.produce(px.bootstrap, t["altered"], [Rec(b"k%d" % i, b"v%d" % i) for i in range(30)])
    for p in STATED:
        to = (stranger if p == STRANGER else px).bootstrap
        Confluent.produce(to, t["stated"], [Rec(b"k%d" % i, b"v%d" % i, partition=p) for i in range(30)])
    Confluent.produce(px.bootstrap, t["aborted"], sample(40), txn=[(True, 10), (False, 20), (True, 10)], transactional_id=f"tx-{s.run}")
    Confluent.produce(px.bootstrap, t["expired"], sample(30))
    keys = public_keys(px.public_key)
    for name, n in {"good": 40, "altered": 30, "aborted": 40, "expired": 30, "compacted": 30}.items():
        wait_stated(cluster, keys, t[name], n, s.dbom)
    rolled = []

    def cleaned():
        rolled.append(1)
        Confluent.produce(px.bootstrap, t["compacted"], [Rec(b"roll", b"%d" % len(rolled))])
        return len([r for r in cluster.log(t["compacted"]).records if r.offset < 30]) < 20

    until("the cleaner has been", cleaned, 60, 0.4)
    wait_stated(cluster, keys, t["compacted"], 30 + len(rolled), s.dbom)
    v = wait_stated(cluster, [*keys, *public_keys(stranger.public_key)], t["stated"], 30 * len(STATED), s.dbom)
    key_of = {p: next(x.record_key for x in of_topic(v, t["stated"], cluster.topic_id(t["stated"])) if (x.kafka["partition"], x.window) == (p, 2)) for p in STATED}
    px.stop()
    stranger.stop()
    with open(os.path.join(px.state, "signing.pem"), "rb") as f:
        s.private = f.read()
    admin = AdminClient({"bootstrap.servers": cluster.bootstrap})
    admin.delete_records([TopicPartition(t["expired"], 0, 15)])[TopicPartition(t["expired"], 0)].result(30)
    node = cluster.node(BROKER)
    node.stop()
    rewrite(os.path.join(node.data, t["altered"] + "-0"), lambda b: without(21)(at(7, value=b"not what was sent")(b)))
    twice = []

    def change(r):
        if r.key == key_of[FORK].encode():
            twice.append(Rec(r.key, restated(s, r, later), list(r.headers)))
        return None if r.key == key_of[GAP].encode() else r

    rewrite(os.path.join(node.data, s.dbom + "-0"), records(change))
    clean = os.path.join(node.data, ".kafka_cleanshutdown")
    if os.path.exists(clean):
        os.unlink(clean)
    node.start()
    cluster.wait_ready()
    cluster.wait_leaders(t["altered"])
    cluster.wait_leaders(s.dbom)
    Confluent.produce(cluster.bootstrap, s.dbom, twice)
    s.policy = s.dir / "trust.yaml"
    quoted = EVIL.replace("'", "''")
    s.policy.write_text(f"issuers:\n  '{quoted}':\n    keys: [{px.public_key}]\n")
    yield s


class Checker(html.parser.HTMLParser):
    """Elements that are closed in their order, ids that are there once, attributes that are quoted."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.ids, self.refs, self.count, self.text = [], [], [], {}, []
        self.feed(text)
        self.close()
        assert not self.open, self.open

    def handle_starttag(self, tag, attrs):
        raw = self.get_starttag_text()
        assert re.fullmatch(r'<[a-z0-9]+( [a-z-]+="[^"<>]*")*>', raw), raw
        assert len({n for n, _ in attrs}) == len(attrs), raw
        a = dict(attrs)
        assert not any(n.startswith("on") or n in ("src", "style") for n in a), raw
        self.count[tag] = self.count.get(tag, 0) + 1
        if "id" in a:
            self.ids.append(a["id"])
        if "aria-labelledby" in a:
            self.refs.append(a["aria-labelledby"])
        if tag == "a":
            assert a["href"].startswith("#"), raw
            self.refs.append(a["href"][1:])
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open and self.open[-1] == tag, (self.open[-3:], tag)
        self.open.pop()

    def handle_data(self, data):
        if self.open and self.open[-1] != "style":
            self.text.append(data)


def checked(page):
    c = Checker(page)
    assert len(set(c.ids)) == len(c.ids) and set(c.refs) <= set(c.ids)
    assert "script" not in c.count and "img" not in c.count
    assert c.count["main"] == c.count["header"] == c.count["h1"] == 1
    return " ".join(" ".join(c.text).split())


def test_good(scene):
    p, page = scene.report(topics=["good"])
    assert p.returncode == 0 and p.stderr == "", p.stderr
    text = checked(page)
    assert "<h1>Verified</h1>" in page and "all 40 records verified" in text and "Violations" not in text
    assert scene.names["good"] in text and "L2 or more" in text
    assert hashlib.sha256(scene.policy.read_bytes()).hexdigest() in text
    assert page.count('<i class="v" title="window ') >= 4, "a piece for each window"
    # --out: the same page, readable, and nothing on standard output
    out = scene.dir / "good.html"
    p, nothing = scene.report("--out", out, topics=["good"])
    assert p.returncode == 0 and nothing == ""
    ended = re.compile(r"<time .*?</time>")
    assert ended.sub("", out.read_text()) == ended.sub("", page)
    # what can't be written was not given
    p, _ = scene.report("--out", scene.dir / "none" / "x.html", topics=["good"])
    assert p.returncode == 3 and "none/x.html" in p.stderr
    with open("/dev/full", "wb") as full:
        args = ["report", "-b", scene.cluster.bootstrap, "--policy", scene.policy, "--dbom-topic", scene.dbom, "-t", scene.names["good"]]
        q = subprocess.run([CTL, *map(str, args)], stdout=full, stderr=subprocess.PIPE, env={**os.environ, **SANITIZERS}, timeout=60 * PATIENCE)
    assert q.returncode == 3 and b"standard output: No space left" in q.stderr


def test_options(scene):
    for wrong in ("--json", "--verbose", "--resume=x"):
        p, page = scene.report(wrong, topics=["good"])
        assert p.returncode == 2 and page == "" and wrong in p.stderr
    p = ctl("verify", "-b", scene.cluster.bootstrap, "--policy", scene.policy, "--out=x")
    assert p.returncode == 2 and "--out" in p.stderr
    p, page = scene.report("-t", "nothing-is-like-*")
    assert p.returncode == 3 and page == "" and "no such topic" in p.stderr
    p, page = scene.report("--from", "5", "--to", "25", "-p", "0", topics=["aborted"])
    assert p.returncode == 0 and "from 5 to 25 (not included)" in checked(page) and "0 alone" in page


def test_all(scene):
    """What is gone is told with its reason; what was altered with its evidence."""
    s, t = scene, scene.names
    p, page = s.report("--isolation", "read_committed")
    assert p.returncode == 1, p.stderr
    text = checked(page)
    assert "<h1>Violation found</h1>" in page and "1 altered, 30 untrusted, 1 missing, 1 gap, 1 fork" in text
    assert "6 topics, 9 partitions" in text
    for name in t.values():
        assert name in text
    assert re.search(r"retention 15 0 to 14 below the log's start", text), text
    assert re.search(r"aborted 20 \d+ to \d+ its transaction was aborted", text)
    assert re.search(r"compacted \d+ \d+ to \d+ a later record has its key", text)
    found = re.search(
        r"altered partition 0, offset 7 Topic (\S+) Reason the value differs.*? Window (\d+) Chain ([0-9a-f]{32}) .*?"
        r"leaf expected ([0-9a-f]{64}) ?leaf found ([0-9a-f]{64})",
        text,
    )
    assert found and found[1] == t["altered"] and found[4] != found[5], text
    assert re.search(r"missing partition 0, offset 21 .*? leaf expected [0-9a-f]{64} leaf found not known, or none", text), text
    assert re.search(r"missing 1 21 no record is in this member's place", text)
    assert re.search(rf"gap partition {GAP}, window 3 Topic {t['stated']} Reason statements before this one are not there", text)
    fork = re.search(rf"fork partition {FORK}, window 2 Topic \S+ Reason .*? statement expected ([0-9a-f]{{64}}) ?statement found ([0-9a-f]{{64}})", text)
    assert fork and fork[1] != fork[2], text
    assert f"untrusted partition {STRANGER}, offset 29 Topic {t['stated']} Reason no trusted key signed the statement" in text
    # the leaf that was expected is the one that the window's manifest has
    shown = ctl("verify", "-b", s.cluster.bootstrap, "--policy", s.policy, "--dbom-topic", s.dbom, "-t", t["altered"], "--json")
    assert f'"chain":"{found[3]}","window":{found[2]}' in shown.stdout


def test_browser(scene):
    """No script runs, nothing is loaded, nothing is refused; narrow, wide, dark, on paper and by keyboard it can be read."""
    s = scene
    out = s.dir / "all.html"
    p, _ = s.report("--isolation", "read_committed", "--out", out)
    assert p.returncode == 1
    b = Browser()
    try:
        for name, width, dark in (("wide", 1200, False), ("wide-dark", 1200, True), ("narrow", 390, False), ("narrow-dark", 390, True)):
            b.open(out, width=width, height=900, dark=dark)
            assert b.run("return document.title") == "Violation found: makoto-kafka verification report"
            assert b.run("return document.querySelectorAll('script,img,iframe,link,object').length") == 0
            assert EVIL.replace("\u202e", "\\u202e") in b.run("return document.getElementById('keys').parentNode.textContent")
            assert b.run("return performance.getEntriesByType('resource').length") == 0
            assert b.run("return document.documentElement.scrollWidth <= innerWidth"), f"{name}: the page is wider than its window"
            assert b.run("return document.querySelectorAll('main section').length") >= 9
            # each partition whose statements are wrong, in its timeline: a letter, and the numbers for a pointer that rests on it
            lines = b.run(LINES, s.names["stated"])
            assert [[letter for letter, _ in pieces] for pieces in lines] == [["V", "?", "!"], ["V", "!", "V"], ["!"]], lines
            said = lines[GAP][1][1], lines[GAP][2][1], lines[FORK][1][1], lines[STRANGER][0][1]
            for title, words in zip(said, ("10 unattested", "10 verified, 1 gap", "10 verified, 1 fork", "30 untrusted")):
                assert title.endswith(": " + words), title
            # colours stand out against what is behind them
            low = b.run(CONTRAST)
            assert not low, (name, low)
            b.screenshot(s.dir / f"{name}.png")
            assert (s.dir / f"{name}.png").stat().st_size > 20000
        # the first thing that the keyboard reaches leads to the content; then tables can be scrolled and details opened
        b.open(out)
        b.press("\ue004")
        assert b.run("return document.activeElement.className") == "skip"
        b.press("\ue007")
        assert b.run("return location.hash") == "#main"
        assert b.run("const s = document.querySelector('summary'); s.focus(); return s.parentNode.open") is False
        b.press("\ue007")
        assert b.run("return document.querySelector('summary').parentNode.open") is True
        # a table that is wider than its place is reached, and moved
        b.open(out, width=375)
        wide = "return document.activeElement.className === 'scroll' && document.activeElement.scrollWidth > document.activeElement.clientWidth"
        for _ in range(b.run("return [...document.querySelectorAll('a, summary, [tabindex]')].filter(e => e.tabIndex >= 0).length")):
            b.press("\ue004")
            if b.run(wide):
                break
        assert b.run(wide) and b.run("return document.activeElement.scrollLeft") == 0
        b.press("\ue014")
        until("it is moved", lambda: b.run("return document.activeElement.scrollLeft") > 0, 20 * PATIENCE)
        b.open(out, width=700, media="print", dark=True)
        assert b.run("return getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)", "paper is white"
        assert b.run("return [...document.querySelectorAll('.scroll')].every(e => e.scrollWidth <= e.clientWidth)"), "paper can't be scrolled"
        assert b.complaints() == []
    finally:
        b.close()


# [[letter, title] of each piece] of each timeline of a topic
LINES = """
const of = [...document.querySelectorAll('main section')].find(e => e.querySelector('h2, h3').textContent.includes(arguments[0]));
return [...of.querySelectorAll('.line')].map(l => [...l.querySelectorAll('i')].map(i => [i.textContent, i.title]));
"""

CONTRAST = """
const channel = c => { c /= 255; return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; };
const light = c => 0.2126 * channel(c[0]) + 0.7152 * channel(c[1]) + 0.0722 * channel(c[2]);
const parse = s => { const m = s.match(/[\\d.]+/g).map(Number); return m.length === 4 && m[3] === 0 ? null : m; };
const behind = e => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor); if (c) return c; } return [255, 255, 255]; };
const low = [];
for (const e of document.querySelectorAll('body *')) {
	if (![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())) continue;
	const a = light(parse(getComputedStyle(e).color)), b = light(behind(e));
	const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
	if (ratio < 4.5 && low.length < 5) low.push([e.tagName, e.className, ratio.toFixed(2)]);
}
return low;
"""
