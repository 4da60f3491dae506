"""The messages of an operation, and those that all operations share."""

from typing import Any

from scibus.bus import headers as h
from scibus.bus.asyncapi.headers import (
    ACCEPTING,
    ANSWERED,
    ASKING,
    CLOUD_EVENT,
    DEAD,
    ENDED,
    FAULT,
    LIVE,
    LIVE_EVENT,
    NAMED,
    SCHEDULED,
    STORED,
    SUBMITTING,
    TRACE,
    WHO,
    Schema,
    header_schema,
)
from scibus.bus.asyncapi.references import reference
from scibus.contracts.live import SubscribeOperation
from scibus.contracts.operations import Operation
from scibus.contracts.problems import MEDIA_TYPE, Problem
from scibus.contracts.tables import ARROW_STREAM, JSON

AnyOperation = Operation[..., Any, Any]
NOTHING: Schema = {"type": "string", "maxLength": 0}
BYTES: Schema = {"type": "string", "format": "binary"}
OCTETS = "application/octet-stream"


def _message(title: str, payload: Schema, headers: Schema, content_type: str = JSON, **more: Any) -> dict[str, Any]:
    return {"title": title, "contentType": content_type, "headers": headers, "payload": payload, **more}


def shared_messages(schemas: dict[str, Schema]) -> dict[str, Any]:
    """What every operation may answer or tell; `schemas` are references to those of the models."""
    return {
        "problem": _message(
            "Problem",
            schemas["ProblemDetails"],
            header_schema(FAULT, TRACE, required=(h.ERROR_CODE, h.ERROR_TEXT)),
            MEDIA_TYPE,
            description=f"RFC 9457. Known types: {_problems()}.",
        ),
        "failure": _message(
            "Result of a job that was not done",
            schemas["ProblemDetails"],
            header_schema(ENDED, FAULT, CLOUD_EVENT, TRACE, required=(h.STATE, h.JOB_ID, h.ERROR_CODE)),
            MEDIA_TYPE,
        ),
        "stored": _message(
            "Answer that fits no message",
            NOTHING,
            header_schema(STORED, ANSWERED, required=(h.BLOB,)),
            description="The body lies in the object store, under the media type of the answer.",
        ),
        "status": _message("Status of a job", schemas["JobStatus"], header_schema(TRACE)),
        "event": _message("New status of a job", schemas["JobStatus"], header_schema(CLOUD_EVENT, TRACE)),
        "cancellation": _message("Request to cancel a job", NOTHING, header_schema(WHO, TRACE)),
    }


def operation_messages(op: AnyOperation, schemas: dict[str, Schema]) -> dict[str, Any]:
    """The operation's own messages, by the last part of their names."""
    asked, answer = schemas[op.model.__name__], schemas[op.answer_model.__name__]
    form = (ACCEPTING,) if op.answers_table else ()
    own = {
        "request": _message(op.summary, asked, header_schema(ASKING, *form), name=op.model.__name__),
        "answer": _message(f"Answer: {op.summary}", answer, header_schema(ANSWERED), name=op.answer_model.__name__),
        "submission": _message(f"Job: {op.summary}", asked, header_schema(SUBMITTING, *form)),
        "named": _message(f"Job under an id: {op.summary}", asked, header_schema(SUBMITTING, NAMED, *form)),
        "schedule": _message(f"Scheduled job: {op.summary}", asked, header_schema(SCHEDULED, *form)),
        "result": _message(
            f"Result: {op.summary}",
            answer,
            header_schema(ENDED, CLOUD_EVENT, STORED, ANSWERED, required=(h.STATE, h.JOB_ID)),
        ),
        "dead": _message(f"Job that could not be done: {op.summary}", {}, header_schema(DEAD, TRACE)),
    }
    if op.answers_table:
        own["arrow"] = _message("The table as an Arrow stream", BYTES, header_schema(ANSWERED), ARROW_STREAM)
    if isinstance(op, SubscribeOperation):
        own["data"] = _message(
            "Message of a dataset",
            BYTES,
            header_schema(LIVE, LIVE_EVENT, STORED, TRACE, required=(h.DATASET, h.EPOCH, h.SEQUENCE, h.TIME)),
            OCTETS,
            description="Body and headers as the source had them; a body that fits no message is in the object store.",
        )
    return {f"{op.service}.{op.name}.{kind}": message for kind, message in own.items()}


def message_reference(op: AnyOperation, kind: str) -> Schema:
    """Reference to one of the operation's own messages."""
    return reference("messages", f"{op.service}.{op.name}.{kind}")


def _problems() -> str:
    return ", ".join(f"`{one.slug}` ({one.status})" for one in Problem.kinds())
