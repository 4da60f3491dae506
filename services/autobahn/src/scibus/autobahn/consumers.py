"""Consumers in the streams of the MDB: made, found, set back and removed with no more rights than a reader has."""

import hashlib
import json
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic_core import from_json

from scibus.autobahn.datasets import Dataset
from scibus.autobahn.session import Session
from scibus.bus.stored import API, NO_CONSUMER, NO_STREAM, ApiError, checked
from scibus.bus.topology import SECOND
from scibus.contracts.live import Position
from scibus.contracts.problems import BackendUnavailable, BadBackendAnswer, Forbidden, NotFound
from scibus.runtime import CursorLost

KEPT_SECONDS = 7 * 24 * 3600
"""Without being read from, a cursor is forgotten after so long: as the published client has it."""
PASSING_SECONDS = 30
NO_SUCH_API = 10025
NO_RESET = 10204
TAKEN = (10013, 10148)
REFUSED = (10039, 10076)
"""JetStream is not enabled for the account, or at all."""


def clients_cursor(cn: str) -> str:
    """The name that the published client gives its consumer: one for each caller and stream."""
    return hashlib.md5(cn.encode(), usedforsecurity=False).hexdigest()[:-1] + "0"


@dataclass(frozen=True)
class Standing:
    """Where a consumer stands.

    Attributes:
        delivered: stream sequence of the last message that it gave, or after which it begins.
        acknowledged: stream sequence up to which all is acknowledged.
        pending: messages that it has yet to give.
        acknowledges_all: whether one acknowledgement counts for all messages before it.
    """

    delivered: int
    acknowledged: int
    pending: int
    acknowledges_all: bool


class Consumers:
    """The consumers of one dataset's stream.

    Args:
        session: with the right to use them.
        dataset: whose stream it is.
    """

    def __init__(self, session: Session, dataset: Dataset) -> None:
        self._session = session
        self._dataset = dataset

    async def check_stream(self) -> None:
        """See that there is a stream for the dataset, and that it is the one that its name says.

        Raises:
            NotFound: there is none.
        """
        found = await self._ask("STREAM.NAMES", {"subject": self._dataset.subject})
        if self._dataset.stream not in (found.get("streams") or []):
            raise self._no_stream()

    async def find(self, name: str) -> Standing | None:
        """Where the consumer `name` stands; None where there is none."""
        try:
            return _standing(await self._ask(f"CONSUMER.INFO.{self._dataset.stream}.{name}"))
        except _Missing:
            return None

    async def make(
        self, name: str, place: Position, description: str, *, acknowledges_all: bool, passing: bool = False
    ) -> Standing:
        """Make the consumer `name`, which begins at `place`.

        Args:
            name: a token.
            place: where it begins.
            description: shown to who looks after the MDB.
            acknowledges_all: whether one acknowledgement shall count for all messages before it.
            passing: whether it is forgotten soon, and nothing is to be acknowledged.
        """
        config: dict[str, Any] = {
            "name": name,
            "description": description,
            "filter_subject": self._dataset.subject,
            "replay_policy": "instant",
            **_policy(place),
        }
        if passing:
            config |= {"ack_policy": "none", "inactive_threshold": PASSING_SECONDS * SECOND, "mem_storage": True}
        else:
            acknowledging = (
                {"ack_policy": "all", "max_ack_pending": -1} if acknowledges_all else {"ack_policy": "explicit"}
            )
            config |= {"durable_name": name, "inactive_threshold": KEPT_SECONDS * SECOND, **acknowledging}
        body = {"stream_name": self._dataset.stream, "config": config}
        try:
            told = await self._ask(f"CONSUMER.CREATE.{self._dataset.stream}.{name}.{self._dataset.subject}", body)
        except _Missing:
            raise self._no_stream() from None
        return _standing(told)

    async def make_passing(self, place: Position) -> tuple[str, Standing]:
        """A consumer that is forgotten soon, and its name."""
        name = f"scibus-read-{secrets.token_hex(6)}"
        return name, await self.make(name, place, "Read by scibus", acknowledges_all=False, passing=True)

    async def set_back(self, name: str, sequence: int) -> Standing | None:
        """Let a consumer go on at the stream sequence `sequence`; None where that cannot be done."""
        try:
            return _standing(await self._ask(f"CONSUMER.RESET.{self._dataset.stream}.{name}", {"seq": sequence}))
        except (_Missing, Forbidden, _NotPossible):
            return None

    async def remove(self, name: str) -> None:
        """Remove the consumer `name`, if there is one."""
        try:
            await self._ask(f"CONSUMER.DELETE.{self._dataset.stream}.{name}")
        except _Missing:
            return

    async def stream(self) -> dict[str, Any] | None:
        """What the server tells of the stream; None where our rights do not reach so far."""
        try:
            return await self._ask(f"STREAM.INFO.{self._dataset.stream}")
        except Forbidden:
            return None
        except _Missing:
            raise self._no_stream() from None

    async def last_sequence(self) -> int:
        """Sequence of the last message that the stream had: a consumer of what comes next begins after it."""
        name, standing = await self.make_passing(Position(offset="now"))
        await self.remove(name)
        return standing.delivered

    def _no_stream(self) -> NotFound:
        return NotFound(f"the MDB has no stream for the dataset {self._dataset.slug!r}")

    async def _ask(self, subject: str, body: Any = None) -> dict[str, Any]:
        data = b"" if body is None else json.dumps(body).encode()
        answer = await self._session.ask(f"{API}.{subject}", data)
        try:
            return checked(from_json(answer))
        except ApiError as error:
            if error.code in (NO_CONSUMER, NO_STREAM):
                raise _Missing from error
            if error.code in TAKEN:
                raise CursorLost("somebody else has made a consumer of this name") from error
            if error.code in (NO_SUCH_API, NO_RESET):
                raise _NotPossible from error
            if error.code in REFUSED:
                raise BackendUnavailable(f"the MDB serves no datasets: {error.description}") from error
            raise BadBackendAnswer(f"the MDB refuses {subject.partition('.')[0].lower()} requests: {error}") from error
        except ValueError as error:
            raise BadBackendAnswer(f"the MDB's answer to {subject} is no JSON") from error


class _Missing(Exception):
    """There is no such consumer or stream."""


class _NotPossible(Exception):
    """The server is older than the question, or the consumer cannot be set back so far."""


def _policy(place: Position) -> dict[str, Any]:
    if place.sequence is not None:
        return {"deliver_policy": "by_start_sequence", "opt_start_seq": place.sequence}
    if place.time is not None:
        return {"deliver_policy": "by_start_time", "opt_start_time": _rfc3339(place.time)}
    return {"deliver_policy": "all" if place.offset == "begin" else "new"}


def _rfc3339(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def _standing(info: dict[str, Any]) -> Standing:
    try:
        return Standing(
            info["delivered"]["stream_seq"],
            info["ack_floor"]["stream_seq"],
            info["num_pending"],
            info["config"]["ack_policy"] == "all",
        )
    except (KeyError, TypeError):
        raise BadBackendAnswer("the MDB does not tell where a consumer stands") from None
