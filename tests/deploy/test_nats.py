"""The values for NATS's chart name what the chart has, and agree with the manifests.

The chart is on no registry that a test can reach. Its keys stand here as its own values.yaml documents them; what a
value below `merge` and `patch` does is the business of Kubernetes and of nats-server.
"""

import json
import re

import pytest
import yaml

from scibus.sandbox.nats.server import server_binary
from tests.deploy.manifests import DEPLOY, rendered
from tests.deploy.operators import accounts
from tests.tools import run

FREE = {"merge", "patch", "env"}
TLS = {"enabled": None, "secretName": None, "dir": None, "cert": None, "key": None}
PVC = {"enabled": None, "size": None, "storageClassName": None, "name": None}
CHART = {
    "nats": {
        "config": {
            "cluster": {"enabled": None, "port": None, "replicas": None, "routeURLs": None, "tls": TLS},
            "jetstream": {
                "enabled": None,
                "fileStore": {"enabled": None, "dir": None, "maxSize": None, "pvc": PVC},
                "memoryStore": {"enabled": None, "maxSize": None},
            },
            "nats": {"port": None, "tls": TLS},
            "monitor": {"enabled": None, "port": None, "tls": {"enabled": None}},
            "resolver": {"enabled": None, "dir": None, "pvc": PVC},
            "serverNamePrefix": None,
        },
        "tlsCA": {"enabled": None, "configMapName": None, "secretName": None, "dir": None, "key": None},
        "container": {"image": None, "ports": None},
        "reloader": {"enabled": None, "image": None, "natsVolumeMountPrefixes": None},
        "promExporter": {"enabled": None, "image": None, "port": None, "podMonitor": {"enabled": None, "name": None}},
        "service": {"enabled": None, "name": None, "ports": {"nats": None, "monitor": {"enabled": None}}},
        "statefulSet": {"name": None},
        "podTemplate": {"configChecksumAnnotation": None, "topologySpreadConstraints": None},
        "headlessService": {"name": None},
        "podDisruptionBudget": {"enabled": None, "name": None},
        "natsBox": {"enabled": None},
    },
    "nack": {
        "jetstream": {
            "enabled": None,
            "image": None,
            "nats": {"url": None, "credentials": {"secret": {"name": None, "key": None}}},
            "tls": {
                "enabled": None,
                "tlsFirst": None,
                "secretName": None,
                "settings": {"client_ca": None, "client_cert": None, "client_key": None},
            },
            "additionalArgs": None,
        },
        "namespaced": None,
        "securityContext": None,
        "containerSecurityContext": None,
        "resources": None,
        "readOnly": None,
    },
}


def values(*names):
    """The files laid over each other, as `helm --values A --values B` does."""
    merged = {}
    for name in names:
        merged = laid_over(merged, yaml.safe_load((DEPLOY / "nats" / f"{name}.yaml").read_text(encoding="utf-8")))
    return merged


def laid_over(below, above):
    if isinstance(below, dict) and isinstance(above, dict):
        both = {name: laid_over(below[name], above[name]) for name in below.keys() & above.keys()}
        return {**below, **above, **both}
    return above


def unknown(given, known, path=""):
    if known is None or not isinstance(given, dict):
        return []
    strangers = [f"{path}.{name}" for name in given if name not in known and name not in FREE]
    inside = [unknown(given[name], known[name], f"{path}.{name}") for name in given.keys() & known.keys()]
    return strangers + [stranger for found in inside for stranger in found]


def local():
    return values("values", "values-local")


def production():
    return values("values", "values-production")


def ingress(port):
    rules = rendered("nats").one("NetworkPolicy", "nats")["spec"]["ingress"]
    return [rule["from"] for rule in rules if rule["ports"] == [{"port": port}]]


@pytest.mark.parametrize(
    ("file", "chart"),
    [("values", "nats"), ("values-local", "nats"), ("values-production", "nats"), ("nack-values", "nack")],
)
def test_values_name_what_the_chart_has(file, chart):
    assert unknown(values(file), CHART[chart]) == []


