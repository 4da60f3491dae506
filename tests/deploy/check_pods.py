"""The pod of each worker as podman runs it, in front of a real nats-server: part of `make deploy-check`.

Podman is no cluster: it plays the rendered Deployment with its settings, on the machine's own network. It makes HTTP
probes to calls of a curl that the image does not have, so these are left out and asked here. It knows no projected
volumes: the files of a secret lie in a folder of the machine, with the rights that they have in a cluster.
"""

import os
import shutil
import uuid
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
import yaml

from scibus.sandbox.modos import ModosStandIn, S3Place
from tests.deploy.manifests import labels, pod, rendered
from tests.images.base import prepare_base
from tests.images.engine import EngineError, engine
from tests.images.image import recipes
from tests.s3 import S3Server
from tests.tools import ROOT, run
from tests.waiting import free_port, read_page, until

BUILD_SECONDS = 1200
WORKER = 65532
CONTAINERS = """\
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
[engine]
runtime = "{runc}"
cgroup_manager = "cgroupfs"
"""
"""As root in a container itself, crun may find no cgroup, and limits cannot be raised: these work."""

pytestmark = pytest.mark.timeout(BUILD_SECONDS)


@pytest.fixture(scope="module")
def podman():
    try:
        with engine("podman") as found:
            yield found
    except EngineError as error:
        pytest.fail(str(error))


@pytest.fixture(scope="module")
def base(podman):
    """The image that those of the workers are built on, removed in the end."""
    made, trusting = named("base"), named("trusting")
    given, told = os.environ.get("SCIBUS_BASE_IMAGE"), os.environ.get("SSL_CERT_FILE")
    try:
        yield prepare_base(podman, given, Path(told) if told else None, made, trusting)
    finally:
        removed(podman, trusting, made)


@pytest.fixture
def image(podman, base, service):
    """The image of the worker, built here and removed in the end."""
    tag = named(service)
    (recipe,) = [recipe for recipe in recipes() if recipe.name == service]
    try:
        podman.build(recipe.containerfile, tag, ROOT, BASE=base)
        yield tag
    finally:
        removed(podman, tag)


def named(what):
    """A name that no other run has."""
    return f"scibus-pod-{uuid.uuid4().hex[:8]}-{what}"


def removed(podman, *tags):
    for tag in tags:
        with suppress(EngineError):
            podman.call("rmi", "--force", tag)


@pytest.fixture(scope="module")
async def modos_stand_in():
    """With an object store that a pod reaches, and that lets in who has its key alone."""
    with S3Server(strict=True) as server:
        place = S3Place(url=server.url, access_key=server.key, secret_key=server.secret)
        async with ModosStandIn(s3=place) as stand_in:
            yield stand_in


@pytest.fixture
def port():
    return free_port()


@pytest.fixture
def settings(port, nats_server, jsoc, mdb, modos_stand_in):
    """Where everything is on this machine."""
    return {
        "SCIBUS_NATS_URL": nats_server.url,
        "SCIBUS_HTTP_PORT": str(port),
        "SCIBUS_DRMS_BASE_URL": jsoc.cgi_url,
        "SCIBUS_DRMS_DOWNLOAD_URL": jsoc.download_url,
        "SCIBUS_AUTOBAHN_URL": mdb.url,
        "SCIBUS_MODOS_URL": modos_stand_in.url,
    }


@pytest.fixture
def keys(modos_stand_in):
    """What variables have from secrets."""
    return modos_stand_in.buckets.place.environment()


@pytest.fixture
def secrets(mdb, tmp_path):
    """A folder with the files of each volume that is made of secrets; the group of the worker may read them."""
    cert, key = mdb.certificates.client("alice")
    files = {"certificate": {"tls.crt": cert, "tls.key": key, "ca.crt": mdb.certificates.ca}}
    for volume, contents in files.items():
        (tmp_path / volume).mkdir()
        for name, source in contents.items():
            file = tmp_path / volume / name
            shutil.copyfile(source, file)
            os.chown(file, 0, WORKER)
            file.chmod(0o440)
    return {volume: tmp_path / volume for volume in files}


