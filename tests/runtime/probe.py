"""A service of the tests' own: run as `python probe.py`, it shows what the runtime does with any handler."""

import asyncio
import os
from collections.abc import AsyncIterator

import pyarrow as pa
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from scibus.bus.tables import ArrowTable
from scibus.bus.trace import current_trace
from scibus.contracts import Contract, Service, Table, request, table
from scibus.contracts.problems import NotFound
from scibus.runtime import Call, Worker
from scibus.runtime.logs import get_logger


class Text(Contract):
    text: str


class Numbers(Contract):
    count: int = Field(ge=0, le=10_000_000)


class Wait(Contract):
    seconds: float = Field(ge=0, le=60)


class Carried(Contract):
    authorization: str | None
    timeout: float
    traceparent: str | None


class Empty(Contract):
    pass


class Probe(Service):
    """What the runtime does with any handler."""

    echo = request(Text, Text, summary="Say it again")
    repeat = request(Numbers, Text, summary="A text of that many letters")
    wait = request(Wait, Wait, summary="Answer after a while")
    fail = request(Text, Text, summary="Raise what the text names")
    carried = request(Empty, Carried, summary="Tell what came with the request")
    numbers = table(Numbers, summary="A table of that many rows")


class ProbeSettings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="SCIBUS_PROBE_")

    greeting: str = ""
    password: int = 0
    token: SecretStr = SecretStr("")


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
async def wait(body: Wait) -> Wait:
    await asyncio.sleep(body.seconds)
    return body


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
    return ArrowTable(pa.table({"n": pa.array(range(body.count), type=pa.int64())}))


if __name__ == "__main__":
    worker.run()
