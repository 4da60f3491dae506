"""Jobs as whoever submits them sees them: submitted, followed, read, cancelled, listed and repeated."""

from scibus.client.jobs.dead import DeadLetter
from scibus.client.jobs.queues import QueueInfo
from scibus.client.jobs.submitted import SubmittedJob

__all__ = ["DeadLetter", "QueueInfo", "SubmittedJob"]
