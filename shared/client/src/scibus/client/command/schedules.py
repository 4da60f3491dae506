"""`scibus schedules`: what the server submits later, or again and again."""

import typer
from pydantic_core import to_json
from rich.text import Text

from scibus.client.command.connection import Reach
from scibus.client.command.exits import errors
from scibus.client.command.output import Destination
from scibus.client.command.reaching import reaching
from scibus.client.command.references import OfService, ReferenceOutput, ScheduleArgument, schedule_ref, seconds
from scibus.client.command.views import RowsView, View
from scibus.contracts.jobs import JobSchedule

COLUMNS = ("schedule", "when", "paused", "created")

schedules = typer.Typer(no_args_is_help=True)


@schedules.command("ls")
@reaching
def list_schedules(
    reach: Reach,
    destination: Destination,
    service: OfService = None,
) -> None:
    """List schedules. As JSON: the `JobSchedule` of each."""
    destination.write(_view(reach.ask(lambda bus: bus.schedules(service))))


@schedules.command("rm")
@reaching
def remove(
    reach: Reach,
    schedule: ScheduleArgument,
) -> None:
    """Forget a schedule; jobs that it has submitted stay."""
    reach.ask(lambda bus: bus.remove_schedule(schedule))
    errors().print(Text(f"removed {schedule}"))


@schedules.command("pause")
@reaching
def pause(
    reach: Reach,
    reference: ReferenceOutput,
    schedule: ScheduleArgument,
) -> None:
    """Keep a schedule, but let nothing come of it until it is resumed."""
    reference.write_schedule(reach.ask(lambda bus: bus.pause_schedule(schedule)))


@schedules.command("resume")
@reaching
def resume(
    reach: Reach,
    reference: ReferenceOutput,
    schedule: ScheduleArgument,
) -> None:
    """Let a paused schedule go on."""
    reference.write_schedule(reach.ask(lambda bus: bus.resume_schedule(schedule)))


def _view(found: list[JobSchedule]) -> View:
    rows = [
        dict(zip(COLUMNS, (str(schedule_ref(it)), it.when, it.paused, seconds(it.created_at)), strict=True))
        for it in found
    ]
    return RowsView(rows, to_json(found, indent=2), COLUMNS)
