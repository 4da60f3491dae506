"""What a test in another process may have done to the deployment: in words of JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from scibus.sandbox.standin import Action

if TYPE_CHECKING:
    from .stand_in import ModosStandIn


def actions(modos: ModosStandIn) -> Mapping[str, Action]:
    """Objects come, go and break; logins are decided; tokens and block URLs end."""

    async def approve(user_code: str | None = None) -> None:
        modos.gateway.provider.logins.decide("yes", user_code)

    async def deny(user_code: str | None = None) -> None:
        modos.gateway.provider.logins.decide("no", user_code)

    async def token(seconds: float = 3600, groups: Any = ("ex",), permissions: str | None = "write") -> str:
        return modos.tokens.access(seconds, groups, permissions)

    async def refresh_token(seconds: float = 86400) -> str:
        return modos.tokens.refreshing(seconds)

    async def revoke_tokens() -> None:
        modos.tokens.revoke()

    async def revoke_refresh_tokens() -> None:
        modos.tokens.revoke_refreshing()

    async def expire_blocks() -> None:
        modos.blocks.expire()

    return {
        "add_object": modos.collection.add_object,
        "break_object": modos.collection.break_object,
        "mend_object": modos.collection.mend_object,
        "remove_object": modos.collection.remove_object,
        "grow_bam": modos.collection.grow_bam,
        "approve": approve,
        "deny": deny,
        "token": token,
        "refresh_token": refresh_token,
        "revoke_tokens": revoke_tokens,
        "revoke_refresh_tokens": revoke_refresh_tokens,
        "expire_blocks": expire_blocks,
    }
