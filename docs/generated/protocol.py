"""What travels on the bus: subjects, headers, problems, streams."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from docs.generated.markdown import Lines, code, sentence, table
from scibus.bus.asyncapi import describe
from scibus.bus.topology import (
    SECOND,
    job_consumers,
    job_stream,
    object_store,
    schedule_stream,
    shared_streams,
)
from scibus.contracts.live import SubscribeOrder, subscription
from scibus.contracts.model import Contract
from scibus.contracts.operations import Service
from scibus.contracts.operations import table as table_operation
from scibus.contracts.problems import TYPE_PREFIX, Problem
from scibus.runtime import WorkerSettings


class Anyservice(Service):
    """Stands for all services; its operation has every kind of message."""

    anyoperation = table_operation(Contract, summary="Stands for all operations")


class Anylive(Service):
    """Stands for all services with live data."""

    subscribe = subscription(SubscribeOrder, summary="Stands for all datasets")


SERVICE = Anyservice.service_name
DATA = "anylive.subscribe.data"
OPERATION = Anyservice.anyoperation.name
DUE = "scibus.v1.due.<service>.<operation>"
TRANSPORT = {
    "request": "core request, queue group `<service>`",
    "job": "stream `SCIBUS_JOBS_<SERVICE>`",
    "named": "stream `SCIBUS_JOBS_<SERVICE>`",
    "event": "core, republished by the server from the bucket `scibus_jobs`",
    "result": "stream `SCIBUS_RESULTS`",
    "cancel": "core request, queue group `<service>`",
    "dead": "stream `SCIBUS_DEAD`",
    "schedule": "stream `SCIBUS_SCHEDULES_<SERVICE>`",
    "data": "stream `SCIBUS_DATA`",
}
SPANS = ("max_age", "duplicate_window", "ack_wait")


def subjects(_argument: str) -> Lines:
    """A table of the subjects of an operation."""
    channels = describe([Anyservice, Anylive], "")["channels"]
    names = {kind: f"{SERVICE}.{OPERATION}.{kind}" for kind in TRANSPORT} | {"data": DATA}
    named = ((kind, channels[name]) for kind, name in names.items())
    rows = [(code(_general(one["address"])), TRANSPORT[kind], one["description"]) for kind, one in named]
    due = (code(DUE), TRANSPORT["schedule"], "Where a schedule puts a job when its time has come; for the server only.")
    discovery = (
        "`$SRV.PING`, `$SRV.INFO`, `$SRV.STATS`, each also with `.<service>` and `.<service>.<instance>`",
        "core request",
        "Discovery, as of any NATS service (ADR-32).",
    )
    return table("subject | transport | meaning", [*rows, due, discovery])


def headers(_argument: str) -> Lines:
    """A table of the headers, and of the messages that have them."""
    messages = describe([Anyservice], "")["components"]["messages"]
    messages["data"] = describe([Anylive], "")["components"]["messages"][DATA]
    prefix = f"{SERVICE}.{OPERATION}."
    on: dict[str, list[str]] = defaultdict(list)
    told: dict[str, str] = {}
    for name, message in messages.items():
        for header, schema in message["headers"].get("properties", {}).items():
            on[header].append(name.removeprefix(prefix))
            means = schema["description"] + _form(schema)
            if means not in told.setdefault(header, means):
                told[header] += f" On {name.removeprefix(prefix)}: {means}"
    rows = ((code(header), ", ".join(dict.fromkeys(on[header])), told[header]) for header in sorted(on, key=str.lower))
    return table("header | on | meaning", rows)


def problems(_argument: str) -> Lines:
    """A table of the problems."""
    rows = (
        (str(one.status), code(one.slug), "yes" if one.retryable_by_default else "no", sentence(one.__doc__ or ""))
        for one in Problem.kinds()
    )
    yield from table(f"status | type, after `{TYPE_PREFIX}` | retryable unless it says otherwise | what it means", rows)


def streams(_argument: str) -> Lines:
    """A table of the streams and buckets."""
    specs = [job_stream(Anyservice), schedule_stream(Anyservice), *shared_streams(), object_store()]
    rows = (
        (
            code(_general(spec.name)),
            ", ".join(map(code, map(_general, spec.settings["subjects"]))),
            ", ".join(_settings(spec.settings)),
        )
        for spec in specs
    )
    return table("stream | subjects | settings", rows)


def consumers(_argument: str) -> Lines:
    """A table of what the durable consumer of each operation is set to."""
    wait = WorkerSettings.model_fields["ack_wait"].default
    first = next(job_consumers(Anyservice, wait))
    told = [text for text in _settings(first.settings) if "filter_subjects" not in text]
    return table("consumer | settings", [("`<operation>` of `SCIBUS_JOBS_<SERVICE>`", ", ".join(told))])


def _general(text: str) -> str:
    for name, general in (
        (SERVICE, "<service>"),
        (Anylive.service_name, "<service>"),
        ("{subscription}", "<subscription>"),
        (SERVICE.upper(), "<SERVICE>"),
        (OPERATION, "<operation>"),
        ("{job_id}", "<job id>"),
        ("{schedule_id}", "<schedule id>"),
    ):
        text = text.replace(name, general)
    return text


def _form(schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return f" One of {', '.join(map(code, schema['enum']))}."
    return f" By default {code(schema['default'])}." if "default" in schema else ""


def _settings(settings: dict[str, Any]) -> Iterator[str]:
    for name, value in settings.items():
        if name == "subjects":
            continue
        if name == "sources":
            yield "sources its schedules: what comes on a `due` subject becomes a job"
        elif name == "republish":
            yield f"republished to `{value['dest']}`"
        elif name in SPANS:
            yield f"`{name}` {_span(value // SECOND)}"
        else:
            yield f"`{name}` {str(value).lower()}"


def _span(seconds: int) -> str:
    if seconds % 86400 == 0:
        return f"{seconds // 86400} d"
    return f"{seconds // 60} min" if seconds % 60 == 0 else f"{seconds} s"
