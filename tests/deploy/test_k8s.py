"""k8s/: what an API server would say to it, and its pods, run in a kubelet's order (pod.py)."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import urllib.request
from types import SimpleNamespace

import pytest
from checks import attested
from lab.kafka import ROOT, java, until
from pod import KILLED, POD_IP, Pod
from proxy import ctl

MANIFESTS = os.path.join(ROOT, "build", "deploy", "manifests")
EXAMPLES = {"deployment": "Deployment", "statefulset": "StatefulSet", "job": "Job"}
WITH_PODS = ("Deployment", "StatefulSet", "DaemonSet", "Job")
PRODUCER = {"/opt/kafka/bin/kafka-producer-perf-test.sh": java("org.apache.kafka.tools.ProducerPerformance")}


def kustomize(directory):
    """(the objects as an API server would store them, what it would say)"""
    p = subprocess.run([MANIFESTS, str(directory)], capture_output=True, text=True, timeout=60)
    assert p.returncode in (0, 1), p.stderr
    return json.loads(p.stdout) if p.returncode == 0 else None, p.stderr


@pytest.fixture(scope="module")
def key(tmp_path_factory):
    directory = tmp_path_factory.mktemp("key")
    private, public = str(directory / "signing.pem"), str(directory / "signing.pub.pem")
    assert ctl("keygen", "--out", private, "--public", public).returncode == 0
    return SimpleNamespace(private=private, public_key=public)


@pytest.fixture
def k8s(tmp_path, key):
    """A copy of k8s/ whose examples have a key."""
    copy = tmp_path / "k8s"
    shutil.copytree(os.path.join(ROOT, "k8s"), copy)
    for example in EXAMPLES:
        shutil.copy(key.private, copy / "examples" / example / "signing.pem")
    return copy


def edit(path, old, new):
    text = path.read_text()
    assert text.count(old) == 1, f"{path}: {text.count(old)} times {old!r}"
    path.write_text(text.replace(old, new))


def a_pod_for(objects, kind):
    (owner,) = (o for o in objects if o["kind"] == kind)
    return owner["spec"]["template"]["spec"]


# -- what is built


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_api_server_takes_it(k8s, example):
    objects, said = kustomize(k8s / "examples" / example)
    assert objects, said
    named = {(o["kind"], o["metadata"]["name"]) for o in objects}
    assert {o["metadata"]["namespace"] for o in objects} == {"orders"}
    spec = a_pod_for(objects, EXAMPLES[example])
    (proxy,) = spec["initContainers"]
    assert (proxy["name"], proxy["restartPolicy"]) == ("makoto-proxy", "Always")
    # Of the image that this release is, by the name that the overlay gives it.
    with open(os.path.join(ROOT, "Makefile")) as f:
        version = re.search(r"^VERSION *:= (\S+)$", f.read(), re.M)[1]
    assert proxy["image"] == f"registry.example/makoto-kafka:{version}"
    # What is referred to is there, under the name that it got.
    volumes = {v["name"]: v for v in spec["volumes"]}
    claims = {c["metadata"]["name"] for o in objects if o["kind"] == "StatefulSet" for c in o["spec"]["volumeClaimTemplates"]}
    assert {m["name"] for m in proxy["volumeMounts"]} == set(volumes) | claims and not set(volumes) & claims
    assert claims == ({"makoto-state"} if example == "statefulset" else set())
    assert ("ConfigMap", volumes["makoto-config"]["configMap"]["name"]) in named
    assert ("Secret", volumes["makoto-secret"]["secret"]["secretName"]) in named
    assert volumes["makoto-secret"]["secret"]["defaultMode"] == 0o440


ALL = """\
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources: [deployment.yaml, statefulset.yaml, job.yaml, daemonset.yaml, other.yaml]
components: [../sidecar, ../persistent, ../monitoring, ../network]
secretGenerator:
  - {name: makoto-proxy, files: [signing.pem]}
configMapGenerator:
  - {name: makoto-proxy, files: [makoto-proxy.yaml]}
patches:
  - target: {kind: Job}
    patch: |
      apiVersion: batch/v1
      kind: Job
      metadata: {name: any}
      spec:
        template:
          spec:
            terminationGracePeriodSeconds: 300
