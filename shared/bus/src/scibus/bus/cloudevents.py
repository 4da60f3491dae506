"""CloudEvents 1.0 in NATS binary mode: what an event is about stands in its headers."""

from datetime import UTC, datetime

from scibus.contracts.jobs import JobRef
from scibus.contracts.subjects import PREFIX


def event_headers(kind: str, ref: JobRef, instance: str, schema: str, event_id: str) -> dict[str, str]:
    """The attributes of one event.

    Args:
        kind: `event`, `result` or `data`.
        ref: the job it is about.
        instance: the worker that tells.
        schema: URN of the body's JSON Schema.
        event_id: unique at the worker that tells.
    """
    return {
        "ce-specversion": "1.0",
        "ce-id": event_id,
        "ce-type": f"{PREFIX}.{kind}.{ref.service}.{ref.operation}",
        "ce-source": f"/scibus/{ref.service}/{instance}",
        "ce-time": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
        "ce-subject": ref.job_id,
        "ce-dataschema": schema,
    }
