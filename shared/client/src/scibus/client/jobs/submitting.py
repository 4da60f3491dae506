"""Putting jobs into their stream: accepted means done once."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC
from typing import Any, NoReturn

from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.errors import NoRespondersError
from nats.js.api import Header

from scibus.bus import headers as h
from scibus.bus.digests import request_digest
from scibus.bus.errors import NoAnswer
from scibus.bus.guarded import FULL_PER_SUBJECT, IN_FLIGHT_SEQUENCE, WRONG_LAST_SEQUENCE
from scibus.bus.job_ids import sequenced_id
from scibus.bus.stored import ApiError, parse_time
from scibus.bus.topology import jobs_stream
from scibus.client.jobs.contact import reaching
from scibus.client.jobs.lookup import JobLookup
from scibus.client.jobs.publishing import publish
from scibus.client.jobs.streams import taking_stream
from scibus.client.outgoing import SPARE, asking_headers, check_size
from scibus.client.room import where_there_is_room
from scibus.contracts.calls import CallOptions
from scibus.contracts.jobs import JobRef, JobStatus
from scibus.contracts.operations import Operation
from scibus.contracts.problems import Conflict, NotFound, Overloaded, TooLarge
from scibus.contracts.subjects import check_own_id, job_subject

NO_ROOM = (FULL_PER_SUBJECT, 10023)
"""Error codes of a stream that is full, and of a server that is."""
LARGER_THAN_STREAM = 10054
SOON_SECONDS = 0.2


async def submit(
    connection: Client,
    operation: Operation[..., Any, Any],
    body: bytes,
    job_id: str | None,
    options: CallOptions,
) -> JobRef:
    """Submit a job, and return once the stream has accepted it.

    Raises:
        ValueError: `job_id` may not be chosen, or `options.not_after` has no time zone.
        Conflict: the id was used for another request.
        Overloaded: the queue is full, and stayed so within `options.timeout`.
        TooLarge: the request does not fit into a message.
        NoAnswer: no worker of the service has been on this bus, or JetStream did not answer.
    """
    headers = asking_headers(operation, options) | _not_after(options)
    if job_id is None:
        return await submit_unnamed(connection, operation.service, operation.name, body, headers, options)
    ref = JobRef(operation.service, operation.name, check_own_id(job_id))
    await submit_named(connection, ref, body, headers, options)
    return ref


async def submit_unnamed(
    connection: Client, service: str, operation: str, body: bytes, headers: Mapping[str, str], options: CallOptions
) -> JobRef:
    """Submit a job to which its place in the stream gives the id. Raises what `submit` raises."""
    check_size(connection, f"{service}.{operation}", body, headers)
    created = parse_time((await taking_stream(connection, service, operation, options.timeout))["created"])
    subject = job_subject(service, operation)

    async def attempt(options: CallOptions) -> dict[str, Any]:
        return await _publish(connection, subject, body, headers, options.timeout)

    try:
        ack = await where_there_is_room(attempt, options)
    except NoRespondersError:
        _tell_away(service)
    except ApiError as error:
        raise NoAnswer(f"the job was not accepted: {error}") from error
    except TimeoutError as error:
        raise NoAnswer(f"no answer within {options.timeout:g} s: the job may have been accepted or not") from error
    except NatsError as error:
        raise NoAnswer(f"the job may have been accepted or not: {error}") from error
    return JobRef(service, operation, sequenced_id(created, ack["seq"]))


async def submit_named(
    connection: Client,
    ref: JobRef,
    body: bytes,
    headers: Mapping[str, str],
    options: CallOptions,
    *,
    spare: int = SPARE,
) -> None:
    """Submit a job under an id; if there is the same job already, nothing is done. Raises what `submit` raises.

    `spare` bytes of the message are left for what the server and the protocol add.
    """
    headers = {**headers, h.MSG_ID: str(ref), Header.EXPECTED_LAST_SUBJECT_SEQUENCE.value: "0"}
    check_size(connection, f"{ref.service}.{ref.operation}", body, headers, spare)
    lookup = JobLookup(connection, ref)
    with reaching(str(ref)):
        async with asyncio.timeout(options.timeout):
            recorded = await lookup.recorded()
    if recorded is not None:
        _check_same(recorded.status, body)
        return

    async def attempt(options: CallOptions) -> bool:
        return await _publish_once(connection, ref, body, headers, options)

    try:
        is_new = await where_there_is_room(attempt, options)
    except NoRespondersError:
        await taking_stream(connection, ref.service, ref.operation, options.timeout)
        _tell_away(ref.service)
    except ApiError as error:
        raise NoAnswer(f"the job {ref} was not accepted: {error}") from error
    except TimeoutError as error:
        raise NoAnswer(f"no answer for {ref} within {options.timeout:g} s: submit it again under its id") from error
    except NatsError as error:
        raise NoAnswer(f"{ref} could not be submitted: {error}") from error
    if not is_new:
        # Where nothing is found it has ended, and is forgotten.
        with suppress(NotFound):
            _check_same((await lookup.seen()).status, body)


async def _publish_once(
    connection: Client, ref: JobRef, body: bytes, headers: Mapping[str, str], options: CallOptions
) -> bool:
    """Publish, twice if need be: the id keeps it one job. False when a job of the id was there before."""
    half = replace(options, timeout=options.timeout / 2)
    try:
        try:
            ack = await _publish(connection, job_subject(*ref), body, headers, half.timeout)
        except TimeoutError:
            ack = await _publish(connection, job_subject(*ref), body, headers, half.timeout)
    except ApiError as error:
        if error.code == WRONG_LAST_SEQUENCE:
            return False
        if error.code == IN_FLIGHT_SEQUENCE:
            raise Overloaded(f"another submission of {ref} is under way", retry_after=SOON_SECONDS) from error
        raise
    return not ack.get("duplicate")


async def _publish(
    connection: Client, subject: str, body: bytes, headers: Mapping[str, str], timeout: float
) -> dict[str, Any]:
    """The stream's acknowledgement.

    Raises:
        Overloaded: the stream has no room.
        TooLarge: the stream takes no message of this size.
        ApiError, TimeoutError, nats.errors.Error: it did not accept the job, or nobody knows.
    """
    try:
        return await publish(connection, subject, body, headers, timeout)
    except ApiError as error:
        if error.code in NO_ROOM:
            service = subject.split(".")[3]
            raise Overloaded(f"the queue of {service} is full: {error.description}") from error
        if error.code == LARGER_THAN_STREAM:
            raise TooLarge(f"a job of {len(body)} bytes is larger than its stream takes") from error
        raise


def _check_same(status: JobStatus, body: bytes) -> None:
    """Raise Conflict if `status` is of a job with another request; a result alone does not tell what was asked for."""
    if status.digest is not None and status.digest != request_digest(body):
        raise Conflict(f"{status.ref} was submitted before with another request: choose another id")


def _tell_away(service: str) -> NoReturn:
    raise NoAnswer(f"{jobs_stream(service)} takes no jobs now: its server is away") from None


def _not_after(options: CallOptions) -> dict[str, str]:
    if options.not_after is None:
        return {}
    if options.not_after.tzinfo is None:
        raise ValueError("not_after needs a time zone: write datetime(..., tzinfo=UTC)")
    return {h.NOT_AFTER: options.not_after.astimezone(UTC).isoformat().replace("+00:00", "Z")}