"""


def test_all_components_in_every_kind(k8s):
    """First of the init containers, in every kind, beside what a pod has of its own; what the kustomization itself says wins."""
    mixed = k8s / "mixed"
    mixed.mkdir()
    (mixed / "kustomization.yaml").write_text(ALL)
    for f in ("signing.pem", "makoto-proxy.yaml"):
        shutil.copy(k8s / "examples" / "job" / f, mixed)
    for example in EXAMPLES:
        shutil.copy(k8s / "examples" / example / "app.yaml", mixed / f"{example}.yaml")
    app = (mixed / "deployment.yaml").read_text()
    daemonset = app.replace("kind: Deployment", "kind: DaemonSet").replace("  replicas: 2\n", "")
    first = """\
      initContainers:
        - name: migrate
          image: migrate:1
          securityContext: {runAsUser: 1, runAsNonRoot: true, allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}, seccompProfile: {type: RuntimeDefault}}
      volumes:
        - {name: own, emptyDir: {}}
      containers:
"""
    (mixed / "daemonset.yaml").write_text(daemonset.replace("      containers:\n", first))
    (mixed / "other.yaml").write_text(app.replace("metadata: {name: orders}", 'metadata: {name: other, annotations: {makoto-kafka/sidecar: "no"}}'))
    objects, said = kustomize(mixed)
    assert objects, said
    for o in (o for o in objects if o["kind"] in WITH_PODS):
        template = o["spec"]["template"]
        spec = template["spec"]
        if o["metadata"]["name"] == "other":
            assert not spec.get("initContainers") and not spec.get("volumes")
            assert "makoto-kafka/sidecar" not in template["metadata"]["labels"]
            continue
        assert template["metadata"]["labels"]["makoto-kafka/sidecar"] == "yes"
        names = [c["name"] for c in spec["initContainers"]]
        assert names == (["makoto-proxy", "migrate"] if o["kind"] == "DaemonSet" else ["makoto-proxy"]), o["kind"]
        assert [c["name"] for c in spec["containers"]] == ["producer"]
        assert spec["terminationGracePeriodSeconds"] == (300 if o["kind"] == "Job" else 75)
        volumes = {v["name"] for v in spec["volumes"]}
        state = set() if o["kind"] == "StatefulSet" else {"makoto-state"}
        assert volumes == {"makoto-config", "makoto-secret"} | state | ({"own"} if o["kind"] == "DaemonSet" else set())
    (monitor,) = (o for o in objects if o["kind"] == "PodMonitor")
    (proxy,) = a_pod_for(objects, "StatefulSet")["initContainers"]
    (port,) = proxy["ports"]
    (endpoint,) = monitor["spec"]["podMetricsEndpoints"]
    assert endpoint["port"] == port["name"]
    (network,) = (o for o in objects if o["kind"] == "NetworkPolicy")
    assert [p["port"] for p in network["spec"]["ingress"][0]["ports"]] == [port["containerPort"]]
    assert {"name": "ADMIN_LISTEN", "value": f"0.0.0.0:{port['containerPort']}"} in proxy["env"]
    for selector in (monitor["spec"]["selector"], network["spec"]["podSelector"]):
        assert selector == {"matchLabels": {"makoto-kafka/sidecar": "yes"}}


POD = "sidecar/pod.yaml"
PLANTED = {
    "no such field": (POD, "periodSeconds: 2\n", "periodSecond: 2\n", "unknown field"),
    "no such probe": (POD, "  livenessProbe:", "  livelinessProbe:", 'unknown field "spec.template.spec.initContainers[0].livelinessProbe"'),
    "not a sidecar": (POD, "          restartPolicy: Always\n", "", "may not be set for init containers without restartPolicy=Always"),
    "restarted otherwise": (POD, "restartPolicy: Always", "restartPolicy: OnFailure", "without restartPolicy=Always"),
    "not a number": (POD, "timeoutSeconds: 6\n            failureThreshold: 150", 'timeoutSeconds: "6"\n            failureThreshold: 150', "cannot unmarshal string"),
    "a mode that isn't octal": (POD, "defaultMode: 0440", "defaultMode: 440440", "must be a number between 0 and 0777"),
    "a mount without a volume": (POD, "{name: makoto-state, mountPath", "{name: makoto-stat, mountPath", 'volumeMounts[2].name: Not found: "makoto-stat"'),
    "no such resource": (POD, "limits: {memory: 256Mi}", "limits: {memory: 256mb}", "quantities must match"),
    "less than is asked for": (POD, "limits: {memory: 256Mi}", "limits: {memory: 32Mi}", "must be less than or equal to memory limit"),
    "a root user": (POD, "            runAsNonRoot: true\n", "", "not restricted: runAsNonRoot"),
    "all capabilities": (POD, "            capabilities: {drop: [ALL]}\n", "", "not restricted: unrestricted capabilities"),
    "no seccomp": (POD, "            seccompProfile: {type: RuntimeDefault}\n", "", "not restricted: seccompProfile"),
    "a field twice": (POD, "          args:", "          image: other\n          args:", 'mapping key "image" already defined'),
    "a name that is too long": ("monitoring/container.yaml", "makoto-metrics", "makoto-proxy-metrics", "must be no more than 15"),
    "no such field of a PodMonitor": ("monitoring/podmonitor.yaml", "podMetricsEndpoints", "podMetricEndpoints", 'unknown field "podMetricEndpoints"'),
    "no such protocol": ("network/policy.yaml", "{protocol: UDP, port: 53}", "{protocol: UDT, port: 53}", "supported values"),
    "no such direction": ("network/policy.yaml", "policyTypes: [Ingress, Egress]", "policyTypes: [Ingres, Egress]", "policyTypes"),
    "an access mode": ("persistent/claim.yaml", "[ReadWriteOnce]", "[ReadWriteOften]", "supported values"),
    "beside nothing": ("examples/deployment/kustomization.yaml", "../../sidecar, ", "", "initContainers[0].image: Required value"),
}


@pytest.mark.parametrize("planted", PLANTED)
def test_a_planted_error_is_seen(k8s, planted):
    path, old, new, expected = PLANTED[planted]
    example = "statefulset" if path.startswith("persistent") else "deployment"
    edit(k8s / path, old, new)
    objects, said = kustomize(k8s / "examples" / example)
    assert objects is None and expected in said, said


# -- what runs


@pytest.fixture
def run(k8s, image, cluster, tmp_path, topic):
    """run(example) makes a pod of an example, for this cluster and a topic of its own; change(the example's folder) comes before.
    of: another pod of what that one is of."""
    made = []

    def make(example, change=None, of=None):
        directory = k8s / "examples" / example
        t = of.topic if of else topic(f"k8s-{example}")
        if not of:
            edit(directory / "app.yaml", "--topic, orders,", f"--topic, {t},")
            if change:
                change(directory)
            else:
                edit(directory / "makoto-proxy.yaml", "kafka-bootstrap.kafka.svc:9092", cluster.bootstrap)
        objects, said = kustomize(directory)
        assert objects, said
        (node,) = cluster.nodes
        ports = [node.port, node.port_of("SASLTLS")]
        made.append(Pod(tmp_path / f"pod{len(made)}", objects, EXAMPLES[example], image, PRODUCER, tmp_path / "claims", node.host, ports))
        made[-1].topic = t
        return made[-1]

    yield make
    for pod in made:
        if os.path.exists(pod.dir):
            pod.gone()


def records(cluster, topic):
    return sum(len(cluster.log(topic, p).records) for p in cluster.partitions(topic))


def more_written(cluster, pod, n=20):
    """Waits until the topic has so many records more than now: its application works."""
    want = records(cluster, pod.topic) + n
    until(f"{n} records more", lambda: records(cluster, pod.topic) >= want)


def test_a_job_ends(run, cluster, key):
    """Its proxy ends behind it, by itself, and all that it wrote is stated."""
    pod = run("job").start()
    assert pod.ready()
    assert pod.wait_completed() == {"producer": 0, "makoto-proxy": 0}
    assert "1000 records sent" in pod.apps[0].text()
    attested(cluster, key, pod.topic)
    assert records(cluster, pod.topic) == 1000


OWN_GROUP = """\
patches:
  - target: {kind: Job}
    patch: |
      apiVersion: batch/v1
      kind: Job
      metadata: {name: any}
      spec: {template: {spec: {securityContext: {fsGroup: 2000}}}}
"""


@pytest.mark.parametrize("group", ["65532", "2000"])
def test_what_the_container_is(run, cluster, group):
    """The user, rights and files that the manifest says; a pod may keep a group of its own."""

    def change(directory):
        edit(directory / "makoto-proxy.yaml", "kafka-bootstrap.kafka.svc:9092", cluster.bootstrap)
        if group == "2000":
            with open(directory / "kustomization.yaml", "a") as f:
                f.write(OWN_GROUP)

    pod = run("job", change)
    proxy = pod.proxy
    proxy.start()
    proxy.wait_started()
    with open(f"/proc/{proxy.pid()}/status") as f:
        status = dict(line.split(":\t", 1) for line in f.read().splitlines() if ":\t" in line)
    assert status["Uid"].split() == status["Gid"].split() == ["65532"] * 4 and status["Groups"].split() == [group]
    assert status["CapEff"] == "0" * 16 and status["NoNewPrivs"] == "1"
    state = os.path.join(pod.volumes["makoto-state"], "state")
    assert os.stat(state).st_mode & 0o777 == 0o700
    assert not [x for x in os.listdir(state) if x.endswith(".pem")], "the key is the Secret's"
    assert not proxy.said("level=(warn|error) where=startup"), proxy.text()
    assert pod.stop() == {"makoto-proxy": 0}


@pytest.mark.parametrize(
    "old, new, says",
    [
        ("        fsGroup: 65532\n", "", "signing.pem: can't be read: Permission denied"),
        ("defaultMode: 0440", "defaultMode: 0444", "a signing key that others may read or write"),
        ("state.directory=/var/lib/makoto-proxy/state", "state.directory=/var/lib/elsewhere", "Read-only file system"),
    ],
    ids=["no group", "everybody's key", "not in the volume"],
)
def test_why_it_is_so(run, k8s, cluster, old, new, says):
    """Without each of these the proxy doesn't start, and says why."""

    def change(directory):
        edit(k8s / "sidecar" / "pod.yaml", old, new)
        edit(directory / "makoto-proxy.yaml", "kafka-bootstrap.kafka.svc:9092", cluster.bootstrap)

    pod = run("job", change)
    pod.proxy.start()
    assert pod.proxy.wait(60) in (1, 2) and pod.proxy.said(says), pod.proxy.text()


def test_the_application_waits_for_a_broker(run):
    """Without one the proxy lives, isn't started, and says why."""
    pod = run("job", lambda directory: edit(directory / "makoto-proxy.yaml", "kafka-bootstrap.kafka.svc:9092", "127.0.77.99:1"))
    pod.proxy.start()
    pod.proxy.wait_line("no broker of the cluster can be reached")
    assert not pod.proxy.probe("startupProbe") and not pod.proxy.probe("readinessProbe")
    assert pod.proxy.probe("livenessProbe")
    assert pod.stop() == {"makoto-proxy": 0}


SECURED = """\
kafka:
  bootstrap.servers: {bootstrap}
  security.protocol: sasl_ssl
  ssl.ca.location: /etc/makoto-proxy/kafka-ca.pem
  sasl: {{mechanism: SCRAM-SHA-512, username: sidecar, password.file: kafka.password}}
clients:
  authentication: proxy
attest:
  location: "${{POD_NAMESPACE}}/${{POD_NAME}} on ${{NODE_NAME}}"
verify:
  mode: observe
  policy: /etc/makoto-proxy/trust.yaml
"""


def test_more_than_the_brokers_addresses(run, cluster, key):
    """The README's generators, with all the files that it names: an authority, a password, a trust policy."""
    with open(os.path.join(ROOT, "k8s", "README.md")) as f:
        block = re.search(r"^## More than the brokers' addresses\n\n((?:    .*\n)+)", f.read(), re.M)[1]

    def change(directory):
        path = directory / "kustomization.yaml"
        text, n = re.subn(r"^configMapGenerator:\n(?: .*\n)*secretGenerator:\n(?: .*\n)*", re.sub("^    ", "", block, flags=re.M), path.read_text(), flags=re.M)
        assert n == 1
        path.write_text(text)
        (directory / "makoto-proxy.yaml").write_text(SECURED.format(bootstrap=cluster.bootstrap_of("SASLTLS")))
        shutil.copy(cluster.pki.ca, directory / "kafka-ca.pem")
        shutil.copy(key.public_key, directory / "plant-7.pub.pem")
        (directory / "trust.yaml").write_text("issuers: {plant-7: {keys: [plant-7.pub.pem]}}\n")
        (directory / "kafka.password").write_text("sidecar-pw\n")

    pod = run("job", change).start()
    assert pod.wait_completed() == {"producer": 0, "makoto-proxy": 0}
    assert "sidecar-pw" not in pod.proxy.text()
    attested(cluster, key, pod.topic)
    shown = ctl("show", "-b", cluster.bootstrap, "-t", pod.topic, "--json")
    assert "urn:makoto-kafka:orders-x7f2q" in shown.stdout and "orders/orders-x7f2q on node-1" in shown.stdout, shown.stdout


def test_a_deployment(run, cluster, key):
    """Metrics outside, nothing else; killed, hung and started again; a pod that is gone, and the next one."""
    pod = run("deployment").start()
    proxy, producer = pod.proxy, pod.apps[0]
    assert pod.ready() and proxy.probe("livenessProbe")
    more_written(cluster, pod)

    def get(path):
        return pod.network.inside(lambda: urllib.request.urlopen(f"http://{POD_IP}:9464{path}", timeout=5).read().decode())

    assert re.search(r'^makoto_records_attested_total\S* [1-9]', get("/metrics"), re.M) and '"version"' in get("/status")
    for port in (9092, 19093):
        with pytest.raises(ConnectionRefusedError):
            pod.network.inside(lambda: socket.create_connection((POD_IP, port), timeout=5))
    # Killed: it starts on the same state, before its application has ended.
    proxy.signal(signal.SIGKILL)
    proxy.wait(30)
    proxy.restart()
    assert proxy.said("its windows are finished from the journal")
    more_written(cluster, pod)
    # Hung: its probe says so.
    assert not proxy.unwell()
    proxy.signal(signal.SIGSTOP)
    assert proxy.unwell() and proxy.said("its windows are finished from the journal")
    more_written(cluster, pod)
    assert producer.proc.poll() is None
    codes = pod.stop()
    assert codes == {"producer": 143, "makoto-proxy": 0} and list(codes) == ["producer", "makoto-proxy"]
    pod.gone()
    attested(cluster, key, pod.topic)
    # The next pod has nothing of it: chains of its own, under the same key.
    after = run("deployment", of=pod).start()
    assert after.proxy.said("first start")
    more_written(cluster, pod)
    assert after.stop() == {"producer": 143, "makoto-proxy": 0}
    attested(cluster, key, pod.topic, chains=2)


def test_a_stateful_set(run, cluster, key):
    """A pod whose time was too short is gone on with by the next one, on the same claim."""
    pod = run("statefulset").start()
    more_written(cluster, pod)
    (broker,) = cluster.nodes
    broker.pause()
    try:
        codes = pod.stop(grace=0)
        assert codes["makoto-proxy"] == KILLED, codes
    finally:
        broker.resume()
    volume = pod.volumes["makoto-state"]
    pod.gone()
    after = run("statefulset", of=pod).start()
    assert after.volumes["makoto-state"] == volume and os.stat(os.path.join(volume, "state")).st_mode & 0o777 == 0o700
    assert after.proxy.said("its windows are finished from the journal")
    more_written(cluster, pod)
    assert after.stop() == {"producer": 143, "makoto-proxy": 0}
    attested(cluster, key, pod.topic)
    checked = ctl("fsck", os.path.join(volume, "state"))
    assert checked.returncode == 0 and "PROBLEM" not in checked.stdout, checked.stdout
    after.gone()
    third = run("statefulset", of=pod)
    third.proxy.start()
    third.proxy.wait_started()
    assert third.proxy.said("continues after a clean stop")
    assert third.stop() == {"makoto-proxy": 0}