@pytest.mark.parametrize("of", [local, production])
def test_every_container_is_as_the_restricted_standard_wants_it(of):
    pod = of()["podTemplate"]["merge"]["spec"]["securityContext"]

    assert pod["runAsNonRoot"] is True
    assert pod["seccompProfile"] == {"type": "RuntimeDefault"}
    for container in ("container", "reloader", "promExporter"):
        assert of()[container]["merge"]["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }


@pytest.mark.parametrize("of", [local, production])
def test_lists_of_the_chart_are_added_to_and_not_replaced(of):
    for part in ("container", "reloader", "promExporter"):
        assert not {"volumeMounts", "ports", "args"} & of()[part]["merge"].keys()
    assert not {"volumes", "containers"} & of()["podTemplate"]["merge"]["spec"].keys()


@pytest.mark.parametrize("of", [local, production])
def test_the_server_takes_what_is_merged_into_its_configuration(of, tmp_path):
    config = of()["config"]
    generated = {"port": 4222, "jetstream": {"store_dir": str(tmp_path / "data"), "max_file_store": 1 << 30}}
    text = json.dumps(laid_over(generated, config["merge"]), indent=2)
    files = {
        "nats-config/nats.conf": re.sub(r'"\$include": "(.*)",?', r"include \1;", text),
        "nats-accounts/accounts.conf": accounts().config,
    }
    for name, content in files.items():
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(content, encoding="utf-8")

    checked = run([str(server_binary()), "-t", "-c", str(tmp_path / "nats-config" / "nats.conf")])

    assert checked.returncode == 0, checked.stderr


def test_production_is_a_cluster_of_three_that_stays():
    cluster = production()["config"]["cluster"]

    assert (cluster["enabled"], cluster["replicas"]) == (True, 3)
    assert production()["podDisruptionBudget"] == {"enabled": True, "merge": {"spec": {"maxUnavailable": 1}}}
    assert production()["podTemplate"]["topologySpreadConstraints"]["kubernetes.io/hostname"] == {
        "maxSkew": 1,
        "whenUnsatisfiable": "DoNotSchedule",
    }
    assert production()["config"]["jetstream"]["fileStore"]["pvc"]["enabled"]


def test_production_talks_tls_and_knows_its_users():
    config = production()["config"]

    assert config["nats"]["tls"]["enabled"]
    assert config["cluster"]["tls"]["enabled"]
    assert production()["tlsCA"]["enabled"]
    assert config["merge"]["$include"] == "../nats-accounts/accounts.conf"
    assert production()["container"]["patch"][0]["value"]["mountPath"] == "/etc/nats-accounts"


def test_the_policy_lets_in_who_has_business_there():
    config = production()["config"]
    namespaces = {port: str(ingress(port)) for port in (4222, 6222, 7777, 8222)}

    assert config["nats"]["port"] == 4222
    assert "'kubernetes.io/metadata.name': 'scibus'" in namespaces[4222]
    assert config["cluster"]["port"] == 6222
    assert "namespaceSelector" not in namespaces[6222]
    assert production()["promExporter"]["port"] == 7777
    assert "'kubernetes.io/metadata.name': 'monitoring'" in namespaces[7777]
    assert config["monitor"]["port"] == 8222
    assert "'kubernetes.io/metadata.name': 'keda'" in namespaces[8222]


def test_metrics_of_nats_are_collected():
    assert production()["promExporter"]["enabled"]
    assert production()["promExporter"]["podMonitor"]["enabled"]


def test_nack_speaks_to_the_same_server_as_the_workers():
    workers = rendered("overlays/production")
    (worker, *_) = workers.workers()
    nack = values("nack-values")["jetstream"]

    assert nack["nats"]["url"] == workers.environment(worker)["SCIBUS_NATS_URL"]
    assert "--control-loop" in nack["additionalArgs"]
