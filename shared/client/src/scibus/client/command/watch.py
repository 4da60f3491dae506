"""`scibus watch JOB`."""

import asyncio
import sys
from typing import Annotated, Literal

import typer

from scibus.client.command.connection import ProblemJson, Reach, Timeout, Token, Url
from scibus.client.command.exits import telling
from scibus.client.command.following import Show, check_success, follow, shown
from scibus.client.command.references import JobArgument, job_of
from scibus.contracts.jobs import JobRef, JobStatus


def watch(
    context: typer.Context,
    job: JobArgument,
    output: Annotated[
        Literal["text", "json"],
        typer.Option(
            "--output",
            "-o",
            help="text: a progress bar or lines on standard error; json: one JobStatus a line on standard output.",
        ),
    ] = "text",
    url: Url = None,
    timeout: Timeout = None,
    token: Token = None,
    problem_json: ProblemJson = False,
) -> None:
    """Follow a job until it ends.

    Ctrl-C stops watching, not the job. Exit code 0 when it has succeeded, 1 when it has failed or was cancelled.
    """
    reach = Reach(url, timeout, token, problem_json).over(context.obj)
    with telling(as_json=reach.problem_json):
        if output == "json":
            check_success(asyncio.run(_watch(reach, job, _write)))
            return
        with shown() as show:
            last = asyncio.run(_watch(reach, job, show))
        check_success(last)


async def _watch(reach: Reach, ref: JobRef, show: Show) -> JobStatus:
    async with reach.bus() as bus:
        return await follow(job_of(bus, ref), show)


def _write(status: JobStatus) -> None:
    sys.stdout.write(status.model_dump_json() + "\n")
    sys.stdout.flush()
