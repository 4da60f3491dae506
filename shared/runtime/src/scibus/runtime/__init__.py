"""What a worker is made of: declare the service, name its settings and resources, hang up handlers, run."""

from scibus.runtime.call import Call
from scibus.runtime.jobs.held import LostJob
from scibus.runtime.jobs.job import Job
from scibus.runtime.live.live import LiveData
from scibus.runtime.live.source import BeganAnew, Cursor, CursorLost, LiveSource, Reached, SourceMessage, Wanted
from scibus.runtime.metrics import Metrics
from scibus.runtime.settings import SettingsError, WorkerSettings
from scibus.runtime.worker import Worker

__all__ = [
    "BeganAnew",
    "Call",
    "Cursor",
    "CursorLost",
    "Job",
    "LiveData",
    "LiveSource",
    "LostJob",
    "Metrics",
    "Reached",
    "SettingsError",
    "SourceMessage",
    "Wanted",
    "Worker",
    "WorkerSettings",
]
