"""README's five commands, as they stand there: the lines that begin with $ of its section "On your own cluster".

They run in namespaces of their own, where kafka:9092 is a broker and every port is free, in a directory that is the
checkout but for build/, so that nothing in a line has to be another.  The cluster makes no topic by itself, and `orders`
was written to before there was a proxy.  This file is also what runs in there.
"""

import fcntl
import json
import os
import re
import socket
import struct
import subprocess
import sys
import time

if __name__ == "__main__":
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from clients import Confluent, Rec  # noqa: E402
from lab.kafka import ROOT, Cluster, until  # noqa: E402

FLAVOR = os.environ.get("E2E_FLAVOR", "release")
PATIENCE = {"release": 1}.get(FLAVOR, 4)
SECTION = "On your own cluster"
PENDING = 4  # "ask again", says README
KAFKA = 9092 - 90 - 1  # Cluster's base port, with which its first broker listens on 9092


def commands():
    with open(os.path.join(ROOT, "README.md")) as f:
        section = re.search(rf"^## {SECTION}\n(.*?)^## ", f.read(), re.M | re.S)[1]
    return re.findall(r"^    \$ (.*)$", section, re.M)


def checkout(at):
    """The checkout as after a clone: build/ has what was compiled, and no program yet."""
    (at / "build").mkdir(parents=True)
    for name in os.listdir(ROOT):
        if name not in ("build", ".git"):
            (at / name).symlink_to(os.path.join(ROOT, name))
    (at / "build" / FLAVOR).symlink_to(os.path.join(ROOT, "build", FLAVOR))
    return at


def test_five_commands(tmp_path):
    lines = commands()
    assert len(lines) == 5, lines
    (tmp_path / "home").mkdir()
    where = checkout(tmp_path / "checkout")
    env = {k: v for k, v in os.environ.items() if k not in ("STATE_DIRECTORY", "XDG_STATE_HOME", "MAKEFLAGS", "MAKELEVEL", "MFLAGS")}
    env |= {"README_HOME": str(tmp_path / "home"), "FLAVOR": FLAVOR}
    root = [] if os.geteuid() == 0 else ["--map-root-user"]
    alone = ["unshare", *root, "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
    p = subprocess.run(
        [*alone, sys.executable, "-B", os.path.abspath(__file__), str(tmp_path)], cwd=where, env=env, capture_output=True, text=True, timeout=600 * PATIENCE
    )
    assert p.returncode == 0, p.stdout + p.stderr
    told = json.loads(p.stdout)
    assert [x["command"] for x in told] == lines
    made, check, proxy, produced, verified = told
    assert all(x["rc"] == 0 for x in told), told
    assert re.search(r"^(all well|nothing failed, \d+ warnings?)$", check["out"].splitlines()[-1]), check
    assert re.search(r"^ready bootstrap=127.0.0.1:9092 ", proxy["out"], re.M), proxy
    assert verified["out"].endswith("\nOK: all 1 record verified\n"), verified


# -- in there


def loopback_up():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        name = struct.pack("16sH14x", b"lo", 0)
        flags = struct.unpack("16sH14x", fcntl.ioctl(s, 0x8913, name))[1]  # SIOCGIFFLAGS
        fcntl.ioctl(s, 0x8914, struct.pack("16sH14x", b"lo", flags | 1))  # SIOCSIFFLAGS, IFF_UP


def is_kafka(directory, address):
    """The name `kafka` is that address."""
    hosts = os.path.join(directory, "hosts")
    with open(hosts, "w") as f:
        f.write(f"127.0.0.1 localhost\n{address} kafka\n")
    subprocess.run(["mount", "--bind", hosts, "/etc/hosts"], check=True)


def say(command, directory, n, env):
    """A line, as somebody who reads README types it."""
    path = os.path.join(directory, f"out-{n}")

    def typed():
        with open(path, "wb") as out:
            return subprocess.Popen(["bash", "-c", command], stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=env)

    def text():
        with open(path, errors="replace") as f:
            return f.read()

    rc = typed().wait()
    end = time.monotonic() + 60 * PATIENCE
    while rc == PENDING and time.monotonic() < end:
        time.sleep(0.5)
        rc = typed().wait()
    if command.endswith("&"):
        until("it says that it is ready", lambda: re.search("^ready ", text(), re.M), 60 * PATIENCE)
    return {"command": command, "rc": rc, "out": text()}


def inside(directory):
    loopback_up()
    cluster = Cluster(os.path.join(directory, "cluster"), nodes=1, port_base=KAFKA, heap="320m", extra="auto.create.topics.enable=false\n")
    is_kafka(directory, cluster.nodes[0].host)
    cluster.start()
    cluster.create("orders")
    Confluent.produce(cluster.bootstrap, "orders", [Rec(None, b"yesterday's", timestamp=(int(time.time()) - 86400) * 1000)])
    env = {**os.environ, "HOME": os.environ["README_HOME"]}
    json.dump([say(c, directory, n, env) for n, c in enumerate(commands())], sys.stdout)


if __name__ == "__main__":
    inside(sys.argv[1])
