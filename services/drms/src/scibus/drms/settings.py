"""Settings of the drms worker."""

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from scibus.drms.servers import JSOC, KIS, ServerConfig
from scibus.runtime.http.addresses import FolderUrl


class DrmsSettings(BaseSettings):
    """Which DRMS servers there are, and how politely they are asked."""

    model_config = SettingsConfigDict(
        env_prefix="SCIBUS_DRMS_", env_file=".env", extra="ignore", hide_input_in_errors=True, env_ignore_empty=True
    )

    base_url: FolderUrl = Field(
        default=str(JSOC.cgi_baseurl), description="Base of the CGIs of the default server, `jsoc`."
    )
    download_url: FolderUrl = Field(
        default=str(JSOC.http_download_baseurl), description="Base of the export files of the default server."
    )
    username: str | None = Field(default=None, description="Basic auth at the default server.")
    password: SecretStr | None = None
    servers: list[ServerConfig] = Field(
        default=[], description="Further servers, as JSON, with the fields of the drms client's ServerConfig."
    )
    max_connections: int = Field(
        default=1, ge=1, le=64, description="Connections to each server at once; JSOC asks for one."
    )
    connect_timeout: float = Field(default=10.0, gt=0, le=300, description="Seconds.")
    read_timeout: float = Field(default=60.0, gt=0, le=3600, description="Seconds without a byte of an answer.")
    attempts: int = Field(default=3, ge=1, le=10, description="Tries of a question that is safe to repeat.")
    outage_after: int = Field(
        default=5, ge=1, le=1000, description="Failures in a row after which a server counts as down."
    )
    outage_pause: float = Field(
        default=30.0, gt=0, le=3600, description="Seconds for which a server that is down is left alone."
    )
    poll_shortest: float = Field(
        default=1.0, gt=0, le=60, description="Seconds between two questions how an export stands, at least."
    )
    poll_longest: float = Field(
        default=30.0, gt=0, le=600, description="The same, at most: in between, the server says how long."
    )
    export_timeout: float = Field(
        default=6 * 3600.0, gt=0, le=24 * 3600, description="Seconds in which a server must have finished an export."
    )
    structure_seconds: float = Field(default=3600.0, ge=0, description="How long series_struct answers are kept.")
    records_per_answer: int = Field(
        default=20_000, ge=1, le=1_000_000, description="Records asked for at once; larger queries are split by time."
    )

    @model_validator(mode="after")
    def names_are_unique(self) -> "DrmsSettings":
        """A request chooses its server by name."""
        names = [server.name for server in self.known_servers()]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"SCIBUS_DRMS_SERVERS: the server {name!r} is configured twice")
        return self

    def known_servers(self) -> list[ServerConfig]:
        """All servers, the default one first."""
        default = JSOC.model_copy(
            update={
                "cgi_baseurl": self.base_url,
                "http_download_baseurl": self.download_url,
                "username": self.username,
                "password": self.password,
            }
        )
        configured = {server.name for server in self.servers}
        return [default, *self.servers, *([] if KIS.name in configured else [KIS])]
