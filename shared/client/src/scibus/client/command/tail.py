"""`scibus tail SERVICE DATASET`: read a live dataset off the bus."""

import asyncio
import json
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Annotated, Any, Literal

import typer
from rich.text import Text

from scibus.client.bus import Bus
from scibus.client.command.connection import Reach
from scibus.client.command.contracts import BrokenContracts, load
from scibus.client.command.exits import errors, visible
from scibus.client.command.installed import CONTRACTS, installed
from scibus.client.command.reaching import reaching
from scibus.client.command.when import moment
from scibus.contracts.live import LiveMessage, LiveSubscription, SubscribeOperation
from scibus.contracts.live.messages import encoded
from scibus.contracts.operations import Service

Form = Literal["text", "json", "raw"]
QUIET_SECONDS = 2.0


@reaching
def tail(
    reach: Reach,
    service: Annotated[str, typer.Argument(help="Service with live data, as `autobahn`.")],
    dataset: Annotated[str, typer.Argument(help="Name of the dataset, as `solar-wind`.")],
    begin: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="begin|now|SEQUENCE|TIME",
            help="Where to begin; by default with the oldest message, with --follow with the next one.",
        ),
    ] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until Ctrl-C.")] = False,
    limit: Annotated[int | None, typer.Option("--limit", "-n", min=1, help="Stop after so many messages.")] = None,
    quiet: Annotated[
        float, typer.Option(min=0.1, max=3600, help="Without --follow: stop after so many seconds without a message.")
    ] = QUIET_SECONDS,
    id_: Annotated[str | None, typer.Option("--id", help="Of the subscription; by default the dataset's name.")] = None,
    reader: Annotated[
        str | None,
        typer.Option(help="Keep the place that was reached under this name, and go on there the next time."),
    ] = None,
    output: Annotated[
        Form,
        typer.Option(
            "--output",
            "-o",
            help="text: sequence, time and payload; json: one message a line; raw: the payloads, one a line.",
        ),
    ] = "text",
) -> None:
    """Read a dataset: it is subscribed to where it is not yet, and read off the bus.

    The subscription stays when this ends: `scibus call SERVICE unsubscribe --id ID` ends it. What was lost before it
    could be read is told on standard error.
    """
    place = _place(begin or ("now" if follow else "begin"))
    if place == {"offset": "now"} and not follow:
        raise typer.BadParameter(
            "with the next message there is nothing to read yet: add --follow", param_hint="--from"
        )
    operation = _subscribing(service)

    async def read(bus: Bus) -> None:
        subscribe = operation.__get__(bus.service(_service(service)), Service).options(timeout=reach.options().timeout)
        async with await subscribe(dataset, id=id_, reader=reader, **place) as subscription:
            if subscription.state.existing and begin is not None:
                told = f"the subscription {subscription.id} was there before and stays where it is"
                errors().print(Text(visible(told)))
            await _copy(subscription, None if follow else quiet, limit, _WRITERS[output])

    reach.ask(read)


async def _copy(
    subscription: LiveSubscription, quiet: float | None, limit: int | None, write: Callable[[LiveMessage], None]
) -> None:
    """Write what comes, until nothing does for `quiet` seconds, or `limit` messages have come."""
    left = limit
    with suppress(TimeoutError):
        while left is None or left > 0:
            async with asyncio.timeout(quiet):
                message = await anext(subscription)
            if message.gap is not None:
                errors().print(Text(visible(str(message.gap))))
            # A reader that is slow must not keep the connection from being looked after.
            await asyncio.to_thread(write, message)
            left = None if left is None else left - 1


def _place(text: str) -> dict[str, Any]:
    if text in ("begin", "now"):
        return {"offset": text}
    if text.isascii() and text.isdigit():
        return {"sequence": int(text)}
    try:
        return {"time": moment(text)}
    except typer.BadParameter:
        raise typer.BadParameter(
            f"{text[:40]!r} is no place: write begin, now, a sequence number, or a time as 2026-12-01T08:00Z",
            param_hint="--from",
        ) from None


def _service(name: str) -> type[Service]:
    if name not in installed(CONTRACTS):
        raise typer.BadParameter(f"there is no service {name!r}: known are {', '.join(installed(CONTRACTS))}")
    try:
        return load(name)
    except BrokenContracts as error:
        raise typer.BadParameter(str(error)) from None


def _subscribing(service: str) -> SubscribeOperation[Any]:
    for operation in _service(service).operations():
        if isinstance(operation, SubscribeOperation):
            return operation
    raise typer.BadParameter(f"{service} has no live data")


def _text(message: LiveMessage) -> None:
    payload = visible(message.data.decode(errors="backslashreplace"))
    sys.stdout.write(f"{message.sequence}  {message.time:%Y-%m-%dT%H:%M:%S.%fZ}  {payload}\n")
    sys.stdout.flush()


def _json(message: LiveMessage) -> None:
    encoding, data = encoded(message.data)
    gap = message.gap
    told = {
        "dataset": message.dataset,
        "sequence": message.sequence,
        "time": message.time.isoformat().replace("+00:00", "Z"),
        "epoch": message.epoch,
        "headers": dict(message.headers),
        "gap": None if gap is None else {"after": gap.after, "before": gap.before, "reason": gap.reason},
        "encoding": encoding,
        "data": data,
    }
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


def _raw(message: LiveMessage) -> None:
    sys.stdout.buffer.write(message.data + b"\n")
    sys.stdout.buffer.flush()


_WRITERS: dict[Form, Callable[[LiveMessage], None]] = {"text": _text, "json": _json, "raw": _raw}
