"""Settings of the modos worker. Keys to the object store come from the usual `AWS_*` variables."""

import os
from pathlib import Path
from typing import Self

from pydantic import Field, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from scibus.runtime.http.addresses import FolderUrl, WebUrl, web_url

SERVICES = frozenset({"s3", "htsget", "fuzon", "kms", "refget"})


def published_token_file() -> Path:
    """Where `modos remote login` keeps its token: a worker on the same machine is then logged in too."""
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(cache).expanduser() / "modos" / "token.jwt"


class ModosSettings(BaseSettings):
    """Which deployment there is, and how it is asked."""

    model_config = SettingsConfigDict(
        env_prefix="SCIBUS_MODOS_", env_file=".env", extra="ignore", hide_input_in_errors=True, env_ignore_empty=True
    )

    url: FolderUrl | None = Field(default=None, description="The MODOS server, which knows where the others are.")
    services: dict[str, str] = Field(
        default={},
        description="Where there is no server: URLs of s3, htsget, fuzon, kms and refget, as JSON.",
        examples=['{"s3": "https://s3.example.org", "htsget": "https://htsget.example.org"}'],
    )
    bucket: str | None = Field(
        default=None,
        min_length=3,
        max_length=63,
        description="Bucket of the objects; unset: the one that the server's list names.",
    )
    refget_bucket: str | None = Field(
        default=None, min_length=3, max_length=63, description="Bucket of refget's sequences; unset: none is published."
    )
    token_file: Path = Field(
        default_factory=published_token_file,
        description="Access token, read anew when it changes; a refresh token and an S3 key are kept beside it.",
    )
    auth_url: WebUrl | None = Field(
        default=None, description="Issuer of tokens (OpenID Connect); unset: what the server says."
    )
    client_id: str | None = Field(
        default=None, max_length=1000, description="Name of the worker's client there; unset: what the server says."
    )
    anonymous: bool = Field(default=False, description="Read the object store without a key.")
    connect_timeout: float = Field(default=10.0, gt=0, le=300, description="Seconds.")
    read_timeout: float = Field(default=60.0, gt=0, le=3600, description="Seconds without a byte of an answer.")
    attempts: int = Field(default=3, ge=1, le=10, description="Tries of a question.")
    max_connections: int = Field(default=64, ge=1, le=1000, description="Connections to the services at once.")
    endpoints_seconds: float = Field(
        default=300.0, ge=0, le=24 * 3600, description="How long it counts what the server says of the services."
    )
    listing_seconds: float = Field(
        default=10.0, ge=0, le=3600, description="How long a list of all objects counts before it is made anew."
    )
    reads_at_once: int = Field(default=32, ge=1, le=256, description="Metadata of objects read at once.")
    blocks_at_once: int = Field(default=4, ge=1, le=64, description="Blocks of one slice fetched at once.")

    @field_validator("services")
    @classmethod
    def services_are_known(cls, services: dict[str, str]) -> dict[str, str]:
        """Said at start, not at the first question."""
        if unknown := sorted(set(services) - SERVICES):
            raise ValueError(f"there is no service {', '.join(unknown)}: known are {', '.join(sorted(SERVICES))}")
        for name, url in services.items():
            if not (name == "s3" and url.startswith("file:///")):
                try:
                    web_url(url)
                except ValueError as error:
                    raise ValueError(f"{name}: {error}") from None
        return {name: url.rstrip("/") for name, url in services.items()}

    @field_validator("token_file")
    @classmethod
    def home_is_known(cls, path: Path) -> Path:
        """`~` is meant as a shell would have it."""
        return path.expanduser()

    @model_validator(mode="after")
    def there_is_something_to_ask(self) -> Self:
        """A server tells where its services are, and then nobody else does."""
        if self.url is None and not self.services:
            raise ValueError("set SCIBUS_MODOS_URL to the MODOS server, or SCIBUS_MODOS_SERVICES where there is none")
        if self.url is not None and self.services:
            raise ValueError("set SCIBUS_MODOS_URL or SCIBUS_MODOS_SERVICES, not both: the server tells the services")
        return self

    @property
    def is_anonymous(self) -> bool:
        """Whether the object store is asked without a key, by this setting or the one of Amazon's tools."""
        return self.anonymous or os.environ.get("AWS_SKIP_SIGNATURE", "").lower() in ("1", "true", "yes")
