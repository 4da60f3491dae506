"""The DRMS servers that one worker knows, chosen by name."""

from scibus.contracts.drms.base import ServerQuestion
from scibus.contracts.problems import FieldError, InvalidRequest
from scibus.drms.jsoc import Jsoc
from scibus.drms.settings import DrmsSettings
from scibus.runtime.http import Observe


class Archives:
    """All configured DRMS servers, the default one first."""

    def __init__(self, settings: DrmsSettings, observe: Observe) -> None:
        self._servers = {server.name: Jsoc(server, settings, observe) for server in settings.known_servers()}
        self._default = next(iter(self._servers))

    def choose(self, question: ServerQuestion) -> Jsoc:
        """The server that `question` names, or the default one.

        Raises:
            InvalidRequest: the worker knows no server of that name.
        """
        name = question.server or self._default
        if name not in self._servers:
            known = ", ".join(self._servers)
            raise InvalidRequest(
                "no such DRMS server", errors=[FieldError(field="server", message=f"must be one of {known}")]
            )
        return self._servers[name]

    async def close(self) -> None:
        """Close all connections."""
        for server in self._servers.values():
            await server.close()
