"""What the tests of the image and of the units share: one broker, and topics in it."""

import itertools
import os
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "e2e"))

from lab.kafka import ROOT, Cluster  # noqa: E402

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def cluster():
    c = Cluster(os.path.join(ROOT, "build", "deploy", "cluster"), nodes=1)
    c.start()
    yield c
    c.stop()


@pytest.fixture
def topic(cluster):
    """Makes topics with names that are new."""
    return lambda base: cluster.create(f"{base}-{next(_numbers)}")
