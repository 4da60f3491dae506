"""`scibus submit SERVICE OPERATION`: a job, now or by a schedule."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.text import Text

from scibus.client.bus import Bus
from scibus.client.command.body import build_body
from scibus.client.command.connection import Reach
from scibus.client.command.declared import ServiceGroup, Whole, help_of, options_of, with_fields
from scibus.client.command.exits import errors
from scibus.client.command.following import follow, result_of, shown
from scibus.client.command.output import Destination
from scibus.client.command.reaching import reaching
from scibus.client.command.references import ReferenceOutput, own_id
from scibus.client.command.views import view_of
from scibus.client.command.when import moment, span
from scibus.client.jobs.submitted import SubmittedJob
from scibus.contracts.calls import CallOptions, When
from scibus.contracts.jobs import JobRef
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

    operation: Operation[..., Any, Any]
    body: Contract
    job_id: str | None
    options: CallOptions

    async def submitted(self, bus: Bus) -> JobRef:
        """Submit the job."""
        return (await self._submit(bus)).ref

    async def followed(self, bus: Bus) -> Any:
        """Submit the job, show its progress, and return its result."""
        job = await self._submit(bus)
        errors().print(Text(f"submitted {job.ref}"))
        with shown() as show:
            await follow(bus.connection, job, show)
        return await result_of(job)

    async def _submit(self, bus: Bus) -> SubmittedJob[Any]:
        return await bus.submit(self.operation, self.body, self.job_id, self.options)


def _command(operation: Operation[..., Any, Any]) -> Callable[..., None]:
    options = options_of(operation, submits=True)

    @reaching
    def command(
        reach: Reach,
        destination: Destination,
        reference: ReferenceOutput,
        whole: Whole = None,
        job_id: Id = None,
        follow: Follow = False,
        at: At = None,
        every: Every = None,
        cron: Cron = None,
        not_after: NotAfter = None,
        **fields: Any,
    ) -> None:
        schedule = _schedule(job_id, at, every, cron, at_once=follow or not_after is not None)
        body = build_body(operation.model, options, fields, whole)
        submission = Submission(operation, body, job_id, reach.options(not_after))
        if schedule:
            reference.write_schedule(reach.ask(lambda bus: bus.schedule(operation, body, *schedule)))
        elif follow:
            destination.write(view_of(reach.ask(submission.followed)))
        else:
            reference.write_job(reach.ask(submission.submitted))

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
