"""What checkov finds unwise in the manifests, and which of it is meant so: part of `make deploy-check`."""

import json

import pytest

from tests.deploy.manifests import rendered
from tests.tools import run, tool

MEANT = {"CKV_K8S_35": "a worker reads the backend's password from its environment; NATS's credentials are a file"}
LOCALLY = {
    "CKV_K8S_15": "an image of this machine cannot be pulled",
    "CKV_K8S_43": "an image of this machine has no digest",
}


@pytest.mark.parametrize(("folder", "meant"), [("overlays/local", MEANT | LOCALLY), ("overlays/production", MEANT)])
def test_checkov_finds_nothing_but_what_is_meant_so(folder, meant, tmp_path):
    file = tmp_path / "rendered.yaml"
    file.write_text(rendered(folder).text, encoding="utf-8")

    judged = json.loads(run([*tool("checkov"), str(file)]).stdout)

    found = {check["check_id"]: check["resource"] for check in judged["results"]["failed_checks"]}
    assert judged["summary"]["parsing_errors"] == 0
    assert found.keys() == meant.keys(), found
