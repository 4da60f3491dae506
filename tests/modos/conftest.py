"""A deployment as a plain script asks it, before the stand-in."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import stamina

from scibus.modos.deployment import Deployment
from scibus.modos.settings import ModosSettings
from scibus.runtime.http import unobserved
from scibus.sandbox.modos import ModosStandIn
from scibus.sandbox.modos.settings import ModosSettings as StandInSettings

OpenDeployment = Callable[..., Awaitable[Deployment]]


@pytest.fixture(autouse=True)
def _no_pauses_between_tries() -> Iterator[None]:
    stamina.set_testing(True, attempts=3, cap=True)
    yield
    stamina.set_testing(False)


@pytest.fixture(scope="module")
async def shared_stand_in() -> AsyncIterator[ModosStandIn]:
    async with ModosStandIn() as stand_in:
        yield stand_in


@pytest.fixture
def stand_in(shared_stand_in: ModosStandIn) -> Iterator[ModosStandIn]:
    """It does what it should, and has forgotten what it was asked."""
    yield shared_stand_in
    shared_stand_in.faults.clear()
    shared_stand_in.log.clear()
    shared_stand_in.settings.change(vars(StandInSettings()))


@pytest.fixture
def token_file(tmp_path: Path) -> Path:
    return tmp_path / "login" / "token.jwt"


@pytest.fixture
async def open_deployment(
    stand_in: ModosStandIn, token_file: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[OpenDeployment]:
    """`await open_deployment(listing_seconds=0)`; without a list that is kept, each question is a new one."""
    monkeypatch.delenv("AWS_ACCESS_KEY_ID", raising=False)
    async with AsyncExitStack() as stack:

        async def start(**settings: Any) -> Deployment:
            given = {"url": stand_in.url, "token_file": token_file, "listing_seconds": 0, **settings}
            return await stack.enter_async_context(Deployment(ModosSettings(**given), unobserved))

        yield start


@pytest.fixture
async def deployment(open_deployment: OpenDeployment) -> Deployment:
    return await open_deployment()
