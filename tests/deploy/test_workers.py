"""What every worker on Kubernetes has: a restricted pod, room to end, settings that exist, and its surroundings."""

import os
import re
from pathlib import PurePosixPath

import pytest
import yaml
from pydantic_settings import BaseSettings

from scibus.autobahn.settings import AutobahnSettings
from scibus.contracts.operations import JobOperation
from scibus.contracts.schemas import SERVICES
from scibus.drms.settings import DrmsSettings
from scibus.modos.settings import ModosSettings
from scibus.runtime import WorkerSettings
from scibus.runtime.settings import load_settings
from scibus.sandbox.mdb.certificates import Certificates
from tests.deploy.manifests import DEPLOY, labels, pod, pod_labels, rendered, rendered_from, selects

SETTINGS: dict[str, type[BaseSettings]] = {
    "autobahn": AutobahnSettings,
    "drms": DrmsSettings,
    "modos": ModosSettings,
}
OTHERS = {"modos": {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}}
"""What the libraries of a worker read themselves."""
FILES = {
    *("SCIBUS_NATS_CREDS", "SCIBUS_NATS_TLS_CA", "SCIBUS_NATS_TLS_CERT", "SCIBUS_NATS_TLS_KEY"),
    *("SCIBUS_AUTOBAHN_CERT", "SCIBUS_AUTOBAHN_KEY", "SCIBUS_AUTOBAHN_CA_BUNDLE"),
}
ENDS_AFTER_GRACE = 4

PORTS = {"http": 80, "https": 443}
BACKENDS = {"autobahn": {443, 4222}, "drms": {80, 443}, "modos": {80, 443}}
"""At which ports the backend of a service is reached."""

overlays = pytest.mark.parametrize("overlay", ["overlays/local", "overlays/production"])


@overlays
def test_every_service_has_a_worker(overlay):
    names = {labels(worker)["app.kubernetes.io/name"] for worker in rendered(overlay).workers()}

    assert names == {service.service_name for service in SERVICES}


@overlays
def test_the_namespace_enforces_the_restricted_standard(overlay):
    manifests = rendered(overlay)

    assert labels(manifests.one("Namespace", "scibus"))["pod-security.kubernetes.io/enforce"] == "restricted"
    assert {it["metadata"].get("namespace", "scibus") for it in manifests.resources} == {"scibus"}


@overlays
def test_pods_are_as_the_restricted_standard_wants_them(overlay):
    for worker in rendered(overlay).workers():
        spec = pod(worker)
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["runAsUser"] == 65532
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        for container in spec["containers"]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "privileged": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
        assert not {"hostNetwork", "hostPID", "hostIPC", "initContainers"} & set(spec)
        assert {kind for volume in spec["volumes"] for kind in volume if kind != "name"} <= {"emptyDir", "projected"}


@overlays
def test_what_is_written_is_bounded(overlay):
    for worker in rendered(overlay).workers():
        written = [volume for volume in pod(worker)["volumes"] if "emptyDir" in volume]
        (container,) = pod(worker)["containers"]
        assert all(size(it["emptyDir"]["sizeLimit"]) for it in written)
        on_disk = sum(size(it["emptyDir"]["sizeLimit"]) for it in written if "medium" not in it["emptyDir"])
        assert {"name": "tmp", "mountPath": "/tmp"} in container["volumeMounts"]
        assert set(container["resources"]) == {"requests", "limits"}
        assert on_disk < size(container["resources"]["limits"]["ephemeral-storage"])


def size(quantity):
    number, unit = re.fullmatch(r"(\d+)([MG])i", quantity).groups()
    return int(number) * {"M": 1, "G": 1024}[unit]


