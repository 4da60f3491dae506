"""The headers of each kind of message, as JSON Schemas."""

from collections.abc import Mapping
from typing import Any

from scibus.bus import headers as h
from scibus.contracts.tables import ARROW_STREAM, JSON

Schema = dict[str, Any]


def _text(description: str, **more: Any) -> Schema:
    return {"type": "string", "description": description, **more}


TRACE: Mapping[str, Schema] = {
    "traceparent": _text("W3C trace context; carried on to replies, events, results and backend calls."),
    "tracestate": _text("W3C trace context."),
}
WHO: Mapping[str, Schema] = {h.AUTHORIZATION: _text("`Bearer <JWT>` of whoever asks.")}
ASKING: Mapping[str, Schema] = {
    h.TIMEOUT: _text("Seconds that the caller waits; past them the answer is `deadline`.", default="30"),
    **WHO,
    **TRACE,
}
ACCEPTING: Mapping[str, Schema] = {h.ACCEPT: _text("Form of the table.", enum=[JSON, ARROW_STREAM], default=JSON)}
ANSWERED: Mapping[str, Schema] = {
    h.IGNORED: _text("Names of members of the request that the operation does not know, separated by commas."),
    **TRACE,
}
SUBMITTING: Mapping[str, Schema] = {
    h.NOT_AFTER: _text("No attempt starts after this time.", format="date-time"),
    h.REPLAY_OF: _text("Id of the job that this one repeats."),
    **WHO,
    **TRACE,
}
NAMED: Mapping[str, Schema] = {h.MSG_ID: _text("`<service>.<operation>.<job id>`: submits it once.")}
SCHEDULED: Mapping[str, Schema] = {
    "Nats-Schedule": _text("When, as ADR-51 has it: `@at <time>`, `@every <span>`, `@daily`, or six cron fields."),
    "Nats-Schedule-Target": _text("The operation's `scibus.v1.due` subject."),
    **WHO,
    **TRACE,
}
CLOUD_EVENT: Mapping[str, Schema] = {
    "ce-specversion": _text("CloudEvents, NATS binary mode.", const="1.0"),
    "ce-id": _text("Unique at the worker that tells."),
    "ce-type": _text("`scibus.v1.<event or result>.<service>.<operation>`"),
    "ce-source": _text("`/scibus/<service>/<instance>`"),
    "ce-time": _text("When it was told.", format="date-time"),
    "ce-subject": _text("Id of the job."),
    "ce-dataschema": _text("`urn:scibus:schema:v1:<model>`"),
}
LIVE: Mapping[str, Schema] = {
    h.DATASET: _text("The dataset as it was subscribed to, percent-encoded where it is not ASCII."),
    h.EPOCH: _text("A number that rises when the subscription is moved, or its source began anew.", pattern="^[0-9]+$"),
    h.SEQUENCE: _text(
        "Number of the message at the source; in one epoch each comes once, in order.", pattern="^[0-9]+$"
    ),
    h.TIME: _text("When the source took the message.", format="date-time"),
    f"{h.SOURCE}Nats-Msg-Id": _text(
        "Each header of the source that means something to the bus stands so; others stay."
    ),
}
LIVE_EVENT: Mapping[str, Schema] = {
    "ce-specversion": CLOUD_EVENT["ce-specversion"],
    "ce-id": _text("`<subscription>-<epoch>-<sequence>`"),
    "ce-type": _text("`scibus.v1.data.<service>`, unless the source's message is a CloudEvent itself, which it stays."),
    "ce-source": CLOUD_EVENT["ce-source"],
    "ce-time": _text("When the source took the message.", format="date-time"),
    "ce-subject": _text("Id of the subscription."),
}
ENDED: Mapping[str, Schema] = {
    h.STATE: _text("How the job ended.", enum=["succeeded", "failed", "cancelled"]),
    h.JOB_ID: _text("Id of the job."),
    h.ATTEMPT: _text("Number of the last attempt."),
}
DEAD: Mapping[str, Schema] = {
    **ENDED,
    h.PROBLEM: _text("Slug of the problem."),
    f"{h.SOURCE}Nats-Msg-Id": _text("Each header of the submission that steers the bus stands here under such a name."),
}
FAULT: Mapping[str, Schema] = {
    h.ERROR_CODE: _text("Status of the problem.", pattern="^[45][0-9]{2}$"),
    h.ERROR_TEXT: _text("The problem in one line."),
}
STORED: Mapping[str, Schema] = {h.BLOB: _text("A `BlobRef` as JSON: where the body is.")}


def header_schema(*groups: Mapping[str, Schema], required: tuple[str, ...] = ()) -> Schema:
    """The schema of a message with the headers of all `groups`."""
    members = {name: schema for group in groups for name, schema in group.items()}
    return {"type": "object", "properties": members} | ({"required": list(required)} if required else {})
