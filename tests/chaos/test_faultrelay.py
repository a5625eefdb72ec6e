"""The relay's harm to the order of things, between two sockets of ours.  No broker."""

import os
import socket
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from faultrelay import Relay  # noqa: E402


@pytest.fixture
def ends():
    """(relay, connect to it, the next connection that comes out of it)"""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        here = probe.getsockname()
    made = []
    with socket.create_server(("127.0.0.1", 0)) as broker:
        broker.settimeout(20)
        relay = Relay([(here, broker.getsockname())])

        def connect():
            made.append(socket.create_connection(here, timeout=20))
            return made[-1]

        def accept():
            s = broker.accept()[0]
            s.settimeout(20)
            made.append(s)
            return s

        yield relay, connect, accept
        relay.close()
    for s in made:
        s.close()


def test_late_connections_are_behind_later_ones(ends):
    relay, connect, accept = ends
    relay.late(0, 2, 30)
    for name in (b"first", b"second", b"third"):
        connect().sendall(name)
    assert accept().recv(10) == b"third"
    relay.heal()
    assert {accept().recv(10), accept().recv(10)} == {b"first", b"second"}
    assert relay.done["late"] == 1


def test_what_is_sent_again_overtakes(ends):
    relay, connect, accept = ends
    old = connect()
    old.sendall(b"abc")
    at_broker = accept()
    assert at_broker.recv(10) == b"abc"
    relay.arm(0, True, 3, "overtaken", 600)
    old.sendall(b"defghi")
    with pytest.raises(ConnectionResetError):
        old.recv(10)
    relay.arm(0, True, 0, "overtaken", 1)  # there is nobody to be overtaken once more
    new = connect()
    new.sendall(b"defghi again")
    assert accept().recv(20) == b"defghi again"
    assert at_broker.recv(10) == b"def"  # what was in front of the harm
    with relay.lock:
        relay.connections[0].up.until = 0.001  # its time has come
    got = b""
    while len(got) < 3:
        got += at_broker.recv(10)
    assert got == b"ghi"
    at_broker.sendall(b"an answer that nobody hears")
    assert relay.done["overtaken"] == 1 and relay.count() == 2
    relay.heal()
    with pytest.raises(ConnectionResetError):
        at_broker.recv(10)
    assert relay.count() == 1
