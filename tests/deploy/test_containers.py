"""The Containerfiles and the compose file, as far as they can be judged without building anything."""

import json
import re
from pathlib import Path

import pytest

from tests.tools import ROOT, run, tool

CONTAINERFILES = sorted(ROOT.glob("*/*/Containerfile"))
SERVICES = sorted(folder.parent.name for folder in ROOT.glob("services/*/pyproject.toml"))
COMPOSE = ROOT / "compose.yaml"


@pytest.fixture(scope="module")
def composed():
    """The services of the compose file, as Compose understands them."""
    read = run([*tool("compose"), "-f", str(COMPOSE), "config", "--format", "json"])
    return json.loads(read.stdout)["services"]


def names(paths: list[Path]) -> list[str]:
    return [str(path.relative_to(ROOT)) for path in paths]


def final_stage(containerfile: Path) -> str:
    return containerfile.read_text(encoding="utf-8").rpartition("\nFROM ")[2]


def test_hadolint_has_nothing_to_say():
    linted = run([*tool("hadolint"), *names(CONTAINERFILES)])

    assert (linted.returncode, linted.stdout) == (0, "")


def test_a_bad_containerfile_is_seen(tmp_path):
    bad = tmp_path / "Containerfile"
    bad.write_text('FROM docker.io/library/python:latest\nENTRYPOINT ["python"]\n', encoding="utf-8")

    linted = run([*tool("hadolint"), str(bad)])

    assert linted.returncode == 1
    assert "DL3007" in linted.stdout


def test_compose_accepts_the_file():
    read = run([*tool("compose"), "-f", str(COMPOSE), "config", "-q"])

    assert (read.returncode, read.stderr) == (0, "")


def test_a_wrong_key_in_the_compose_file_is_seen(tmp_path):
    wrong = tmp_path / "compose.yaml"
    wrong.write_text(COMPOSE.read_text(encoding="utf-8").replace("healthcheck:", "healthchecks:"), encoding="utf-8")

    read = run([*tool("compose"), "-f", str(wrong), "config", "-q"])

    assert read.returncode != 0
    assert "healthchecks" in read.stderr


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_has_an_image_and_a_place_in_the_compose_file(composed, service):
    containerfile = f"services/{service}/Containerfile"

    assert (ROOT / containerfile).is_file()
    assert composed[service]["build"]["dockerfile"] == containerfile
    assert composed[service]["depends_on"]["nats"]["condition"] == "service_healthy"


def test_everything_in_the_compose_file_runs_with_as_little_as_it_needs(composed):
    hardened = {"read_only": True, "cap_drop": ["ALL"], "security_opt": ["no-new-privileges:true"], "tmpfs": ["/tmp"]}

    assert {name: {key: service.get(key) for key in hardened} for name, service in composed.items()} == dict.fromkeys(
        composed, hardened
    )
    assert all("mem_limit" in service for service in composed.values())


def test_only_this_machine_reaches_the_published_ports(composed):
    published = [port for service in composed.values() for port in service.get("ports", [])]

    assert {port["host_ip"] for port in published} == {"127.0.0.1"}


def test_a_setting_in_the_environment_file_reaches_the_worker(tmp_path):
    (tmp_path / "compose.yaml").write_text(COMPOSE.read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / ".env").write_text(
        "SCIBUS_DRMS_BASE_URL=http://jsoc.stanford.edu/cgi-bin/ajax/\nSCIBUS_LOG_LEVEL=debug\n", encoding="utf-8"
    )

    read = run([*tool("compose"), "config", "--format", "json"], cwd=tmp_path)

    environment = json.loads(read.stdout)["services"]["drms"]["environment"]
    assert environment["SCIBUS_DRMS_BASE_URL"] == "http://jsoc.stanford.edu/cgi-bin/ajax/"
    assert environment["SCIBUS_LOG_LEVEL"] == "debug"


@pytest.mark.parametrize("containerfile", CONTAINERFILES, ids=names(CONTAINERFILES))
def test_an_image_ends_without_root_and_tells_its_health(containerfile):
    instructions = re.findall(
        r"^(USER|STOPSIGNAL|HEALTHCHECK|ENTRYPOINT) ?(.*)$", final_stage(containerfile), re.MULTILINE
    )

    assert ("USER", "65532:65532") in instructions
    assert ("STOPSIGNAL", "SIGTERM") in instructions
    assert {"HEALTHCHECK", "ENTRYPOINT"} <= {name for name, _ in instructions}


@pytest.mark.parametrize("containerfile", CONTAINERFILES, ids=names(CONTAINERFILES))
def test_an_image_is_built_by_the_uv_of_the_makefile(containerfile):
    pinned = re.search(r"^UV_VERSION := (.+)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)[1]

    assert f"ARG UV_VERSION={pinned}\n" in containerfile.read_text(encoding="utf-8")
