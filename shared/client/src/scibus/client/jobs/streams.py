"""Which streams there are for the jobs of which services."""

from collections.abc import Callable
from typing import Any

from nats.aio.client import Client

from scibus.bus.stored import ApiError, api, is_missing
from scibus.client.jobs.contact import reaching


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


async def pages(connection: Client, subject: str, member: str) -> list[Any]:
    """The items of a listing that JetStream gives page by page. Raises what `api` raises."""
    items: list[Any] = []
    while True:
        page = await api(connection, subject, {"offset": len(items)})
        new = page.get(member) or []
        items += new
        if not new or len(items) >= page["total"]:
            return items
