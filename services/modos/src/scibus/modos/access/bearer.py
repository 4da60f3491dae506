"""The worker's access token: from its file, renewed before it ends, sent to the deployment's own hosts only."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import structlog

from scibus.contracts.modos import AccessToken as TokenState
from scibus.contracts.problems import BackendUnavailable, Problem, Unauthenticated
from scibus.modos.access.provider import Grant, Refused, TokenProvider
from scibus.modos.access.secret_file import read_secret, write_secret
from scibus.modos.access.tokens import AccessToken, UnreadableToken

OTHERS_SECONDS, OTHERS_LOOKS = 1.0, 10
"""How long another worker may take to write what it was given, and how often that is looked for."""
LOGIN = "log the worker in: scibus submit modos login --follow"
logger = structlog.get_logger()


class Bearer:
    """Keeps the token.

    Args:
        file: of the access token; the refresh token is in one of the same name that ends in `.refresh`.
        provider: finds the issuer; called when a token is to be renewed.
        is_own: tells whether a URL leads to a host of the deployment.
    """

    def __init__(
        self, file: Path, provider: Callable[[], Awaitable[TokenProvider]], is_own: Callable[[str], bool]
    ) -> None:
        self._file = file
        self._refresh_file = file.with_name(file.name + ".refresh")
        self._provider = provider
        self._is_own = is_own
        self._turn = asyncio.Lock()
        self._sent: str | None = None
        self._unkept: Grant | None = None
        """What could not be written, and counts for as long as the file stays what it was."""
        self._unkept_over: str | None = None
        self._in_vain: str | None = None
        """A refresh token that was refused, and nobody had got another for it."""

    async def headers(self, url: str) -> Mapping[str, str]:
        """What a question to `url` carries: nothing elsewhere, and nothing where nobody has logged in.

        Raises:
            Unauthenticated: the token has ended, or is none, and cannot be renewed.
        """
        if not self._is_own(url):
            return {}
        token = await self.token()
        self._sent = token.text if token else None
        return {"Authorization": f"Bearer {token.text}"} if token else {}

    async def headers_as_they_are(self, url: str) -> Mapping[str, str]:
        """The same without renewing anything: for the question where tokens are issued, which renewing asks too."""
        with suppress(UnreadableToken):
            token = await self._read()
            if token is not None and token.is_good and self._is_own(url):
                return {"Authorization": f"Bearer {token.text}"}
        return {}

    async def token(self) -> AccessToken | None:
        """A token that is good now; None where there is none at all.

        Raises:
            Unauthenticated: there is one that is not, and no other can be had.
        """
        try:
            token = await self._read()
        except UnreadableToken as error:
            raise Unauthenticated(f"the token in {self._file} cannot be read: {error}; {LOGIN}") from None
        if token is not None and time.time() < token.renew_at:
            return token
        if token is None and await self._refresh_token() is None:
            return None
        async with self._turn:
            # Somebody else may have done it meanwhile.
            token = await self._read()
            return token if token is not None and time.time() < token.renew_at else await self._renewed(token)

    async def renew(self) -> bool:
        """Get another token in place of one that is refused before its end. False where none can be had."""
        refused = self._sent
        async with self._turn:
            try:
                token = await self._read()
                if token is not None and token.text != refused:
                    return True
                return (await self._renewed(token)).text != refused
            except (Problem, UnreadableToken):
                return False

    async def state(self) -> TokenState:
        """How it stands with the token, without asking anybody."""
        try:
            token = await self._read()
        except UnreadableToken as error:
            return TokenState(state="unreadable", advice=f"the token in {self._file} cannot be read: {error}; {LOGIN}")
        refreshable = bool(await self._refresh_token())
        if token is None:
            return TokenState(state="absent", refreshable=refreshable, advice=None if refreshable else LOGIN)
        return TokenState(
            state="valid" if token.is_good else "expired",
            expires_at=datetime.fromtimestamp(token.expires_at, UTC),
            refreshable=refreshable,
            advice=None if token.is_good or refreshable else LOGIN,
        )

    async def keep(self, grant: Grant) -> None:
        """From now on this one counts."""
        try:
            # The refresh token first: the access token alone would end without a successor.
            if grant.refresh is not None:
                await asyncio.to_thread(write_secret, self._refresh_file, grant.refresh)
            await asyncio.to_thread(write_secret, self._file, grant.access.text)
            self._unkept = None
        except OSError as error:
            self._unkept, self._unkept_over = grant, await self._text()
            logger.warning("the token is not kept over a restart", file=str(self._file), reason=error.strerror)

    async def _renewed(self, token: AccessToken | None, *, after: str | None = None) -> AccessToken:
        """Another token than that, or the same where it is good and no other can be had.

        Args:
            token: the one that there is.
            after: a refresh token that was tried already.
        """
        refresh = await self._refresh_token()
        if refresh is None:
            if token is not None and token.is_good:
                return token
            raise Unauthenticated(f"the worker's login has ended, and there is no refresh token: {LOGIN}")
        try:
            grant = await (await self._provider()).refresh(refresh)
        except Refused as refused:
            if (newer := await self._newer(token, refresh)) is not None:
                return newer
            if after is None and await self._refresh_token() not in (refresh, None):
                return await self._renewed(token, after=refresh)
            if token is not None and token.is_good:
                return token
            raise Unauthenticated(f"the worker's login has ended and is not renewed: {refused.code}; {LOGIN}") from None
        except Problem as problem:
            if token is not None and token.is_good:
                return token
            raise BackendUnavailable(
                f"the worker's login has ended and cannot be renewed now: {problem}", backend=problem.details.backend
            ) from problem
        await self.keep(Grant(grant.access, grant.refresh or refresh, grant.scope))
        return grant.access

    async def _newer(self, token: AccessToken | None, refused: str) -> AccessToken | None:
        """What another worker on the same files has got meanwhile: an issuer may take a refresh token once only."""
        looks = 1 if refused == self._in_vain else OTHERS_LOOKS
        for look in range(looks):
            await asyncio.sleep(OTHERS_SECONDS / OTHERS_LOOKS if look else 0)
            with suppress(UnreadableToken):
                found = await self._read()
                if found is not None and found.is_good and (token is None or found.text != token.text):
                    return found
        self._in_vain = refused
        return None

    async def _read(self) -> AccessToken | None:
        unkept = self._unkept.access if self._unkept is not None else None
        try:
            text = await asyncio.to_thread(read_secret, self._file)
        except (OSError, UnicodeDecodeError) as error:
            if unkept is not None:
                return unkept
            raise UnreadableToken(getattr(error, "strerror", None) or "it is no text") from error
        if unkept is not None and text == self._unkept_over:
            return unkept
        found = None if text is None else AccessToken.read(text)
        if unkept is not None and unkept.is_good and found is not None and not found.is_good:
            # An old file that could not be read when this one was got.
            return unkept
        self._unkept = None
        return found

    async def _text(self) -> str | None:
        try:
            return await asyncio.to_thread(read_secret, self._file)
        except (OSError, UnicodeDecodeError):
            return None

    async def _refresh_token(self) -> str | None:
        if self._unkept is not None:
            return self._unkept.refresh
        try:
            return await asyncio.to_thread(read_secret, self._refresh_file) or None
        except (OSError, UnicodeDecodeError):
            return None
