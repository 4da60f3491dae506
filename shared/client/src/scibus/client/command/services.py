"""`scibus services`: the workers that are there."""

from typing import Annotated, Any

import typer
from pydantic_core import to_json

from scibus.bus.errors import NoAnswer
from scibus.client.command.connection import Reach
from scibus.client.command.output import Destination
from scibus.client.command.reaching import reaching
from scibus.client.command.views import RowsView, View
from scibus.client.discovery import EndpointInfo, WorkerInfo

SECONDS = 1.0
NANOSECONDS_PER_MS = 1_000_000


@reaching
def services(
    reach: Reach,
    destination: Destination,
    operations: Annotated[bool, typer.Option("--operations", help="List what each worker can do, too.")] = False,
) -> None:
    """List the workers on the bus: what they serve, and what they did since they started.

    As JSON: all that each worker tells of itself. Exit code 3 when there is none.
    """
    workers = reach.ask(lambda bus: bus.services(reach.timeout or SECONDS))
    if not workers:
        raise NoAnswer("no worker is on the bus")
    destination.write(workers_view(workers, operations=operations))


def workers_view(workers: list[WorkerInfo], *, operations: bool = False) -> View:
    """One row per worker, or per operation of a worker."""
    rows = [row for worker in workers for row in (_operations(worker) if operations else [_worker(worker)])]
    return RowsView(rows, to_json(workers, indent=2))


def _worker(worker: WorkerInfo) -> dict[str, Any]:
    requests = sum(endpoint.num_requests for endpoint in worker.endpoints)
    busy = sum(endpoint.average_processing_time * endpoint.num_requests for endpoint in worker.endpoints)
    return {
        "service": worker.name,
        "instance": worker.id,
        "version": worker.version,
        "operations": len(worker.endpoints),
        "requests": requests,
        "errors": sum(endpoint.num_errors for endpoint in worker.endpoints),
        "mean_ms": _milliseconds(busy // max(requests, 1)),
    }


def _operations(worker: WorkerInfo) -> list[dict[str, Any]]:
    return [_operation(worker, endpoint) for endpoint in worker.endpoints]


def _operation(worker: WorkerInfo, endpoint: EndpointInfo) -> dict[str, Any]:
    return {
        "service": worker.name,
        "instance": worker.id,
        "operation": endpoint.name,
        "summary": endpoint.metadata.get("summary", ""),
        "requests": endpoint.num_requests,
        "errors": endpoint.num_errors,
        "mean_ms": _milliseconds(endpoint.average_processing_time),
    }


def _milliseconds(nanoseconds: int) -> float:
    return round(nanoseconds / NANOSECONDS_PER_MS, 1)