@pytest.fixture
def played(image, service, settings, keys, secrets):
    """The Deployment and its settings, with what podman does not do left out."""
    resources = list(yaml.safe_load_all(rendered("overlays/local").text))
    (deployment,) = [
        it for it in resources if it["kind"] == "Deployment" and labels(it)["app.kubernetes.io/name"] == service
    ]
    (container,) = pod(deployment)["containers"]
    used = {source["configMapRef"]["name"] for source in container["envFrom"]}
    configs = [it for it in resources if it["kind"] == "ConfigMap" and it["metadata"]["name"] in used]
    for config in configs:
        config["data"] |= {name: value for name, value in settings.items() if name in config["data"]}
    container["image"] = image
    for variable in container.get("env", []):
        if variable["name"] in keys:
            del variable["valueFrom"]
            variable["value"] = keys[variable["name"]]
    for needless in ("ports", "startupProbe", "readinessProbe", "livenessProbe"):
        del container[needless]
    for volume in pod(deployment)["volumes"]:
        if volume.pop("projected", None):
            volume["hostPath"] = {"path": str(secrets[volume["name"]]), "type": "Directory"}
    pod(deployment)["hostNetwork"] = True
    for it in (*configs, deployment):
        del it["metadata"]["namespace"]
    return yaml.safe_dump_all([*configs, deployment])


@pytest.fixture
def worker(podman, service, played, tmp_path, monkeypatch):
    """The id of the worker's container."""
    file, containers = tmp_path / "pod.yaml", tmp_path / "containers.conf"
    file.write_text(played, encoding="utf-8")
    if runc := shutil.which("runc") if os.geteuid() == 0 else None:
        containers.write_text(CONTAINERS.format(runc=runc), encoding="utf-8")
        monkeypatch.setenv("CONTAINERS_CONF", str(containers))
    podman.call("kube", "play", str(file))
    try:
        yield podman.call("ps", "--quiet", "--no-trunc", "--filter", f"name={service}-worker-pod-0-worker").strip()
    finally:
        print(run(["podman", "logs", f"{service}-worker-pod-0-worker"]).stderr)
        podman.call("kube", "down", str(file))


async def drms_works(bus):
    job = await bus.drms.rs_list.submit(ds="hmi.v_45s[2013.07.03_08:42_TAI/3m]", key=["T_REC"])
    assert len((await job.result()).keywords) == 1


async def autobahn_works(bus):
    async with await bus.autobahn.subscribe("weather", offset="begin") as subscription:
        assert (await anext(subscription)).sequence == 1


async def modos_works(bus):
    job = await bus.modos.records.submit(modo="s3://modos-demo/ex", file="demo1.cram", regions=["chr1:1000-1200"])
    assert (await job.result()).count == 8


KEEPS = "import os, sys, tempfile; tempfile.NamedTemporaryFile(dir=os.path.dirname(os.environ[sys.argv[1]])).close()"
FOLDERS = {"modos": ["SCIBUS_MODOS_TOKEN_FILE"]}
"""In which folders a worker writes, by what names a file in them."""
WORKS = {"autobahn": autobahn_works, "drms": drms_works, "modos": modos_works}


@pytest.mark.parametrize("service", sorted(WORKS))
async def test_the_pod_of_a_worker_works_is_confined_and_ends(podman, service, worker, port, bus):
    probes = pod(rendered("overlays/local").one("Deployment", f"{service}-worker"))["containers"][0]

    await until(lambda: ready(port))
    assert await read_page(port, probes["livenessProbe"]["httpGet"]["path"]) == "ok\n"
    assert await read_page(port, probes["readinessProbe"]["httpGet"]["path"]) == "ok\n"

    await WORKS[service](bus)
    for name in FOLDERS.get(service, ()):
        podman.call("exec", worker, "python", "-ISc", KEEPS, name)

    found = podman.inspected(worker)
    assert found["Config"]["User"] == "65532:65532"
    assert found["HostConfig"]["ReadonlyRootfs"]
    assert not found["EffectiveCaps"]
    assert "no-new-privileges" in found["HostConfig"]["SecurityOpt"]
    assert found["HostConfig"]["Memory"] == 512 * 1024 * 1024

    podman.call("stop", "--time", "35", worker)
    assert podman.inspected(worker)["State"]["ExitCode"] == 0


async def ready(port):
    with suppress(httpx.TransportError):
        return await read_page(port, "/readyz") == "ok\n"
    return False
