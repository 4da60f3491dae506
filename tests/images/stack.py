"""The compose file brought up as a user would, and asked from outside."""

import os
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tests.images.engine import Engine, EngineError, called
from tests.images.image import USER, stopped
from tests.tools import ROOT, tool
from tests.waiting import free_port

UP_SECONDS = 180
ASK_SECONDS = 60
IDLE_SECONDS = 5
SCIBUS = str(Path(sys.executable).with_name("scibus"))

LISTED = (
    "call",
    "drms",
    "rs_list",
    "--ds",
    "hmi.v_45s[2013.07.03_08:42_TAI/3m]",
    "--key",
    "T_REC,QUALITY",
    "-o",
    "csv",
)
LIST = """\
T_REC,QUALITY
2013.07.03_08:42:00_TAI,0x00000000
2013.07.03_08:42:45_TAI,0x00000000
2013.07.03_08:43:30_TAI,0x00000000
2013.07.03_08:44:15_TAI,0x00000000
"""
TYPED = ("call", "drms", "query", "--ds", "hmi.v_45s[2013.07.03_08:42_TAI/3m]", "--key", "DATAMEAN", "-o", "csv")
TABLE = "DATAMEAN\n-3066.17\n1007.96\n-549.509\n-3191.2\n"
EXPORTED = (
    *("submit", "drms", "export", "--ds", "hmi.m_45s[2013.07.03_08:42_TAI/90s]{magnetogram}"),
    *("--notify", "user@example.com", "--protocol", "fits", "--follow"),
)
FILES = "hmi.m_45s.20130703_084200_TAI.2.magnetogram.fits"
DESCRIBED = ("call", "autobahn", "info", "--dataset", "weather")
DESCRIPTION = '"weather"'
FOLLOWED = ("tail", "autobahn", "weather", "--limit", "2", "--output", "raw")
MESSAGES = """\
{"time": "2026-01-01T00:00:00Z", "temperature_C": 6.8, "pressure_hPa": 1013.0, "wind_m_s": 4.0}
{"time": "2026-01-01T00:10:00Z", "temperature_C": 6.6, "pressure_hPa": 1013.1, "wind_m_s": 4.0}
"""
OBJECTS = ("call", "modos", "list", "-o", "csv")
OBJECT = "s3://modos-demo/ex"
SLICED = (
    *("submit", "modos", "records", "--modo", OBJECT, "--file", "demo1.cram", "--regions", "chr1:1000-1200"),
    *("--follow", "-o", "json"),
)
SLICE = '"count": 8'
QUESTIONS = (
    *((LISTED, LIST), (TYPED, TABLE), (EXPORTED, FILES)),
    *((DESCRIBED, DESCRIPTION), (FOLLOWED, MESSAGES)),
    *((OBJECTS, OBJECT), (SLICED, SLICE)),
)

KEEPS = """\
import os, pathlib, tempfile
folder = pathlib.Path(os.environ["SCIBUS_MODOS_TOKEN_FILE"]).parent
tempfile.NamedTemporaryFile(dir=folder).close()
assert folder.stat().st_mode & 0o777 == 0o700, oct(folder.stat().st_mode)
"""

READY = {"nats": "Server is ready", "jsoc": '"cgi_url"', "mdb": '"publisher"', "modos-server": '"blocks"'}
WORKER_READY = '"event": "ready"'


@dataclass(frozen=True)
class Measured:
    """What one container of the stack took."""

    start_seconds: float
    idle_memory: str
    stop_seconds: float
    exit_code: int


@dataclass(frozen=True)
class Stack:
    """The compose file as a project of its own, at a port of its own."""

    engine: Engine
    images: dict[str, str]
    project: str
    port: int

    def compose(self, *arguments: str) -> str:
        """What Compose prints when told so."""
        command = (*tool("compose"), "--project-name", self.project, "--file", str(ROOT / "compose.yaml"), *arguments)
        return called(command, {**self.engine.environment, **self.images, "NATS_PORT": str(self.port)}, UP_SECONDS)

    def containers(self) -> dict[str, str]:
        """The ids of the containers, by service."""
        label = f"label=com.docker.compose.project={self.project}"
        listed = self.engine.call(
            *("ps", "--all", "--no-trunc", "--filter", label),
            *("--format", '{{.ID}} {{.Label "com.docker.compose.service"}}'),
        )
        return {name: container for container, name in (line.split() for line in listed.splitlines())}

    def asked(self, *arguments: str) -> str:
        """What the command `scibus` of this environment prints, asking the bus at the published port."""
        url = {"SCIBUS_NATS_URL": f"nats://127.0.0.1:{self.port}"}
        return called((SCIBUS, *arguments), url, ASK_SECONDS)


