"""Asking how an export stands, at the pace that the server wants."""

import asyncio

from scibus.contracts.drms import ExportState
from scibus.contracts.problems import NotFound
from scibus.drms.jsoc import Jsoc

PENDING = (1, 2, 12)
UNKNOWN_POLLS = 5
"""So often an export that was just ordered may not be known yet."""


def pace(jsoc: Jsoc, wait: float | None) -> float:
    """Seconds until the next question, where the server wants `wait`: it has been seen to say 0, and less."""
    return min(max(jsoc.settings.poll_shortest, wait or 0.0), jsoc.settings.poll_longest)


async def ended(jsoc: Jsoc, requestid: str, wait: float | None = None) -> ExportState:
    """The state of an export that is no longer pending, however it ended.

    Args:
        jsoc: the server.
        requestid: the export.
        wait: seconds that the server wants before the first question; None to ask at once.

    Raises:
        NotFound: the server does not know the export, also when asked a few times.
        BackendUnavailable: the server is down, in maintenance or out of reach (retryable).
    """
    unknown = 0
    if wait is not None:
        await asyncio.sleep(pace(jsoc, wait))
    while True:
        try:
            state = await jsoc.exp_status(requestid)
        except NotFound:
            unknown += 1
            if unknown > UNKNOWN_POLLS:
                raise
            await asyncio.sleep(pace(jsoc, None))
            continue
        if state.status not in PENDING:
            return state
        unknown = 0
        await asyncio.sleep(pace(jsoc, state.wait))
