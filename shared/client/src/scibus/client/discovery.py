"""Which workers are there, asked with the discovery subjects of NATS services (ADR-32)."""

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from nats.aio.client import Client
from nats.aio.msg import Msg
from pydantic import BaseModel, ConfigDict, ValidationError

IDLE_SECONDS = 0.25
"""Silence after which all answers are thought to be in."""


class EndpointInfo(BaseModel):
    """One operation of a worker, with what it did since it started."""

    model_config = ConfigDict(extra="ignore")

    name: str
    subject: str
    metadata: dict[str, str] = {}
    num_requests: int = 0
    num_errors: int = 0
    average_processing_time: int = 0
    """Nanoseconds."""


class WorkerInfo(BaseModel):
    """One worker process."""

    model_config = ConfigDict(extra="ignore")

    name: str
    id: str
    version: str
    description: str = ""
    endpoints: list[EndpointInfo] = []


async def discover(connection: Client, timeout: float) -> list[WorkerInfo]:
    """The workers that answer within `timeout` seconds, sorted by service and instance."""
    infos, stats = await asyncio.gather(
        _ask_all(connection, "$SRV.INFO", timeout), _ask_all(connection, "$SRV.STATS", timeout)
    )
    done = {(told.get("id"), e.get("name")): e for told in stats for e in told.get("endpoints") or []}
    workers = [worker for info in infos if (worker := _worker(info, done))]
    return sorted(workers, key=lambda worker: (worker.name, worker.id))


def _worker(info: dict[str, Any], done: dict[tuple[Any, Any], dict[str, Any]]) -> WorkerInfo | None:
    """What a service tells of itself; None where that is not what services tell: anybody may answer."""
    endpoints = [_told(e | done.get((info.get("id"), e.get("name")), {})) for e in info.get("endpoints") or []]
    try:
        return WorkerInfo.model_validate(_told(info) | {"endpoints": endpoints})
    except ValidationError:
        return None


def _told(answer: dict[str, Any]) -> dict[str, Any]:
    """`answer` without the members that are null, as services write them that were not made with scibus."""
    return {name: value for name, value in answer.items() if value is not None}


async def _ask_all(connection: Client, subject: str, timeout: float) -> list[dict[str, Any]]:
    inbox = connection.new_inbox()
    answers: list[dict[str, Any]] = []
    arrived = asyncio.Event()
    subscription = await connection.subscribe(inbox, cb=_collecting(answers, arrived))
    try:
        await connection.publish(subject, reply=inbox)
        async with asyncio.timeout(timeout):
            while True:
                await asyncio.wait_for(arrived.wait(), timeout if not answers else IDLE_SECONDS)
                arrived.clear()
    except TimeoutError:
        return answers
    finally:
        await subscription.unsubscribe()


def _collecting(answers: list[dict[str, Any]], arrived: asyncio.Event) -> Callable[[Msg], Any]:
    async def collect(message: Msg) -> None:
        with suppress(ValueError):
            answer = json.loads(message.data)
            if isinstance(answer, dict):
                answers.append(answer)
        arrived.set()

    return collect
