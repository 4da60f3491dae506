"""A service of the tests' own: run as `python probe.py`, it shows what the runtime does with any handler."""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from scibus.bus.tables import ArrowTable
from scibus.bus.trace import current_trace
from scibus.contracts import Contract, Service, Table, job, request, table
from scibus.contracts.problems import BackendUnavailable, NotFound
from scibus.runtime import Call, Job, Worker
from scibus.runtime.logs import get_logger


class Text(Contract):
    text: str


class Numbers(Contract):
    count: int = Field(ge=0, le=10_000_000)


class Wait(Contract):
    seconds: float = Field(ge=0, le=60)
    gate: str = ""


class Carried(Contract):
    authorization: str | None
    timeout: float
    traceparent: str | None


class Empty(Contract):
    pass


class Work(Contract):
    """Steps: `note:x` writes a line, `save` a checkpoint, `sleep:2` and `gate:name` wait, and so does `turn:key`."""

    steps: list[str] = []
    name: str = ""


class Saved(Contract):
    done: int = 0


class Probe(Service):
    """What the runtime does with any handler."""

    echo = request(Text, Text, summary="Say it again")
    repeat = request(Numbers, Text, summary="A text of that many letters")
    wait = request(Wait, Wait, summary="Answer after a while")
    fail = request(Text, Text, summary="Raise what the text names")
    carried = request(Empty, Carried, summary="Tell what came with the request")
    numbers = table(Numbers, summary="A table of that many rows")
    work = job(Work, Text, summary="Do what the steps say", attempts=3)
    brief = job(Wait, Wait, summary="Take less than a second an attempt", attempts=2, time_limit=1.0)


class ProbeSettings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="SCIBUS_PROBE_")

    greeting: str = ""
    password: int = 0
    token: SecretStr = SecretStr("")
    diary: Path = Path("/dev/null")
    """Each job's steps are written here, as the backend of the probe."""
    gates: Path = Path("/nowhere")
    """Where the gates are that handlers wait at."""

    def note(self, line: str) -> None:
        with self.diary.open("a", encoding="utf-8") as file:
            file.write(line + "\n")


class Resource:
    open = False


async def open_resource(settings: ProbeSettings) -> AsyncIterator[Resource]:
    resource = Resource()
    resource.open = True
    yield resource
    resource.open = False
    get_logger(__name__).info("resource closed")


worker = Worker(Probe, ProbeSettings, resources=[open_resource], distribution="scibus-runtime")


@worker.handles(Probe.echo)
async def echo(body: Text, settings: ProbeSettings, resource: Resource) -> Text:
    assert resource.open
    return Text(text=settings.greeting + body.text)


@worker.handles(Probe.repeat)
async def repeat(body: Numbers) -> Text:
    return Text(text="x" * body.count)


@worker.handles(Probe.wait)
async def wait(body: Wait, settings: ProbeSettings) -> Wait:
    await asyncio.sleep(body.seconds)
    if body.gate:
        await _pass(settings.gates / body.gate)
    return body


async def _pass(gate: Path) -> None:
    """Wait until a test opens the gate."""
    with gate.open("a", encoding="utf-8") as file:
        file.write("here\n")
    while not _is_open(gate):  # noqa: ASYNC110 - another process does it, and tells nobody
        await asyncio.sleep(0.02)


def _is_open(gate: Path) -> bool:
    return "open" in gate.read_text(encoding="utf-8")


@worker.handles(Probe.fail)
async def fail(body: Text) -> Text:
    if body.text == "exit":
        os._exit(3)
    if body.text == "not-found":
        raise NotFound("user jane.doe@example.org has no such record")
    raise RuntimeError("password=hunter2 of jane.doe@example.org")


@worker.handles(Probe.carried)
async def carried(_body: Empty, call: Call) -> Carried:
    return Carried(
        authorization=call.authorization, timeout=call.timeout, traceparent=current_trace.get().get("traceparent")
    )


@worker.handles(Probe.numbers)
async def numbers(body: Numbers) -> Table:
    import pyarrow as pa

    return ArrowTable(pa.table({"n": pa.array(range(body.count), type=pa.int64())}))


@worker.handles(Probe.work)
async def work(body: Work, job: Job, settings: ProbeSettings) -> Text:
    begun = job.restored(Saved) or Saved()
    settings.note(f"{job.ref.job_id} start {job.attempt} from {begun.done}")
    async with AsyncExitStack() as turns:
        for number, step in enumerate(body.steps[begun.done :], begun.done + 1):
            await _take(step, job, settings, turns, number)
    settings.note(f"{job.ref.job_id} end {job.attempt}")
    return Text(text=f"{body.name} in attempt {job.attempt}")


async def _take(step: str, job: Job, settings: ProbeSettings, turns: AsyncExitStack, number: int) -> None:
    word, _, value = step.partition(":")
    match word:
        case "note":
            settings.note(f"{job.ref.job_id} note {value}")
        case "progress":
            await job.progress(number, 10, "steps", value)
        case "save":
            await job.checkpoint(Saved(done=number))
        case "sleep":
            await asyncio.sleep(float(value))
        case "gate":
            await _pass(settings.gates / value)
        case "turn":
            await turns.enter_async_context(job.wait_turn(value))
        case "release":
            await turns.aclose()
        case "unavailable":
            if job.attempt <= int(value):
                raise BackendUnavailable("the probe's backend is down")
        case "away":
            raise BackendUnavailable("the probe's backend is down", retry_after=float(value))
        case "deaf":
            await _deaf()
        case "thread":
            await asyncio.to_thread(time.sleep, 90)
        case "missing":
            raise NotFound("user jane.doe@example.org has no such record")
        case "bug":
            raise RuntimeError("password=hunter2 of jane.doe@example.org")
        case "exit":
            if job.attempt <= int(value):
                os._exit(3)
        case _:
            raise AssertionError(step)


async def _deaf() -> None:
    """Go on, whatever is asked."""
    while True:
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(60)


@worker.cancels(Probe.work)
async def undo_work(body: Work, job: Job, settings: ProbeSettings) -> None:
    begun = job.restored(Saved) or Saved()
    settings.note(f"{job.ref.job_id} undo from {begun.done}")


@worker.handles(Probe.brief)
async def brief(body: Wait) -> Wait:
    await asyncio.sleep(body.seconds)
    return body


if __name__ == "__main__":
    worker.run()
