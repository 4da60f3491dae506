"""`scibus dead`: jobs that could not be done, kept so that they can be submitted again."""

import asyncio
from typing import Annotated, Any

import typer
from pydantic_core import from_json, to_json

from scibus.client.command.connection import ProblemJson, Reach, Timeout, Token, Url
from scibus.client.command.exits import telling
from scibus.client.command.output import Destination, Output, To
from scibus.client.command.references import (
    JobArgument,
    Limit,
    OfOperation,
    OfService,
    ReferenceOutput,
    own_id,
    seconds,
)
from scibus.client.command.views import RowsView, View
from scibus.client.command.when import Since
from scibus.client.jobs.dead import DeadLetter
from scibus.contracts.jobs import JobRef

COLUMNS = ("job", "problem", "attempt", "died")

dead = typer.Typer(no_args_is_help=True)


@dead.command("ls")
def list_letters(
    context: typer.Context,
    service: OfService = None,
    operation: OfOperation = None,
    since: Since = None,
    limit: Limit = 1000,
    output: Output = None,
    to: To = None,
    url: Url = None,
    timeout: Timeout = None,
    token: Token = None,
    problem_json: ProblemJson = False,
) -> None:
    """List jobs that could not be done, newest first."""
    reach = Reach(url, timeout, token, problem_json).over(context.obj)
    destination = Destination.chosen(output, to)

    async def listed() -> list[DeadLetter]:
        async with reach.bus() as bus:
            return await bus.dead_letters(service, operation, since, limit)

    with telling(as_json=reach.problem_json):
        destination.write(_letters_view(asyncio.run(listed())))


@dead.command("show")
def show_letter(
    context: typer.Context,
    job: JobArgument,
    output: Output = None,
    to: To = None,
    url: Url = None,
    timeout: Timeout = None,
    token: Token = None,
    problem_json: ProblemJson = False,
) -> None:
    """Show a job that could not be done as it was submitted: its headers and its body."""
    reach = Reach(url, timeout, token, problem_json).over(context.obj)
    destination = Destination.chosen(output, to)

    async def read() -> DeadLetter:
        async with reach.bus() as bus:
            return await bus.dead_letter(job)

    with telling(as_json=reach.problem_json):
        destination.write(_letter_view(asyncio.run(read())))


@dead.command("replay")
def replay_letter(
    context: typer.Context,
    job: JobArgument,
    job_id: Annotated[
        str | None,
        typer.Option("--id", parser=own_id, metavar="ID", help="Id of the new job; by default made from the old one."),
    ] = None,
    output: Output = None,
    to: To = None,
    url: Url = None,
    timeout: Timeout = None,
    token: Token = None,
    problem_json: ProblemJson = False,
) -> None:
    """Submit a job that could not be done again, and tell which job it is now."""
    reach = Reach(url, timeout, token, problem_json).over(context.obj)
    reference = ReferenceOutput.chosen(output, to)

    async def replayed() -> JobRef:
        async with reach.bus() as bus:
            return await bus.replay(job, job_id)

    with telling(as_json=reach.problem_json):
        reference.write_job(asyncio.run(replayed()))


def _letters_view(letters: list[DeadLetter]) -> View:
    rows = [
        dict(zip(COLUMNS, (str(it.ref), it.problem, it.attempt, seconds(it.died_at)), strict=True)) for it in letters
    ]
    return RowsView(rows, to_json([_summary(letter) for letter in letters], indent=2), COLUMNS)


def _letter_view(letter: DeadLetter) -> View:
    """A row per thing that is known of the letter; as JSON one object."""
    summary, body = _summary(letter), _body(letter.body)
    shown = {**summary, **letter.headers, "body": letter.body.decode(errors="backslashreplace")}
    rows = [{"name": name, "value": str(value)} for name, value in shown.items()]
    return RowsView(rows, to_json({**summary, "headers": letter.headers, "body": body}, indent=2))


def _summary(letter: DeadLetter) -> dict[str, Any]:
    return {
        **letter.ref._asdict(),
        "problem": letter.problem,
        "attempt": letter.attempt,
        "died_at": letter.died_at.isoformat(),
        "sequence": letter.sequence,
    }


def _body(body: bytes) -> Any:
    """What the JSON says; the text itself where it is none."""
    try:
        return from_json(body, allow_inf_nan=False)
    except ValueError:
        return body.decode(errors="backslashreplace")
