"""A thread that works with a file is over before anybody closes the file."""

import asyncio
import threading
from functools import partial

import pytest

from scibus.bus.blobs.blocking import to_its_end


async def test_who_is_cancelled_leaves_when_the_thread_does():
    begun, may_end, steps = asyncio.Event(), threading.Event(), []
    loop = asyncio.get_running_loop()

    def work():
        loop.call_soon_threadsafe(begun.set)
        may_end.wait(10)
        steps.append("the thread ended")

    caller = asyncio.create_task(to_its_end(work))
    await begun.wait()
    caller.add_done_callback(lambda _: steps.append("the caller left"))
    caller.cancel()
    loop.call_later(0.1, may_end.set)
    await asyncio.wait([caller])

    assert caller.cancelled()
    assert steps == ["the thread ended", "the caller left"]


async def test_what_goes_wrong_in_the_thread_is_told():
    with pytest.raises(ZeroDivisionError):
        await to_its_end(partial(divmod, 1, 0))
