"""The consumers that readers have in the stream SCIBUS_DATA: one that nobody else has, or one that is kept by name."""

import secrets
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from nats.aio.client import Client

from scibus.bus.live import read_place
from scibus.bus.stored import NO_CONSUMER, ApiError, api, is_missing, message_at
from scibus.bus.topology import DATA, DATA_KEPT, SECOND
from scibus.contracts.problems import Conflict, NotFound, Unsupported

FORGOTTEN_SECONDS = 300
DURABLE_KEPT = 2 * DATA_KEPT
"""Longer than messages are: whoever comes back is told what was lost."""
NO_SUCH_API = 10025
NO_DATA = f"the bus has no stream {DATA}: no worker with live data has been on it"
OWNER = "scibus-reader"
SEQUENCE = "scibus-sequence"
EPOCH = "scibus-epoch"
AT = "scibus-at"
TOLD = (OWNER, SEQUENCE, EPOCH, AT)


class LastRead(NamedTuple):
    """The last message that a reader has read.

    Attributes:
        sequence: at the source.
        epoch: of the subscription.
        at: sequence in the stream.
    """

    sequence: int
    epoch: int
    at: int


@dataclass(frozen=True)
class Opened:
    """A consumer that is ready to be pulled from.

    Attributes:
        name: of the consumer.
        after: sequence in the stream after which it goes on.
        known: what was read last, where the consumer knows.
    """

    name: str
    after: int
    known: LastRead | None = None


class ReaderConsumer(Protocol):
    """Opens a consumer, as often as that is needed. All methods raise what `api` raises."""

    keeps_place: bool
    """Whether messages are to be acknowledged."""

    async def open(self, after: int | None) -> Opened:
        """A consumer that goes on after `after`, or where it stands; None: with what comes next.

        Raises:
            NotFound: the bus has no live data.
            Conflict: another program reads under its name now.
        """
        ...

    async def tell(self, last: LastRead) -> None:
        """Note what was read last, for whoever opens it next."""
        ...

    async def close(self) -> None:
        """It is not needed any more."""
        ...


class PassingConsumer:
    """A consumer in memory that goes when its reader goes."""

    keeps_place = False

    def __init__(self, connection: Client, subject: str) -> None:
        self._connection = connection
        self._subject = subject
        self._name = ""

    async def open(self, after: int | None) -> Opened:
        await self.close()
        self._name = f"read-{secrets.token_hex(8)}"
        config = {
            "name": self._name,
            "filter_subject": self._subject,
            "ack_policy": "none",
            "mem_storage": True,
            "num_replicas": 1,
            "inactive_threshold": FORGOTTEN_SECONDS * SECOND,
            **_start(after),
        }
        told = await _create(self._connection, config)
        return Opened(self._name, told["delivered"]["stream_seq"] if after is None else after)

    async def tell(self, last: LastRead) -> None:
        """Nobody opens it after us."""

    async def close(self) -> None:
        if self._name:
            name, self._name = self._name, ""
            await _delete(self._connection, name)


class DurableConsumer:
    """A consumer that keeps its reader's place under a name; whoever opens it last has it.

    Needs nats-server 2.14, which can set a consumer back to what was acknowledged.
    """

    keeps_place = True

    def __init__(self, connection: Client, subject: str, name: str) -> None:
        self._connection = connection
        self._subject = subject
        self._name = name
        self._owner = secrets.token_hex(8)
        self._is_ours = False

    async def open(self, after: int | None) -> Opened:
        found = await self._info()
        if self._is_ours and found is not None and _told(found).get(OWNER) != self._owner:
            raise Conflict(f"another program reads as {self._name!r} now: give each reader a name of its own")
        if found is None:
            # One that begins with what comes next could not be set back.
            config = self._config(await self._last() if after is None else after)
            found = await _create(self._connection, config)
            self._is_ours = True
            return Opened(self._name, found["delivered"]["stream_seq"])
        if not self._is_ours:
            await self._update(found, {OWNER: self._owner})
            self._is_ours, after = True, None
        return await self._set_back(after)

    async def _set_back(self, after: int | None) -> Opened:
        try:
            body = {} if after is None else {"seq": after + 1}
            found = await api(self._connection, f"CONSUMER.RESET.{DATA}.{self._name}", body)
        except ApiError as error:
            if error.code == NO_SUCH_API:
                raise Unsupported("a reader with a name needs nats-server 2.14 or newer") from error
            raise
        reached = found["ack_floor"]["stream_seq"]
        return Opened(self._name, reached, await self._known(found, reached) if after is None else None)

    async def _known(self, found: dict[str, Any], reached: int) -> LastRead | None:
        """What was read last: the acknowledged message itself tells, and what was noted where it is gone."""
        message = await message_at(self._connection, DATA, reached) if reached else None
        if message is not None and message.subject == self._subject and (place := read_place(message.headers)):
            return LastRead(place.sequence, place.epoch, reached)
        told = _told(found)
        return LastRead(int(told[SEQUENCE]), int(told[EPOCH]), int(told[AT])) if AT in told else None

    async def tell(self, last: LastRead) -> None:
        found = await self._info()
        if found is not None and _told(found).get(OWNER) == self._owner:
            await self._update(found, {SEQUENCE: str(last.sequence), EPOCH: str(last.epoch), AT: str(last.at)})

    async def close(self) -> None:
        """It stays."""

    async def _last(self) -> int:
        """The last sequence of the stream."""
        try:
            told = await api(self._connection, f"STREAM.INFO.{DATA}")
        except ApiError as error:
            if is_missing(error):
                raise NotFound(NO_DATA) from error
            raise
        last: int = told["state"]["last_seq"]
        return last

    async def _info(self) -> dict[str, Any] | None:
        try:
            return await api(self._connection, f"CONSUMER.INFO.{DATA}.{self._name}")
        except ApiError as error:
            if error.code == NO_CONSUMER:
                return None
            raise

    async def _update(self, found: dict[str, Any], told: dict[str, str]) -> None:
        config = {**found["config"], "metadata": {**_told(found), **told}}
        await _create(self._connection, config, action="update")

    def _config(self, after: int) -> dict[str, Any]:
        return {
            "name": self._name,
            "durable_name": self._name,
            "filter_subject": self._subject,
            "ack_policy": "all",
            "ack_wait": DURABLE_KEPT,
            "max_ack_pending": -1,
            "inactive_threshold": DURABLE_KEPT,
            "metadata": {OWNER: self._owner},
            **_start(after),
        }


def _told(info: dict[str, Any]) -> dict[str, str]:
    """What readers have noted in a consumer's metadata."""
    metadata = info["config"].get("metadata") or {}
    return {name: metadata[name] for name in TOLD if name in metadata}


def _start(after: int | None) -> dict[str, Any]:
    if after is None:
        return {"deliver_policy": "new"}
    return {"deliver_policy": "by_start_sequence", "opt_start_seq": after + 1}


async def _create(connection: Client, config: dict[str, Any], action: str = "create") -> dict[str, Any]:
    body = {"stream_name": DATA, "config": config, "action": action}
    try:
        return await api(connection, f"CONSUMER.CREATE.{DATA}.{config['name']}.{config['filter_subject']}", body)
    except ApiError as error:
        if is_missing(error):
            raise NotFound(NO_DATA) from error
        raise


async def _delete(connection: Client, name: str) -> None:
    try:
        await api(connection, f"CONSUMER.DELETE.{DATA}.{name}")
    except ApiError as error:
        if error.code != NO_CONSUMER:
            raise
