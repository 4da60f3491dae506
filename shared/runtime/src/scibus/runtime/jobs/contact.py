"""Since when this worker has been in touch with the server, and how old something is by the server's own clock."""

import time
from datetime import datetime

from nats.aio.client import Client
from nats.errors import Error as NatsError

from scibus.bus.stored import ApiError, api, parse_time
from scibus.contracts.problems import BackendUnavailable


class Contact:
    """The contact of one worker with its server. The clocks of the workers do not matter, only the server's."""

    def __init__(self, connection: Client) -> None:
        self._connection = connection
        self._since = time.monotonic()

    def lost_since(self, moment: float) -> bool:
        """Whether the connection is lost, or was lost since `moment` (monotonic)."""
        return not self._connection.is_connected or self._since > moment

    def renewed(self) -> None:
        """The connection was lost and is back."""
        self._since = time.monotonic()

    async def age(self, moment: datetime, stream: str) -> float:
        """Seconds since `moment`, at most those since the connection was made: others were cut off too.

        Raises:
            BackendUnavailable: the server does not answer.
        """
        try:
            told = await api(self._connection, f"STREAM.INFO.{stream}")
        except (ApiError, NatsError, TimeoutError) as error:
            raise BackendUnavailable(f"{stream} does not answer: {error!r}") from error
        age = (parse_time(told["ts"]) - moment).total_seconds()
        return min(age, time.monotonic() - self._since)
