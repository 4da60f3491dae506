"""The issuer of tokens (OpenID Connect): its endpoints, the device grant (RFC 8628), and refreshing (RFC 6749, 6)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from scibus.contracts.problems import BadBackendAnswer, Forbidden, Unsupported
from scibus.modos.access.tokens import AccessToken, UnreadableToken
from scibus.runtime.http.addresses import web_url
from scibus.runtime.http.web_service import Answer, WebService

PROVIDER = "the token issuer"
SCOPE = "openid profile offline_access permissions"
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
DEFAULT_INTERVAL = 5.0
LARGEST_ANSWER = 1024 * 1024
SAID = frozenset({200, 400, 401, 403})
"""Statuses with which an issuer answers: what it refuses comes as JSON too."""


class Refused(Exception):
    """The issuer says no, with a code of its own."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Grant:
    """What the issuer gave."""

    access: AccessToken
    refresh: str | None = field(repr=False)
    scope: str | None


@dataclass(frozen=True)
class DeviceCode:
    """A login that waits for a person; `interval` and `expires_in` in seconds."""

    device_code: str = field(repr=False)
    user_code: str = field(repr=False)
    verification_uri: str
    verification_uri_complete: str | None = field(repr=False)
    expires_in: float
    interval: float

    @property
    def page(self) -> str:
        """Where the person has to go."""
        return self.verification_uri_complete or self.verification_uri


class TokenProvider:
    """One issuer, as seen by a public client: it has a name and no password.

    Args:
        web: carries no token.
        issuer: URL, with or without a slash at the end.
        client_id: the client's name.
    """

    def __init__(self, web: WebService, issuer: str, client_id: str) -> None:
        self._web = web
        self._issuer = issuer
        self._client_id = client_id

    async def device_code(self) -> DeviceCode:
        """Begin a login.

        Raises:
            Unsupported: the issuer has no logins for devices.
            Forbidden: it does not know the client.
            BackendUnavailable, BadBackendAnswer: it does not answer, or not so that it can be understood.
        """
        endpoint = (await self._metadata()).get("device_authorization_endpoint")
        if not isinstance(endpoint, str):
            raise Unsupported(f"{PROVIDER} has no login for devices (RFC 8628)")
        try:
            said = await self._post(endpoint, "device", {"scope": SCOPE})
        except Refused as refused:
            raise Forbidden(f"{PROVIDER} begins no login for this client ({refused.code}): check its name") from None
        try:
            code = DeviceCode(
                device_code=_text(said["device_code"]),
                user_code=_text(said["user_code"]),
                verification_uri=web_url(_text(said["verification_uri"])),
                verification_uri_complete=said.get("verification_uri_complete"),
                expires_in=float(said["expires_in"]),
                interval=float(said.get("interval", DEFAULT_INTERVAL)),
            )
            if code.verification_uri_complete is not None:
                web_url(code.verification_uri_complete)
        except (KeyError, TypeError, ValueError) as error:
            raise BadBackendAnswer(f"{PROVIDER} begins a login in a way that is not known") from error
        return code

    async def poll(self, code: DeviceCode) -> Grant:
        """What came of the login.

        Raises:
            Refused: nothing yet (`authorization_pending`, `slow_down`), or nothing ever.
            BackendUnavailable, BadBackendAnswer: as above.
        """
        return await self._granted({"grant_type": DEVICE_GRANT, "device_code": code.device_code})

    async def refresh(self, token: str) -> Grant:
        """Another access token for a refresh token.

        Raises:
            Refused: it does not count any more.
            BackendUnavailable, BadBackendAnswer: as above.
        """
        return await self._granted({"grant_type": "refresh_token", "refresh_token": token})

    async def _granted(self, data: Mapping[str, str]) -> Grant:
        endpoint = (await self._metadata()).get("token_endpoint")
        if not isinstance(endpoint, str):
            raise BadBackendAnswer(f"{PROVIDER} names no endpoint for tokens")
        said = await self._post(endpoint, "token", data)
        try:
            access = AccessToken.read(_text(said["access_token"]))
            refresh = said.get("refresh_token")
            return Grant(access, None if refresh is None else _text(refresh), said.get("scope"))
        except (KeyError, TypeError, UnreadableToken) as error:
            raise BadBackendAnswer(f"{PROVIDER} gives a token that cannot be read") from error

    async def _metadata(self) -> dict[str, Any]:
        """Where its endpoints are; asked anew each time, for logins are rare."""
        url = self._issuer.rstrip("/") + "/.well-known/openid-configuration"
        said = _object(await self._web.ask(PROVIDER, url, "openid-configuration", largest=LARGEST_ANSWER))
        named = said.get("issuer")
        if not isinstance(named, str) or named.rstrip("/") != self._issuer.rstrip("/"):
            # A document of somebody else's would have tokens sent there (OpenID Connect Discovery 1.0, 4.3).
            raise BadBackendAnswer(f"{PROVIDER} is another one than its address says: check SCIBUS_MODOS_AUTH_URL")
        return said

    async def _post(self, endpoint: str, template: str, data: Mapping[str, str]) -> dict[str, Any]:
        form = {**data, "client_id": self._client_id}
        # A code or a refresh token that was used up by an answer that got lost must not be sent again.
        answer = await self._web.ask(
            PROVIDER,
            endpoint,
            template,
            method="POST",
            data=form,
            understood=SAID,
            largest=LARGEST_ANSWER,
            repeat=False,
        )
        said = _object(answer)
        if answer.status != 200 or "error" in said:
            code = said.get("error")
            raise Refused(code if isinstance(code, str) and code.isprintable() and len(code) < 100 else "unknown_error")
        return said


def _object(answer: Answer) -> dict[str, Any]:
    said = answer.json()
    if not isinstance(said, dict):
        raise BadBackendAnswer(f"{PROVIDER} answers with something else than an object: {type(said).__name__}")
    return said


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise TypeError("no text")
    return value
