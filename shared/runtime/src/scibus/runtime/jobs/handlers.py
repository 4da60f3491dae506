"""What an operation of a worker does: its handler, and what takes back what a stopped handler had begun."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from scibus.runtime.call import Call
from scibus.runtime.jobs.job import Job

Handle = Callable[[Any, Call, Job | None], Awaitable[Any]]


@dataclass(frozen=True)
class Handlers:
    """Bound to the worker's resources."""

    handle: Handle
    undo: Handle | None = None
    """Cancels on the backend what earlier attempts have made there."""
