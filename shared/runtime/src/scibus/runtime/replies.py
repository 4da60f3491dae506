"""Answers and problems as messages."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from scibus.bus import headers as h
from scibus.bus.blobs import Blobs
from scibus.bus.tables import StreamedTable, to_body, to_stream
from scibus.contracts.model import Contract
from scibus.contracts.operations import Operation
from scibus.contracts.problems import MEDIA_TYPE, Problem, Unsupported
from scibus.contracts.tables import ARROW_STREAM, JSON, Table
from scibus.runtime.metrics import WENT_WELL

SPARE = 4096
"""Bytes of `max_payload` that stay free."""
SURELY_ENOUGH = 64 * 1024
"""Bytes: no reply has so many in its headers, of which each has 2 KiB at most."""


@dataclass(slots=True)
class Reply:
    """A message that answers a request."""

    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    error_type: str = WENT_WELL
    """Slug of the problem, for the metrics."""

    @property
    def size(self) -> int:
        """Bytes that the message takes on the wire, headers included."""
        return len(self.body) + sum(len(name) + len(value) + 4 for name, value in self.headers.items()) + 16

    def fits(self, limit: int) -> bool:
        """Whether the message takes at most `limit` bytes; small ones are not measured."""
        return len(self.body) + SURELY_ENOUGH < limit or self.size <= limit


def problem_reply(problem: Problem, instance: str | None, trace: dict[str, str]) -> Reply:
    """The reply that tells `problem`, both as RFC 9457 details and in the headers of ADR-32."""
    details = problem.details
    if details.instance is None and instance is not None:
        details = details.model_copy(update={"instance": instance})
    headers = {
        h.CONTENT_TYPE: MEDIA_TYPE,
        h.ERROR_CODE: str(details.status),
        h.ERROR_TEXT: h.ascii_text(f"{details.title}: {details.detail}" if details.detail else details.title),
        **trace,
    }
    return Reply(details.model_dump_json().encode(), headers, details.slug)


def accepted_type(operation: Operation[..., Any, Any], accept: str | None) -> str:
    """The media type to answer with.

    Raises:
        Unsupported: the caller takes none that the operation can give.
    """
    if not accept or not accept.strip():
        return JSON
    offered = (JSON, ARROW_STREAM) if operation.answers_table else (JSON,)
    for item in accept.split(","):
        asked = item.partition(";")[0].strip().lower()
        if asked in offered:
            return asked
        if asked in ("*/*", "application/*"):
            return JSON
    raise Unsupported(f"{operation.service}.{operation.name} answers {' or '.join(offered)}, not {accept[:200]!r}")


async def answer_reply(
    operation: Operation[..., Any, Any],
    answer: Any,
    media_type: str,
    headers: dict[str, str],
    blobs: Blobs,
    folder: tuple[str, ...],
) -> Reply:
    """The reply that carries `answer`: itself where it fits into a message, in the object store where it does not.

    There its name begins with `folder`.
    """
    if operation.answers_table and isinstance(answer, StreamedTable):
        name = blobs.new_name(*folder, f"{operation.name}.arrow")
        return await _in_store(answer.stream(), name, ARROW_STREAM, headers, blobs)
    body = await _table_body(answer, media_type) if operation.answers_table else _body(answer, operation)
    reply = Reply(body, {h.CONTENT_TYPE: media_type, **headers})
    if reply.fits(blobs.largest_message - SPARE):
        return reply
    suffix = "arrow" if media_type == ARROW_STREAM else "json"
    name = blobs.new_name(*folder, f"{operation.name}.{suffix}")
    return await _in_store(_once(body), name, media_type, headers, blobs)


def _body(answer: Any, operation: Operation[..., Any, Any]) -> bytes:
    if type(answer) is not operation.answer and not isinstance(answer, Contract):
        raise TypeError(f"a handler returned {type(answer).__name__} instead of its answer model")
    body: bytes = answer.model_dump_json().encode()
    return body


async def _table_body(answer: Any, media_type: str) -> bytes:
    if not isinstance(answer, Table):
        raise TypeError(f"a handler returned {type(answer).__name__} instead of a table")
    return await asyncio.to_thread(_encoded, answer, media_type)


def _encoded(table: Table, media_type: str) -> bytes:
    arrow = table.to_arrow()
    return to_stream(arrow) if media_type == ARROW_STREAM else to_body(arrow).model_dump_json().encode()


async def _in_store(
    content: AsyncIterator[bytes], name: str, media_type: str, headers: dict[str, str], blobs: Blobs
) -> Reply:
    ref = await blobs.put(name, content, media_type=media_type, filename=name.rpartition("/")[2])
    return Reply(b"", {h.CONTENT_TYPE: media_type, h.BLOB: h.encode_blob(ref), **headers})


async def _once(body: bytes) -> AsyncIterator[bytes]:
    yield body
