"""Login: the OIDC provider, its tokens, and the key service that trusts it."""

from .keys import KeyService
from .provider import Provider
from .tokens import InvalidToken, Tokens

__all__ = ["InvalidToken", "KeyService", "Provider", "Tokens"]