@contextmanager
def brought_up(engine: Engine, images: dict[str, str], project: str) -> Iterator[Stack]:
    """The running stack, all of it healthy; it is taken down in the end, with its volumes and networks."""
    stack = Stack(engine, images, project, free_port())
    try:
        try:
            stack.compose("up", "--detach", "--no-build", "--wait")
        except EngineError as error:
            raise EngineError(f"{error}\n{stack.compose('logs', '--tail', '20')}") from None
        yield stack
    finally:
        stack.compose("down", "--volumes", "--remove-orphans", "--timeout", "5")


def answers(stack: Stack) -> list[str]:
    """What is wrong with what the stack answers over the bus."""
    wrong = []
    for question, expected in QUESTIONS:
        try:
            answer = stack.asked(*question)
        except EngineError as error:
            wrong.append(str(error))
        else:
            if expected not in answer:
                wrong.append(f"{' '.join(question)} answered {answer!r}")
    return wrong


def keeps_a_login(stack: Stack) -> list[str]:
    """What is wrong with the folder in which the worker for MODOS keeps a login."""
    try:
        stack.engine.call("exec", stack.containers()["modos"], "python", "-ISc", KEEPS)
    except EngineError as error:
        return [str(error)]
    return []


def restrictions(stack: Stack) -> list[str]:
    """What is wrong with how the containers run."""
    wrong = []
    for name, container in stack.containers().items():
        told = stack.engine.inspected(container)
        limits = told["HostConfig"]
        seen = {
            "health": told["State"].get("Health", {}).get("Status"),
            "user": told["Config"]["User"],
            "read-only": limits["ReadonlyRootfs"],
            "capabilities dropped": [one.removeprefix("CAP_") for one in limits["CapDrop"] or []][:1],
            "no new privileges": any(option.startswith("no-new-privileges") for option in limits["SecurityOpt"] or []),
            "memory limited": limits["Memory"] > 0,
        }
        expected = {
            "health": "healthy",
            "user": USER,
            "read-only": True,
            "capabilities dropped": ["ALL"],
            "no new privileges": True,
            "memory limited": True,
        }
        wrong += [f"{name}: {key} is {seen[key]!r}" for key, value in expected.items() if seen[key] != value]
    return wrong


def measured(stack: Stack) -> dict[str, Measured]:
    """How each container started, rests and stops; they are stopped then."""
    time.sleep(IDLE_SECONDS)
    containers = stack.containers()
    idle = {name: _memory(stack.engine, container) for name, container in containers.items()}
    figures = {}
    for name in sorted(containers, key=lambda name: name in READY):
        container = containers[name]
        start = _start_seconds(stack.engine, container, READY.get(name, WORKER_READY))
        figures[name] = Measured(start, idle[name], *stopped(stack.engine, container))
    return figures


def _memory(engine: Engine, container: str) -> str:
    return engine.call("stats", "--no-stream", "--format", "{{.MemUsage}}", container).partition("/")[0].strip()


def _start_seconds(engine: Engine, container: str, ready: str) -> float:
    """From the start of the process to the line in which it says that it is ready."""
    lines = engine.said(container, "--timestamps").splitlines()
    said = next((line for line in lines if ready in line), None)
    if said is None:
        raise EngineError(f"{container} has not said {ready}")
    started = engine.inspected(container)["State"]["StartedAt"]
    return (_moment(said.partition(" ")[0]) - _moment(started)).total_seconds()


def _moment(text: str) -> datetime:
    # Engines write nanoseconds, Python reads microseconds.
    return datetime.fromisoformat(re.sub(r"(\.\d{6})\d*", r"\1", text.replace("Z", "+00:00")))


def project_name() -> str:
    """A name that no other run has."""
    return f"scibus-images-{os.getpid()}"
