"""A proxy that attests, and others that verify what it attested: what the benchmarks of consumers share."""

import os
import tempfile

import run  # puts the tests' modules on the path
import proxy
from proxy import Proxy


class Bench:
    """A cluster, a writer, and fresh readers of what it wrote; topics that were made are removed at the end."""

    def __init__(self, name, **settings):
        self.name, self.settings, self.topics, self.readers = f"bench-{name}-{os.getpid()}", settings, [], 0

    def __enter__(self):
        self.cluster = run.Cluster()
        self.kept = self.cluster.alive()
        if not self.kept:
            self.cluster.start()
        self.dir = tempfile.TemporaryDirectory()
        self.dbom = f"{self.name}-dbom"
        self.writer = Proxy(os.path.join(self.dir.name, "writer"), self.cluster.bootstrap,
                            {"attest.window.max.age": "10s", "attest.dbom.topic": self.dbom, **self.settings}).start()  # fmt: skip
        self.key = self.writer.public_key
        return self

    def __exit__(self, *exc):
        if self.writer.alive():
            self.writer.stop()
        if not self.kept:
            self.cluster.stop()
        else:
            for t in (*self.topics, self.dbom):
                self.cluster.delete(t)
        self.dir.cleanup()

    def topic(self, name, partitions=1):
        t = f"{self.name}-{name}"
        self.cluster.create(t, partitions=partitions, rf=1)
        self.topics.append(t)
        return t

    def reader(self, mode, program=None):
        """One that was never asked for anything yet; program: another than this build's."""
        self.readers += 1
        d = os.path.join(self.dir.name, f"reader-{self.readers}")
        os.makedirs(d)
        policy = os.path.join(d, "trust.yaml")
        with open(policy, "w") as f:
            f.write(f"issuers:\n  bench:\n    keys: [{self.key}]\nunattested: deny\n")
        settings = {"attest.enabled": False, "attest.dbom.topic": self.dbom}
        if mode != "off":  # which an older program may not know
            settings |= {"verify.mode": mode, "verify.policy": policy}
        ours, proxy.PROXY = proxy.PROXY, program or proxy.PROXY
        try:
            return Proxy(d, self.cluster.bootstrap, settings).start()
        finally:
            proxy.PROXY = ours
