"""A circuit breaker: a server that is down is left alone for a while, and callers are told at once."""

import time

from scibus.contracts.problems import BackendUnavailable


class Breaker:
    """Counts failures in a row. While open, calls are refused; then one goes through and decides.

    Args:
        server: name of the server, for what is said.
        failures: in a row, after which the breaker opens.
        pause: seconds for which it stays open.
    """

    def __init__(self, server: str, *, failures: int, pause: float) -> None:
        self._server = server
        self._limit = failures
        self._pause = pause
        self._failures = 0
        self._open_until = 0.0
        self._trying = False

    def check(self) -> None:
        """Let one call through.

        Raises:
            BackendUnavailable: the breaker is open; `retry_after` tells for how long.
        """
        if self._failures < self._limit:
            return
        left = self._open_until - time.monotonic()
        if left > 0 or self._trying:
            raise BackendUnavailable(
                f"{self._server} failed {self._failures} times in a row and is left alone for now",
                retry_after=round(max(left, 1.0), 1),
            )
        self._trying = True

    def succeeded(self) -> None:
        """The server answered."""
        self._failures, self._trying = 0, False

    def failed(self) -> None:
        """The server is down, in maintenance or out of reach."""
        self._failures += 1
        self._trying = False
        self._open_until = time.monotonic() + self._pause

    def given_up(self) -> None:
        """The call ended before the server had said anything, as when the caller went away."""
        self._trying = False
