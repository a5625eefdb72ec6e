"""A pod, run as a kubelet runs it: from the manifest's own fields, in the kubelet's order.

A network namespace for all of its containers; volumes with the owners and modes that they have on a node; init containers
that are sidecars started before the application, each awaited by its startup probe; probes executed inside the container;
at the end first the application, then the sidecars, with what is left of the grace period.  Times between two probes are
left out.  The kubelet's own code says what is imitated: kuberuntime_termination_order.go, kuberuntime_container.go
(killContainer), volume_linux.go (fsGroup).
"""

import base64
import ctypes
import os
import re
import shutil
import signal
import socket
import subprocess
import threading
import time

from lab.kafka import until

CLONE_NEWNET = 0x40000000
MINIMUM_GRACE = 2
KILLED = 128 + signal.SIGKILL
POD_IP = "10.77.0.7"
_libc = ctypes.CDLL(None, use_errno=True)

PAUSE = f"set -e; hostname $1; ip link set lo up; ip address add {POD_IP}/32 dev lo; echo up; exec cat"


class Network:
    """A pod's network: its own loopback, and its own address; `ports` of `host` lead to the same outside."""

    def __init__(self, name, host, ports):
        self.pause = subprocess.Popen(
            ["unshare", "--net", "--uts", "sh", "-c", PAUSE, "pause", name], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self.pause.stdout.readline() == b"up\n"
        self.enter = ["nsenter", f"--net=/proc/{self.pause.pid}/ns/net", f"--uts=/proc/{self.pause.pid}/ns/uts"]
        self.listeners = self.inside(lambda: [socket.create_server((host, p)) for p in ports])
        for s in self.listeners:
            threading.Thread(target=self._accept, args=(s,), daemon=True).start()

    def inside(self, what):
        """what(), called by a thread of this network; sockets that it makes stay there."""
        out = []

        def run():
            fd = os.open(f"/proc/{self.pause.pid}/ns/net", os.O_RDONLY)
            try:
                if _libc.setns(fd, CLONE_NEWNET) != 0:
                    raise OSError(ctypes.get_errno(), "setns")
                out.append((what(), None))
            except Exception as e:
                out.append((None, e))
            finally:
                os.close(fd)

        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
        value, error = out[0]
        if error:
            raise error
        return value

    def _accept(self, listener):
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(listener.getsockname())
            except OSError:
                client.close()
                continue
            for a, b in ((client, server), (server, client)):
                threading.Thread(target=self._pump, args=(a, b), daemon=True).start()

    @staticmethod
    def _pump(source, sink):
        try:
            while data := source.recv(1 << 18):
                sink.sendall(data)
        except OSError:
            pass
        for s in (source, sink):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def close(self):
        for s in self.listeners:
            s.shutdown(socket.SHUT_RDWR)
            s.close()
        self.pause.stdin.close()
        self.pause.stdout.close()
        self.pause.wait()


def own(path, fs_group, mask, policy="Always"):
    """What fsGroup makes of a volume: volume_linux.go."""
    mode = os.stat(path).st_mode
    matches = os.stat(path).st_gid == fs_group and mode & 0o2770 == 0o2770
    if fs_group is None or (policy == "OnRootMismatch" and matches):
        return
    for directory, _, files in os.walk(path):
        os.chown(directory, -1, fs_group)
        os.chmod(directory, os.stat(directory).st_mode & 0o7777 | mask | 0o2110)
        for f in (os.path.join(directory, f) for f in files):
            os.chown(f, -1, fs_group, follow_symlinks=False)
            if not os.path.islink(f):
                os.chmod(f, os.stat(f).st_mode & 0o7777 | mask)


class Pod:
    """objects: all that the manifest has.  ours: the image of the proxy.  programs: what stands for the programs of others' images,
    path → command line.  claims: where the volumes of claims are, which outlive the pod."""

    def __init__(self, directory, objects, kind, ours, programs, claims, host, ports):
        self.dir, self.ours, self.programs, self.claims = str(directory), ours, programs, str(claims)
        self.objects = {(o["kind"], o["metadata"]["name"]): o for o in objects}
        (self.owner,) = (o for o in objects if o["kind"] == kind)
        self.template = self.owner["spec"]["template"]
        self.spec = self.template["spec"]
        self.name = self.owner["metadata"]["name"] + ("-0" if kind == "StatefulSet" else "-x7f2q")
        self.security = self.spec.get("securityContext", {})
        os.makedirs(self.dir)
        self.volumes = self._volumes()
        self.network = Network(self.name, host, ports)
        self.sidecars = [Container(self, c) for c in self.spec["initContainers"] if c.get("restartPolicy") == "Always"]
        assert len(self.sidecars) == len(self.spec["initContainers"])
        self.apps = [Container(self, c) for c in self.spec["containers"]]

    proxy = property(lambda self: next(c for c in self.sidecars if c.name == "makoto-proxy"))

    # -- volumes

    def _volumes(self):
        made = {}
        for v in self.spec.get("volumes", []):
            path = os.path.join(self.dir, v["name"])
            if "configMap" in v:
                data = {k: t.encode() for k, t in self.objects["ConfigMap", v["configMap"]["name"]]["data"].items()}
                self._write(path, data, v["configMap"]["defaultMode"])
            elif "secret" in v:
                data = {k: base64.b64decode(t) for k, t in self.objects["Secret", v["secret"]["secretName"]]["data"].items()}
                self._write(path, data, v["secret"]["defaultMode"])
            else:
                assert "emptyDir" in v, v
                os.mkdir(path)
                os.chmod(path, 0o777)
                own(path, self.security.get("fsGroup"), 0o660)
            made[v["name"]] = path
        for claim in self.owner["spec"].get("volumeClaimTemplates", []):
            name = claim["metadata"]["name"]
            path = made[name] = os.path.join(self.claims, f"{name}-{self.name}")
            if not os.path.exists(path):  # a file system that is new
                os.makedirs(os.path.join(path, "lost+found"), 0o700)
            own(path, self.security.get("fsGroup"), 0o660, self.security.get("fsGroupChangePolicy"))
        return made

    def _write(self, path, data, mode):
        """Files as links to links: so they are replaced all at once."""
        version = os.path.join(path, "..2026_11_26_12_00_00.1")
        os.makedirs(version)
        os.symlink(os.path.basename(version), os.path.join(path, "..data"))
        for name, content in data.items():
            with open(os.path.join(version, name), "wb") as f:
                f.write(content)
            os.chmod(f.name, mode)
            os.symlink(os.path.join("..data", name), os.path.join(path, name))
        own(path, self.security.get("fsGroup"), 0o440)

    def value(self, env):
        """Of a variable."""
        if "valueFrom" not in env:
            return env.get("value", "")
        known = {"metadata.name": self.name, "metadata.namespace": self.owner["metadata"]["namespace"], "spec.nodeName": "node-1"}
        return known[env["valueFrom"]["fieldRef"]["fieldPath"]]

    # -- its life

    def start(self):
        for c in self.sidecars:
            c.start()
            c.wait_started()
        for c in self.apps:
            c.start()
        return self

    def ready(self):
        return all(c.probe("readinessProbe") for c in self.sidecars + self.apps)

    def stop(self, grace=None):
        """Its deletion; of a Job, what follows when its containers have ended.  {container: exit code}, in the order of their ends."""
        grace = self.spec["terminationGracePeriodSeconds"] if grace is None else grace
        begin = time.monotonic()
        codes = {}
        apps, sidecars = ([c for c in cs if c.proc is not None] for cs in (self.apps, self.sidecars))
        for c in apps:
            c.signal()
        for c in apps:
            codes[c.name] = c.end_within(begin + grace)
        for c in reversed(sidecars):
            left = max(MINIMUM_GRACE, grace - int(time.monotonic() - begin))
            c.signal()
            codes[c.name] = c.end_within(time.monotonic() + left)
        return codes

    def wait_completed(self, timeout=120):
        """A Job: its containers end by themselves, then its sidecars are stopped.  What stop() says."""
        for c in self.apps:
            c.wait(timeout)
        return self.stop()

    def gone(self):
        """All is removed but what is in claims."""
        for c in self.apps + self.sidecars:
            c.kill()
        self.network.close()
        shutil.rmtree(self.dir)


class Container:
    def __init__(self, pod, spec):
        self.pod, self.spec, self.name = pod, spec, spec["name"]
        self.contained = "/makoto-kafka:" in spec["image"]
        self.lines, self.proc = [], None
        self.env = {}
        for e in spec.get("env", []):
            self.env[e["name"]] = self.expand(pod.value(e))

    def expand(self, text):
        return re.sub(r"\$\((\w+)\)", lambda m: self.env.get(m[1], m[0]), text)

    def start(self):
        """Anew when it ran before: with the same volumes, in the same network."""
        command = [self.expand(a) for a in self.spec.get("command", [])]
        args = [self.expand(a) for a in self.spec.get("args", [])]
        if self.contained:
            line, env = self._ours(command, args)
        else:
            line, env = [*self.pod.programs[command[0]], *command[1:], *args], {"PATH": os.environ["PATH"], **self.env}
        self.lines = []
        self.proc = subprocess.Popen(
            [*self.pod.network.enter, *line], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=env, start_new_session=True
        )
        self.reader = threading.Thread(target=self._read, args=(self.proc.stdout,), daemon=True)
        self.reader.start()

    def _ours(self, command, args):
        image, context = self.pod.ours, self.spec["securityContext"]
        assert context["readOnlyRootFilesystem"], "the engine here knows no other"
        user, group = context["runAsUser"], context["runAsGroup"]
        mounts = [(self.pod.volumes[m["name"]], m["mountPath"], m.get("readOnly", False)) for m in self.spec["volumeMounts"]]
        argv = (command or image.config["Entrypoint"]) + (args or image.config["Cmd"])
        groups = [self.pod.security["fsGroup"]] if "fsGroup" in self.pod.security else []
        return image.line(f"{user}:{group}", groups, mounts, argv), image.environment(self.env)

    def _read(self, stream):
        for raw in stream:
            self.lines.append(raw.decode(errors="replace").rstrip("\n"))
        stream.close()

    def text(self):
        return "\n".join(self.lines)

    def said(self, pattern):
        return next((x for x in list(self.lines) if re.search(pattern, x)), None)

    def wait_line(self, pattern, timeout=60):
        def look():
            found = self.said(pattern)
            if found is None and self.proc.poll() is not None:
                raise SystemError(f"{self.name} ended with {self.proc.returncode}:\n{self.text()}")
            return found

        return until(f"{self.name} says {pattern!r}", look, timeout, 0.02)

    def pid(self):
        """Of its PID 1, as we number it."""
        if not self.contained:
            return self.proc.pid
        with open(f"/proc/{self.proc.pid}/task/{self.proc.pid}/children") as f:
            return int(f.read().split()[0])

    def exec(self, argv, timeout):
        """Beside its PID 1, as an engine's exec: its namespaces, root, user, environment."""
        context = self.spec["securityContext"]
        line = ["nsenter", "--target", str(self.pid()), "--mount", "--net", "--uts", "--pid", "--root", "--wd",
                "--setgid", str(context["runAsGroup"]), "--setuid", str(context["runAsUser"]), "--", *argv]  # fmt: skip
        env = self.pod.ours.environment(self.env)
        return subprocess.run(line, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout)

    def probe(self, name):
        """Once.  A container without such a probe counts as well."""
        probe = self.spec.get(name)
        if probe is None:
            return self.proc.poll() is None
        try:
            return self.exec(probe["exec"]["command"], probe["timeoutSeconds"]).returncode == 0
        except subprocess.TimeoutExpired:
            return False

    def wait_started(self):
        probe = self.spec["startupProbe"]
        self.tries = 0

        def started():
            assert self.proc.poll() is None, f"{self.name} ended with {self.proc.returncode}:\n{self.text()}"
            assert self.tries < probe["failureThreshold"], f"{self.name} is not started:\n{self.text()}"
            self.tries += 1
            return self.probe("startupProbe")

        until(f"{self.name} is started", started, probe["failureThreshold"] * probe["periodSeconds"])

    def unwell(self):
        """Is it dead by its liveness probe?  Then it is killed as a kubelet does that, and started again."""
        probe = self.spec["livenessProbe"]
        if any(self.probe("livenessProbe") for _ in range(probe["failureThreshold"])):
            return False
        self.signal()
        self.end_within(time.monotonic() + probe["terminationGracePeriodSeconds"])
        self.restart()
        return True

    def restart(self):
        assert self.proc.poll() is not None and self.spec["restartPolicy"] == "Always"
        self.start()
        self.wait_started()

    def signal(self, number=signal.SIGTERM):
        if self.proc.poll() is None:
            os.kill(self.pid(), number)

    def wait(self, timeout):
        """Its exit code, as an engine tells it."""
        code = self.proc.wait(timeout)
        self.reader.join(10)
        return code if code >= 0 else 128 - code

    def end_within(self, deadline):
        """Its exit code; KILLED when it had to be killed."""
        try:
            return self.wait(max(0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            self.signal(signal.SIGKILL)
            self.wait(30)
            return KILLED

    def kill(self):
        if self.proc is not None and self.proc.poll() is None:
            self.signal(signal.SIGKILL)
            self.wait(30)
