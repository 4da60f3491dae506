"""A backend for the worker of live data, beside those that all tests have."""

from collections.abc import AsyncIterator

import pytest

from scibus.sandbox.mdb import MdbStandIn


@pytest.fixture(scope="module")
async def mdb() -> AsyncIterator[MdbStandIn]:
    """Nothing in it grows: nobody attends to that while a test waits for a tool."""
    async with MdbStandIn(datasets={"weather": ["alice"]}) as stand_in:
        yield stand_in
