"""The subjects of an operation: each a channel, with the messages that travel on it."""

from typing import Any

from scibus.bus.asyncapi.messages import AnyOperation, message_reference
from scibus.bus.asyncapi.references import reference
from scibus.contracts.live import SubscribeOperation
from scibus.contracts.operations import JobOperation
from scibus.contracts.subjects import (
    cancel_subject,
    data_subject,
    dead_subject,
    event_subject,
    result_subject,
    schedule_subject,
)

Channel = dict[str, Any]
JOB_ID = {
    "description": "Id of the job: 1 to 64 of `A-Z a-z 0-9 _ -`; those that begin with `seq-` are the bus's own.",
    "examples": ["7c1f"],
}
SCHEDULE_ID = {"description": "Id of the schedule: 1 to 64 of `A-Z a-z 0-9 _ -`.", "examples": ["nightly"]}
SUBSCRIPTION_ID = {"description": "Id of the subscription: 1 to 64 of `A-Z a-z 0-9 _ -`.", "examples": ["solar-wind"]}
CANCELLED = "scibus.job.status"
"""The channel of replies to cancellations: the same for all operations."""


def operation_channels(op: AnyOperation) -> dict[str, Channel]:
    """All channels of an operation, by the last part of their names."""
    named = (op.service, op.name, "{job_id}")
    kinds = ["answer", "arrow"] if op.answers_table else ["answer"]
    answers = {kind: message_reference(op, kind) for kind in kinds}
    job = {"job_id": JOB_ID}
    channels = {
        "request": _channel(op.subject, "Where to ask.", {"request": message_reference(op, "request")}),
        "reply": _channel(
            None,
            "The reply inbox of the one who asks.",
            ({} if isinstance(op, JobOperation) else answers | {"stored": reference("messages", "stored")})
            | {"problem": reference("messages", "problem")},
        ),
        "job": _channel(
            op.job_subject,
            "Where to submit a job that the bus names; the stream's acknowledgement comes back.",
            {"submission": message_reference(op, "submission")},
        ),
        "named": _channel(
            f"{op.job_subject}.{{job_id}}",
            "Where to submit a job under an id: the same id again is the same job.",
            {"named": message_reference(op, "named")},
            job,
        ),
        "event": _channel(
            event_subject(*named),
            "Each new status of a job, as it happens.",
            {"event": reference("messages", "event")},
            job,
        ),
        "result": _channel(
            result_subject(*named),
            "The one result of a job, kept for 7 days in the stream SCIBUS_RESULTS.",
            {"result": message_reference(op, "result"), "failure": reference("messages", "failure")},
            job,
        ),
        "cancel": _channel(
            cancel_subject(*named),
            "Where to have a job cancelled.",
            {"cancellation": reference("messages", "cancellation")},
            job,
        ),
        "dead": _channel(
            dead_subject(*named),
            "A job that could not be done, as it was submitted; kept for 30 days in the stream SCIBUS_DEAD.",
            {"dead": message_reference(op, "dead")},
            job,
        ),
        "schedule": _channel(
            schedule_subject(op.service, op.name, "{schedule_id}"),
            "A job to be submitted later, or again and again.",
            {"schedule": message_reference(op, "schedule")},
            {"schedule_id": SCHEDULE_ID},
        ),
    }
    if isinstance(op, SubscribeOperation):
        channels["data"] = _channel(
            data_subject(op.service, "{subscription}"),
            "The messages of a dataset in order, kept for 7 days in the stream SCIBUS_DATA: read them from there.",
            {"data": message_reference(op, "data")},
            {"subscription": SUBSCRIPTION_ID},
        )
    return {channel_name(op, kind): channel for kind, channel in channels.items()}


def shared_channels() -> dict[str, Channel]:
    """Channels that belong to no single operation."""
    messages = {"status": reference("messages", "status"), "problem": reference("messages", "problem")}
    return {CANCELLED: _channel(None, "The reply inbox of the one who cancels a job.", messages)}


def channel_name(op: AnyOperation, kind: str) -> str:
    """The name of one of the operation's channels."""
    return f"{op.service}.{op.name}.{kind}"


def _channel(address: str | None, description: str, messages: dict[str, Any], parameters: Any = None) -> Channel:
    channel = {"address": address, "description": description, "messages": messages}
    return channel | ({"parameters": parameters} if parameters else {})
