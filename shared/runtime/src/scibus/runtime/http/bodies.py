"""Bodies of answers, never more than expected."""

import httpx

from scibus.contracts.problems import Problem


async def read_whole(response: httpx.Response, largest: int, too_much: Problem) -> bytes:
    """The body of `response`.

    Raises:
        too_much: it has more than `largest` bytes.
        httpx.HTTPError: it does not come whole.
    """
    body = bytearray()
    async for piece in response.aiter_bytes():
        body += piece
        if len(body) > largest:
            raise too_much
    return bytes(body)
