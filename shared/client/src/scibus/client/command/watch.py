"""`scibus watch JOB`."""

import sys
from contextlib import nullcontext
from typing import Annotated, Literal

import typer

from scibus.client.command.connection import Reach
from scibus.client.command.following import check_success, follow, shown
from scibus.client.command.reaching import reaching
from scibus.client.command.references import JobArgument, job_of
from scibus.contracts.jobs import JobStatus


@reaching
def watch(
    reach: Reach,
    job: JobArgument,
    output: Annotated[
        Literal["text", "json"],
        typer.Option(
            "--output",
            "-o",
            help="text: a progress bar or lines on standard error; json: one JobStatus a line on standard output.",
        ),
    ] = "text",
) -> None:
    """Follow a job until it ends.

    Ctrl-C stops watching, not the job. Exit code 0 when it has succeeded, 1 when it has failed or was cancelled.
    """
    with nullcontext(_write) if output == "json" else shown() as show:
        last = reach.ask(lambda bus: follow(bus.connection, job_of(bus, job), show))
    check_success(last)


def _write(status: JobStatus) -> None:
    sys.stdout.write(status.model_dump_json() + "\n")
    sys.stdout.flush()
