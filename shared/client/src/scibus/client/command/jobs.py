"""`scibus jobs`: the jobs that there are."""

import asyncio
from typing import Annotated, cast, get_args

import typer

from scibus.client.command.connection import ProblemJson, Reach, Timeout, Token, Url
from scibus.client.command.exits import telling
from scibus.client.command.output import Destination, Output, To
from scibus.client.command.references import Limit, OfOperation, OfService
from scibus.client.command.statuses import jobs_view
from scibus.client.command.when import Since
from scibus.contracts.jobs import JobState, JobStatus

STATES = get_args(JobState)


def state_name(text: str) -> str:
    """`text`, if it is a state of jobs.

    Raises:
        typer.BadParameter: it is none.
    """
    if text not in STATES:
        raise typer.BadParameter(f"{text[:40]!r} is no state: there are {', '.join(STATES)}")
    return text


def jobs(
    context: typer.Context,
    service: OfService = None,
    operation: OfOperation = None,
    state: Annotated[
        list[str] | None,
        typer.Option(
            parser=state_name,
            metavar="STATE",
            help=f"Only those in this state: {', '.join(STATES)}. May be repeated.",
        ),
    ] = None,
    since: Since = None,
    limit: Limit = 1000,
    output: Output = None,
    to: To = None,
    url: Url = None,
    timeout: Timeout = None,
    token: Token = None,
    problem_json: ProblemJson = False,
) -> None:
    """List jobs, those with the newest news first. As JSON: the `JobStatus` of each."""
    reach = Reach(url, timeout, token, problem_json).over(context.obj)
    destination = Destination.chosen(output, to)

    async def listed() -> list[JobStatus]:
        async with reach.bus() as bus:
            return await bus.jobs(service, operation, cast("list[JobState]", state or []), since, limit)

    with telling(as_json=reach.problem_json):
        destination.write(jobs_view(asyncio.run(listed())))
