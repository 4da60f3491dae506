"""The short form of each promise; `make chaos` runs the whole of it."""

import pytest

from tests.chaos.promises import Promise, promises


@pytest.mark.parametrize("promise", [one for one in promises() if one.short], ids=lambda promise: promise.name)
async def test_the_promise_is_kept(promise: Promise) -> None:
    verdict = await promise.put_to_the_test(whole=False)

    assert verdict.holds, verdict
