"""What is told when no worker of ours answers."""

import asyncio

from nats.aio.msg import Msg

from scibus.client import Bus
from tests.client.command import inside
from tests.client.command.commands import Command, interrupted

scibus = inside.scibus


async def test_no_worker_ends_with_3(scibus: Command) -> None:
    result = await scibus("call", "probe", "echo", "--text", "a")

    assert (result.code, result.out) == (3, b"")
    assert "no worker serves probe.echo" in result.err


async def test_a_worker_that_never_answers_ends_with_3(scibus: Command, bus: Bus) -> None:
    await bus.connection.subscribe("scibus.v1.req.probe.echo")
    await bus.connection.flush()

    result = await scibus("call", "probe", "echo", "--text", "a", "--timeout", "0.2")

    assert result.code == 3
    assert "no answer to probe.echo within 0.2 s" in result.err


async def test_where_no_worker_has_been_a_job_is_refused_as_a_question_is(scibus: Command) -> None:
    asked = await scibus("call", "modos", "list")
    submitted = await scibus("submit", "modos", "stream", "--modo", "ex", "--file", "demo1.bam")
    named = await scibus("submit", "modos", "stream", "--modo", "ex", "--file", "demo1.bam", "--id", "mine")
    scheduled = await scibus("submit", "probe", "echo", "--text", "a", "--id", "mine", "--every", "1h")

    assert [one.code for one in (asked, submitted, named, scheduled)] == [3, 3, 3, 3]
    assert "no worker serves modos.list: start one; `scibus services` tells which there are" in asked.err
    assert submitted.err == named.err == asked.err.replace("modos.list", "modos.stream")
    assert scheduled.err == asked.err.replace("modos.list", "probe.echo")


async def test_ctrl_c_ends_with_130_and_without_a_traceback(scibus: Command, bus: Bus) -> None:
    asked = asyncio.Event()

    async def say_nothing(_message: Msg) -> None:
        asked.set()

    await bus.connection.subscribe("scibus.v1.req.probe.echo", cb=say_nothing)
    await bus.connection.flush()
    process = await scibus.start("call", "probe", "echo", "--text", "a", "--timeout", "60")
    async with asyncio.timeout(60):
        await asked.wait()

    result = await interrupted(process)

    assert (result.code, result.out) == (130, b"")
    assert "Traceback" not in result.err


async def test_what_an_older_worker_ignores_is_a_warning(scibus: Command, bus: Bus) -> None:
    async def answer(message: Msg) -> None:
        headers = {"Content-Type": "application/json", "Scibus-Ignored": "text"}
        await bus.connection.publish(message.reply, b'{"text": "a"}', headers=headers)

    await bus.connection.subscribe("scibus.v1.req.probe.echo", cb=answer)
    await bus.connection.flush()

    result = await scibus("call", "probe", "echo", "--text", "a")

    assert (result.code, result.json) == (0, {"text": "a"})
    assert "warning: probe.echo ignored the fields text" in result.err