@overlays
def test_a_login_is_kept_in_a_folder_that_the_worker_may_write(overlay):
    worker = rendered(overlay).one("Deployment", "modos-worker")
    (container,) = pod(worker)["containers"]
    (kept,) = [volume for volume in pod(worker)["volumes"] if volume["name"] == "login"]
    token = PurePosixPath(rendered(overlay).environment(worker)["SCIBUS_MODOS_TOKEN_FILE"])

    assert kept["emptyDir"] == {"medium": "Memory", "sizeLimit": "1Mi"}
    assert {"name": "login", "mountPath": str(token.parent)} in container["volumeMounts"]


@pytest.mark.parametrize("overlay", ["local", "production"])
def test_workers_share_a_login_where_there_is_a_volume_for_it(overlay, tmp_path):
    folders = [os.path.relpath(DEPLOY / folder, tmp_path) for folder in (f"overlays/{overlay}", "login")]
    own = {"resources": folders[:1], "components": folders[1:]}
    (tmp_path / "kustomization.yaml").write_text(yaml.safe_dump(own), encoding="utf-8")

    manifests = rendered_from(tmp_path)

    claim = manifests.one("PersistentVolumeClaim", "modos-login")
    volumes = pod(manifests.one("Deployment", "modos-worker"))["volumes"]
    assert claim["metadata"]["namespace"] == "scibus"
    assert claim["spec"]["accessModes"] == ["ReadWriteMany"]
    assert {"name": "login", "persistentVolumeClaim": {"claimName": "modos-login"}} in volumes
    assert [volume["name"] for volume in volumes].count("login") == 1


@overlays
def test_workers_know_nothing_of_the_cluster(overlay):
    for worker in rendered(overlay).workers():
        spec = pod(worker)
        account = rendered(overlay).one("ServiceAccount", spec["serviceAccountName"])
        assert spec["enableServiceLinks"] is False
        assert spec["automountServiceAccountToken"] is False
        assert account["automountServiceAccountToken"] is False
        assert spec["serviceAccountName"] == worker["metadata"]["name"]


