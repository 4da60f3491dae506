"""A circuit breaker: a server that is down is left alone for a while, and callers are told at once."""

import time

from scibus.contracts.problems import BackendUnavailable


class Breaker:
    """Counts failures in a row. While open, calls are refused; then one, the trial, goes through and decides.

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
        self._trial: object | None = None

    def admit(self) -> object:
        """Let one call through; what is returned stands for it.

        Raises:
            BackendUnavailable: the breaker is open; `retry_after` tells for how long.
        """
        call = object()
        if self._failures < self._limit:
            return call
        left = self._open_until - time.monotonic()
        if left > 0 or self._trial is not None:
            raise BackendUnavailable(
                f"{self._server} failed {self._failures} times in a row and is left alone for now",
                retry_after=round(max(left, 1.0), 1),
            )
        self._trial = call
        return call

    def succeeded(self) -> None:
        """The server answered."""
        self._failures, self._trial = 0, None

    def failed(self, call: object) -> None:
        """The server is down, in maintenance or out of reach."""
        self._failures += 1
        self._open_until = time.monotonic() + self._pause
        self.given_up(call)

    def given_up(self, call: object) -> None:
        """The call ended before the server had said anything, as when the caller went away."""
        if self._trial is call:
            self._trial = None
