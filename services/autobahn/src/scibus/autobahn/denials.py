"""What the server denies: it says so to the connection as a whole, after the message was sent."""

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Never

from scibus.contracts.problems import Forbidden, Problem

DENIED = re.compile(r'permissions violation for (publish|subscription) to "(.*?)"', re.IGNORECASE)
INBOXES = "_inbox."
"""Where answers come; written small, as nats-py writes all that a server says."""


class Denials:
    """Tells those who wait for a message that the server has denied it."""

    def __init__(self) -> None:
        self._waiting: dict[asyncio.Future[Never], dict[str, str]] = {}
        self.heard = 0

    @contextmanager
    def of(self, *subjects: str) -> Iterator[asyncio.Future[Never]]:
        """A future that fails with `Forbidden` when the server denies one of `subjects`, or an inbox for answers.

        It fails with another `Problem` when the session as a whole has one that no waiting mends.
        """
        future: asyncio.Future[Never] = asyncio.get_running_loop().create_future()
        self._waiting[future] = {subject.lower(): subject for subject in subjects}
        try:
            yield future
        finally:
            del self._waiting[future]
            if not future.cancel() and not future.cancelled():
                future.exception()

    def hear(self, error: Exception) -> None:
        """Take what the server says; whatever is no denial is nobody's here."""
        told = DENIED.search(str(error))
        if told is None:
            return
        self.heard += 1
        action, subject = told[1].lower(), told[2].lower()
        for future, subjects in self._waiting.items():
            if subject in subjects or (action == "subscription" and subject.startswith(INBOXES)):
                meant = subjects.get(subject, told[2])
                _fail(future, Forbidden(f"the MDB does not let this token {_VERBS[action]} {meant!r}"))

    def end_all(self, problem: Problem) -> None:
        """Tell all who wait."""
        for future in self._waiting:
            _fail(future, problem)


_VERBS = {"publish": "publish to", "subscription": "subscribe to"}


def _fail(future: asyncio.Future[Never], problem: Problem) -> None:
    if not future.done():
        future.set_exception(problem)
