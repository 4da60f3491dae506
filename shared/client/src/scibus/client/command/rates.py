"""What services do, and what waits for them: two looks make a rate."""

import time
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from nats.errors import Error as NatsError

from scibus.bus.errors import NoAnswer
from scibus.client.bus import Bus
from scibus.client.discovery import WorkerInfo
from scibus.client.jobs.queues import QueueInfo

SERVICE_COLUMNS = ("service", "instances", "requests_per_s", "errors_per_s", "mean_ms")
QUEUE_COLUMNS = ("service", "operation", "waiting", "held", "oldest_s", "bytes", "limit_bytes")
COLUMNS = ("service", "operation", *SERVICE_COLUMNS[1:], *QUEUE_COLUMNS[2:])
"""Of both together."""
LOOK_SECONDS = 1.0
"""In which workers answer."""
NANOSECONDS_PER_MS = 1_000_000


@dataclass(frozen=True)
class Look:
    """What there was at one time."""

    moment: float
    """On the monotonic clock."""
    workers: list[WorkerInfo]
    queues: list[QueueInfo]

    @classmethod
    async def take(cls, bus: Bus) -> "Look":
        """Look now.

        Raises:
            NoAnswer: NATS is out of reach.
        """
        moment = time.monotonic()
        try:
            workers = await bus.services(LOOK_SECONDS)
        except NatsError as error:
            raise NoAnswer(f"the workers cannot be asked: {error}") from error
        return cls(moment, workers, await bus.queues())


@dataclass
class Counts:
    """What workers have done."""

    requests: int = 0
    errors: int = 0
    busy_ns: int = 0

    @classmethod
    def of(cls, worker: WorkerInfo) -> "Counts":
        """All that `worker` did since it started."""
        return cls(
            sum(endpoint.num_requests for endpoint in worker.endpoints),
            sum(endpoint.num_errors for endpoint in worker.endpoints),
            sum(endpoint.average_processing_time * endpoint.num_requests for endpoint in worker.endpoints),
        )

    def add(self, now: "Counts", before: "Counts") -> None:
        """Count what was done since `before`."""
        self.requests += now.requests - before.requests
        self.errors += now.errors - before.errors
        self.busy_ns += now.busy_ns - before.busy_ns


def service_rows(before: Look, now: Look) -> list[dict[str, Any]]:
    """One row per service: its workers, and what they did between the two looks.

    A worker that was not seen before counts as one that did nothing yet.
    """
    earlier = {worker.id: Counts.of(worker) for worker in before.workers}
    instances: dict[str, int] = defaultdict(int)
    done: dict[str, Counts] = defaultdict(Counts)
    for worker in now.workers:
        counts = Counts.of(worker)
        instances[worker.name] += 1
        done[worker.name].add(counts, earlier.get(worker.id, counts))
    seconds = max(now.moment - before.moment, 0.001)
    return [
        _row(SERVICE_COLUMNS, name, instances[name], *_per_second(counts, seconds), _mean_ms(counts))
        for name, counts in sorted(done.items())
    ]


def queue_rows(now: Look) -> list[dict[str, Any]]:
    """One row per operation: its jobs that are not done, and how full the queue of its service is."""
    moment = datetime.now(UTC)
    return [
        _row(
            QUEUE_COLUMNS,
            queue.service,
            queue.operation,
            queue.waiting,
            queue.held,
            round((moment - queue.oldest).total_seconds()) if queue.oldest else None,
            queue.bytes,
            queue.limit_bytes,
        )
        for queue in now.queues
    ]


def joined_rows(services: list[dict[str, Any]], queues: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One row per operation with a queue, together with what its service did; services without a queue come last."""
    did = {row["service"]: row for row in services}
    queued = {row["service"] for row in queues}
    blank = dict.fromkeys((*SERVICE_COLUMNS, *QUEUE_COLUMNS))
    return [
        *({**blank, **did.get(row["service"], {}), **row} for row in queues),
        *({**blank, **row} for row in services if row["service"] not in queued),
    ]


def _row(columns: tuple[str, ...], *values: Any) -> dict[str, Any]:
    return dict(zip(columns, values, strict=True))


def _per_second(counts: Counts, seconds: float) -> tuple[float, float]:
    return round(counts.requests / seconds, 1), round(counts.errors / seconds, 1)


def _mean_ms(counts: Counts) -> float | None:
    return round(counts.busy_ns / counts.requests / NANOSECONDS_PER_MS, 1) if counts.requests else None
