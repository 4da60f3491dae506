"""The manifests are what Kubernetes, KEDA and the operator of Prometheus take."""

import json
import re

import pytest

from tests.deploy.manifests import paths, rendered
from tests.tools import SCRIPTS, run, tool

OURS = {"ScaledObject", "TriggerAuthentication", "PodMonitor", "PrometheusRule"}
NACKS = {"Stream", "Consumer"}
FIELDS = {
    "TriggerAuthentication": {
        "configMapTargetRef[].parameter",
        "configMapTargetRef[].name",
        "configMapTargetRef[].key",
    },
    "ScaledObject": {
        "scaleTargetRef.name",
        "minReplicaCount",
        "maxReplicaCount",
        "pollingInterval",
        "fallback.failureThreshold",
        "fallback.replicas",
        "advanced.horizontalPodAutoscalerConfig.behavior.scaleDown.stabilizationWindowSeconds",
        "triggers[].type",
        "triggers[].name",
        "triggers[].authenticationRef.name",
        "triggers[].metadata.stream",
        "triggers[].metadata.consumer",
        "triggers[].metadata.lagThreshold",
    },
    "PodMonitor": {
        "selector.matchLabels.app.kubernetes.io/component",
        "selector.matchLabels.app.kubernetes.io/part-of",
        "podMetricsEndpoints[].port",
        "podMetricsEndpoints[].path",
        "podMetricsEndpoints[].interval",
    },
    "PrometheusRule": {
        "groups[].name",
        "groups[].rules[].alert",
        "groups[].rules[].expr",
        "groups[].rules[].for",
        "groups[].rules[].labels.severity",
        "groups[].rules[].annotations.summary",
        "groups[].rules[].annotations.description",
        "groups[].rules[].annotations.runbook",
    },
}
"""The models of custom resources do not mind a misspelt field, so those that are used stand here."""


@pytest.mark.parametrize("folder", ["overlays/local", "overlays/production", "nats"])
def test_kubernetes_knows_every_field(folder, tmp_path):
    manifests = rendered(folder)
    file = tmp_path / "rendered.yaml"
    file.write_text(manifests.text, encoding="utf-8")

    judged = run([*tool("kubernetes_validate"), str(file)])

    passed = re.findall(r"^INFO .* passed for resource", judged.stdout + judged.stderr, re.MULTILINE)
    custom = [it for it in manifests.resources if it["kind"] in OURS | NACKS]
    assert judged.returncode == 0, judged.stdout + judged.stderr
    assert len(passed) == len(manifests.resources) - len(custom)


def test_published_models_take_the_custom_resources(tmp_path):
    custom = [it for it in rendered("overlays/production").resources if it["kind"] in OURS]
    file = tmp_path / "custom.json"
    file.write_text(json.dumps(custom), encoding="utf-8")

    judged = run([*tool("node"), str(SCRIPTS / "npm" / "kubernetes_models.js"), str(file)])

    assert judged.returncode == 0, f"run `make setup`: {judged.stderr[-600:]}"
    findings = json.loads(judged.stdout)
    assert {name: finding for name, finding in findings.items() if finding} == {}
    assert len(findings) == len(custom)


@pytest.mark.parametrize("kind", sorted(OURS))
def test_no_field_of_a_custom_resource_is_misspelt(kind):
    used = {path for resource in rendered("overlays/production").all(kind) for path in paths(resource["spec"])}

    assert used, f"there is no {kind}"
    assert used <= FIELDS[kind]
