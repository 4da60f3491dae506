"""Access tokens (JWTs): how long they are good. Who issued them checks them; here nobody could."""

import time
from dataclasses import dataclass, field

import jwt

SKEW = 30.0
"""Seconds before its end at which a token does not count any more, as for the published client."""


class UnreadableToken(ValueError):
    """What should be a token is none."""


@dataclass(frozen=True)
class AccessToken:
    """One token.

    Attributes:
        text: what is sent.
        expires_at: seconds since the epoch.
        renew_at: when a new one is asked for: at the skew, or after two thirds of a shorter life.
    """

    text: str = field(repr=False)
    expires_at: float
    renew_at: float

    @property
    def is_good(self) -> bool:
        """Whether it may be sent now."""
        return time.time() < self.expires_at - SKEW

    @classmethod
    def read(cls, text: str) -> "AccessToken":
        """The token `text`.

        Raises:
            UnreadableToken: it is no JWT, or does not say when it ends.
        """
        try:
            claims = jwt.decode(text, options={"verify_signature": False})
            expires_at = float(claims["exp"])
            issued_at = float(claims.get("iat", time.time()))
        except (jwt.PyJWTError, KeyError, TypeError, ValueError) as error:
            raise UnreadableToken("it is no JWT with an end (exp)") from error
        life = max(expires_at - issued_at, 0.0)
        return cls(text, expires_at, expires_at - SKEW - min(300.0, life / 3))
