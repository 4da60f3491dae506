"""`scibus schedules`: what the server submits later, or again and again."""

import asyncio

import typer
from pydantic_core import to_json
from rich.text import Text

from scibus.client.command.connection import ProblemJson, Reach, Timeout, Token, Url
from scibus.client.command.exits import errors, telling
from scibus.client.command.output import Destination, Output, To
from scibus.client.command.references import OfService, ReferenceOutput, ScheduleArgument, schedule_ref, seconds
from scibus.client.command.views import RowsView, View
from scibus.contracts.jobs import JobSchedule

COLUMNS = ("schedule", "when", "paused", "created")

schedules = typer.Typer(no_args_is_help=True)


@schedules.command("ls")
def list_schedules(
    context: typer.Context,
    service: OfService = None,
    output: Output = None,
    to: To = None,
    url: Url = None,
    timeout: Timeout = None,
    token: Token = None,
    problem_json: ProblemJson = False,
) -> None:
    """List schedules. As JSON: the `JobSchedule` of each."""
    reach = Reach(url, timeout, token, problem_json).over(context.obj)
    destination = Destination.chosen(output, to)

    async def listed() -> list[JobSchedule]:
        async with reach.bus() as bus:
            return await bus.schedules(service)

    with telling(as_json=reach.problem_json):
        destination.write(_view(asyncio.run(listed())))


@schedules.command("rm")
def remove(
    context: typer.Context,
    schedule: ScheduleArgument,
    url: Url = None,
    timeout: Timeout = None,
    token: Token = None,
    problem_json: ProblemJson = False,
) -> None:
    """Forget a schedule; jobs that it has submitted stay."""
    reach = Reach(url, timeout, token, problem_json).over(context.obj)

    async def removed() -> None:
        async with reach.bus() as bus:
            await bus.remove_schedule(schedule)

    with telling(as_json=reach.problem_json):
        asyncio.run(removed())
        errors().print(Text(f"removed {schedule}"))


@schedules.command("pause")
def pause(
    context: typer.Context,
    schedule: ScheduleArgument,
    output: Output = None,
    to: To = None,
    url: Url = None,
    timeout: Timeout = None,
    token: Token = None,
    problem_json: ProblemJson = False,
) -> None:
    """Keep a schedule, but let nothing come of it until it is resumed."""
    reach = Reach(url, timeout, token, problem_json).over(context.obj)
    reference = ReferenceOutput.chosen(output, to)

    async def paused() -> JobSchedule:
        async with reach.bus() as bus:
            return await bus.pause_schedule(schedule)

    with telling(as_json=reach.problem_json):
        reference.write_schedule(asyncio.run(paused()))


@schedules.command("resume")
def resume(
    context: typer.Context,
    schedule: ScheduleArgument,
    output: Output = None,
    to: To = None,
    url: Url = None,
    timeout: Timeout = None,
    token: Token = None,
    problem_json: ProblemJson = False,
) -> None:
    """Let a paused schedule go on."""
    reach = Reach(url, timeout, token, problem_json).over(context.obj)
    reference = ReferenceOutput.chosen(output, to)

    async def resumed() -> JobSchedule:
        async with reach.bus() as bus:
            return await bus.resume_schedule(schedule)

    with telling(as_json=reach.problem_json):
        reference.write_schedule(asyncio.run(resumed()))


def _view(found: list[JobSchedule]) -> View:
    rows = [
        dict(zip(COLUMNS, (str(schedule_ref(it)), it.when, it.paused, seconds(it.created_at)), strict=True))
        for it in found
    ]
    return RowsView(rows, to_json(found, indent=2), COLUMNS)
