"""What the workers do: what they take from each channel, what they answer, and what they tell."""

from typing import Any

from scibus.bus.asyncapi.channels import CANCELLED, Channel, channel_name
from scibus.bus.asyncapi.messages import AnyOperation
from scibus.bus.asyncapi.references import channel_reference, message_in
from scibus.contracts.operations import JobOperation

TAKEN = {
    "request": "Answer a request",
    "job": "Do a job",
    "named": "Do a job that has an id",
    "cancel": "Cancel a job",
    "schedule": "Submit a job later",
}
TOLD = {
    "event": "Tell a job's status",
    "result": "Tell a job's result",
    "dead": "Keep a job that could not be done",
    "data": "Forward a message of a dataset",
}
BY_QUEUE_GROUP = ("request", "cancel")


def operation_operations(op: AnyOperation, channels: dict[str, Channel]) -> dict[str, Any]:
    """What a worker does for `op` with its `channels`."""
    actions = {kind: ("receive", title) for kind, title in TAKEN.items()}
    actions |= {kind: ("send", title) for kind, title in TOLD.items()}
    return {
        channel_name(op, kind): _operation(op, kind, action, title, channels)
        for kind, (action, title) in actions.items()
        if channel_name(op, kind) in channels
    }


def _operation(op: AnyOperation, kind: str, action: str, title: str, channels: dict[str, Channel]) -> dict[str, Any]:
    name = channel_name(op, kind)
    told: dict[str, Any] = {
        "action": action,
        "title": title,
        "summary": op.summary,
        "channel": channel_reference(name),
        "messages": [message_in(name, message) for message in channels[name]["messages"]],
        "tags": [{"name": op.service}],
    }
    if kind in BY_QUEUE_GROUP:
        told["bindings"] = {"nats": {"queue": op.service, "bindingVersion": "0.1.0"}}
    if kind == "request" and isinstance(op, JobOperation):
        told["description"] = f"Takes longer than a request may: the reply names `{op.job_subject}`."
    replies = {"request": channel_name(op, "reply"), "cancel": CANCELLED}
    if kind in replies:
        reply = replies[kind]
        told["reply"] = {
            "channel": channel_reference(reply),
            "messages": [message_in(reply, message) for message in channels[reply]["messages"]],
        }
    return told
