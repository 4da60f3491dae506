"""Streams, consumers and buckets that a worker needs: created where they are missing, or only checked."""

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any

from nats.aio.client import Client
from nats.errors import Error as NatsError

from scibus.bus.blobs import BUCKET, KEPT_SECONDS, Blobs
from scibus.bus.stored import ApiError, api, is_missing
from scibus.bus.topology import (
    SECOND,
    ConsumerSpec,
    StreamSpec,
    job_consumers,
    job_stream,
    schedule_stream,
    shared_streams,
)
from scibus.contracts.operations import Service
from scibus.contracts.problems import BackendUnavailable, TooLarge
from scibus.runtime.logs import get_logger
from scibus.runtime.settings import WorkerSettings

log = get_logger(__name__)

TRIES = 5
API_SECONDS = 10.0
OPERATORS_CHOICE = frozenset({"max_bytes", "ack_wait"})
"""Settings that have to be there, with whatever value."""


class TopologyError(Exception):
    """Something on the server is missing or differs; the message lists what."""


async def prepare_topology(connection: Client, service: type[Service], settings: WorkerSettings) -> tuple[Blobs, bool]:
    """The object store for large answers, and whether there are the streams for jobs.

    Without JetStream on the server a worker that may create still answers requests, as long as the answers fit into
    messages; one that binds refuses to start.

    Raises:
        TopologyError: with `bind`, something is missing or differs; or JetStream does not answer.
    """
    creates = settings.topology == "create"
    blobs = Blobs.of(connection, settings, create=creates)
    for trial in range(1, TRIES + 1):
        try:
            return blobs, await _prepare(connection, service, settings, blobs)
        except (BackendUnavailable, NatsError, TimeoutError) as problem:
            log.warning("JetStream does not answer yet", trial=trial, reason=str(problem) or repr(problem))
            await asyncio.sleep(1)
    raise TopologyError(f"JetStream did not answer in {TRIES} tries")


async def _prepare(connection: Client, service: type[Service], settings: WorkerSettings, blobs: Blobs) -> bool:
    streams = [*shared_streams(), schedule_stream(service), job_stream(service, settings.queue_bytes)]
    consumers = list(job_consumers(service, settings.ack_wait))
    if settings.topology == "bind":
        await _check(connection, streams, consumers, blobs)
        return True
    try:
        await blobs.ensure_bucket()
    except TooLarge as problem:
        log.warning("no jobs, and answers larger than a message will be refused", reason=str(problem))
        return False
    try:
        for stream in streams:
            await _create_stream(connection, stream)
        await asyncio.gather(*(_create_consumer(connection, consumer) for consumer in consumers))
    except ApiError as error:
        raise TopologyError(f"the server refuses a stream or consumer: {error}") from error
    return True


async def _create_stream(connection: Client, stream: StreamSpec) -> None:
    try:
        config = (await api(connection, f"STREAM.INFO.{stream.name}", timeout=API_SECONDS))["config"]
    except ApiError as error:
        if not is_missing(error):
            raise
        await api(connection, f"STREAM.CREATE.{stream.name}", stream.config(), timeout=API_SECONDS)
        return
    grown = _grown(config, stream)
    if grown != config:
        await api(connection, f"STREAM.UPDATE.{stream.name}", grown, timeout=API_SECONDS)


def _grown(config: dict[str, Any], stream: StreamSpec) -> dict[str, Any]:
    """`config` with the subjects of operations that are new; nothing else of a stream that is there is changed."""
    subjects = config["subjects"] + [name for name in stream.settings["subjects"] if name not in config["subjects"]]
    sources = [dict(source) for source in config.get("sources") or []]
    for wanted in stream.settings.get("sources", []):
        for source in sources:
            if source["name"] == wanted["name"]:
                known = source.get("subject_transforms") or []
                source["subject_transforms"] = known + [new for new in wanted["subject_transforms"] if new not in known]
    return {**config, "subjects": subjects} | ({"sources": sources} if sources else {})


async def _create_consumer(connection: Client, consumer: ConsumerSpec) -> None:
    try:
        await api(connection, f"CONSUMER.INFO.{consumer.stream}.{consumer.name}", timeout=API_SECONDS)
    except ApiError as error:
        if not is_missing(error):
            raise
        body = {"stream_name": consumer.stream, "config": consumer.config(), "action": "create"}
        await api(connection, f"CONSUMER.CREATE.{consumer.stream}.{consumer.name}", body, timeout=API_SECONDS)


async def _check(connection: Client, streams: list[StreamSpec], consumers: list[ConsumerSpec], blobs: Blobs) -> None:
    """Raise TopologyError with all that is missing or differs."""
    faults: list[str] = []
    try:
        await blobs.ensure_bucket()
    except TooLarge as problem:
        faults.append(f"object store {BUCKET} is missing")
        if not await _has_jetstream(connection):
            raise TopologyError(f"on the server: {faults[0]} ({problem})") from None
    object_store = StreamSpec(f"OBJ_{BUCKET}", {"max_age": KEPT_SECONDS * SECOND})
    for stream in [*streams, *([] if faults else [object_store])]:
        faults += await _faults(connection, f"STREAM.INFO.{stream.name}", f"stream {stream.name}", stream.settings)
    for consumer in consumers:
        path = f"{consumer.stream}.{consumer.name}"
        faults += await _faults(connection, f"CONSUMER.INFO.{path}", f"consumer {path}", consumer.settings)
    if faults:
        raise TopologyError("on the server: " + "; ".join(faults))


async def _has_jetstream(connection: Client) -> bool:
    try:
        await api(connection, "INFO", timeout=API_SECONDS)
    except BackendUnavailable:
        return False
    return True


async def _faults(connection: Client, subject: str, what: str, wanted: Mapping[str, Any]) -> list[str]:
    try:
        config = (await api(connection, subject, timeout=API_SECONDS))["config"]
    except ApiError as error:
        if is_missing(error):
            return [f"{what} is missing"]
        raise TopologyError(f"{what}: {error}") from error
    return [f"{what}: {fault}" for fault in _differences(config, wanted)]


def _differences(config: Mapping[str, Any], wanted: Mapping[str, Any]) -> Iterator[str]:
    for name, value in wanted.items():
        found = config.get(name)
        if name in OPERATORS_CHOICE:
            if not found or found < 0:
                yield f"{name} is not set"
        elif name in ("subjects", "filter_subjects"):
            if absent := sorted(set(value) - set(found or [])):
                yield f"{name} lacks {', '.join(absent)}"
        elif name == "sources":
            if missing := [source["name"] for source in value if not _has_source(found or [], source)]:
                yield f"{name} lacks {', '.join(missing)} with all its subject transforms"
        elif name == "republish":
            if (found or {}).get("src") != value["src"] or (found or {}).get("dest") != value["dest"]:
                yield f"{name} is {found!r}, not {value!r}"
        elif (found or False) != value and found != value:
            yield f"{name} is {found!r}, not {value!r}"


def _has_source(found: list[Mapping[str, Any]], wanted: Mapping[str, Any]) -> bool:
    return any(
        source["name"] == wanted["name"]
        and all(new in (source.get("subject_transforms") or []) for new in wanted["subject_transforms"])
        for source in found
    )
