"""A deployment: which services it has, and who the worker is there."""

from typing import Any, Literal

from pydantic import AwareDatetime, Field

from scibus.contracts.model import Contract


class EndpointsQuery(Contract):
    """Ask where the deployment's services are."""

    refresh: bool = Field(default=False, description="Ask the server, also where its last answer still counts.")


class AuthEndpoint(Contract):
    """Who issues tokens for the deployment, by OpenID Connect, and the name of its client."""

    url: str
    client_id: str


class Endpoints(Contract):
    """URLs of the services, without a slash at the end; null for one that the deployment does not have."""

    status: str = "success"
    auth: AuthEndpoint | None = None
    s3: str | None = None
    htsget: str | None = None
    fuzon: str | None = None
    kms: str | None = None
    refget: str | None = None


class ServiceInfoQuery(Contract):
    """Ask a GA4GH service what it can do."""

    service: Literal["reads", "variants", "refget"] = Field(description="htsget's reads or variants, or refget.")


class ServiceInfo(Contract):
    """What the service says of itself, as it says it."""

    service: str
    info: dict[str, Any]

    def rows(self) -> list[dict[str, Any]]:
        """One row per member."""
        return [{"member": name, "value": value} for name, value in self.info.items()]


class AccessTokenQuery(Contract):
    """Ask how it stands with the worker's access token."""


class AccessToken(Contract):
    """The worker's access token, which itself is never told."""

    state: Literal["valid", "expired", "absent", "unreadable"]
    expires_at: AwareDatetime | None = None
    refreshable: bool = Field(default=False, description="Whether the worker can renew it without anybody's help.")
    advice: str | None = Field(default=None, description="What to do where it is of no use.")


class S3KeyQuery(Contract):
    """Ask the key service for a key to the object store, or how it stands with the one the worker has."""

    renew: bool = Field(default=False, description="Get a new one, also where the last one still counts.")


class S3KeyPermissions(Contract):
    """What a key may do."""

    read: bool = False
    write: bool = False
    owner: bool = False


class S3Key(Contract):
    """A key that the worker uses from now on; the key itself is never told.

    `prefixes` is what the deployment meant it for; the key service grants it on the whole bucket.
    """

    bucket: str
    prefixes: list[str] = []
    permissions: S3KeyPermissions = S3KeyPermissions()
    name: str | None = None
    region: str | None = None
    expiration: AwareDatetime
    paths: list[str] = Field(default=[], description="What it is meant for, as S3 paths.")


class LoginOrder(Contract):
    """Let a person log the worker in. Follow the job's progress: it names the page to visit."""

    seconds: float = Field(default=900.0, gt=0, le=3600, description="How long to wait for the person, at most.")


class LoggedIn(Contract):
    """A login that went well."""

    expires_at: AwareDatetime
    refreshable: bool
    scope: str | None = None
