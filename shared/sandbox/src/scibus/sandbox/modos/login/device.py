"""Logins under way on a device that has no browser (RFC 8628)."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field
from typing import Literal

from scibus.sandbox.modos.settings import ModosSettings

LOGINS_KEPT = 1000


@dataclass
class DeviceLogin:
    """One login: what the user has said of it, and how often the device has asked.

    Attributes:
        expires: seconds since the epoch.
    """

    expires: float
    device_code: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    user_code: str = field(default_factory=lambda: f"{secrets.randbelow(10**9):09}")
    said: Literal["nothing", "yes", "no"] = "nothing"
    polls: int = 0


class DeviceLogins:
    """All of them, the latest last."""

    def __init__(self, settings: ModosSettings) -> None:
        self._settings = settings
        self._logins: dict[str, DeviceLogin] = {}

    def begin(self) -> DeviceLogin:
        login = DeviceLogin(time.time() + self._settings.device_seconds)
        self._logins[login.device_code] = login
        while len(self._logins) > LOGINS_KEPT:
            del self._logins[next(iter(self._logins))]
        return login

    def decide(self, said: Literal["yes", "no"], user_code: str | None = None) -> None:
        """What the user says to the login with this code, or to the latest.

        Raises:
            ValueError: there is no such login.
        """
        logins = [login for login in self._logins.values() if user_code in (None, login.user_code)]
        if not logins:
            raise ValueError("there is no such login: begin one first")
        logins[-1].said = said

    def poll(self, device_code: str) -> str | None:
        """The error that a device gets which asks for its token; None when it gets it, which ends the login."""
        login = self._logins.get(device_code)
        if login is None:
            return "invalid_grant"
        error = self._state(login)
        login.polls += 1
        if error not in ("authorization_pending", "slow_down"):
            del self._logins[device_code]
        return error

    def _state(self, login: DeviceLogin) -> str | None:
        if login.expires <= time.time():
            return "expired_token"
        if self._settings.slow_downs > 0:
            self._settings.slow_downs -= 1
            return "slow_down"
        if login.said == "no":
            return "access_denied"
        approved_by_now = self._settings.pending_polls is not None and login.polls >= self._settings.pending_polls
        return None if login.said == "yes" or approved_by_now else "authorization_pending"
