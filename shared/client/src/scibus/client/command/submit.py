"""`scibus submit SERVICE OPERATION`: a job, now or by a schedule."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.text import Text

from scibus.client.bus import Bus
from scibus.client.command.body import build_body
from scibus.client.command.connection import ProblemJson, Reach, Timeout, Token, Url
from scibus.client.command.declared import ServiceGroup, Whole, help_of, options_of, with_fields
from scibus.client.command.exits import errors, telling
from scibus.client.command.following import follow, result_of, shown
from scibus.client.command.output import Destination, Output, To
from scibus.client.command.references import ReferenceOutput, own_id
from scibus.client.command.views import view_of
from scibus.client.command.when import moment, span
from scibus.client.jobs.submitted import SubmittedJob
from scibus.contracts.calls import When
from scibus.contracts.jobs import JobRef, JobSchedule
from scibus.contracts.model import Contract
from scibus.contracts.operations import Operation

PANEL = "Submission"

Id = Annotated[
    str | None,
    typer.Option(
        "--id",
        parser=own_id,
        metavar="ID",
        help="Id of the job, or of the schedule; the same job under the same id is done once. "
        "By default the bus chooses one.",
        rich_help_panel=PANEL,
    ),
]
Follow = Annotated[
    bool,
    typer.Option(
        "--follow", help="Show the progress, then the result as `scibus call` shows an answer.", rich_help_panel=PANEL
    ),
]
At = Annotated[
    datetime | None,
    typer.Option(
        parser=moment,
        metavar="TIME",
        help="Let the server submit it at this time, as 2026-12-01T08:00Z; without a zone it is your local time.",
        rich_help_panel=PANEL,
    ),
]
Every = Annotated[
    timedelta | None,
    typer.Option(
        parser=span,
        metavar="SPAN",
        help="Let the server submit it again after each span: 90s, 15m, 6h, 2d.",
        rich_help_panel=PANEL,
    ),
]
Cron = Annotated[
    str | None,
    typer.Option(
        metavar="TEXT",
        help="Let the server submit it as this says: @daily, @hourly or six cron fields, seconds first, in UTC.",
        rich_help_panel=PANEL,
    ),
]
NotAfter = Annotated[
    datetime | None,
    typer.Option(
        parser=moment,
        metavar="TIME",
        help="No attempt starts after this time; written as for --at.",
        rich_help_panel=PANEL,
    ),
]


class SubmitGroup(ServiceGroup):
    """What can be submitted: every operation."""

    def add_operation(self, app: typer.Typer, operation: Operation[..., Any, Any]) -> None:
        """Add the command that submits."""
        add = app.command(
            operation.name, help=help_of(operation, operation.job_subject), short_help=escape(operation.summary)
        )
        add(_command(operation))


@dataclass(frozen=True)
class Submission:
    """What is to be submitted, and on whose behalf."""

    reach: Reach
    operation: Operation[..., Any, Any]
    body: Contract
    job_id: str | None
    not_after: datetime | None

    async def submitted(self) -> JobRef:
        """Submit the job."""
        async with self.reach.bus() as bus:
            return (await self._submit(bus)).ref

    async def followed(self) -> Any:
        """Submit the job, show its progress, and return its result."""
        async with self.reach.bus() as bus:
            job = await self._submit(bus)
            errors().print(Text(f"submitted {job.ref}"))
            with shown() as show:
                await follow(job, show)
            return await result_of(job)

    async def scheduled(self, schedule_id: str, when: When) -> JobSchedule:
        """Let the server submit the job."""
        async with self.reach.bus() as bus:
            return await bus.schedule(self.operation, self.body, schedule_id, when)

    async def _submit(self, bus: Bus) -> SubmittedJob[Any]:
        return await bus.submit(self.operation, self.body, self.job_id, self.reach.options(self.not_after))


def _command(operation: Operation[..., Any, Any]) -> Callable[..., None]:
    options = options_of(operation)

    def command(
        context: typer.Context,
        whole: Whole = None,
        job_id: Id = None,
        follow: Follow = False,
        at: At = None,
        every: Every = None,
        cron: Cron = None,
        not_after: NotAfter = None,
        output: Output = None,
        to: To = None,
        url: Url = None,
        timeout: Timeout = None,
        token: Token = None,
        problem_json: ProblemJson = False,
        **fields: Any,
    ) -> None:
        reach = Reach(url, timeout, token, problem_json).over(context.obj)
        schedule = _schedule(job_id, at, every, cron, at_once=follow or not_after is not None)
        destination, reference = Destination.chosen(output, to), ReferenceOutput.chosen(output, to)
        submission = Submission(
            reach, operation, build_body(operation.model, options, fields, whole), job_id, not_after
        )
        with telling(as_json=reach.problem_json):
            if schedule:
                reference.write_schedule(asyncio.run(submission.scheduled(*schedule)))
            elif follow:
                destination.write(view_of(asyncio.run(submission.followed())))
            else:
                reference.write_job(asyncio.run(submission.submitted()))

    return with_fields(command, options)


def _schedule(
    schedule_id: str | None, at: datetime | None, every: timedelta | None, cron: str | None, *, at_once: bool
) -> tuple[str, When] | None:
    """The id of a schedule and when it fires; None where the job is submitted now.

    Raises:
        typer.BadParameter: the options do not go together.
    """
    given = [when for when in (at, every, cron) if when is not None]
    if not given:
        return None
    if len(given) > 1:
        raise typer.BadParameter("of --at, --every and --cron there can be one")
    if schedule_id is None:
        raise typer.BadParameter("a schedule has an id, by which it can be paused and removed: add --id")
    if at_once:
        raise typer.BadParameter("--follow and --not-after are for a job that is submitted now, not by a schedule")
    return schedule_id, given[0]
