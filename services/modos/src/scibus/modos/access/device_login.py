"""A login by a person, for a worker that has no browser (RFC 8628)."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from scibus.contracts.problems import BackendUnavailable, DeadlineExceeded, Forbidden, Unauthenticated
from scibus.modos.access.provider import DeviceCode, Grant, Refused, TokenProvider

SLOWER = 5.0
"""Seconds by which `slow_down` lengthens the interval (RFC 8628, 3.5)."""
SHORTEST = 1.0
Tell = Callable[[float, float, str], Awaitable[None]]
"""Told seconds gone by, seconds there are, and what the person has to do."""


async def logged_in(provider: TokenProvider, seconds: float, tell: Tell) -> Grant:
    """What the issuer gives when a person has agreed.

    Args:
        provider: the issuer.
        seconds: for which the person is waited for at most; the issuer may wait for less.
        tell: hears what the person has to do, again and again.

    Raises:
        Forbidden: the person said no, or the issuer does.
        DeadlineExceeded: nobody said anything.
        BackendUnavailable: the issuer did not answer for long (retryable: with another code).
    """
    code = await provider.device_code()
    began, last = time.monotonic(), min(seconds, code.expires_in)
    interval, unheard = max(code.interval, SHORTEST), 0
    while (gone := time.monotonic() - began) < last:
        await tell(round(gone), round(last), _asked_of_person(code))
        await asyncio.sleep(min(interval, last - gone))
        try:
            return await provider.poll(code)
        except Refused as refused:
            unheard = 0
            if refused.code == "slow_down":
                interval += SLOWER
            elif refused.code != "authorization_pending":
                raise _ended(refused) from None
        except BackendUnavailable as problem:
            # "On encountering a connection timeout, clients MUST unilaterally reduce their polling frequency".
            unheard += 1
            interval = min(interval * 2, 60.0)
            if unheard >= 5 or not problem.details.retryable:
                raise
    raise DeadlineExceeded(
        f"nobody confirmed the login within {last:.0f} s: submit it again, and visit the page that its progress names",
        retryable=False,
    )


def _asked_of_person(code: DeviceCode) -> str:
    return f"visit {code.page} and confirm the code {code.user_code}"


def _ended(refused: Refused) -> Exception:
    if refused.code == "access_denied":
        return Forbidden("the login was refused by the person who was asked, or by the issuer")
    if refused.code == "expired_token":
        return DeadlineExceeded("the login was not confirmed in time: submit it again", retryable=False)
    return Unauthenticated(f"the issuer ended the login ({refused.code})")
