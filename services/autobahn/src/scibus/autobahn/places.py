"""Where the parts of the Mission Data Broker are, as its account server tells."""

from dataclasses import dataclass, field
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ValidationError

from scibus.contracts.problems import BadBackendAnswer


def _leading(*schemes: str) -> AfterValidator:
    """Texts that begin as a URL with one of `schemes` does."""

    def check(url: str) -> str:
        if not url.startswith(tuple(f"{scheme}://" for scheme in schemes)):
            raise ValueError(f"must be a URL with {' or '.join(schemes)}")
        return url

    return AfterValidator(check)


WebUrl = Annotated[str, _leading("https", "http")]


class Places(BaseModel):
    """The members of the account server's configuration that lead into the MDB; it has others."""

    api_gateway_url: WebUrl
    """The gateway, complete with its path."""
    mas_url: WebUrl
    """The account server's base for tokens."""
    nats_websocket_url: Annotated[str, _leading("wss", "ws")] | None = None
    nats_url: Annotated[str, _leading("tls", "nats")] | None = None

    def nats(self, *, websocket: bool) -> str:
        """The NATS server, over a WebSocket or over TCP.

        Raises:
            BadBackendAnswer: it cannot be reached in that way.
        """
        url = self.nats_websocket_url if websocket else self.nats_url
        if url is None:
            told, other = ("nats_websocket_url", "false") if websocket else ("nats_url", "true")
            raise BadBackendAnswer(f"the account server tells no {told}: set SCIBUS_AUTOBAHN_WEBSOCKET={other}")
        return url


@dataclass(frozen=True)
class KnownPlaces:
    """`Places`, and when to ask again."""

    places: Places
    renew_at: float
    expires_at: None = field(default=None, init=False)


def read_places(text: str, source: str) -> Places:
    """The places in an answer of `source`.

    Raises:
        BadBackendAnswer: it does not tell them.
    """
    try:
        return Places.model_validate_json(text)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        told = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in found[:5])
        raise BadBackendAnswer(f"{source} does not tell where the MDB is ({told.strip(': ')})") from None
