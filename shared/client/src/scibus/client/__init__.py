"""The typed Python client of scibus: `async with connect() as bus: await bus.drms.rs_list(ds=..., key=[...])`."""

from scibus.bus.errors import NoAnswer
from scibus.client.answers import IgnoredFields
from scibus.client.blocking import SyncBus, connect_sync
from scibus.client.bus import Bus, connect
from scibus.client.jobs import DeadLetter, QueueInfo, SubmittedJob
from scibus.contracts.jobs import JobRef, JobSchedule, JobStatus
from scibus.contracts.problems import Problem
from scibus.contracts.tables import Table

__all__ = [
    "Bus",
    "DeadLetter",
    "IgnoredFields",
    "JobRef",
    "JobSchedule",
    "JobStatus",
    "NoAnswer",
    "Problem",
    "QueueInfo",
    "SubmittedJob",
    "SyncBus",
    "Table",
    "connect",
    "connect_sync",
]
