"""What the jobs of one worker are kept in, and who keeps them there."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nats.aio.client import Client

from scibus.bus.blobs import Blobs
from scibus.bus.records import Records
from scibus.bus.topology import CHECKPOINTS_BUCKET, JOBS_BUCKET
from scibus.runtime.breakdown import Breakdown
from scibus.runtime.jobs.contact import Contact
from scibus.runtime.jobs.endings import Endings
from scibus.runtime.metrics import Metrics


@dataclass(frozen=True)
class JobStores:
    """Shared by all operations of a worker."""

    connection: Client
    instance: str
    statuses: Records
    checkpoints: Records
    endings: Endings
    contact: Contact
    blobs: Blobs
    metrics: Metrics
    breakdown: Breakdown

    @classmethod
    def of(
        cls,
        connection: Client,
        instance: str,
        contact: Contact,
        known: Mapping[type, Any],
        breakdown: Breakdown,
    ) -> "JobStores":
        """The stores on `connection`; `known` holds the worker's blobs and metrics."""
        return cls(
            connection=connection,
            instance=instance,
            statuses=Records(connection, JOBS_BUCKET),
            checkpoints=Records(connection, CHECKPOINTS_BUCKET),
            endings=Endings(connection, instance),
            contact=contact,
            blobs=known[Blobs],
            metrics=known[Metrics],
            breakdown=breakdown,
        )
