"""Following a job: a progress bar on a terminal, lines elsewhere; both on standard error."""

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from nats.aio.client import Client
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Column
from rich.text import Text

from scibus.bus.errors import NoAnswer
from scibus.client.command.away import not_without_bus
from scibus.client.command.examples import command
from scibus.client.command.exits import errors, visible
from scibus.client.command.statuses import about, line
from scibus.contracts.calls import JobHandle
from scibus.contracts.jobs import JobRef, JobStatus
from scibus.contracts.problems import Cancelled, Problem

Show = Callable[[JobStatus], None]
RESULT_SECONDS = 60.0
"""For the result of a job whose final status was seen: it is stored before that."""


@contextmanager
def shown() -> Iterator[Show]:
    """Shows each status that it is called with."""
    if sys.stderr.isatty():
        with _bar() as show:
            yield show
        return
    console = errors()
    yield lambda status: console.print(Text(visible(line(status))))


async def follow(connection: Client, job: JobHandle[Any], show: Show) -> JobStatus:
    """Show each status until the final one, and return that. It is told when the bus goes away, and when it is back.

    Raises:
        NotFound: there is no such job.
        NoAnswer: the bus stays away, or the connection is lost for good.
    """
    advice = f"the job may go on without it; `{command('watch', str(job.ref))}` follows it when the bus is back"
    with _going_on(job.ref):
        async with not_without_bus(connection, advice):
            return await _shown(job, show)


async def _shown(job: JobHandle[Any], show: Show) -> JobStatus:
    """The final status, after each was shown."""
    async for status in job.events():
        # A reader that is slow must not keep the connection from being looked after.
        await asyncio.to_thread(show, status)
        if status.is_final:
            return status
    raise NoAnswer(f"nobody tells how {job.ref} goes on")


async def result_of(job: JobHandle[Any], seconds: float = RESULT_SECONDS) -> Any:
    """The result of `job`, waiting for it `seconds` at most.

    Raises:
        Problem: what the job ended with.
        NoAnswer: there is no result yet.
    """
    try:
        return await job.result(seconds)
    except TimeoutError:
        raise NoAnswer(
            f"{job.ref} has no result after {seconds:g} s: `{command('watch', str(job.ref))}` follows it"
        ) from None


def check_success(status: JobStatus) -> None:
    """Return when the job has succeeded.

    Raises:
        Problem: what it ended with instead.
    """
    if status.state != "succeeded":
        raise (
            Problem.from_details(status.problem)
            if status.problem
            else Cancelled(f"{status.ref} was cancelled")
            if status.state == "cancelled"
            else Problem(f"{status.ref} has failed; `{command('result', str(status.ref))}` may tell why")
        )


@contextmanager
def _going_on(ref: JobRef) -> Iterator[None]:
    """Whoever stops watching with Ctrl-C is told that the job goes on."""
    try:
        yield
    except asyncio.CancelledError:
        errors().print(Text(f"{ref} goes on: `{command('watch', str(ref))}` follows it again"))
        raise


@contextmanager
def _bar() -> Iterator[Show]:
    state = TextColumn("{task.description}", markup=False)
    told = TextColumn(
        "{task.fields[told]}", markup=False, table_column=Column(ratio=1, no_wrap=True, overflow="ellipsis")
    )
    with Progress(state, BarColumn(), TimeElapsedColumn(), told, console=errors(), expand=True) as progress:
        task = progress.add_task("", total=None, told="")

        def show(status: JobStatus) -> None:
            done, total = (status.progress.done, status.progress.total) if status.progress else (0.0, None)
            if status.state == "succeeded":
                done = total = total or 1.0
            progress.update(
                task,
                description=status.state,
                completed=done,
                # None leaves the total of before; a bar of no length pulses.
                total=total,
                told=visible(about(status)),
                refresh=True,
            )

        yield show
