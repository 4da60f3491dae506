"""The OIDC provider, as authentik lays out its endpoints."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qsl

from scibus.sandbox.modos.answers import NOT_FOUND, json_answer
from scibus.sandbox.modos.settings import ModosSettings
from scibus.sandbox.standin import Request, Response

from .device import DeviceLogins
from .tokens import CLIENT_ID, Tokens

ISSUER = "/application/o/modos/"
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
SCOPE = "openid profile offline_access permissions"
OPERATIONS = {
    f"{ISSUER}.well-known/openid-configuration": "openid",
    f"{ISSUER}jwks/": "jwks",
    "/application/o/device/": "device",
    "/application/o/token/": "token",
}


class Provider:
    """Lets in one client, whose user decides by remote control.

    Args:
        base: URL of the provider, without a slash at its end.
    """

    def __init__(self, tokens: Tokens, settings: ModosSettings, base: Callable[[], str]) -> None:
        self.logins = DeviceLogins(settings)
        self._tokens = tokens
        self._settings = settings
        self._base = base

    @property
    def issuer(self) -> str:
        return self._base() + ISSUER

    async def answer(self, request: Request, path: str) -> Response:
        match request.method, OPERATIONS.get(path):
            case "GET", "openid":
                return json_answer(self._configuration())
            case "GET", "jwks":
                return json_answer({"keys": []})
            case "POST", "device":
                return self._device(_form(request))
            case "POST", "token":
                return self._token(_form(request))
            case _:
                return NOT_FOUND

    def _configuration(self) -> dict[str, object]:
        base = self._base()
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{base}/application/o/authorize/",
            "token_endpoint": f"{base}/application/o/token/",
            "userinfo_endpoint": f"{base}/application/o/userinfo/",
            "device_authorization_endpoint": f"{base}/application/o/device/",
            "jwks_uri": f"{self.issuer}jwks/",
            "response_types_supported": ["code", "id_token"],
            "response_modes_supported": ["query", "fragment", "form_post"],
            "grant_types_supported": ["authorization_code", "refresh_token", DEVICE_GRANT],
            "id_token_signing_alg_values_supported": ["HS256"],
            "subject_types_supported": ["public"],
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
            "scopes_supported": ["openid", "profile", "offline_access"],
            "claims_supported": ["sub"],
        }

    def _device(self, form: dict[str, str]) -> Response:
        if form.get("client_id") != CLIENT_ID:
            return _refusal("invalid_client")
        login = self.logins.begin()
        page = f"{self._base()}/device"
        return json_answer(
            {
                "device_code": login.device_code,
                "user_code": login.user_code,
                "verification_uri": page,
                "verification_uri_complete": f"{page}?code={login.user_code}",
                "expires_in": _number(self._settings.device_seconds),
                "interval": _number(self._settings.device_interval),
            }
        )

    def _token(self, form: dict[str, str]) -> Response:
        if form.get("client_id") != CLIENT_ID:
            return _refusal("invalid_client")
        match form.get("grant_type"):
            case "urn:ietf:params:oauth:grant-type:device_code":
                error = self.logins.poll(form.get("device_code", ""))
                return self._issued() if error is None else _refusal(error)
            case "refresh_token" if self._tokens.use(form.get("refresh_token", "")):
                return self._issued()
            case "refresh_token":
                return _refusal("invalid_grant")
            case _:
                return _refusal("unsupported_grant_type")

    def _issued(self) -> Response:
        seconds = self._settings.token_seconds
        return json_answer(
            {
                "access_token": self._tokens.access(seconds, ("ex",), "write"),
                "refresh_token": self._tokens.refreshing(self._settings.refresh_seconds),
                "token_type": "Bearer",
                "expires_in": _number(seconds),
                "scope": SCOPE,
            }
        )


def _number(seconds: float) -> float | int:
    return int(seconds) if float(seconds).is_integer() else seconds


def _form(request: Request) -> dict[str, str]:
    return dict(parse_qsl(request.body.decode(), keep_blank_values=True))


def _refusal(error: str) -> Response:
    return json_answer({"error": error}, 400)
