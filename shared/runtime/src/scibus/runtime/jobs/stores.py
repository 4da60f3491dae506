"""What the jobs of one worker are kept in, and who keeps them there."""

from dataclasses import dataclass

from nats.aio.client import Client

from scibus.bus.blobs import Blobs
from scibus.bus.records import Records
from scibus.bus.topology import CHECKPOINTS_BUCKET, JOBS_BUCKET
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

    @classmethod
    def of(cls, connection: Client, instance: str, contact: Contact, blobs: Blobs, metrics: Metrics) -> "JobStores":
        """The stores on `connection`."""
        return cls(
            connection=connection,
            instance=instance,
            statuses=Records(connection, JOBS_BUCKET),
            checkpoints=Records(connection, CHECKPOINTS_BUCKET),
            endings=Endings(connection, instance),
            contact=contact,
            blobs=blobs,
            metrics=metrics,
        )
