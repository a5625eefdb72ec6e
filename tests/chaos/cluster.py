"""The lab's three brokers, with one listener more, whose advertised addresses are the fault relay's.

    127.0.79.<n>  relay  ──►  127.0.77.<n>  broker          the proxy's bootstrap servers are the relay's
Elections are quick, so that a broker that is gone for two seconds is felt.  A cluster can be kept between runs:

    tests/chaos/cluster.py start | stop | status
"""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "e2e"))

from lab.kafka import PORT_BASE, ROOT, Cluster, Node  # noqa: E402

BUILD = os.path.join(ROOT, "build", "chaos")
RELAY = "127.0.79."
OFFSET = 1090  # of the relayed listener's ports from the base

EXTRA = """\
broker.heartbeat.interval.ms=500
broker.session.timeout.ms=2500
replica.lag.time.max.ms=2000
replica.fetch.wait.max.ms=200
controller.quorum.fetch.timeout.ms=1500
controller.quorum.election.timeout.ms=500
controller.quorum.election.backoff.max.ms=500
transaction.abort.timed.out.transaction.cleanup.interval.ms=1000
file.delete.delay.ms=1000
"""


class RelayedNode(Node):
    @property
    def relayed_port(self):
        return self.cluster.port_base + OFFSET + self.at

    @property
    def relay_host(self):
        return f"{RELAY}{self.at}"

    def configure(self):
        """As the lab does, but for the listeners: what stands later in the file holds."""
        super().configure()
        plain = f"PLAINTEXT://{self.host}:{self.port}"
        with open(os.path.join(self.dir, "server.properties"), "a") as f:
            f.write(f"listeners={plain},RELAYED://{self.host}:{self.relayed_port},CONTROLLER://{self.host}:{self.cport}\n")
            f.write(f"advertised.listeners={plain},RELAYED://{self.relay_host}:{self.relayed_port}\n")
            f.write("listener.security.protocol.map=PLAINTEXT:PLAINTEXT,RELAYED:PLAINTEXT,CONTROLLER:PLAINTEXT\n")


class RelayedCluster(Cluster):
    def __init__(self):
        super().__init__(os.path.join(BUILD, "cluster"), port_base=PORT_BASE, heap="384m", extra=EXTRA)
        self.nodes = [RelayedNode(self, n) for n in (1, 2, 3)]

    @property
    def relayed(self):
        """What the proxy is told."""
        return ",".join(f"{n.relay_host}:{n.relayed_port}" for n in self.nodes)

    def start(self):
        os.makedirs(BUILD, exist_ok=True)
        super().start()


def main():
    c = RelayedCluster()
    what = sys.argv[1] if len(sys.argv) == 2 else ""
    if what == "start":
        if not c.alive():
            c.start()
    elif what == "stop":
        c.stop()
    elif what == "status":
        sys.exit(0 if c.alive() else 1)
    else:
        print(__doc__, file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
