"""The Containerfiles and the compose file, as far as they can be judged without building anything."""

import json
import re
import subprocess
import sys
from pathlib import Path, PurePosixPath

import pytest

from tests.tools import ROOT, run, tool
from tests.waiting import free_port

CONTAINERFILES = sorted(ROOT.glob("*/*/Containerfile"))
SERVICES = sorted(folder.parent.name for folder in ROOT.glob("services/*/pyproject.toml"))
COMPOSE = ROOT / "compose.yaml"
URLS = {"autobahn": "SCIBUS_AUTOBAHN_URL", "drms": "SCIBUS_DRMS_BASE_URL", "modos": "SCIBUS_MODOS_URL"}
"""What says where the backend of a service is."""


@pytest.fixture(scope="module")
def composed():
    """The services of the compose file, as Compose understands them."""
    read = run([*tool("compose"), "-f", str(COMPOSE), "config", "--format", "json"])
    return json.loads(read.stdout)["services"]


@pytest.fixture
def composed_with(tmp_path):
    """What Compose makes of a service with the lines of an environment file."""

    def composed_with(service: str, *lines: str):
        (tmp_path / "compose.yaml").write_text(COMPOSE.read_text(encoding="utf-8"), encoding="utf-8")
        (tmp_path / ".env").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        read = run([*tool("compose"), "config", "--format", "json"], cwd=tmp_path)
        return json.loads(read.stdout)["services"][service]

    return composed_with


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
    hardened = {"read_only": True, "cap_drop": ["ALL"], "security_opt": ["no-new-privileges:true"]}

    assert {name: {key: service.get(key) for key in hardened} for name, service in composed.items()} == dict.fromkeys(
        composed, hardened
    )
    assert all("mem_limit" in service for service in composed.values())


def test_everything_in_the_compose_file_has_one_place_for_temporary_files(composed):
    """In memory, but for what may be larger."""
    places = {
        name: [*(service.get("tmpfs") or []), *(it["source"] for it in volumes(service) if it["target"] == "/tmp")]
        for name, service in composed.items()
    }

    assert places == {name: ["spool"] if name == "modos" else ["/tmp"] for name in composed}


def volumes(service):
    return service.get("volumes", [])


def test_only_this_machine_reaches_the_published_ports(composed):
    published = [port for service in composed.values() for port in service.get("ports", [])]

    assert {port["host_ip"] for port in published} == {"127.0.0.1"}


@pytest.mark.parametrize("service", SERVICES)
def test_a_setting_in_the_environment_file_reaches_the_worker(composed_with, service):
    lines = (f"{URLS[service]}=https://backend.example/", "SCIBUS_LOG_LEVEL=debug")

    environment = composed_with(service, *lines)["environment"]

    assert environment[URLS[service]] == "https://backend.example/"
    assert environment["SCIBUS_LOG_LEVEL"] == "debug"


def test_certificates_of_ones_own_take_the_place_of_the_stand_ins(composed_with, tmp_path):
    worker = composed_with("autobahn", "AUTOBAHN_CERTIFICATES=./mine", "SCIBUS_AUTOBAHN_CA_BUNDLE=")

    (mounted,) = worker["volumes"]
    assert (mounted["type"], mounted["source"]) == ("bind", str(tmp_path / "mine"))
    assert worker["environment"]["SCIBUS_AUTOBAHN_CA_BUNDLE"] == ""


def test_the_stand_in_of_the_mdb_is_what_its_worker_looks_for(composed, tmp_path):
    """By the name that it has in the network, with its certificates in a folder that both see."""
    stand_in, worker, port = composed["mdb"], composed["autobahn"], str(free_port())
    (written,), (read,) = stand_in["volumes"], worker["volumes"]
    inside = {written["target"]: str(tmp_path), "8080": port}
    command = [sys.executable, "-m", *(inside.get(word, word) for word in stand_in["command"])]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        told = json.loads(process.stdout.readline())
        process.terminate()

    looked_for = {name: it for name, it in worker["environment"].items() if name.startswith("SCIBUS_AUTOBAHN_")}
    assert (read["source"], read["read_only"]) == (written["source"], True)
    assert looked_for == {
        name: it.replace(str(tmp_path), read["target"]).replace(port, "8080") for name, it in told["settings"].items()
    }


def test_the_stand_in_of_modos_is_what_its_worker_looks_for(composed, tmp_path):
    """By the name that it has in the network, with its objects in a folder that both see at the same place."""
    stand_in, worker, port = composed["modos-server"], composed["modos"], str(free_port())
    (written,) = volumes(stand_in)
    ours = {written["target"]: str(tmp_path), "8080": port, "8081": str(free_port())}
    options = (word.partition("=") for word in stand_in["command"][1:])
    command = [
        *(sys.executable, "-m", stand_in["command"][0]),
        *(f"{name}={ours.get(value, value)}" for name, _, value in options),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        told = json.loads(process.stdout.readline())
        filled = {folder.name for folder in tmp_path.iterdir()}
        process.terminate()

    assert told["settings"]["SCIBUS_MODOS_URL"].replace(port, "8080") == worker["environment"]["SCIBUS_MODOS_URL"]
    assert told["settings"]["SCIBUS_MODOS_REFGET_BUCKET"] == worker["environment"]["SCIBUS_MODOS_REFGET_BUCKET"]
    assert "modos-demo" in filled
    assert [(it["source"], it.get("read_only", False)) for it in volumes(worker) if it["target"] == "/data"] == [
        (written["source"], False)
    ]


def test_a_login_of_the_worker_for_modos_stays_over_a_restart(composed):
    containerfile = final_stage(ROOT / "services" / "modos" / "Containerfile")
    folder = str(PurePosixPath(composed["modos"]["environment"]["SCIBUS_MODOS_TOKEN_FILE"]).parent)

    assert f"install -d -o 65532 -g 65532 -m 700 {folder}\n" in containerfile
    assert {it["target"]: it["source"] for it in volumes(composed["modos"])}[folder] == "login"


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