@overlays
def test_a_worker_has_the_time_to_end(overlay):
    for worker in rendered(overlay).workers():
        grace = float(rendered(overlay).environment(worker)["SCIBUS_GRACE_PERIOD"])
        assert pod(worker)["terminationGracePeriodSeconds"] > grace + ENDS_AFTER_GRACE
        assert worker["spec"]["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}


@pytest.fixture
def files(tmp_path):
    """Files that settings name and look at."""
    certificates = Certificates(tmp_path, "localhost")
    cert, key = certificates.client("alice")
    return {
        "SCIBUS_AUTOBAHN_CERT": str(cert),
        "SCIBUS_AUTOBAHN_KEY": str(key),
        "SCIBUS_AUTOBAHN_CA_BUNDLE": str(certificates.ca),
    }


@overlays
def test_every_variable_is_a_setting_and_every_value_is_taken(overlay, files, monkeypatch):
    for worker in rendered(overlay).workers():
        name = labels(worker)["app.kubernetes.io/name"]
        service = SETTINGS[name]
        known = {
            f"{model.model_config['env_prefix']}{field}".upper(): model
            for model in (WorkerSettings, service)
            for field in model.model_fields
        }
        environment = rendered(overlay).environment(worker)
        given = {key: files.get(key, value) for key, value in environment.items() if key in files or key not in FILES}
        with monkeypatch.context() as patch:
            for variable, value in given.items():
                patch.setenv(variable, value)
            loaded = [load_settings(model) for model in (WorkerSettings, service)]

        assert environment.keys() <= known.keys() | OTHERS.get(name, set())
        assert [type(settings) for settings in loaded] == [WorkerSettings, service]


@overlays
def test_files_that_settings_name_are_mounted(overlay):
    for worker in rendered(overlay).workers():
        (container,) = pod(worker)["containers"]
        volumes = {volume["name"]: volume for volume in pod(worker)["volumes"]}
        mounted = {
            f"{mount['mountPath']}/{item['path']}"
            for mount in container["volumeMounts"]
            for source in volumes[mount["name"]].get("projected", {}).get("sources", [])
            for item in source["secret"]["items"]
        }
        environment = rendered(overlay).environment(worker)
        assert {environment[name] for name in FILES & environment.keys()} == mounted


@overlays
def test_files_of_secrets_are_the_workers_alone_and_stay_todays(overlay):
    for worker in rendered(overlay).workers():
        (container,) = pod(worker)["containers"]
        secret = [volume for volume in pod(worker)["volumes"] if "projected" in volume]
        mounts = [
            mount for mount in container["volumeMounts"] if mount["name"] in {volume["name"] for volume in secret}
        ]
        assert {volume["projected"]["defaultMode"] for volume in secret} <= {0o440}
        assert pod(worker)["securityContext"]["fsGroup"] == pod(worker)["securityContext"]["runAsGroup"] == 65532
        assert all(mount["readOnly"] for mount in mounts)
        assert not any("subPath" in mount for mount in mounts), "a file that is mounted so is not renewed"


@overlays
def test_probes_metrics_and_policy_agree_on_the_port(overlay):
    for worker in rendered(overlay).workers():
        (container,) = pod(worker)["containers"]
        port = int(rendered(overlay).environment(worker)["SCIBUS_HTTP_PORT"])
        policy = rendered(overlay).one("NetworkPolicy", worker["metadata"]["name"])
        probes = {kind: container[f"{kind}Probe"]["httpGet"] for kind in ("startup", "readiness", "liveness")}
        assert container["ports"] == [{"name": "http", "containerPort": port}]
        assert probes == {
            "startup": {"path": "/livez", "port": "http"},
            "readiness": {"path": "/readyz", "port": "http"},
            "liveness": {"path": "/livez", "port": "http"},
        }
        assert [rule["ports"] for rule in policy["spec"]["ingress"]] == [[{"port": port}]]


@overlays
def test_workers_stand_on_different_machines(overlay):
    for worker in rendered(overlay).workers():
        spread = pod(worker)["topologySpreadConstraints"]
        assert {it["topologyKey"] for it in spread} == {"kubernetes.io/hostname", "topology.kubernetes.io/zone"}
        assert all(selects(it["labelSelector"], pod_labels(worker)) for it in spread)


@overlays
@pytest.mark.parametrize(("kind", "selector"), [("PodDisruptionBudget", "selector"), ("NetworkPolicy", "podSelector")])
def test_each_worker_alone_is_chosen_by_its_budget_and_its_policy(overlay, kind, selector):
    workers = rendered(overlay).workers()
    for worker in workers:
        chosen_by = rendered(overlay).one(kind, worker["metadata"]["name"])["spec"][selector]
        chosen = [other["metadata"]["name"] for other in workers if selects(chosen_by, pod_labels(other))]
        assert chosen == [worker["metadata"]["name"]]


@overlays
def test_nothing_goes_in_or_out_unless_a_policy_lets_it(overlay):
    manifests = rendered(overlay)

    assert manifests.one("NetworkPolicy", "nothing")["spec"] == {
        "podSelector": {},
        "policyTypes": ["Ingress", "Egress"],
    }
    for worker in manifests.workers():
        egress = manifests.one("NetworkPolicy", worker["metadata"]["name"])["spec"]["egress"]
        dns, nats, backend, traces = [{port["port"] for port in rule["ports"]} for rule in egress]
        assert (dns, nats, traces) == ({53}, {4222}, {4318})
        assert backend == BACKENDS[labels(worker)["app.kubernetes.io/name"]]


def test_the_policy_lets_a_worker_reach_its_backend():
    manifests = rendered("overlays/production")
    for worker in manifests.workers():
        schemes = set(re.findall(r"https?(?=://)", " ".join(manifests.environment(worker).values())))
        egress = manifests.one("NetworkPolicy", worker["metadata"]["name"])["spec"]["egress"]
        assert schemes
        assert {PORTS[scheme] for scheme in schemes} <= {port["port"] for port in egress[2]["ports"]}


def test_the_machine_s_metadata_is_no_backend():
    for worker in rendered("overlays/production").workers():
        policy = rendered("overlays/production").one("NetworkPolicy", worker["metadata"]["name"])
        (everywhere,) = [
            it["ipBlock"] for it in policy["spec"]["egress"][2]["to"] if it["ipBlock"]["cidr"] == "0.0.0.0/0"
        ]
        assert "169.254.0.0/16" in everywhere["except"]


def test_images_in_production_are_named_by_digest():
    for worker in rendered("overlays/production").workers():
        assert re.fullmatch(r"ghcr\.io/scibus/[a-z]+@sha256:[0-9a-f]{64}", pod(worker)["containers"][0]["image"])


def test_no_image_is_the_latest():
    for worker in rendered("overlays/local").workers():
        image, _, tag = pod(worker)["containers"][0]["image"].partition(":")
        assert (image, tag) == ("scibus-" + labels(worker)["app.kubernetes.io/name"], "local")


def test_streams_are_made_by_whom_they_belong_to():
    topologies = {
        overlay: {rendered(overlay).environment(worker)["SCIBUS_TOPOLOGY"] for worker in rendered(overlay).workers()}
        for overlay in ("overlays/local", "overlays/production")
    }

    assert topologies == {"overlays/local": {"create"}, "overlays/production": {"bind"}}
    assert rendered("overlays/local").all("Stream") == []


def test_production_has_three_replicas_of_each_stream():
    streams = rendered("overlays/production").all("Stream")

    assert {stream["spec"]["replicas"] for stream in streams} == {3}
    assert all(stream["spec"]["preventDelete"] for stream in streams)


def test_each_worker_is_scaled_by_the_lag_of_each_of_its_consumers():
    manifests = rendered("overlays/production")
    for service in SERVICES:
        name = f"{service.service_name}-worker"
        scaler = manifests.one("ScaledObject", name)["spec"]
        consumers = {
            (it["spec"]["streamName"], it["spec"]["durableName"])
            for it in manifests.all("Consumer")
            if it["spec"]["streamName"] == f"SCIBUS_JOBS_{service.service_name.upper()}"
        }
        watched = {(it["metadata"]["stream"], it["metadata"]["consumer"]) for it in scaler["triggers"]}
        deployment = manifests.one("Deployment", scaler["scaleTargetRef"]["name"])

        assert watched == consumers
        assert {consumer for _, consumer in consumers} == {operation.name for operation in service.operations()}
        assert 1 <= scaler["minReplicaCount"] <= scaler["maxReplicaCount"]
        assert "replicas" not in deployment["spec"]
    assert any(isinstance(operation, JobOperation) for service in SERVICES for operation in service.operations())


def test_keda_looks_where_nats_tells_the_leader_of_a_consumer():
    manifests = rendered("overlays/production")
    login = manifests.one("TriggerAuthentication", "nats-monitoring")["spec"]["configMapTargetRef"]
    told = {it["parameter"]: manifests.one("ConfigMap", it["name"])["data"][it["key"]] for it in login}

    assert told["natsServerMonitoringEndpoint"] == "nats-headless.nats.svc.cluster.local:8222"
    assert told["account"]
    assert {
        trigger["authenticationRef"]["name"]
        for scaler in manifests.all("ScaledObject")
        for trigger in scaler["spec"]["triggers"]
    } == {"nats-monitoring"}


def test_one_monitor_finds_every_worker():
    manifests = rendered("overlays/production")
    monitor = manifests.one("PodMonitor", "workers")["spec"]

    assert all(selects(monitor["selector"], pod_labels(worker)) for worker in manifests.workers())
    assert [endpoint["port"] for endpoint in monitor["podMetricsEndpoints"]] == ["http"]
