"""Which streams there are for the jobs of which services."""

import asyncio
from collections.abc import Callable
from typing import Any

from nats.aio.client import Client

from scibus.bus.stored import ApiError, api, is_missing
from scibus.bus.topology import jobs_stream
from scibus.client.jobs.contact import nobody_serves, reaching
from scibus.contracts.subjects import job_subject


async def services_with(connection: Client, stream_of: Callable[[str], str]) -> list[str]:
    """The services that have the stream that `stream_of` names, sorted.

    Raises:
        NoAnswer: JetStream is out of reach.
    """
    prefix = stream_of("")
    with reaching("JetStream"):
        names = await pages(connection, "STREAM.NAMES", "streams")
    return sorted(name.removeprefix(prefix).lower() for name in names if name.startswith(prefix))


async def stream_info(connection: Client, stream: str) -> dict[str, Any] | None:
    """What JetStream tells of a stream; None where there is none.

    Raises:
        NoAnswer: JetStream is out of reach.
    """
    with reaching(stream):
        try:
            return await api(connection, f"STREAM.INFO.{stream}")
        except ApiError as error:
            if is_missing(error):
                return None
            raise


async def taking_stream(connection: Client, service: str, operation: str, timeout: float) -> dict[str, Any]:
    """What JetStream tells of the stream that takes the jobs of an operation.

    Raises:
        NoAnswer: there is none: no worker that knows the operation has been on this bus. Or JetStream is out of reach.
    """
    stream = jobs_stream(service)
    with reaching(stream):
        async with asyncio.timeout(timeout):
            told = await stream_info(connection, stream)
    if told is None or job_subject(service, operation) not in told["config"].get("subjects", []):
        raise nobody_serves(f"{service}.{operation}")
    return told


async def pages(connection: Client, subject: str, member: str) -> list[Any]:
    """The items of a listing that JetStream gives page by page. Raises what `api` raises."""
    items: list[Any] = []
    while True:
        page = await api(connection, subject, {"offset": len(items)})
        new = page.get(member) or []
        items += new
        if not new or len(items) >= page["total"]:
            return items
