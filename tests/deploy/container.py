"""The image, as a container engine would run it: its own command, environment and user, PID 1, a root that can't be written.

The engine is unshare, mount and chroot here: what an image says is all in the image, and none of it needs a daemon.
"""

import json
import os
import signal
import subprocess
import threading

from lab.kafka import ROOT
from proxy import Proxy

OUT = os.path.join(ROOT, "build", "deploy")
CONFIG = "/etc/makoto-proxy/makoto-proxy.yaml"

# What an engine puts into a root: mount points, kernel file systems, volumes (source, target, rw or ro), names; then nothing can
# be written but volumes.  What runs in it can get no more rights than it has.
ENGINE = """
set -e
root=$1 user=$2 groups=$3
shift 3
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount --bind /dev "$root/dev"
while [ "$1" != -- ]; do
	[ -e "$root$2" ] || mkdir -p "$root$2"
	mount --bind "$1" "$root$2"
	[ "$3" = rw ] || mount -o remount,bind,ro "$root$2"
	shift 3
done
shift
mount -o remount,bind,ro "$root"
exec setpriv --no-new-privs chroot --userspec="$user" --groups="$groups" "$root" "$@"
"""


def buildah(*args):
    command = ["buildah", "--root", f"{OUT}/storage", "--runroot", f"{OUT}/run", "--storage-driver", "vfs", *args]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


class Image:
    def __init__(self, directory, name="makoto-kafka"):
        self.config = json.loads(buildah("inspect", "--type", "image", name))["Docker"]["config"]
        self.root = os.path.join(str(directory), "root")
        container = buildah("from", "--pull-never", name)
        try:
            mounted = buildah("mount", container)
            subprocess.run(["cp", "-a", mounted, self.root], check=True)
            self.state_owner = os.stat(mounted + "/var/lib/makoto-proxy")
        finally:
            buildah("rm", container)
        self.files = [os.path.join(d, f) for d, _, fs in os.walk(self.root) for f in fs]
        others = [d for d, _, _ in os.walk(self.root) if not d.endswith("/var/lib/makoto-proxy")] + self.files
        self.owners = {(s.st_uid, s.st_gid) for s in map(os.lstat, others)}
        for mount_point in ("proc", "dev"):
            os.mkdir(os.path.join(self.root, mount_point))

    def volume(self, path):
        """A volume that is new: an engine gives it the owner and the mode of what it is mounted on."""
        os.makedirs(path, exist_ok=True)
        os.chown(path, self.state_owner.st_uid, self.state_owner.st_gid)
        os.chmod(path, self.state_owner.st_mode & 0o7777)
        return path

    def line(self, user, groups, mounts, argv):
        """A command line that runs argv in a container of this image.  mounts: (source, target, read-only?)."""
        listed = [x for source, target, ro in mounts for x in (source, target, "ro" if ro else "rw")]
        return ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", ENGINE, "engine",
                self.root, user, ",".join(map(str, groups)), *listed, "--", *argv]  # fmt: skip

    def environment(self, env=None):
        return {**dict(e.split("=", 1) for e in self.config["Env"]), "PATH": os.environ["PATH"], **(env or {})}

    def command(self, state, argv, config=None, env=None):
        """(a command line, its environment) that runs argv as the image says."""
        mounts = [(state, "/var/lib/makoto-proxy", False)] + ([(config, CONFIG, True)] if config else [])
        return self.line(self.config["User"], [], mounts, argv), self.environment(env)

    def run(self, state, argv, config=None, env=None, timeout=120):
        line, env = self.command(state, argv, config, env)
        return subprocess.run(line, env=env, capture_output=True, text=True, timeout=timeout, stdin=subprocess.DEVNULL)


class Container(Proxy):
    """A makoto-proxy that runs as the image says; the end-to-end tests' Proxy otherwise."""

    def __init__(self, image, directory, upstream, settings=None):
        self.image = image
        super().__init__(directory, upstream, settings)
        del self.settings["state.directory"]  # the image says where
        self.dbom_topic = self.settings["attest.dbom.topic"]
        image.volume(self.state)

    def spawn(self):
        self.write_config()
        self.lines = []
        line, env = self.image.command(self.state, self.image.config["Entrypoint"] + self.image.config["Cmd"], self.config)
        self.proc = subprocess.Popen(line, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=env)
        self._reader = threading.Thread(target=self._read, args=(self.proc.stderr,), daemon=True)
        self._reader.start()
        return self

    def exec(self, *argv):
        """A program of the image beside it, which sees the same volume, file and network."""
        return self.image.run(self.state, argv, self.config)

    def pid1(self):
        """The container's PID 1, as we number it."""
        with open(f"/proc/{self.proc.pid}/task/{self.proc.pid}/children") as f:
            return int(f.read().split()[0])

    def stop(self, timeout=60):
        """As an engine does: the image's stop signal, and its exit code is looked at."""
        os.kill(self.pid1(), getattr(signal, self.image.config["StopSignal"]))
        rc = self.wait(timeout)
        self.proc = None
        assert rc == 0, f"makoto-proxy ended with {rc}:\n{self.text()[-6000:]}"


def yaml(path):
    """Read by what apt has: the tests' Python has no YAML."""
    program = "import json, sys, yaml; json.dump(yaml.safe_load(sys.stdin), sys.stdout)"
    with open(path) as f:
        return json.loads(subprocess.run(["/usr/bin/python3", "-c", program], stdin=f, check=True, capture_output=True, text=True).stdout)
