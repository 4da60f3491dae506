"""Settings of the autobahn worker."""

import os
import ssl
from pathlib import Path
from typing import Any, Self

from pydantic import Field, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from scibus.autobahn.certificates import ClientCertificate
from scibus.autobahn.trust import load_bundle
from scibus.contracts.problems import Problem
from scibus.runtime.http.addresses import web_url

DOCUMENTED_BUNDLE = "SSL_CA_BUNDLE"
"""Where the published client tells its users to name their authority; it reads it in no version."""


class AutobahnSettings(BaseSettings):
    """Where the Mission Data Broker is, and who asks."""

    model_config = SettingsConfigDict(
        env_prefix="SCIBUS_AUTOBAHN_", env_file=".env", extra="ignore", hide_input_in_errors=True, env_ignore_empty=True
    )

    url: str = Field(description="The MDB account server.", examples=["https://mdb-account-server/"])
    cert: Path = Field(
        default=Path("~/.ssh/cert.crt"),
        validate_default=True,
        description="Client certificate, PEM; read anew when it is renewed.",
    )
    key: Path = Field(
        default=Path("~/.ssh/cert.key"), validate_default=True, description="Key of the client certificate, PEM."
    )
    ca_bundle: Path | None = Field(
        default=None,
        description="Authorities that vouch for the servers, besides the system's, PEM; unset: `SSL_CA_BUNDLE`.",
    )
    websocket: bool = Field(default=True, description="Reach NATS over a WebSocket, as firewalls want it, or over TCP.")
    reveal_authorization: bool = Field(
        default=False, description="Whether callers may be told the header with which the worker asks Autobahn."
    )
    connect_timeout: float = Field(default=10.0, gt=0, le=300, description="Seconds.")
    read_timeout: float = Field(default=15.0, gt=0, le=300, description="Seconds for the whole of an answer.")
    attempts: int = Field(default=3, ge=1, le=10, description="Tries of a question.")
    token_margin: float = Field(
        default=300.0,
        gt=0,
        le=24 * 3600,
        description="Seconds before its end at which a token is renewed; at most a third of its life.",
    )
    outage_pause: float = Field(
        default=5.0, gt=0, le=3600, description="Seconds between two tries to renew what cannot be renewed now."
    )
    session_idle: float = Field(
        default=30.0, ge=0, le=24 * 3600, description="Seconds for which a connection is kept that nobody uses."
    )
    max_sessions: int = Field(
        default=1024, ge=1, le=10_000, description="Connections to the MDB at once, one a dataset."
    )

    @model_validator(mode="before")
    @classmethod
    def documented_bundle_counts(cls, values: Any) -> Any:
        """Whoever set up the published client by its README has set this."""
        documented = os.environ.get(DOCUMENTED_BUNDLE)
        if documented and isinstance(values, dict) and values.get("ca_bundle") is None:
            return {**values, "ca_bundle": documented}
        return values

    @field_validator("url")
    @classmethod
    def url_leads_somewhere(cls, url: str) -> str:
        """Said at start, not at the first question."""
        try:
            return web_url(url)
        except ValueError:
            raise ValueError("must be a URL as https://mdb-account-server/") from None

    @field_validator("cert", "key", "ca_bundle")
    @classmethod
    def home_is_known(cls, path: Path | None) -> Path | None:
        """`~` is meant as a shell would have it."""
        return path and path.expanduser()

    @model_validator(mode="after")
    def files_can_be_used(self) -> Self:
        """A missing certificate is said at start; an expired one when it is used, for it may be renewed meanwhile."""
        try:
            self.certificate.load_into(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
            if self.ca_bundle is not None:
                load_bundle(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), self.ca_bundle)
        except Problem as problem:
            raise ValueError(str(problem)) from None
        return self

    @property
    def certificate(self) -> ClientCertificate:
        """What the gateway is shown."""
        return ClientCertificate(self.cert, self.key)
