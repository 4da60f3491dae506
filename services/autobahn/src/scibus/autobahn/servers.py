"""The HTTP servers of Autobahn, as they are called in what is said about them."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from scibus.autobahn.certificates import ClientCertificate


@dataclass(frozen=True)
class Server:
    """One of them.

    Attributes:
        role: what it is, as "the account server".
        url: where it is.
        shown: the client certificate that it is shown, if any.
    """

    role: str
    url: str
    shown: ClientCertificate | None = None

    def __str__(self) -> str:
        return f"{self.role} {urlsplit(self.url).netloc.rpartition('@')[2]}"
