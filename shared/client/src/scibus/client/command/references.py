"""Jobs as they are named on the command line, and what their service says of them."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from pydantic import ConfigDict
from pydantic_core import to_json

from scibus.client.bus import Bus
from scibus.client.command.contracts import BrokenContracts, load
from scibus.client.command.installed import CONTRACTS, installed
from scibus.client.command.output import Destination, Format
from scibus.client.command.views import RowsView
from scibus.client.jobs.submitted import SubmittedJob
from scibus.contracts.jobs import JobRef, JobSchedule
from scibus.contracts.model import Contract
from scibus.contracts.operations import Operation, Service, job
from scibus.contracts.subjects import check_name, check_own_id, job_subject

Parsed = TypeVar("Parsed")


class Anything(Contract):
    """A body of which nothing is known; it is shown as it is."""

    model_config = ConfigDict(extra="allow")


def reference(text: str) -> JobRef:
    """The job, or schedule, that `text` names.

    Raises:
        typer.BadParameter: it names none.
    """
    return _parsed(JobRef.parse, text)


def own_id(text: str) -> str:
    """`text`, if it may be chosen as an id.

    Raises:
        typer.BadParameter: it may not.
    """
    return _parsed(check_own_id, text)


def name(text: str) -> str:
    """`text`, if it may name a service or an operation; dashes stand for underscores.

    Raises:
        typer.BadParameter: it may not.
    """
    return _parsed(check_name, text.replace("-", "_"))


def _parsed(parse: Callable[[str], Parsed], text: str) -> Parsed:
    try:
        return parse(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


JobArgument = Annotated[
    JobRef, typer.Argument(parser=reference, metavar="JOB", help="Which job, as `drms.export.7c1f`.")
]
ScheduleArgument = Annotated[
    JobRef, typer.Argument(parser=reference, metavar="SCHEDULE", help="Which schedule, as `drms.export.nightly`.")
]
OfService = Annotated[
    str | None, typer.Option("--service", parser=name, metavar="NAME", help="Only those of this service.")
]
OfOperation = Annotated[
    str | None, typer.Option("--operation", parser=name, metavar="NAME", help="Only those of this operation.")
]
Limit = Annotated[int, typer.Option(min=1, max=100_000, help="The newest ones, so many at most.")]


@dataclass(frozen=True)
class ReferenceOutput:
    """Writes which job there is now: its reference alone, unless a form or a place was asked for."""

    destination: Destination | None

    @classmethod
    def chosen(cls, form: Format | None, path: Path | None) -> "ReferenceOutput":
        """What the options say.

        Raises:
            typer.BadParameter: nothing could be written there.
        """
        return cls(Destination.chosen(form, path) if form or path else None)

    def write_job(self, ref: JobRef) -> None:
        """Write `ref` of a job that was submitted."""
        self._write(ref, {**ref._asdict(), "subject": job_subject(*ref)})

    def write_schedule(self, schedule: JobSchedule) -> None:
        """Write the reference of `schedule`."""
        self._write(schedule_ref(schedule), schedule.model_dump(mode="json"))

    def _write(self, ref: JobRef, document: dict[str, Any]) -> None:
        if self.destination:
            self.destination.write(RowsView([document], to_json(document, indent=2)))
        else:
            sys.stdout.write(f"{ref}\n")


def schedule_ref(schedule: JobSchedule) -> JobRef:
    """A schedule's reference: its id stands where a job's id would."""
    return JobRef(schedule.service, schedule.operation, schedule.schedule_id)


def job_of(bus: Bus, ref: JobRef) -> SubmittedJob[Any]:
    """The job, with the contracts of its service where they are installed."""
    return bus.job(_operation(ref), ref.job_id)


def seconds(moment: datetime | None) -> datetime | None:
    """`moment` without what is below a second, for people."""
    return moment and moment.replace(microsecond=0)


def _operation(ref: JobRef) -> Operation[..., Any, Any]:
    try:
        declared = load(ref.service).operations() if ref.service in installed(CONTRACTS) else ()
    except BrokenContracts:
        declared = ()
    for operation in declared:
        if operation.name == ref.operation:
            return operation
    unknown = job(Anything, Anything, summary="")
    type(ref.service, (Service,), {ref.operation: unknown})
    return unknown
