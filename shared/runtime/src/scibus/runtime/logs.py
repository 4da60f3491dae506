"""Logs: one JSON object a line on standard error, without e-mail addresses, written by a thread of their own."""

import logging
import logging.handlers
import os
import queue
import sys
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any

import structlog

from scibus.bus.trace import current_trace, trace_id
from scibus.contracts.redaction import redact_all
from scibus.runtime.settings import WorkerSettings

LONGEST_QUEUE = 10_000
LAST_LINES_SECONDS = 2.0
STANDARD_ERROR = 2
_about: ContextVar[Mapping[str, Any]] = ContextVar("scibus_about", default={})  # noqa: B039 - never changed
"""What each line of this task tells; one variable, where structlog sets one for each member."""


def _tell_about(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A processor that adds what was bound, and the trace that the line belongs to."""
    for name, value in _about.get().items():
        event.setdefault(name, value)
    if trace := current_trace.get():
        event.setdefault("trace_id", trace_id(trace))
    return event


_SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    _tell_about,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    # Here and not in the writing thread, which knows nothing of the exception.
    structlog.processors.format_exc_info,
]


class _DroppingQueueHandler(logging.handlers.QueueHandler):
    """Never waits: when nobody reads the log, lines are dropped and not the work."""

    def enqueue(self, record: logging.LogRecord) -> None:
        try:
            self.queue.put_nowait(record)
        except queue.Full:
            return

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        return record


class _Writer(logging.Handler):
    """Writes to standard error without any lock: the thread may be stuck there when the process ends."""

    def createLock(self) -> None:  # noqa: N802 - the standard library's name
        self.lock = None

    def emit(self, record: logging.LogRecord) -> None:
        line = memoryview(f"{self.format(record)}\n".encode(errors="backslashreplace"))
        with suppress(OSError):
            while line:
                line = line[os.write(STANDARD_ERROR, line) :]


class _PatientListener(logging.handlers.QueueListener):
    """Stops also when nobody reads what it writes: a full pipe must not hold the process."""

    def stop(self) -> None:
        thread, self._thread = self._thread, None
        if thread is None:
            return
        with suppress(queue.Full):
            self.enqueue_sentinel()
        thread.join(LAST_LINES_SECONDS)


def _hiding(secrets: frozenset[str]) -> Any:
    """A processor that takes e-mail addresses and `secrets` out of every text."""

    def hide(value: Any) -> Any:
        if isinstance(value, str):
            for secret in secrets:
                value = value.replace(secret, "<secret>")
            return value
        if isinstance(value, dict):
            return {key: hide(member) for key, member in value.items()}
        if isinstance(value, list):
            return [hide(member) for member in value]
        return value

    def process(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        return {key: hide(redact_all(value)) for key, value in event.items()}

    return process


@contextmanager
def logging_to_stderr(settings: WorkerSettings, secrets: frozenset[str] = frozenset(), **bound: str) -> Iterator[None]:
    """Set up structlog and the standard library's logging, with `bound` on every line and `secrets` on none."""
    render: Any = (
        structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
        if settings.log_format == "console"
        else structlog.processors.JSONRenderer()
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_SHARED,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            _hiding(secrets),
            render,
        ],
    )
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_SHARED,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    bind(**bound)
    lines: queue.Queue[Any] = queue.Queue(LONGEST_QUEUE)
    writer = _Writer()
    writer.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [_DroppingQueueHandler(lines)]
    root.setLevel(settings.log_level.upper())
    # httpx tells every URL, and JSOC's URLs hold addresses.
    for chatty in ("httpx", "httpcore", "nats", "uvicorn", "stamina"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, root.level))
    listener = _PatientListener(lines, writer)
    listener.start()
    try:
        yield
    finally:
        listener.stop()
        root.handlers = []


def bind(**members: Any) -> None:
    """Let each further line of this task, and of tasks that it starts, tell `members`."""
    _about.set({**_about.get(), **members})


def get_logger(name: str) -> Any:
    """The logger of the module `name`."""
    return structlog.stdlib.get_logger(name)
