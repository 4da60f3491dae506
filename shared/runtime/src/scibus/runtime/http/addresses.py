"""URLs of backends, as settings give them and as servers name others."""

from typing import Annotated
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator

DEFAULT_PORTS = {"http": 80, "https": 443}


def web_url(url: str) -> str:
    """`url`, if it leads somewhere.

    Raises:
        ValueError: it is no http or https URL.
    """
    try:
        parts = urlsplit(url)
        usable = parts.scheme in DEFAULT_PORTS and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise ValueError("must be an http or https URL")
    return url


def folder_url(url: str) -> str:
    """`url`, ending with a slash so that names can be joined to it.

    Raises:
        ValueError: it is no http or https URL.
    """
    return web_url(url) if url.endswith("/") else web_url(url) + "/"


WebUrl = Annotated[str, AfterValidator(web_url)]
FolderUrl = Annotated[str, AfterValidator(folder_url)]


def same_origin(url: str, other: str) -> bool:
    """Whether both lead to the same server: what is a secret there may be sent to both."""
    return _origin(urlsplit(url)) == _origin(urlsplit(other))


def _origin(parts: SplitResult) -> tuple[str, str | None, int | None]:
    return parts.scheme, parts.hostname, parts.port or DEFAULT_PORTS.get(parts.scheme)
