"""`scibus top`: services and queues as they work."""

import asyncio
import sys
from typing import Annotated, Any

import typer
from pydantic_core import to_json
from rich import box
from rich.console import Console, Group, RenderableType
from rich.filesize import decimal
from rich.live import Live
from rich.table import Table
from rich.text import Text

from scibus.bus.errors import NoAnswer
from scibus.client.bus import Bus
from scibus.client.command.connection import Reach
from scibus.client.command.exits import visible
from scibus.client.command.output import Destination, Output, To
from scibus.client.command.rates import (
    COLUMNS,
    QUEUE_COLUMNS,
    SERVICE_COLUMNS,
    Look,
    joined_rows,
    queue_rows,
    service_rows,
)
from scibus.client.command.reaching import reaching
from scibus.client.command.views import Row, RowsView, View

Rows = tuple[list[Row], list[Row]]
"""Of services, and of queues."""


@reaching
def top(
    reach: Reach,
    interval: Annotated[float, typer.Option(min=0.1, max=3600, help="Seconds between two looks.")] = 2.0,
    once: Annotated[bool, typer.Option("--once", help="Tell what happened in one interval, and end.")] = False,
    output: Output = None,
    to: To = None,
) -> None:
    """Show services with their rates, and queues of jobs with their oldest one, until Ctrl-C.

    Elsewhere than on a terminal, and with --once, --output or --to: one table of what happened in one interval.
    """
    live = sys.stdout.isatty() and not (once or output or to)
    destination = Destination.chosen(output or (None if to else "table"), to)
    if live:
        reach.ask(lambda bus: _show(bus, interval))
    else:
        destination.write(_view(*reach.ask(lambda bus: _told(bus, interval))))


async def _told(bus: Bus, interval: float) -> Rows:
    before = await Look.take(bus)
    await asyncio.sleep(interval)
    now = await Look.take(bus)
    return service_rows(before, now), queue_rows(now)


async def _show(bus: Bus, interval: float) -> None:
    last = await Look.take(bus)
    page = _page((service_rows(last, last), queue_rows(last)))
    with Live(page, console=Console(highlight=False), auto_refresh=False) as live:
        live.refresh()
        while True:
            await asyncio.sleep(interval)
            last = await _next_page(bus, last, live)


async def _next_page(bus: Bus, last: Look, live: Live) -> Look:
    """Show what happened since `last`; the look it is seen by, which is `last` again while NATS is away."""
    try:
        now = await Look.take(bus)
    except NoAnswer as problem:
        live.update(Text(visible(f"{problem}; looking again"), style="bold red"), refresh=True)
        return last
    live.update(_page((service_rows(last, now), queue_rows(now))), refresh=True)
    return now


def _view(services: list[Row], queues: list[Row]) -> View:
    document = to_json({"services": services, "queues": queues}, indent=2)
    return RowsView(joined_rows(services, queues), document, COLUMNS)


def _page(told: Rows) -> RenderableType:
    services, queues = told
    return Group(_table(services, SERVICE_COLUMNS), Text(), _table(queues, QUEUE_COLUMNS))


def _table(rows: list[Row], columns: tuple[str, ...]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for name in columns:
        table.add_column(name, justify="left" if name in ("service", "operation") else "right")
    for row in rows:
        table.add_row(*(Text(_cell(name, row[name])) for name in columns))
    return table


def _cell(name: str, value: Any) -> str:
    if value is None:
        return ""
    if name.endswith("bytes"):
        return decimal(value) if value >= 0 else "no limit"
    return visible(str(value))
