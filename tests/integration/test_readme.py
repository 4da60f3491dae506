"""What the README shows is so."""

import asyncio
import json
import os
import re
import shlex
import sys
from pathlib import Path

import pytest

from docs.generate import generated

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CONSOLE = re.findall(r"```console\n\$ (.*?)\n(.*?)```", README, re.DOTALL)
NATS_REQUEST = re.search(r"^nats request (\S+) '(.*)'$", README, re.MULTILINE)


def test_its_generated_parts_are_todays():
    assert generated(README) == README, "run `make docs`"


async def output_of(command, url):
    program, *arguments = shlex.split(command)
    running = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name(program)),
        *arguments,
        env=os.environ | {"SCIBUS_NATS_URL": url, "COLUMNS": "120"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(60):
        output, _ = await running.communicate()
    return output.decode()


@pytest.mark.timeout(600)
async def test_its_commands_print_what_it_shows(drms, autobahn, modos, nats_server):
    """In order: some go on with what those before them have begun."""
    printed = [(command, await output_of(command, nats_server.url)) for command, _ in CONSOLE]

    assert printed == CONSOLE


def test_it_shows_commands():
    assert len(CONSOLE) == 8


async def test_its_request_is_answered_to_a_bare_client(drms, bus):
    subject, body = NATS_REQUEST.groups()

    reply = await bus.connection.request(subject, body.encode(), timeout=30)

    assert json.loads(reply.data)["count"] == 4


def test_its_test_command_is_what_ci_runs():
    assert "\nmake test " in README
    assert (ROOT / ".ci" / "run").read_text().rstrip().endswith("\nmake test")


def test_every_folder_it_names_is_there():
    named = re.findall(r"^\| `((?:shared|services|tests)[\w/]*)` \|", README, re.MULTILINE)

    assert len(named) == 9
    assert [name for name in named if not (ROOT / name).is_dir()] == []
