"""Whether what came is the file that was asked for."""

from collections.abc import AsyncIterator

from scibus.contracts.problems import BackendFault, BackendUnavailable, BadBackendAnswer

FITS = "application/fits"
BLOCK = 2880
FIRST_CARD = b"SIMPLE  ="
HEAD = 512
"""Bytes that tell a file from a page."""


async def verified(content: AsyncIterator[bytes], filename: str, media_type: str, server: str) -> AsyncIterator[bytes]:
    """`content`, refused as soon as it is seen to be something else.

    Raises:
        BackendUnavailable: it is an HTML page, as in maintenance (retryable).
        BadBackendAnswer: it should be FITS and is not, or ends within a block.
    """
    head, size = bytearray(), 0
    is_seen = False
    async for piece in content:
        size += len(piece)
        if is_seen:
            yield piece
            continue
        head += piece
        if len(head) >= HEAD:
            is_seen = True
            _check_head(bytes(head), filename, media_type, server)
            yield bytes(head)
    if not is_seen:
        _check_head(bytes(head), filename, media_type, server)
        if head:
            yield bytes(head)
    if media_type == FITS and size % BLOCK:
        raise BadBackendAnswer(
            f"{filename} is no whole FITS file: its {size} bytes are no multiple of {BLOCK}",
            backend=BackendFault(name=server),
        )


def check_is_no_page(content_type: str, filename: str, server: str) -> None:
    """Refuse what is announced as a page, unless a page was asked for.

    Raises:
        BackendUnavailable: it is one, as in maintenance (retryable).
    """
    if content_type in ("text/html", "application/xhtml+xml") and not filename.lower().endswith((".html", ".htm")):
        raise BackendUnavailable(
            f"{server} sent an HTML page in place of {filename}", backend=BackendFault(name=server)
        )


def _check_head(head: bytes, filename: str, media_type: str, server: str) -> None:
    fault = BackendFault(name=server)
    start = head.lstrip().lower()
    if start.startswith((b"<!doctype html", b"<html")) and not filename.lower().endswith((".html", ".htm")):
        raise BackendUnavailable(f"{server} sent an HTML page in place of {filename}", backend=fault)
    if media_type == FITS and not head.startswith(FIRST_CARD):
        raise BadBackendAnswer(f"{filename} is no FITS file: it does not begin with SIMPLE", backend=fault)
