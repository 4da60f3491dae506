"""What a worker is made of: declare the service, name its settings and resources, hang up handlers, run."""

from scibus.runtime.call import Call
from scibus.runtime.jobs.held import LostJob
from scibus.runtime.jobs.job import Job
from scibus.runtime.metrics import Metrics
from scibus.runtime.settings import SettingsError, WorkerSettings
from scibus.runtime.worker import Worker

__all__ = ["Call", "Job", "LostJob", "Metrics", "SettingsError", "Worker", "WorkerSettings"]
