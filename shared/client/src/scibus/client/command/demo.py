"""`scibus demo`: what scibus does, shown in half a minute."""

import asyncio
import json
import signal
import sys
import tempfile
from contextlib import chdir
from pathlib import Path
from typing import Any

import typer
from rich.text import Text

from scibus.client.bus import Bus
from scibus.client.command.child import ChildError
from scibus.client.command.examples import (
    DATASET,
    FILE,
    KEYWORDS,
    NOTIFY,
    OBJECT,
    ORDERED,
    RECORD_SET,
    REGION,
    command,
    first_call,
    first_job,
)
from scibus.client.command.exits import ExitCode, errors, telling
from scibus.client.command.following import follow, result_of, shown
from scibus.client.command.formats import write_table
from scibus.client.command.journal import Journal
from scibus.client.command.plan import Plan, chosen_services
from scibus.client.command.services import workers_view
from scibus.client.command.stack import Stack
from scibus.client.command.views import RowsView, View, view_of
from scibus.contracts.drms import ExportedFiles

SERVICE = "drms"
LIVE_SERVICE = "autobahn"
OBJECT_SERVICE = "modos"
SHOWN_DIGITS = 12
SHOWN_MESSAGES = 5
HISTORY = 600
"""Messages that the stand-in for the Mission Data Broker has at its start."""
LIVE_SECONDS = 30


def demo() -> None:
    """Show what scibus does: start a bus, ask for a table, follow an export and live data, slice a genome file, stop.

    Nothing is left behind, and no port, folder or setting of yours is used. Exit code 1 when a step fails.
    """
    services = chosen_services([SERVICE, LIVE_SERVICE, OBJECT_SERVICE])
    temporary = tempfile.TemporaryDirectory(prefix="scibus-demo-", ignore_cleanup_errors=True)
    # Elsewhere, a `.env` file might lead the worker to the real backend.
    with telling(), temporary as folder, chdir(folder):
        try:
            asyncio.run(_show(Stack(Plan(services, Path(folder), alone=True), Journal(shown=False))))
        except ChildError as error:
            errors().print(Text(f"the demo failed: {error}\n{error.last_words}"))
            raise typer.Exit(ExitCode.PROBLEM) from None


async def _show(stack: Stack) -> None:
    _stop_on_sigterm()
    try:
        _step("1. Start a bus: nats-server, stand-ins for JSOC, the Mission Data Broker and MODOS, their workers", "up")
        await stack.start()
        async with stack.bus() as bus:
            _step("2. Look at who is there", "services")
            _table(workers_view(await bus.services()))
            _step("3. Ask for a typed table", *first_call(SERVICE))
            _table(view_of(await bus.drms.query(ds=RECORD_SET, key=KEYWORDS, rec_index=True)))
            _step("4. Submit an export, and follow it until its files are fetched and checked", *first_job(SERVICE))
            job = await bus.drms.export.submit(ds=ORDERED, notify=NOTIFY, method="url", protocol="fits")
            with shown() as show:
                await follow(bus.connection, job, show)
            _table(_files_view(await result_of(job)))
            _step("5. Follow a live dataset: the end of its history, and what comes", *first_call(LIVE_SERVICE))
            _table(await _live_view(bus))
            _step("6. Find multi-omics objects and their files", *first_call(OBJECT_SERVICE))
            _table(view_of(await bus.modos.metadata(type="DataEntity")))
            _step("7. Get exactly the reads of a region out of a CRAM file", *first_job(OBJECT_SERVICE))
            sliced = await bus.modos.records.submit(modo=OBJECT, file=FILE, regions=[REGION])
            with shown() as show:
                await follow(bus.connection, sliced, show)
            _table(view_of(await result_of(sliced)))
    finally:
        _say("8. Stop everything")
        await stack.stop(asyncio.Event())
    _say("That was it. To go on: `scibus up` in one terminal, `scibus call --help` in another.")


async def _live_view(bus: Bus) -> View:
    rows: list[dict[str, Any]] = []
    async with asyncio.timeout(LIVE_SECONDS), await bus.autobahn.subscribe(DATASET, sequence=HISTORY) as subscription:
        while len(rows) < SHOWN_MESSAGES:
            message = await anext(subscription)
            rows.append({"sequence": message.sequence, "time": message.time.isoformat(), **json.loads(message.data)})
    return RowsView(rows, json.dumps(rows).encode())


def _files_view(exported: ExportedFiles) -> View:
    rows = [
        {"record": file.record, "filename": file.filename, "size": file.size, "sha256": file.sha256[:SHOWN_DIGITS]}
        for file in exported.files
    ]
    return RowsView(rows, exported.model_dump_json().encode())


def _stop_on_sigterm() -> None:
    """As Ctrl-C does, so that nothing stays behind."""
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, signal.raise_signal, signal.SIGINT)


def _step(what: str, *words: str) -> None:
    _say(f"{what}\n   $ {command(*words)}")


def _say(text: str) -> None:
    errors().print(Text(text, style="bold"))


def _table(view: View) -> None:
    write_table(view, sys.stdout.buffer, terminal=sys.stdout.isatty())
    sys.stdout.buffer.flush()
