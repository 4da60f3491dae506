"""Replies, turned back into answers and problems."""

import asyncio
import shutil
import tempfile
import warnings
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from scibus.bus import headers as h
from scibus.bus.blobs import Blobs
from scibus.bus.tables import ArrowTable, JsonTable
from scibus.contracts.blobs import BlobRef
from scibus.contracts.operations import Operation
from scibus.contracts.problems import BadBackendAnswer, Problem, ProblemDetails, TooLarge
from scibus.contracts.tables import ARROW_STREAM, Table

LARGEST_JSON = 256 * 1024 * 1024
"""Bytes of JSON that are read into memory; a larger table is asked for as Arrow, which stays on disk."""


class IgnoredFields(UserWarning):
    """The worker is older than this client: it left fields of the request alone."""


def warn_of_ignored(name: str, headers: h.Headers) -> None:
    """Warn of fields of the request `name` that its worker does not know."""
    if h.IGNORED in headers:
        warnings.warn(f"{name} ignored the fields {headers[h.IGNORED]}", IgnoredFields, stacklevel=4)


async def read_answer(operation: Operation[..., Any, Any], body: bytes, headers: h.Headers, blobs: Blobs) -> Any:
    """The answer in a reply.

    Raises:
        Problem: the reply tells one.
        BadBackendAnswer: the reply is not what the operation answers.
    """
    if h.ERROR_CODE in headers:
        raise read_problem(body, headers)
    media_type = headers.get(h.CONTENT_TYPE, "")
    if h.BLOB in headers:
        ref = h.decode_blob(headers[h.BLOB])
        if media_type == ARROW_STREAM:
            return await _mapped(ref, blobs)
        if ref.size > LARGEST_JSON:
            raise TooLarge(f"the answer has {ref.size} bytes of JSON; fetch it with `scibus get {ref.name}`")
        body = b"".join([chunk async for chunk in blobs.read(ref)])
    if media_type == ARROW_STREAM:
        return ArrowTable.from_stream(body)
    try:
        answer = operation.answer_model.model_validate_json(body)
    except ValidationError as error:
        raise BadBackendAnswer(f"the answer to {operation.service}.{operation.name} does not fit: {error}") from error
    return JsonTable(answer) if issubclass(operation.answer, Table) else answer  # type: ignore[arg-type]


def read_problem(body: bytes, headers: h.Headers) -> Problem:
    """The problem in a reply that carries an error code."""
    try:
        return Problem.from_details(ProblemDetails.model_validate_json(body))
    except ValidationError:
        return BadBackendAnswer(f"error {headers[h.ERROR_CODE]}: {headers.get(h.ERROR_TEXT, 'no text')}")


async def _mapped(ref: BlobRef, blobs: Blobs) -> ArrowTable:
    """The table in a blob. Its file has no name any more, and lives as long as its pages are mapped."""
    folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="scibus-"))
    try:
        return ArrowTable.from_file(await blobs.download(ref, folder / "table.arrow"))
    finally:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
