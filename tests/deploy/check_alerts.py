"""The alerts fire when they should, as promtool of Prometheus itself computes them: part of `make deploy-check`.

promtool is on PATH, or comes out of Debian's package `prometheus`: no wheel has it.
"""

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.deploy.manifests import DEPLOY
from tests.tools import ROOT, run

TESTS = Path(__file__).with_name("alerts.yaml")
UNPACKED = ROOT / ".tools" / "debian" / "prometheus"


@pytest.fixture(scope="module")
def promtool(tmp_path_factory):
    installed = shutil.which("promtool") or str(UNPACKED / "usr" / "bin" / "promtool")
    if not Path(installed).is_file():
        folder = tmp_path_factory.mktemp("debian")
        fetched = run(["apt-get", "download", "prometheus"], cwd=folder)
        if fetched.returncode != 0:
            pytest.fail(f"there is no promtool; install it, or `apt-get update` on Debian: {fetched.stderr[-600:]}")
        (package,) = folder.glob("prometheus_*.deb")
        UNPACKED.mkdir(parents=True, exist_ok=True)
        subprocess.run(["dpkg", "-x", str(package), str(UNPACKED)], check=True, timeout=120)
    return installed


@pytest.fixture
def folder(tmp_path):
    """The rules as Prometheus reads them, beside their tests."""
    rules = yaml.safe_load((DEPLOY / "monitoring" / "alerts.yaml").read_text(encoding="utf-8"))["spec"]
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump(rules), encoding="utf-8")
    (tmp_path / "alerts.yaml").write_text(TESTS.read_text(encoding="utf-8"), encoding="utf-8")
    return tmp_path


def test_prometheus_takes_the_rules(promtool, folder):
    checked = run([promtool, "check", "rules", "--lint=all", "--lint-fatal", "rules.yaml"], cwd=folder)

    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_alerts_fire_when_they_should(promtool, folder):
    tested = run([promtool, "test", "rules", "alerts.yaml"], cwd=folder)

    assert tested.returncode == 0, tested.stdout + tested.stderr


def test_every_alert_is_tested(folder):
    rules = yaml.safe_load((folder / "rules.yaml").read_text(encoding="utf-8"))
    tests = yaml.safe_load((folder / "alerts.yaml").read_text(encoding="utf-8"))["tests"]
    tested = {case["alertname"] for test in tests for case in test["alert_rule_test"] if case.get("exp_alerts")}

    assert tested == {rule["alert"] for group in rules["groups"] for rule in group["rules"]}


def test_no_condition_of_an_alert_is_for_show(promtool, folder):
    """A rule that always fires, or never does, breaks its test."""
    rules = yaml.safe_load((folder / "rules.yaml").read_text(encoding="utf-8"))
    survivors = []
    for group in rules["groups"]:
        for rule in group["rules"]:
            whole = rule["expr"]
            for other in (f"({whole}) or vector(1)", f"({whole}) and vector(1) > 1"):
                rule["expr"] = other
                (folder / "rules.yaml").write_text(yaml.safe_dump(rules), encoding="utf-8")
                if run([promtool, "test", "rules", "alerts.yaml"], cwd=folder).returncode == 0:
                    survivors.append(other)
            rule["expr"] = whole

    assert survivors == []
