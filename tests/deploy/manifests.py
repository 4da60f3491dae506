"""Kustomizations as kubectl renders them, and ways to find one's way in them."""

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.tools import ROOT, run, tool

DEPLOY = ROOT / "deploy"
Resource = dict[str, Any]


@dataclass(frozen=True)
class Manifests:
    """What `kubectl apply -k` would send."""

    text: str
    resources: tuple[Resource, ...]

    def all(self, kind: str) -> list[Resource]:
        return [resource for resource in self.resources if resource["kind"] == kind]

    def one(self, kind: str, name: str) -> Resource:
        found = [resource for resource in self.all(kind) if resource["metadata"]["name"] == name]
        assert len(found) == 1, f"{len(found)} of {kind} {name}"
        return found[0]

    def workers(self) -> list[Resource]:
        """Deployments of workers; there is at least one."""
        found = [it for it in self.all("Deployment") if labels(it).get("app.kubernetes.io/component") == "worker"]
        assert found
        return found

    def environment(self, worker: Resource) -> dict[str, str]:
        """All that a worker finds in its environment; secrets are called after their keys."""
        (container,) = pod(worker)["containers"]
        names = [source["configMapRef"]["name"] for source in container["envFrom"]]
        given = {name: value for config in names for name, value in self.one("ConfigMap", config)["data"].items()}
        return given | {
            item["name"]: item.get("value", item.get("valueFrom", {}).get("secretKeyRef", {}).get("key"))
            for item in container.get("env", [])
        }


@functools.cache
def rendered(folder: str) -> Manifests:
    """The kustomization in `deploy/<folder>`."""
    return rendered_from(DEPLOY / folder)


def rendered_from(folder: Path) -> Manifests:
    done = run([*tool("kubectl"), "kustomize", str(folder)])
    if done.returncode != 0:
        pytest.fail(f"{folder} cannot be rendered: {done.stderr}")
    return Manifests(done.stdout, tuple(yaml.safe_load_all(done.stdout)))


def labels(resource: Resource) -> dict[str, str]:
    return resource["metadata"].get("labels", {})


def pod(workload: Resource) -> Resource:
    return workload["spec"]["template"]["spec"]


def pod_labels(workload: Resource) -> dict[str, str]:
    return workload["spec"]["template"]["metadata"]["labels"]


def selects(selector: Resource, chosen: dict[str, str]) -> bool:
    """Whether `selector` chooses what has the labels `chosen`."""
    wanted = selector.get("matchLabels", {})
    assert set(selector) <= {"matchLabels"}, f"not understood: {selector}"
    return bool(wanted) and wanted.items() <= chosen.items()


def paths(value: Any, prefix: str = "") -> Iterator[str]:
    """Where something stands in `value`, as `spec.triggers[].type`."""
    if isinstance(value, dict) and value:
        for name, member in value.items():
            yield from paths(member, f"{prefix}.{name}" if prefix else name)
    elif isinstance(value, list) and value:
        for member in value:
            yield from paths(member, f"{prefix}[]")
    else:
        yield prefix
