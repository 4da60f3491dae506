"""How to reach NATS: the settings that callers and workers share."""

import os
import ssl
import tempfile
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from scibus.bus.s3 import open_bucket, split_url
from scibus.contracts.problems import Unsupported


class BusSettings(BaseSettings):
    """Where NATS is and how to log in. Read from the environment and a `.env` file."""

    model_config = SettingsConfigDict(
        env_prefix="SCIBUS_", env_file=".env", extra="ignore", hide_input_in_errors=True, env_ignore_empty=True
    )

    nats_url: str = Field(default="nats://127.0.0.1:4222", description="Servers, separated by commas.")
    nats_creds: Path | None = Field(default=None, description="Credentials file (JWT and seed).")
    nats_tls_ca: Path | None = Field(default=None, description="CA bundle that signed the server's certificate.")
    nats_tls_cert: Path | None = Field(default=None, description="Client certificate, PEM.")
    nats_tls_key: Path | None = Field(default=None, description="Key of the client certificate, PEM.")

    blob_store: Literal["nats", "file", "s3"] = Field(
        default="nats",
        description="Where new blobs go: into NATS, as files below SCIBUS_BLOB_FOLDER, or to SCIBUS_BLOB_URL.",
    )
    blob_folder: Path | None = Field(
        default=None, description="Folder of blobs that are files, shared by workers and readers."
    )
    blob_url: str | None = Field(
        default=None,
        description="Bucket of blobs in an S3 store, as s3://bucket/prefix; the AWS variables tell endpoint and keys.",
    )

    @field_validator("nats_creds", "nats_tls_ca", "nats_tls_cert", "nats_tls_key")
    @classmethod
    def file_is_there(cls, path: Path | None) -> Path | None:
        """Said at start, not at the first connection."""
        if path is not None and not path.is_file():
            raise ValueError(f"there is no file {path}")
        return path

    @field_validator("nats_url")
    @classmethod
    def urls_lead_somewhere(cls, urls: str) -> str:
        """Said at start: nats-py would try for ever, or fail in the middle."""
        servers = _split(urls)
        if not servers:
            raise ValueError("names no server")
        for server in servers:
            try:
                parts = urlsplit(server if "://" in server else f"nats://{server}")
                usable = parts.scheme in ("nats", "tls", "ws", "wss") and parts.hostname and parts.port != 0
            except ValueError:
                usable = False
            if not usable:
                raise ValueError("must be URLs as nats://host:4222, separated by commas")
        return urls

    @field_validator("blob_folder")
    @classmethod
    def folder_is_there(cls, folder: Path | None) -> Path | None:
        """A volume that was not mounted is said at start."""
        if folder is not None and not folder.is_dir():
            raise ValueError(f"there is no folder {folder}")
        return folder

    @field_validator("blob_url")
    @classmethod
    def url_names_a_bucket(cls, url: str | None) -> str | None:
        """Said at start, without what may stand in the URL."""
        if url is not None:
            split_url(url)
        return url

    @model_validator(mode="after")
    def blobs_have_a_bucket(self) -> Self:
        """Said at start, not when the first export was fetched."""
        if self.blob_store != "s3":
            return self
        if self.blob_url is None:
            raise ValueError("SCIBUS_BLOB_STORE=s3 goes with SCIBUS_BLOB_URL")
        try:
            open_bucket(self.blob_url)
        except Unsupported as missing:
            raise ValueError(f"SCIBUS_BLOB_STORE=s3: {missing}") from None
        return self

    @model_validator(mode="after")
    def blobs_have_a_folder(self) -> Self:
        """Said at start, not when the first export was fetched."""
        if self.blob_store != "file":
            return self
        if self.blob_folder is None:
            raise ValueError("SCIBUS_BLOB_STORE=file goes with SCIBUS_BLOB_FOLDER")
        try:
            with tempfile.NamedTemporaryFile(dir=self.blob_folder, prefix=".scibus-") as file:
                os.link(file.name, f"{file.name}.link")
                Path(f"{file.name}.link").unlink()
        except OSError as error:
            reason = f"takes no files with hard links: {error.strerror or error}"
            raise ValueError(f"SCIBUS_BLOB_FOLDER: {self.blob_folder} {reason}") from None
        return self

    @model_validator(mode="after")
    def login_can_be_used(self) -> Self:
        """Certificates and credentials are what they should be."""
        if self.nats_tls_key and not self.nats_tls_cert:
            raise ValueError("SCIBUS_NATS_TLS_KEY goes with SCIBUS_NATS_TLS_CERT")
        if self.nats_creds and b"BEGIN NATS USER JWT" not in self.nats_creds.read_bytes():
            raise ValueError("the file that SCIBUS_NATS_CREDS names holds no NATS credentials")
        try:
            self.connection_options()
        except (ssl.SSLError, OSError) as error:
            raise ValueError(f"SCIBUS_NATS_TLS_*: the certificates cannot be used: {error.strerror or error}") from None
        return self

    @property
    def nats_urls(self) -> list[str]:
        """The servers, one by one."""
        return _split(self.nats_url)

    @property
    def passwords(self) -> frozenset[str]:
        """Passwords that stand in the URLs, so that they can be kept out of logs."""
        return frozenset(password for url in self.nats_urls if (password := urlsplit(url).password))

    def connection_options(self) -> dict[str, Any]:
        """Options of `nats.connect` that follow from the settings."""
        options: dict[str, Any] = {"servers": self.nats_urls}
        if self.nats_creds:
            options["user_credentials"] = str(self.nats_creds)
        if self.nats_tls_ca or self.nats_tls_cert:
            context = ssl.create_default_context(cafile=self.nats_tls_ca)
            if self.nats_tls_cert:
                context.load_cert_chain(self.nats_tls_cert, self.nats_tls_key)
            options["tls"] = context
        return options


def _split(urls: str) -> list[str]:
    return [url.strip() for url in urls.split(",") if url.strip()]
