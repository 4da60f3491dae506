"""Backends of workers, beside those that all tests have."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from scibus.sandbox.mdb import MdbStandIn
from scibus.sandbox.modos import ModosStandIn


@pytest.fixture(scope="module")
async def mdb() -> AsyncIterator[MdbStandIn]:
    """Nothing in it grows: nobody attends to that while a test waits for a tool."""
    async with MdbStandIn(datasets={"weather": ["alice"]}) as stand_in:
        yield stand_in


@pytest.fixture(scope="module")
async def modos_stand_in() -> AsyncIterator[ModosStandIn]:
    async with ModosStandIn() as stand_in:
        yield stand_in


@pytest.fixture
def modos_settings(modos_stand_in: ModosStandIn, tmp_path: Path) -> dict[str, str]:
    """Of a worker that nobody has logged in."""
    return {**modos_stand_in.addresses()["settings"], "SCIBUS_MODOS_TOKEN_FILE": str(tmp_path / "token.jwt")}
