"""How a job ends: its dead letter, its result, its status, and then the stream may forget it. In this order."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from nats.aio.client import Client

from scibus.bus import headers as h
from scibus.bus.cloudevents import event_headers
from scibus.bus.guarded import GuardedPublisher, Stale
from scibus.bus.topology import DEAD, RESULTS
from scibus.contracts.jobs import TERMINAL
from scibus.contracts.operations import SCHEMA_PREFIX, Operation
from scibus.contracts.problems import (
    BackendUnavailable,
    Cancelled,
    InternalError,
    Problem,
    ProblemDetails,
    TooLarge,
)
from scibus.contracts.subjects import dead_subject, result_subject
from scibus.runtime.jobs.backoff import backoff
from scibus.runtime.jobs.held import HeldJob
from scibus.runtime.jobs.patience import patiently
from scibus.runtime.logs import get_logger
from scibus.runtime.replies import Reply, problem_reply

log = get_logger(__name__)

PROBLEM_SCHEMA = SCHEMA_PREFIX + ProblemDetails.__name__


@dataclass(frozen=True)
class Ending:
    """The one terminal message of a job."""

    state: str
    reply: Reply
    schema: str
    problem: ProblemDetails | None = None
    dead: bool = False


def success(operation: Operation[..., Any, Any], reply: Reply) -> Ending:
    """The job is done; `reply` carries its answer."""
    return Ending("succeeded", reply, operation.answer_schema)


def failure(held: HeldJob, problem: Problem, *, dead: bool) -> Ending:
    """The job cannot be done; with `dead` it is kept, so that it can be submitted again."""
    return Ending("failed", _told(held, problem), PROBLEM_SCHEMA, _details(held, problem), dead)


def cancellation(held: HeldJob, detail: str = "the job was cancelled") -> Ending:
    """Somebody asked for the job to be cancelled."""
    problem = Cancelled(detail)
    return Ending("cancelled", _told(held, problem), PROBLEM_SCHEMA, _details(held, problem))


def _told(held: HeldJob, problem: Problem) -> Reply:
    return problem_reply(problem, str(held.ref), h.trace_headers(held.delivery.headers))


def _details(held: HeldJob, problem: Problem) -> ProblemDetails:
    return problem.details.model_copy(update={"instance": problem.details.instance or str(held.ref)})


class Endings:
    """Ends jobs, whatever dies in the middle: every step can be taken again, and a result is stored once."""

    def __init__(self, connection: Client, instance: str) -> None:
        self._results = GuardedPublisher(connection, RESULTS)
        self._dead = GuardedPublisher(connection, DEAD)
        self._instance = instance

    async def end(self, held: HeldJob, ending: Ending) -> str:
        """End the job; the state that it really ended in, which is another one when somebody was quicker.

        Raises:
            LostJob: another worker has the job.
            BackendUnavailable: the server stays away.
        """
        if not held.is_sure:
            await patiently(held.write)
        if ending.dead:
            await patiently(lambda: self._bury(held, ending))
        state, problem = await patiently(lambda: self._publish(held, ending))
        await patiently(
            lambda: held.write(
                state=state, problem=problem, next_attempt_at=None, worker=held.status.worker or self._instance
            )
        )
        await held.delivery.receipt.done()
        return state

    async def ended(self, held: HeldJob) -> bool:
        """Whether an earlier attempt has left a result; then the job is over, and nothing is left to be done.

        Raises what `end` raises.
        """
        found = await patiently(lambda: self._results.last(result_subject(*held.ref)))
        if found is None:
            return False
        state, problem = _adopted(found.headers, found.data)
        await patiently(lambda: held.write(state=state, problem=problem, next_attempt_at=None))
        await held.delivery.receipt.done()
        return True

    async def retry(self, held: HeldJob, problem: Problem) -> None:
        """Let the server give the job out again after a while. Raises what `end` raises."""
        seconds = backoff(held.status.attempt, problem.details.retry_after)
        next_at = datetime.now(UTC) + timedelta(seconds=seconds)
        await patiently(lambda: held.write(state="retrying", problem=_details(held, problem), next_attempt_at=next_at))
        await held.delivery.receipt.again(seconds)

    async def hand_back(self, held: HeldJob, *, delay: float = 0.0, state: str = "queued") -> None:
        """Give the job back; the attempt that was broken off does not count. Raises what `end` raises."""
        attempt = max(held.status.attempt - 1, 0)
        await patiently(lambda: held.write(state=state, attempt=attempt, worker=None))
        await held.delivery.receipt.again(delay)

    async def _publish(self, held: HeldJob, ending: Ending) -> tuple[str, ProblemDetails | None]:
        """Store the result; the state and problem of the one that is stored now."""
        ref, attempt = held.ref, held.status.attempt
        headers = {
            **ending.reply.headers,
            h.STATE: ending.state,
            h.JOB_ID: ref.job_id,
            h.ATTEMPT: str(attempt),
            **event_headers("result", ref, self._instance, ending.schema, str(ref)),
        }
        try:
            await self._results.publish(result_subject(*ref), ending.reply.body, 0, headers)
        except Stale as stale:
            if stale.found is None:
                raise BackendUnavailable("a result was refused that is not there") from None
            return _adopted(stale.found.headers, stale.found.data)
        except TooLarge as problem:
            shorter = InternalError(f"the result does not fit into a message: {problem}")
            return await self._publish(held, failure(held, shorter, dead=False))
        return ending.state, ending.problem

    async def _bury(self, held: HeldJob, ending: Ending) -> None:
        """Keep the job as it was submitted; once, however often it is tried."""
        ref, problem = held.ref, ending.problem
        headers = {
            **h.kept_headers(held.delivery.headers),
            h.STATE: ending.state,
            h.JOB_ID: ref.job_id,
            h.ATTEMPT: str(held.status.attempt),
            h.PROBLEM: problem.slug if problem else "internal",
        }
        try:
            await self._dead.publish(dead_subject(*ref), held.delivery.data, 0, headers)
        except Stale:
            return
        except TooLarge:
            log.error("a dead letter is too large to be kept", job=str(ref), size=len(held.delivery.data))


def _adopted(headers: dict[str, str], data: bytes) -> tuple[str, ProblemDetails | None]:
    state = headers.get(h.STATE, "")
    state = state if state in TERMINAL else "failed"
    try:
        return state, None if state == "succeeded" else ProblemDetails.model_validate_json(data)
    except ValueError:
        return state, None
