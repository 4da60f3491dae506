"""Redirects of block hosts, followed by hand: what a ticket says to send is for one host."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from urllib.parse import urljoin, urlsplit

import httpx

from scibus.runtime.http.addresses import same_origin

MOST_REDIRECTS = 5
REDIRECTS = frozenset({301, 302, 303, 307, 308})


class BadRedirect(Exception):
    """It leads nowhere, or where nobody should follow; says how."""


@asynccontextmanager
async def opened(
    http: httpx.AsyncClient,
    url: str,
    headers: Mapping[str, str],
    to_send: Callable[[Mapping[str, str]], Mapping[str, str]],
) -> AsyncIterator[httpx.Response]:
    """The answer at the end of all redirects from `url` on.

    Args:
        headers: those of the ticket, which no other origin gets, nor one behind another.
        to_send: makes of them, or of none, all that is sent.

    Raises:
        BadRedirect: there is no end, or it is no web server, or one without the TLS that the ticket's host has.
    """
    for _ in range(MOST_REDIRECTS + 1):
        async with http.stream("GET", url, headers=to_send(headers)) as response:
            if response.status_code not in REDIRECTS or "Location" not in response.headers:
                yield response
                return
            target = urljoin(url, response.headers["Location"])
        scheme = urlsplit(target).scheme
        if scheme != "https" and (scheme != "http" or urlsplit(url).scheme == "https"):
            raise BadRedirect("redirects to an unsafe place")
        if not same_origin(target, url):
            headers = {}
        url = target
    raise BadRedirect(f"redirects more than {MOST_REDIRECTS} times")
