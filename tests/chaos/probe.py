"""The service under fire: run as `python probe.py`. What its handlers do is told to the ledger, its backend."""

import asyncio
import os
import resource
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
from pydantic import Field, model_serializer
from pydantic_settings import BaseSettings, SettingsConfigDict

from scibus.contracts import Contract, Service, job, request
from scibus.contracts.problems import BackendUnavailable
from scibus.runtime import Job, Worker

MANY_BYTES = 256 * 1024 * 1024


class Text(Contract):
    text: str = ""


class Wait(Contract):
    seconds: float = Field(default=0, ge=0, le=600)
    fails: int = Field(default=0, ge=0, le=100)
    """Attempts that end at once, asking for another one `after` so many seconds."""
    after: float = Field(default=0, ge=0, le=600)
    text: str = ""
    """Takes room, and nothing else."""


class Size(Contract):
    bytes: int = Field(ge=0, le=100_000_000)


class Order(Contract):
    """Create one entry in the ledger, then work, touching the ledger at each of `acts`."""

    seconds: float = Field(default=0, ge=0, le=600)
    acts: int = Field(default=0, ge=0, le=1000)
    fails: int = Field(default=0, ge=0, le=100)
    """Attempts that end with a backend that is down."""
    turn: str = ""


class Ordered(Contract):
    number: int


class Poison(Contract):
    """`exit`, `never`, `memory` or `encoder`."""

    kind: str


class Unspeakable(Contract):
    """An answer that cannot be written down."""

    text: str = ""

    @model_serializer
    def raise_(self) -> dict[str, Any]:
        raise RuntimeError("this has no form")


class Notes(Contract):
    number: int | None = None


class Probe(Service):
    """What is promised of jobs and requests, whatever happens to workers and server."""

    echo = request(Text, Text, summary="Say it again")
    wait = request(Wait, Wait, summary="Answer after a while")
    large = request(Size, Text, summary="Answer a text of so many bytes")
    order = job(Order, Ordered, summary="Create one entry in the ledger", attempts=5)
    idle = job(Wait, Wait, summary="Take a while", attempts=5)
    poison = job(Poison, Unspeakable, summary="Do harm", attempts=2, time_limit=1.0)


class ProbeSettings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="SCIBUS_PROBE_")

    ledger: str = ""
    memory: int = 0
    """Bytes that the process may use beyond what it has at start; 0: as many as it likes."""


class Ledger:
    """The backend of the probe."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def find(self, key: str) -> int | None:
        """The entry of `key`, if somebody has created it."""
        answer = await self._ask("GET", f"orders/{key}")
        return int(answer.json()["number"]) if answer.status_code == 200 else None

    async def create(self, key: str) -> int:
        """One more entry for `key`: the ledger does not ask whether there is one."""
        return int((await self._ask("POST", f"orders/{key}")).json()["number"])

    async def remove(self, key: str) -> None:
        """Take the entries of `key` back."""
        await self._ask("DELETE", f"orders/{key}")

    async def tell(self, key: str, what: str, attempt: int) -> None:
        """Let the ledger know what an attempt does."""
        await self._ask("POST", f"notes/{key}/{what}/{attempt}/{os.getpid()}")

    async def _ask(self, method: str, path: str) -> httpx.Response:
        try:
            return await self._client.request(method, path)
        except httpx.HTTPError as error:
            raise BackendUnavailable(f"the ledger does not answer: {error!r}") from error


async def open_ledger(settings: ProbeSettings) -> AsyncIterator[Ledger]:
    if settings.memory:
        _limit_memory(settings.memory)
    async with httpx.AsyncClient(base_url=settings.ledger, timeout=10, trust_env=False) as client:
        yield Ledger(client)


def _limit_memory(more: int) -> None:
    used = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + more, used + more))


worker = Worker(Probe, ProbeSettings, resources=[open_ledger], distribution="scibus-runtime")


@worker.handles(Probe.echo)
async def echo(body: Text) -> Text:
    return body


@worker.handles(Probe.wait)
async def wait(body: Wait) -> Wait:
    await asyncio.sleep(body.seconds)
    return body


@worker.handles(Probe.large)
async def large(body: Size) -> Text:
    return Text(text="x" * body.bytes)


@worker.handles(Probe.order)
async def order(body: Order, job: Job, ledger: Ledger) -> Ordered:
    if body.turn:
        async with job.wait_turn(body.turn):
            return await _order(body, job, ledger)
    return await _order(body, job, ledger)


async def _order(body: Order, job: Job, ledger: Ledger) -> Ordered:
    key, notes = job.ref.job_id, job.restored(Notes)
    if body.acts:
        await ledger.tell(key, "begin", job.attempt)
    number = notes.number if notes else None
    if notes is None:
        await job.checkpoint(Notes())
    elif number is None:
        number = await ledger.find(key)
    if number is None:
        number = await ledger.create(key)
    await job.checkpoint(Notes(number=number))
    for act in range(body.acts):
        await asyncio.sleep(body.seconds / body.acts)
        await ledger.tell(key, "act", job.attempt)
        await job.progress(act + 1, body.acts, "acts")
    if not body.acts:
        await asyncio.sleep(body.seconds)
    if job.attempt <= body.fails:
        raise BackendUnavailable("the ledger is in maintenance")
    return Ordered(number=number)


@worker.cancels(Probe.order)
async def take_back(_body: Order, job: Job, ledger: Ledger) -> None:
    await ledger.remove(job.ref.job_id)


@worker.handles(Probe.idle)
async def idle(body: Wait, job: Job) -> Wait:
    if job.attempt <= body.fails:
        raise BackendUnavailable("it is not time yet", retry_after=body.after)
    await asyncio.sleep(body.seconds)
    return Wait(seconds=body.seconds)


@worker.handles(Probe.poison)
async def poison(body: Poison, job: Job) -> Unspeakable:
    match body.kind:
        case "exit":
            os._exit(3)
        case "never":
            await asyncio.Event().wait()
        case "deaf":
            await _deaf()
        case "memory":
            kept = [bytearray(MANY_BYTES) for _ in range(1000)]
            raise AssertionError(f"{len(kept)} pieces were to be had")
        case "encoder":
            return Unspeakable()
    raise AssertionError(f"{job.ref} asks for {body.kind!r} at {time.time()}")


async def _deaf() -> None:
    """Never return, whatever is asked."""
    while True:
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            continue


if __name__ == "__main__":
    worker.run()
