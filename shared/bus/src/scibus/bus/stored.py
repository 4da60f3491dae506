"""Messages as a stream holds them, read from its leader: what the leader has not seen has not happened."""

import base64
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from nats.aio.client import Client
from nats.errors import NoRespondersError
from pydantic_core import from_json

from scibus.contracts.problems import BackendUnavailable

API = "$JS.API"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
API_SECONDS = 5.0
NO_MESSAGE = 10037
NO_STREAM = 10059
NO_CONSUMER = 10014


class ApiError(Exception):
    """JetStream refused; `code` is its own error code."""

    def __init__(self, code: int, description: str) -> None:
        super().__init__(f"{description} ({code})")
        self.code = code
        self.description = description


@dataclass(frozen=True)
class StoredMessage:
    """One message of a stream."""

    subject: str
    sequence: int
    time: datetime
    headers: dict[str, str]
    data: bytes


async def api(connection: Client, subject: str, body: Any = None, timeout: float = API_SECONDS) -> dict[str, Any]:
    """What JetStream's API answers to `body` on `$JS.API.<subject>`.

    Raises:
        ApiError: it refused.
        BackendUnavailable: JetStream is not there.
        TimeoutError, nats.errors.Error: it did not answer.
    """
    data = b"" if body is None else json.dumps(body).encode()
    try:
        reply = await connection.request(f"{API}.{subject}", data, timeout=timeout)
    except NoRespondersError as error:
        raise BackendUnavailable("JetStream does not answer") from error
    return checked(from_json(reply.data))


def checked(answer: dict[str, Any]) -> dict[str, Any]:
    """What JetStream answered, if it did what it was asked.

    Raises:
        ApiError: it refused.
    """
    if error := answer.get("error"):
        raise ApiError(error.get("err_code", 0), error.get("description", "no reason given"))
    return answer


async def last_message(connection: Client, stream: str, subject: str) -> StoredMessage | None:
    """The newest message on `subject`. Raises what `api` raises, but for a message that is not there."""
    return await _get(connection, stream, {"last_by_subj": subject})


async def first_message(connection: Client, stream: str, subject: str, start: int = 1) -> StoredMessage | None:
    """The oldest message on `subject` from the stream sequence `start` on."""
    return await _get(connection, stream, {"seq": start, "next_by_subj": subject})


async def message_at(connection: Client, stream: str, sequence: int) -> StoredMessage | None:
    """The message at a stream sequence."""
    return await _get(connection, stream, {"seq": sequence})


async def _get(connection: Client, stream: str, asked: dict[str, Any]) -> StoredMessage | None:
    try:
        answer = await api(connection, f"STREAM.MSG.GET.{stream}", asked)
    except ApiError as error:
        if error.code == NO_MESSAGE:
            return None
        raise
    message = answer["message"]
    return StoredMessage(
        subject=message["subject"],
        sequence=message["seq"],
        time=parse_time(message["time"]),
        headers=parse_headers(base64.b64decode(message.get("hdrs", ""))),
        data=base64.b64decode(message.get("data", "")),
    )


def parse_headers(block: bytes) -> dict[str, str]:
    """Headers as they stand in a stored message; values that are no UTF-8 are read byte by byte."""
    headers: dict[str, str] = {}
    for line in block.split(b"\r\n")[1:]:
        name, colon, value = line.partition(b":")
        if colon:
            headers.setdefault(_text(name).strip(), _text(value).strip())
    return headers


def parse_time(text: str) -> datetime:
    """A time as the server writes it, with up to nine decimals."""
    whole, dot, rest = text.rstrip("Z").partition(".")
    fraction = rest[:6].ljust(6, "0") if dot else "000000"
    return datetime.fromisoformat(f"{whole}.{fraction}").replace(tzinfo=UTC)


def moment_of(nanoseconds: int) -> datetime:
    """The time so long after 1970, in whole microseconds as `parse_time` has them."""
    return EPOCH + timedelta(microseconds=nanoseconds // 1000)


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def is_missing(error: ApiError) -> bool:
    """Whether `error` says that a stream or consumer is not there."""
    return error.code in (NO_STREAM, NO_CONSUMER)
