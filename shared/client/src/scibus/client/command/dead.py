"""`scibus dead`: jobs that could not be done, kept so that they can be submitted again."""

from typing import Annotated, Any

import typer
from pydantic_core import from_json, to_json

from scibus.client.command.connection import Reach
from scibus.client.command.output import Destination
from scibus.client.command.reaching import reaching
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

COLUMNS = ("job", "problem", "attempt", "died")

dead = typer.Typer(no_args_is_help=True)


@dead.command("ls")
@reaching
def list_letters(
    reach: Reach,
    destination: Destination,
    service: OfService = None,
    operation: OfOperation = None,
    since: Since = None,
    limit: Limit = 1000,
) -> None:
    """List jobs that could not be done, newest first."""
    destination.write(_letters_view(reach.ask(lambda bus: bus.dead_letters(service, operation, since, limit))))


@dead.command("show")
@reaching
def show_letter(
    reach: Reach,
    destination: Destination,
    job: JobArgument,
) -> None:
    """Show a job that could not be done as it was submitted: its headers and its body."""
    destination.write(_letter_view(reach.ask(lambda bus: bus.dead_letter(job))))


@dead.command("replay")
@reaching
def replay_letter(
    reach: Reach,
    reference: ReferenceOutput,
    job: JobArgument,
    job_id: Annotated[
        str | None,
        typer.Option("--id", parser=own_id, metavar="ID", help="Id of the new job; by default made from the old one."),
    ] = None,
) -> None:
    """Submit a job that could not be done again, and tell which job it is now."""
    reference.write_job(reach.ask(lambda bus: bus.replay(job, job_id)))


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
