"""Keys to the object store, which the deployment's key service gives to whoever has a token."""

import asyncio
import json
import os
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog
from pydantic import BaseModel, ConfigDict, SecretStr, ValidationError

from scibus.contracts.modos import S3Key, S3KeyPermissions
from scibus.contracts.problems import BadBackendAnswer, Forbidden, Unauthenticated
from scibus.modos.access.bearer import LOGIN, Bearer
from scibus.modos.access.secret_file import read_secret, write_secret
from scibus.modos.endpoints import EndpointDirectory
from scibus.modos.settings import ModosSettings
from scibus.runtime.http.web_service import WebService
from scibus.runtime.kept import Kept

if TYPE_CHECKING:
    from obstore.store import S3Credential

KEY_SERVICE = "the key service"
PAUSE_SECONDS = 5.0
MARGIN = 300.0
"""Seconds before its end at which a key is renewed, or a third of its life."""
SAID = frozenset({200, 401, 403, 422})
logger = structlog.get_logger()


class _Spec(BaseModel):
    bucket: str
    expiration: datetime
    prefixes: list[str] = []
    permissions: S3KeyPermissions = S3KeyPermissions()
    name: str | None = None
    region: str | None = None


class _Given(BaseModel):
    """What the key service answers."""

    model_config = ConfigDict(hide_input_in_errors=True)

    spec: _Spec
    access_key_id: SecretStr
    secret_access_key: SecretStr


@dataclass(frozen=True)
class GivenKey:
    """A key, and when it was got."""

    given: _Given
    got_at: float

    @property
    def expires_at(self) -> float:
        # The service means UTC, and often says no zone.
        expiration = self.given.spec.expiration
        return (expiration if expiration.tzinfo else expiration.replace(tzinfo=UTC)).timestamp()

    @property
    def renew_at(self) -> float:
        return self.expires_at - min(MARGIN, (self.expires_at - self.got_at) / 3)


class S3Keys:
    """Gets a key where the worker was given none, keeps it beside the token, and renews it before it ends."""

    def __init__(self, settings: ModosSettings, web: WebService, endpoints: EndpointDirectory, bearer: Bearer) -> None:
        self._file = settings.token_file.with_name("s3-key.json")
        self._anonymous = settings.is_anonymous
        self._web = web
        self._endpoints = endpoints
        self._bearer = bearer
        self._kept: Kept[GivenKey] = Kept(self._fetched, PAUSE_SECONDS)
        self.number = 0
        """Another one with each new key."""
        self._logins = 0

    async def are_wanted(self) -> bool:
        """Whether the object store is to be asked with such a key: nobody gave another, and there is a service."""
        if self._anonymous or os.environ.get("AWS_ACCESS_KEY_ID"):
            return False
        return (await self._endpoints.all()).kms is not None

    async def key(self, *, renew: bool = False) -> S3Key:
        """What the key is good for; never the key.

        Raises:
            Unsupported: the deployment has no key service.
            Unauthenticated: nobody has logged the worker in, or its token is not accepted.
        """
        await self._endpoints.url("kms")
        began = time.time()
        key = await self._kept.get()
        if renew and key.got_at < began:
            key = await self._kept.newer(key)
        spec = key.given.spec
        return S3Key(
            bucket=spec.bucket,
            prefixes=spec.prefixes,
            permissions=spec.permissions,
            name=spec.name,
            region=spec.region,
            expiration=datetime.fromtimestamp(key.expires_at, UTC),
            paths=[f"s3://{spec.bucket}/{prefix}" for prefix in spec.prefixes] or [f"s3://{spec.bucket}"],
        )

    async def credentials(self) -> "S3Credential":
        """The key as the object store's client wants it, called when it needs one."""
        key = await self._kept.get()
        return {
            "access_key_id": key.given.access_key_id.get_secret_value(),
            "secret_access_key": key.given.secret_access_key.get_secret_value(),
            "token": None,
            "expires_at": datetime.fromtimestamp(key.renew_at, UTC),
        }

    async def forget(self) -> None:
        """The key was that of another login: the next one who needs a key gets a new one."""
        self._logins += 1
        with suppress(OSError):
            await asyncio.to_thread(self._file.unlink, missing_ok=True)
        self._kept.forget()

    async def close(self) -> None:
        """End what is under way."""
        await self._kept.close()

    async def _fetched(self) -> GivenKey:
        login = self._logins
        # A file that could not be removed at a login has the key of the one before.
        if not login and self._kept.current is None and (kept := await asyncio.to_thread(_read, self._file)):
            return kept
        url = await self._endpoints.url("kms")
        if await self._bearer.token() is None:
            raise Unauthenticated(f"the key service gives keys to those who are logged in: {LOGIN}")
        answer = await self._web.ask(KEY_SERVICE, f"{url}/create", "kms/create", understood=SAID, repeat=False)
        if answer.status != 200:
            raise Forbidden(
                f"{KEY_SERVICE} does not accept the worker's token ({_detail(answer.body)}): {LOGIN}",
                backend=answer.fault,
            )
        try:
            given = _Given.model_validate_json(answer.body)
        except ValidationError:
            raise BadBackendAnswer(f"{KEY_SERVICE} gives a key in a way that is not known") from None
        key = GivenKey(given, time.time())
        self.number += 1
        if login != self._logins:
            return key
        try:
            await asyncio.to_thread(write_secret, self._file, _text(key))
        except OSError as error:
            logger.warning("the S3 key is not kept over a restart", file=str(self._file), reason=error.strerror)
        return key


def _text(key: GivenKey) -> str:
    said: dict[str, Any] = key.given.model_dump(mode="json")
    said["access_key_id"] = key.given.access_key_id.get_secret_value()
    said["secret_access_key"] = key.given.secret_access_key.get_secret_value()
    return json.dumps({"got_at": key.got_at, **said})


def _read(file: Path) -> GivenKey | None:
    """The key that an earlier worker got, if it is good for a while."""
    try:
        said = json.loads(read_secret(file) or "null")
        key = GivenKey(_Given.model_validate(said), float(said["got_at"]))
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return key if time.time() < key.renew_at else None


def _detail(body: bytes) -> str:
    try:
        detail = json.loads(body).get("detail")
    except (ValueError, AttributeError):
        detail = None
    return detail if isinstance(detail, str) and len(detail) < 200 else "no reason given"
