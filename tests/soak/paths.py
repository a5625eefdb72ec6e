"""The parts that soak runs share with chaos runs and end-to-end tests: importing this makes them found."""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.dirname(HERE)
for _part in ("e2e", "chaos"):  # chaos first: both have something called clients
    sys.path.insert(0, os.path.join(TESTS, _part))
BUILD = os.path.join(os.path.dirname(TESTS), "build", "soak")
CHAOS = os.path.join(TESTS, "chaos")


def place_dir(directory, topic, partition):
    """Where the evidence about one partition is."""
    return os.path.join(directory, "places", f"{topic}-{partition}")
