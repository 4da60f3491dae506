"""What a follower of datasets measures: the rate from its subscribing to the last message, and how late each came.

Imported also by rivals in environments of their own, so it stands on nothing.
"""

import json
import os
import statistics
import sys
import time

ASKED = json.loads(os.environ.get("BENCH_LIVE", "{}"))
"""What to follow: `datasets`, how many messages of each (`count`), and how to get there."""


class Arrivals:
    """Counts messages, each of which begins with the time at which it was sent, in nanoseconds."""

    def __init__(self) -> None:
        self._left = ASKED["count"] * len(ASKED["datasets"])
        self._late = []
        self._began = self._last = time.time_ns()

    def ready(self) -> None:
        """Say that messages may be sent; counting has begun before the first subscription."""
        sys.stdout.write("ready\n")
        sys.stdout.flush()

    def note(self, data: bytes) -> bool:
        """Count one; whether it was the last."""
        now = time.time_ns()
        self._last = now
        self._late.append(now - int(data[:24].split(b" ", 1)[0]))
        self._left -= 1
        return self._left == 0

    def tell(self) -> None:
        """Say what was measured, as a line of JSON: messages each second, and milliseconds."""
        cuts = statistics.quantiles(self._late, n=100)
        rate = len(self._late) / ((self._last - self._began) / 1e9)
        told = {"rate": rate, "p50": cuts[49] / 1e6, "p99": cuts[98] / 1e6}
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()
