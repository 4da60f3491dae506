"""The operator, and the accounts that it vouches for."""

from __future__ import annotations

from dataclasses import dataclass

from .keys import Key, Role
from .tokens import account_token, operator_token, user_token


@dataclass(frozen=True)
class Account:
    """Messages of one account are out of every other one's reach.

    Attributes:
        token: what the operator says of it.
    """

    name: str
    key: Key
    token: str


@dataclass(frozen=True)
class Login:
    """A user, who signs what a server asks him to sign."""

    user: Key
    token: str


class Trust:
    """Who is who.

    Attributes:
        system: the account in which the server talks of itself.
    """

    def __init__(self) -> None:
        self._operator = Key.new(Role.OPERATOR)
        self.system = self._account("system", jetstream=False)
        self.operator_token = operator_token(self._operator, self.system.key)

    def account(self, name: str) -> Account:
        """A new account with streams."""
        return self._account(name, jetstream=True)

    def administrator(self, account: Account) -> Login:
        """Somebody who may do everything in `account`, for ever."""
        user = Key.new(Role.USER)
        return Login(user, user_token(user, "administrator", account.key))

    def reader_token(
        self, account: Account, name: str, publish: list[str], subscribe: list[str], seconds: float | None
    ) -> str:
        """What lets anybody who shows it be the reader `name` of `account` for so many seconds."""
        return user_token(
            Key.new(Role.USER), name, account.key, publish=publish, subscribe=subscribe, bearer=True, seconds=seconds
        )

    def _account(self, name: str, *, jetstream: bool) -> Account:
        key = Key.new(Role.ACCOUNT)
        return Account(name, key, account_token(key, name, self._operator, jetstream=jetstream))
