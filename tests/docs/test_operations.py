"""The lines on the page of operations, in a shell and in Python, are understood and answered."""

import ast
import re
import shlex
from typing import Any

import pytest

from scibus.client import SubmittedJob
from scibus.client.live.subscribed import Subscribed
from scibus.contracts.autobahn import Autobahn
from scibus.contracts.schemas import SERVICES
from tests import standing
from tests.client.command.inside import Inside
from tests.docs.pages import FOLDER

nats_server, bus, jsoc, in_order = standing.nats_server, standing.bus, standing.jsoc, standing.in_order
folder, spawn_worker, drms = standing.folder, standing.spawn_worker, standing.drms
mdb, autobahn = standing.mdb, standing.autobahn
modos_stand_in, modos = standing.modos_stand_in, standing.modos

PAGE = (FOLDER / "operations.md").read_text(encoding="utf-8")
LINES = re.findall(r"^## `([\w.]+)`\n.*?```sh\nscibus (.*?)\n```\n\n```py\n(.*?)\n```", PAGE, re.DOTALL | re.MULTILINE)
NAMES = [name for name, _, _ in LINES]
ANSWERED_BY_A_PROBLEM = {
    "drms.exp_status": "no export has the id of the example",
    "modos.s3_key": "the stand-in has no key service unless it is told to",
}
ENDING_IN_ONE = {
    "modos.login": "the stand-in has no logins unless it is told to",
    "modos.upload": "nobody has stored the blob of the example",
}


async def ended(answer: Any) -> Any:
    """What a job gives in the end, and the first message of a dataset; any other answer as it is."""
    if isinstance(answer, Subscribed):
        async with answer:
            return await anext(answer)
    return await answer.result(timeout=30) if isinstance(answer, SubmittedJob) else answer


@pytest.fixture(autouse=True)
async def _something_to_steer(autobahn, bus):
    """The subscription that the examples are about, whichever of them ran before."""
    subscribe = Autobahn.subscribe
    await bus.request(subscribe, subscribe.model(dataset="solar-wind", offset="begin"))


@pytest.mark.parametrize("line", [line for name, _, line in LINES if name not in ANSWERED_BY_A_PROBLEM | ENDING_IN_ONE])
async def test_the_python_is_answered(drms, autobahn, modos, bus, jsoc, line):
    """Before the commands: an address has one export at a time, and only here its end is waited for."""
    jsoc.configure({"wait": 0})
    code = compile(line, "page", "eval", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)

    assert await ended(await eval(code, {"bus": bus})) is not None


@pytest.mark.parametrize(("operation", "command"), [(name, command) for name, command, _ in LINES], ids=NAMES)
async def test_the_command_is_answered(drms, autobahn, modos, nats_server, operation, command):
    told = await Inside(nats_server.url)(*shlex.split(command))

    assert told.code == (1 if operation in ANSWERED_BY_A_PROBLEM else 0), told.err


def test_every_operation_has_its_lines():
    assert [name for name, _, _ in LINES] == [
        f"{service.service_name}.{operation.name}" for service in SERVICES for operation in service.operations()
    ]
