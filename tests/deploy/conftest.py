"""What the tests of the image, the units and the pods share: one broker, topics in it, the image."""

import itertools
import os
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "e2e"))

from container import Image  # noqa: E402
from lab.kafka import ROOT, Cluster  # noqa: E402

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def cluster():
    c = Cluster(os.path.join(ROOT, "build", "deploy", "cluster"), nodes=1)
    c.start()
    yield c
    c.stop()


@pytest.fixture(scope="session")
def image(tmp_path_factory):
    return Image(tmp_path_factory.mktemp("image"))


@pytest.fixture
def topic(cluster):
    """Makes topics with names that are new."""
    return lambda base: cluster.create(f"{base}-{next(_numbers)}")
