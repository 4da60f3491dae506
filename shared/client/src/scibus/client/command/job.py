"""`scibus status`, `scibus result` and `scibus cancel`: one job, known by its reference."""

import asyncio
from typing import Annotated

import typer
from rich.text import Text

from scibus.bus.errors import NoAnswer
from scibus.client.bus import Bus
from scibus.client.command.connection import Reach
from scibus.client.command.exits import ExitCode, errors
from scibus.client.command.following import follow, result_of, shown
from scibus.client.command.output import Destination
from scibus.client.command.reaching import reaching
from scibus.client.command.references import JobArgument, job_of
from scibus.client.command.statuses import job_view
from scibus.client.command.views import view_of
from scibus.contracts.jobs import JobRef, JobStatus

LONGEST_WAIT = 7 * 24 * 3600.0
"""Seconds for which results are kept."""


@reaching
def status(
    reach: Reach,
    destination: Destination,
    job: JobArgument,
) -> None:
    """Tell what is known of a job now."""
    destination.write(job_view(reach.ask(lambda bus: job_of(bus, job).status())))


@reaching
def result(
    reach: Reach,
    destination: Destination,
    job: JobArgument,
    wait: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS", help="Seconds to wait for it; by default as --timeout.", min=0.1, max=LONGEST_WAIT
        ),
    ] = None,
) -> None:
    """Wait for the result of a job, and show it as `scibus call` shows an answer.

    Exit code 1 when the job has failed or was cancelled, 3 when there is no result yet.
    """
    seconds = wait or reach.options().timeout
    destination.write(view_of(reach.ask(lambda bus: result_of(job_of(bus, job), seconds))))


@reaching
def cancel(
    reach: Reach,
    destination: Destination,
    job: JobArgument,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until it has ended, as long as for an answer.")] = False,
) -> None:
    """Ask for a job to be cancelled, and tell its status.

    Exit code 1 when it has ended otherwise: there is nothing left to cancel then.
    """
    seconds = reach.options().timeout if wait else None
    last = reach.ask(lambda bus: _cancel(bus, job, seconds))
    destination.write(job_view(last))
    if last.is_final and last.state != "cancelled":
        errors().print(Text(f"{job} was not cancelled: it has {last.state}"))
        raise typer.Exit(ExitCode.PROBLEM)


async def _cancel(bus: Bus, ref: JobRef, seconds: float | None) -> JobStatus:
    """Cancel, and wait so long for the end; without `seconds` not at all."""
    job = job_of(bus, ref)
    last = await job.cancel()
    if seconds is None or last.is_final:
        return last
    try:
        with shown() as show:
            async with asyncio.timeout(seconds):
                return await follow(bus.connection, job, show)
    except TimeoutError:
        raise NoAnswer(f"{ref} is to be cancelled, and was not after {seconds:g} s") from None
