"""Schedules: jobs that the server submits later, or again and again (ADR-51)."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from nats.aio.client import Client
from nats.js.api import Header

from scibus.bus import headers as h
from scibus.bus.guarded import WRONG_LAST_SEQUENCE
from scibus.bus.stored import API_SECONDS, ApiError, StoredMessage, api, is_missing, last_message
from scibus.bus.topology import DUE_KEPT, SECOND, schedules_stream
from scibus.client.jobs.contact import reaching
from scibus.client.jobs.publishing import publish
from scibus.client.jobs.streams import services_with, taking_stream
from scibus.client.jobs.walking import walk
from scibus.client.outgoing import asking_headers, check_size
from scibus.contracts.calls import CallOptions, When
from scibus.contracts.jobs import JobRef, JobSchedule
from scibus.contracts.operations import Operation
from scibus.contracts.problems import InvalidRequest, NotFound, Overloaded
from scibus.contracts.subjects import PREFIX, check_job_id, due_subject, schedule_subject

WHEN = "Nats-Schedule"
STEERING = "nats-schedule"
"""How the headers begin that make a message a schedule; renamed in one that is paused."""
BAD_PATTERN = 10189
ALLOWED = (
    "write @at <time as 2026-12-01T00:00:00Z>, @every <span as 90s or 1h30m, at least 1s>, "
    "@hourly, @daily, @weekly, @monthly, @yearly, or six cron fields, seconds first"
)
TRIES = 3


def pattern(when: When) -> str:
    """`when` as the server reads it: `@at <time>`, `@every <n>s`, or what was given as text.

    Raises:
        ValueError: a time without a zone, or a span below one second.
    """
    if isinstance(when, datetime):
        if when.tzinfo is None:
            raise ValueError("the time of a schedule needs a time zone: write datetime(..., tzinfo=UTC)")
        return f"@at {when.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    if isinstance(when, timedelta):
        if when < timedelta(seconds=1):
            raise ValueError("a schedule repeats after one second at the soonest")
        return f"@every {int(when.total_seconds())}s"
    return when.strip()


async def schedule(
    connection: Client,
    operation: Operation[..., Any, Any],
    body: bytes,
    schedule_id: str,
    when: When,
    options: CallOptions,
) -> JobSchedule:
    """Let the server submit a job at `when`; a schedule of the same id is replaced.

    Raises:
        ValueError: `schedule_id` is no id, or `when` cannot be meant.
        InvalidRequest: the server does not understand `when`.
        TooLarge: the request does not fit into a message.
        NoAnswer: no worker that knows the operation has been on this bus, or JetStream is out of reach.
    """
    ref = JobRef(operation.service, operation.name, check_job_id(schedule_id))
    headers = {
        **asking_headers(operation, options),
        WHEN: pattern(when),
        Header.SCHEDULE_TARGET.value: due_subject(ref.service, ref.operation),
        Header.SCHEDULE_TTL.value: f"{DUE_KEPT // SECOND}s",
    }
    check_size(connection, f"{ref.service}.{ref.operation}", body, headers)
    with reaching(schedules_stream(ref.service)):
        # The stream of schedules takes any, and what comes of one that no queue takes would be lost.
        await taking_stream(connection, ref.service, ref.operation, options.timeout)
        await _publish(connection, ref, body, headers)
    return _described(ref, headers, datetime.now(UTC))


async def list_schedules(connection: Client, service: str | None = None) -> list[JobSchedule]:
    """The schedules of one service, by default of all, sorted by service, operation and id.

    Raises:
        NoAnswer: JetStream is out of reach.
    """
    found: list[JobSchedule] = []
    for name in [service] if service else await services_with(connection, schedules_stream):
        subject = f"{PREFIX}.schedule.{name}.*.*"
        messages = walk(connection, schedules_stream(name), subject, headers_only=True)
        found += [_described(_ref(message), message.headers, message.time) async for message in messages]
    return sorted(found, key=lambda schedule: (schedule.service, schedule.operation, schedule.schedule_id))


async def pause_schedule(connection: Client, ref: JobRef) -> JobSchedule:
    """Keep a schedule, but let nothing come of it until it is resumed.

    Args:
        connection: to NATS.
        ref: of the schedule: its id stands where a job's id would.

    Raises:
        NotFound: there is no such schedule, or it has fired for the last time.
        NoAnswer: JetStream is out of reach.
    """
    return await _change(connection, ref, _paused)


async def resume_schedule(connection: Client, ref: JobRef) -> JobSchedule:
    """Let a paused schedule go on; one whose time has passed meanwhile fires at once. Raises what `pause` raises."""
    return await _change(connection, ref, _resumed)


async def remove_schedule(connection: Client, ref: JobRef) -> None:
    """Forget a schedule; jobs that it has submitted stay. Raises what `pause_schedule` raises."""
    stream = schedules_stream(ref.service)
    with reaching(stream):
        try:
            told = await api(connection, f"STREAM.PURGE.{stream}", {"filter": schedule_subject(*ref)})
        except ApiError as error:
            if not is_missing(error):
                raise
            told = {}
    if not told.get("purged"):
        raise _no_schedule(ref)


async def _change(
    connection: Client, ref: JobRef, change: Callable[[Mapping[str, str]], dict[str, str]]
) -> JobSchedule:
    """Publish a schedule anew with other headers, unless somebody else has changed it meanwhile."""
    with reaching(schedules_stream(ref.service)):
        for _ in range(TRIES):
            old = await _read(connection, ref)
            headers = change(old.headers)
            if headers.keys() == _lasting(old.headers).keys():
                return _described(ref, old.headers, old.time)
            try:
                await _publish(connection, ref, old.data, headers, after=old.sequence)
            except ApiError as error:
                if error.code != WRONG_LAST_SEQUENCE:
                    raise
                continue
            return _described(ref, headers, datetime.now(UTC))
    raise Overloaded(f"the schedule {ref} changes too fast", retry_after=1.0)


async def _read(connection: Client, ref: JobRef) -> StoredMessage:
    try:
        message = await last_message(connection, schedules_stream(ref.service), schedule_subject(*ref))
    except ApiError as error:
        if not is_missing(error):
            raise
        message = None
    if message is None:
        raise _no_schedule(ref)
    return message


async def _publish(
    connection: Client, ref: JobRef, body: bytes, headers: Mapping[str, str], after: int | None = None
) -> None:
    """Store a schedule in the place of the last one of its id.

    Raises:
        InvalidRequest: the server does not understand when it shall fire.
        ApiError, TimeoutError, nats.errors.Error: it was not stored, or nobody knows.
    """
    told = {**headers, Header.ROLLUP.value: "sub"}
    if after is not None:
        told[Header.EXPECTED_LAST_SUBJECT_SEQUENCE.value] = str(after)
    try:
        await publish(connection, schedule_subject(*ref), body, told, API_SECONDS)
    except ApiError as error:
        if error.code == BAD_PATTERN:
            raise InvalidRequest(f"the server does not understand {headers[WHEN]!r}: {ALLOWED}") from error
        raise


def _ref(message: StoredMessage) -> JobRef:
    return JobRef(*message.subject.split(".")[-3:])


def _described(ref: JobRef, headers: Mapping[str, str], since: datetime) -> JobSchedule:
    paused = WHEN not in headers
    return JobSchedule(
        service=ref.service,
        operation=ref.operation,
        schedule_id=ref.job_id,
        when=headers.get(f"{h.SOURCE}{WHEN}" if paused else WHEN, ""),
        paused=paused,
        created_at=since,
    )


def _lasting(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers that a schedule was made with, without those that were about storing it."""
    return {
        name: value
        for name, value in headers.items()
        if name.lower().startswith(STEERING) or not name.lower().startswith("nats-")
    }


def _paused(headers: Mapping[str, str]) -> dict[str, str]:
    return {
        f"{h.SOURCE}{name}" if name.lower().startswith(STEERING) else name: value
        for name, value in _lasting(headers).items()
    }


def _resumed(headers: Mapping[str, str]) -> dict[str, str]:
    prefix = f"{h.SOURCE}{STEERING}".lower()
    return {
        name[len(h.SOURCE) :] if name.lower().startswith(prefix) else name: value
        for name, value in _lasting(headers).items()
    }


def _no_schedule(ref: JobRef) -> NotFound:
    return NotFound(f"there is no schedule {ref}; one that fires once is gone when it has fired")
