"""What deploy/README.md tells a stranger to write and to type fits the manifests."""

import os
import re

import yaml

from scibus.contracts.schemas import SERVICES
from tests.deploy.manifests import DEPLOY, pod, rendered, rendered_from
from tests.deploy.test_nats import production
from tests.tools import ROOT

README = (DEPLOY / "README.md").read_text(encoding="utf-8")
DIGEST = "sha256:" + 64 * "1"


def test_the_kustomization_of_ones_own_can_be_rendered(tmp_path):
    (text,) = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
    addresses = re.findall(r"- (https://\S+)//deploy/(\S+)\?ref=(\S+)\n", text)
    kustomization = text.replace("sha256:…", DIGEST)
    for repository, folder, release in addresses:
        here = os.path.relpath(DEPLOY / folder, tmp_path)
        kustomization = kustomization.replace(f"{repository}//deploy/{folder}?ref={release}", here)
    (tmp_path / "kustomization.yaml").write_text(kustomization, encoding="utf-8")

    manifests = rendered_from(tmp_path)

    assert [(folder, release) for _, folder, release in addresses] == [
        ("overlays/production", "v0.1.0"),
        ("login", "v0.1.0"),
    ]
    assert {pod(worker)["containers"][0]["image"] for worker in manifests.workers()} == {
        f"registry.example.org/scibus-{service.service_name}@{DIGEST}" for service in SERVICES
    }
    autobahn = manifests.one("Deployment", "autobahn-worker")
    assert manifests.environment(autobahn)["SCIBUS_AUTOBAHN_URL"] == "https://mdb.example.org/"
    modos = manifests.one("Deployment", "modos-worker")
    assert manifests.environment(modos)["SCIBUS_MODOS_URL"] == "https://omics.example.org/"
    assert "persistentVolumeClaim" in next(it for it in pod(modos)["volumes"] if it["name"] == "login")
    policy = manifests.one("NetworkPolicy", "autobahn-worker")["spec"]
    assert policy["egress"][-1] == {"to": [{"ipBlock": {"cidr": "10.20.0.0/16"}}], "ports": [{"port": 443}]}
    assert manifests.one("ConfigMap", "nats-monitoring")["data"] == {
        "endpoint": "nats-headless.nats.svc.cluster.local:8222",
        "account": "A…",
    }


def test_every_secret_is_told_of():
    told = set(re.findall(r"--namespace (\S+) create secret \S+ (\S+)", README))
    asked = {name for worker in rendered("overlays/production").workers() for name in secrets(pod(worker))}
    nack = yaml.safe_load((DEPLOY / "nats" / "nack-values.yaml").read_text(encoding="utf-8"))["jetstream"]
    of_nats = {
        production()["config"]["nats"]["tls"]["secretName"],
        production()["config"]["cluster"]["tls"]["secretName"],
        production()["tlsCA"]["secretName"],
        production()["podTemplate"]["patch"][0]["value"]["secret"]["secretName"],
        nack["nats"]["credentials"]["secret"]["name"],
        nack["tls"]["secretName"],
    }

    assert told == {("scibus", name) for name in asked} | {("nats", name) for name in of_nats}


def secrets(spec):
    (container,) = spec["containers"]
    in_environment = {it["valueFrom"]["secretKeyRef"]["name"] for it in container.get("env", [])}
    as_files = [source for volume in spec["volumes"] for source in volume.get("projected", {}).get("sources", [])]
    return in_environment | {source["secret"]["name"] for source in as_files}


def test_files_that_are_named_exist():
    named = re.findall(r"(?:-k|--values|-f) (deploy/\S+|services/\S+)", README)

    assert named
    assert [name for name in named if not (ROOT / name).exists()] == []
