"""DRMS servers: where their CGIs are and what they can do.

The fields are those of the published client's ServerConfig, and those of `manage_request`. A server is only asked for
what it has a CGI for.
"""

from typing import Literal
from urllib.parse import urljoin

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from scibus.contracts.problems import Unsupported
from scibus.runtime.http.addresses import FolderUrl

Cgi = Literal["show_series", "jsoc_info", "jsoc_fetch", "check_address", "show_series_wrapper", "manage_request"]


class ServerConfig(BaseModel):
    """One DRMS server. Only `name` is mandatory; a CGI is found by its URL or by its name under `cgi_baseurl`."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    name: str = Field(min_length=1, max_length=64)
    cgi_baseurl: FolderUrl | None = None
    cgi_show_series: str | None = None
    cgi_jsoc_info: str | None = None
    cgi_jsoc_fetch: str | None = None
    cgi_check_address: str | None = None
    cgi_show_series_wrapper: str | None = None
    cgi_manage_request: str | None = None
    show_series_wrapper_dbhost: str | None = None
    url_show_series: str | None = None
    url_jsoc_info: str | None = None
    url_jsoc_fetch: str | None = None
    url_check_address: str | None = None
    url_show_series_wrapper: str | None = None
    url_manage_request: str | None = None
    http_download_baseurl: FolderUrl | None = None
    ftp_download_baseurl: str | None = None
    encoding: str = "latin1"
    username: str | None = None
    password: SecretStr | None = None

    @field_validator("encoding")
    @classmethod
    def encoding_is_known(cls, encoding: str) -> str:
        """Said at start, not at the first answer."""
        try:
            "".encode(encoding)
        except LookupError:
            raise ValueError(f"there is no encoding {encoding!r}") from None
        return encoding

    def has(self, cgi: Cgi) -> bool:
        """Whether there is such a CGI."""
        return bool(getattr(self, f"url_{cgi}") or (getattr(self, f"cgi_{cgi}") and self.cgi_baseurl))

    def url(self, cgi: Cgi) -> str:
        """URL of a CGI.

        Raises:
            Unsupported: the server has none.
        """
        given: str | None = getattr(self, f"url_{cgi}")
        name: str | None = getattr(self, f"cgi_{cgi}")
        if given:
            return given
        if not name or not self.cgi_baseurl:
            raise Unsupported(f"the DRMS server {self.name!r} has no {cgi}")
        return urljoin(self.cgi_baseurl, name)


JSOC = ServerConfig(
    name="jsoc",
    cgi_baseurl="http://jsoc.stanford.edu/cgi-bin/ajax/",
    cgi_show_series="show_series",
    cgi_jsoc_info="jsoc_info",
    cgi_jsoc_fetch="jsoc_fetch",
    cgi_check_address="checkAddress.sh",
    cgi_show_series_wrapper="showextseries",
    show_series_wrapper_dbhost="hmidb2",
    cgi_manage_request="manage-request.sh",
    http_download_baseurl="http://jsoc.stanford.edu/",
)

KIS = ServerConfig(
    name="kis",
    cgi_baseurl="http://drms.leibniz-kis.de/cgi-bin/",
    cgi_show_series="show_series",
    cgi_jsoc_info="jsoc_info",
)
