"""Streams and buckets of the bus: their names, and what they are set to (PROTOCOL section 4, as ADR-31 writes it).

Spans are in nanoseconds, as the server's own API has them.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from scibus.bus.blobs import BUCKET, KEPT_SECONDS
from scibus.contracts.operations import Service
from scibus.contracts.subjects import PREFIX, due_subject, job_subject

SECOND = 1_000_000_000
DAY = 24 * 3600 * SECOND

RESULTS = "SCIBUS_RESULTS"
DEAD = "SCIBUS_DEAD"
DATA = "SCIBUS_DATA"
JOBS_BUCKET = "scibus_jobs"
CHECKPOINTS_BUCKET = "scibus_checkpoints"
LEASES_BUCKET = "scibus_leases"
SUBSCRIPTIONS_BUCKET = "scibus_subscriptions"

RESULTS_KEPT = 7 * DAY
DEAD_KEPT = 30 * DAY
DATA_KEPT = 7 * DAY
STATUS_KEPT = 14 * DAY
DUPLICATE_WINDOW = 600 * SECOND
DUE_KEPT = 7 * DAY
"""A job that a schedule put into a full queue waits so long for room."""
MARKER_KEPT = 60 * SECOND
QUEUE_BYTES = 1024 * 1024 * 1024


def jobs_stream(service: str) -> str:
    """The stream that holds the jobs of `service`."""
    return f"SCIBUS_JOBS_{service.upper()}"


def schedules_stream(service: str) -> str:
    """The stream that holds what shall be submitted to `service` later."""
    return f"SCIBUS_SCHEDULES_{service.upper()}"


@dataclass(frozen=True)
class StreamSpec:
    """One stream: what it must be set to. What is not named here is the operator's choice, as the replicas are."""

    name: str
    settings: dict[str, Any]

    def config(self) -> dict[str, Any]:
        """As STREAM.CREATE takes it."""
        return {"name": self.name, "storage": "file", "num_replicas": 1, **self.settings}


@dataclass(frozen=True)
class ConsumerSpec:
    """One durable consumer of the jobs of an operation."""

    stream: str
    name: str
    settings: dict[str, Any] = field(default_factory=dict)

    def config(self) -> dict[str, Any]:
        """As CONSUMER.CREATE takes it."""
        return {"name": self.name, "durable_name": self.name, **self.settings}


def job_stream(service: type[Service], queue_bytes: int = QUEUE_BYTES) -> StreamSpec:
    """The work queue of `service`."""
    name = service.service_name
    operations = list(service.operations())
    return StreamSpec(
        jobs_stream(name),
        {
            "subjects": [subject for op in operations for subject in (op.job_subject, f"{op.job_subject}.*")],
            "retention": "workqueue",
            "discard": "new",
            "max_bytes": queue_bytes,
            "duplicate_window": DUPLICATE_WINDOW,
            "allow_direct": True,
            "sources": [
                {
                    "name": schedules_stream(name),
                    "subject_transforms": [
                        {"src": due_subject(name, op.name), "dest": job_subject(name, op.name)} for op in operations
                    ],
                }
            ],
        },
    )


def schedule_stream(service: type[Service]) -> StreamSpec:
    """What `service` is to be asked later. Needs nats-server 2.12."""
    name = service.service_name
    return StreamSpec(
        schedules_stream(name),
        {
            "subjects": [f"{PREFIX}.schedule.{name}.>", f"{PREFIX}.due.{name}.>"],
            "retention": "limits",
            "discard": "old",
            "allow_msg_schedules": True,
            "allow_msg_ttl": True,
            "allow_rollup_hdrs": True,
            "allow_direct": True,
        },
    )


def job_consumers(service: type[Service], ack_wait: float) -> Iterator[ConsumerSpec]:
    """One durable for each operation; `ack_wait` in seconds."""
    for op in service.operations():
        yield ConsumerSpec(
            jobs_stream(service.service_name),
            op.name,
            {
                "ack_policy": "explicit",
                "deliver_policy": "all",
                "filter_subjects": [op.job_subject, f"{op.job_subject}.*"],
                "ack_wait": int(ack_wait * SECOND),
                "max_deliver": -1,
                "max_ack_pending": -1,
            },
        )


def shared_streams() -> Iterator[StreamSpec]:
    """What all services share, but for the object store."""
    yield StreamSpec(
        RESULTS,
        {
            "subjects": [f"{PREFIX}.result.>"],
            "retention": "limits",
            "discard": "new",
            "discard_new_per_subject": True,
            "max_msgs_per_subject": 1,
            "max_age": RESULTS_KEPT,
            "allow_direct": True,
        },
    )
    yield StreamSpec(
        DEAD,
        {"subjects": [f"{PREFIX}.dead.>"], "retention": "limits", "max_age": DEAD_KEPT, "allow_direct": True},
    )
    yield StreamSpec(
        DATA,
        {
            "subjects": [f"{PREFIX}.data.>"],
            "retention": "limits",
            "max_age": DATA_KEPT,
            "duplicate_window": DUPLICATE_WINDOW,
            "allow_atomic": True,
            "allow_direct": True,
        },
    )
    republish = {"src": f"$KV.{JOBS_BUCKET}.>", "dest": f"{PREFIX}.event.>"}
    yield _bucket(JOBS_BUCKET, max_age=STATUS_KEPT, republish=republish)
    yield _bucket(CHECKPOINTS_BUCKET, max_age=STATUS_KEPT)
    yield _bucket(LEASES_BUCKET, allow_msg_ttl=True)
    yield _bucket(SUBSCRIPTIONS_BUCKET)


def object_store() -> StreamSpec:
    """The bucket of blobs, as ADR-20 lays out an object store."""
    return StreamSpec(
        f"OBJ_{BUCKET}",
        {
            "subjects": [f"$O.{BUCKET}.C.>", f"$O.{BUCKET}.M.>"],
            "discard": "new",
            "max_age": KEPT_SECONDS * SECOND,
            "allow_rollup_hdrs": True,
            "allow_direct": True,
        },
    )


def _bucket(name: str, **settings: Any) -> StreamSpec:
    """A key-value bucket (ADR-8) without direct get: on replicas a direct get may tell what was."""
    return StreamSpec(
        f"KV_{name}",
        {
            "subjects": [f"$KV.{name}.>"],
            "retention": "limits",
            "discard": "new",
            "max_msgs_per_subject": 1,
            "allow_rollup_hdrs": True,
            "deny_delete": True,
            "allow_direct": False,
            **settings,
        },
    )
