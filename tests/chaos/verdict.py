"""What became of the jobs of a scenario, counted from the streams and from the backend's own log."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from nats.aio.client import Client

from scibus.bus.stored import StoredMessage, api, last_message
from scibus.bus.topology import jobs_stream
from scibus.contracts.jobs import TERMINAL, JobStatus

RESULTS = "SCIBUS_RESULTS"
PAGE = 100_000


@dataclass
class Verdict:
    """One line of the table.

    Attributes:
        promise: what was promised.
        faults: how often something was broken on purpose.
        jobs: whose fate was looked at; also requests, where it is about them.
        lost: neither ended nor in the queue any more.
        doubled: more than one result, or more than one effect on the backend.
        stuck: not ended when everything had long been well again.
        wrong: further statements that did not hold, in words.
        figures: what was measured meanwhile.
    """

    promise: str
    faults: int = 0
    jobs: int = 0
    lost: int = 0
    doubled: int = 0
    stuck: int = 0
    wrong: list[str] = field(default_factory=list)
    figures: dict[str, str] = field(default_factory=dict)

    @property
    def holds(self) -> bool:
        """Whether the promise was kept, and put to the test at all."""
        return not (self.lost or self.doubled or self.stuck or self.wrong) and self.faults > 0 and self.jobs > 0

    def expect(self, holds: bool, statement: str) -> None:
        """Count `statement` as wrong unless it `holds`."""
        if not holds:
            self.wrong.append(statement)


async def results_of(connection: Client, operation: str, service: str = "probe") -> Counter[str]:
    """How many results each job of `operation` has in the stream, by id."""
    prefix = f"scibus.v1.result.{service}.{operation}."
    found: Counter[str] = Counter()
    while True:
        body = {"subjects_filter": f"{prefix}*", "offset": len(found)}
        state = (await api(connection, f"STREAM.INFO.{RESULTS}", body, timeout=30))["state"]
        subjects = state.get("subjects") or {}
        found.update({subject.removeprefix(prefix): number for subject, number in subjects.items()})
        if len(subjects) < PAGE:
            return found


async def replaced_results(connection: Client) -> int:
    """How many results were stored and are not there any more: replaced, or deleted."""
    state = (await api(connection, f"STREAM.INFO.{RESULTS}", timeout=30))["state"]
    return int(state["last_seq"]) - int(state["messages"])


async def queued(connection: Client, service: str = "probe") -> int:
    """Jobs in the queue of a service."""
    return int((await api(connection, f"STREAM.INFO.{jobs_stream(service)}", timeout=30))["state"]["messages"])


async def result_of(connection: Client, job_id: str, operation: str = "order") -> StoredMessage | None:
    """The result of a job."""
    return await last_message(connection, RESULTS, f"scibus.v1.result.probe.{operation}.{job_id}")


async def status_of(connection: Client, job_id: str, operation: str = "order") -> JobStatus | None:
    """The status of a job."""
    message = await last_message(connection, "KV_scibus_jobs", f"$KV.scibus_jobs.probe.{operation}.{job_id}")
    return JobStatus.model_validate_json(message.data) if message else None


async def judge(
    verdict: Verdict,
    connection: Client,
    accepted: Iterable[str],
    effects: Counter[str],
    operation: str = "order",
    service: str = "probe",
) -> None:
    """Count what became of the jobs whose submission was acknowledged.

    Args:
        verdict: counted into.
        connection: to the server.
        accepted: ids of the jobs.
        effects: how often the backend was told to do something for good, by id.
        operation: of the jobs.
        service: of the jobs.
    """
    ids = set(accepted)
    results = await results_of(connection, operation, service)
    missing = ids - set(results)
    waiting = await queued(connection, service)
    verdict.jobs += len(ids)
    verdict.stuck += min(len(missing), waiting)
    verdict.lost += max(len(missing) - waiting, 0)
    verdict.doubled += await replaced_results(connection)
    verdict.doubled += sum(number - 1 for number in results.values())
    verdict.doubled += sum(effects[key] - 1 for key in ids if effects[key] > 1)
    verdict.expect(waiting == 0 or bool(missing), f"{waiting} jobs that have ended lie in the queue still")


async def disagreeing(connection: Client, ids: Iterable[str], operation: str = "order") -> list[str]:
    """Jobs whose status does not tell the end that their result does."""
    found = []
    for job_id in ids:
        result, status = await result_of(connection, job_id, operation), await status_of(connection, job_id, operation)
        state = result.headers["Scibus-State"] if result else None
        if status is None or status.state not in TERMINAL or status.state != state:
            found.append(f"{job_id}: result {state}, status {status.state if status else None}")
    return found
