"""`scibus status`, `scibus result` and `scibus cancel`: one job, known by its reference."""

import asyncio
from typing import Annotated, Any

import typer
from rich.text import Text

from scibus.bus.errors import NoAnswer
from scibus.client.command.connection import ProblemJson, Reach, Timeout, Token, Url
from scibus.client.command.exits import ExitCode, errors, telling
from scibus.client.command.following import follow, result_of, shown
from scibus.client.command.output import Destination, Output, To
from scibus.client.command.references import JobArgument, job_of
from scibus.client.command.statuses import job_view
from scibus.client.command.views import view_of
from scibus.contracts.jobs import JobRef, JobStatus

LONGEST_WAIT = 7 * 24 * 3600.0
"""Seconds for which results are kept."""


def status(
    context: typer.Context,
    job: JobArgument,
    output: Output = None,
    to: To = None,
    url: Url = None,
    timeout: Timeout = None,
    token: Token = None,
    problem_json: ProblemJson = False,
) -> None:
    """Tell what is known of a job now."""
    reach = Reach(url, timeout, token, problem_json).over(context.obj)
    destination = Destination.chosen(output, to)
    with telling(as_json=reach.problem_json):
        destination.write(job_view(asyncio.run(_status(reach, job))))


def result(
    context: typer.Context,
    job: JobArgument,
    wait: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS", help="Seconds to wait for it; by default as --timeout.", min=0.1, max=LONGEST_WAIT
        ),
    ] = None,
    output: Output = None,
    to: To = None,
    url: Url = None,
    timeout: Timeout = None,
    token: Token = None,
    problem_json: ProblemJson = False,
) -> None:
    """Wait for the result of a job, and show it as `scibus call` shows an answer.

    Exit code 1 when the job has failed or was cancelled, 3 when there is no result yet.
    """
    reach = Reach(url, timeout, token, problem_json).over(context.obj)
    destination = Destination.chosen(output, to)
    with telling(as_json=reach.problem_json):
        destination.write(view_of(asyncio.run(_result(reach, job, wait))))


def cancel(
    context: typer.Context,
    job: JobArgument,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until it has ended, as long as for an answer.")] = False,
    output: Output = None,
    to: To = None,
    url: Url = None,
    timeout: Timeout = None,
    token: Token = None,
    problem_json: ProblemJson = False,
) -> None:
    """Ask for a job to be cancelled, and tell its status.

    Exit code 1 when it has ended otherwise: there is nothing left to cancel then.
    """
    reach = Reach(url, timeout, token, problem_json).over(context.obj)
    destination = Destination.chosen(output, to)
    with telling(as_json=reach.problem_json):
        last = asyncio.run(_cancel(reach, job, wait=wait))
        destination.write(job_view(last))
    if last.is_final and last.state != "cancelled":
        errors().print(Text(f"{job} was not cancelled: it has {last.state}"))
        raise typer.Exit(ExitCode.PROBLEM)


async def _status(reach: Reach, ref: JobRef) -> JobStatus:
    async with reach.bus() as bus:
        return await job_of(bus, ref).status()


async def _result(reach: Reach, ref: JobRef, wait: float | None) -> Any:
    async with reach.bus() as bus:
        return await result_of(job_of(bus, ref), wait or reach.options().timeout)


async def _cancel(reach: Reach, ref: JobRef, *, wait: bool) -> JobStatus:
    seconds = reach.options().timeout
    async with reach.bus() as bus:
        job = job_of(bus, ref)
        last = await job.cancel()
        if not wait or last.is_final:
            return last
        try:
            with shown() as show:
                async with asyncio.timeout(seconds):
                    return await follow(job, show)
        except TimeoutError:
            raise NoAnswer(f"{ref} is to be cancelled, and was not after {seconds:g} s") from None
