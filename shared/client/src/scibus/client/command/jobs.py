"""`scibus jobs`: the jobs that there are."""

from typing import Annotated, cast, get_args

import typer

from scibus.client.command.connection import Reach
from scibus.client.command.output import Destination
from scibus.client.command.reaching import reaching
from scibus.client.command.references import Limit, OfOperation, OfService
from scibus.client.command.statuses import jobs_view
from scibus.client.command.when import Since
from scibus.contracts.jobs import JobState

STATES = get_args(JobState)


def state_name(text: str) -> str:
    """`text`, if it is a state of jobs.

    Raises:
        typer.BadParameter: it is none.
    """
    if text not in STATES:
        raise typer.BadParameter(f"{text[:40]!r} is no state: there are {', '.join(STATES)}")
    return text


@reaching
def jobs(
    reach: Reach,
    destination: Destination,
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
) -> None:
    """List jobs, those with the newest news first. As JSON: the `JobStatus` of each."""
    states = cast("list[JobState]", state or [])
    destination.write(jobs_view(reach.ask(lambda bus: bus.jobs(service, operation, states, since, limit))))
