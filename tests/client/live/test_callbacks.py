"""Messages go to a callback, one after the other; whoever waits is told how many, and what went wrong."""

import asyncio
import time
from datetime import UTC, datetime, timedelta

import pytest

from tests.waiting import until


@pytest.fixture
def elsewhere():
    """The clocks on the wall here do not show UTC."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        yield
    time.tzset()


async def test_a_callback_gets_each_message_in_order(ticks, subscribe):
    ticks.dial.set(700, "called")
    found = []

    async with await subscribe(
        "called", offset="begin", callback=lambda message: found.append(message.sequence)
    ) as one:
        done = await one.wait(messages=700, timeout=40)

    assert (done, found) == (700, list(range(1, 701)))


async def test_an_asynchronous_callback_is_waited_for(ticks, subscribe):
    ticks.dial.set(20, "awaited")
    found, running = [], []

    async def call(message):
        running.append(message.sequence)
        await asyncio.sleep(0.005)
        found.append(list(running))
        running.clear()

    async with await subscribe("awaited", offset="begin", callback=call) as one:
        await one.wait(messages=20, timeout=40)

    assert found == [[number] for number in range(1, 21)]


async def test_each_wait_counts_what_was_done_since_the_last(ticks, subscribe):
    ticks.dial.set(3, "counted")
    async with await subscribe("counted", offset="begin", callback=lambda _: None) as one:
        first = await one.wait(messages=3, timeout=40)
        nothing = await one.wait(timeout=0.1)
        ticks.dial.set(5, "counted")
        rest = await one.wait(messages=2, timeout=40)

    assert (first, nothing, rest) == (3, 0, 2)


@pytest.mark.parametrize(
    "timeout",
    [
        lambda: 0.3,
        lambda: timedelta(seconds=0.3),
        lambda: datetime.now(UTC) + timedelta(seconds=0.3),
        lambda: datetime.now(UTC).replace(tzinfo=None) + timedelta(seconds=0.3),
    ],
    ids=["seconds", "span", "time", "naive time"],
)
async def test_it_waits_no_longer_than_it_is_told(subscribe, timeout, elsewhere):
    async with await subscribe("silent", callback=lambda _: None) as one:
        began = time.monotonic()
        done = await one.wait(messages=1, timeout=timeout())

    assert done == 0
    assert 0.25 < time.monotonic() - began < 20


@pytest.mark.parametrize("timeout", [0, -1.0, datetime.fromisoformat("2020-01-01")])
async def test_a_time_that_has_passed_is_not_waited_for(subscribe, timeout):
    async with await subscribe("silent", callback=lambda _: None) as one:
        assert await asyncio.wait_for(one.wait(timeout=timeout), 20) == 0


async def test_what_the_callback_raises_is_raised_by_wait_once(ticks, subscribe):
    ticks.dial.set(5, "failing")

    def call(message):
        if message.sequence == 3:
            raise ZeroDivisionError("the third")

    one = await subscribe("failing", offset="begin", callback=call)
    with pytest.raises(ZeroDivisionError, match="the third"):
        await one.wait(timeout=40)

    assert await one.wait(timeout=0.1) == 0
    await one.close()


async def test_a_wait_without_a_limit_ends_with_what_the_callback_raises(ticks, subscribe):
    ticks.dial.set(5, "endless")

    async def call(message):
        raise ZeroDivisionError("the first")

    async with await subscribe("endless", offset="begin", callback=call) as one:
        with pytest.raises(ZeroDivisionError):
            await asyncio.wait_for(one.wait(), 40)


async def test_what_the_callback_raises_is_raised_by_close_where_nobody_has_waited(ticks, subscribe):
    ticks.dial.set(5, "unwatched")
    raised = asyncio.Event()

    def call(message):
        raised.set()
        raise ZeroDivisionError("the first")

    one = await subscribe("unwatched", offset="begin", callback=call)
    await asyncio.wait_for(raised.wait(), 40)
    await asyncio.sleep(0.05)

    with pytest.raises(ZeroDivisionError):
        await one.close()


async def test_a_callback_may_close_its_reader(ticks, subscribe):
    ticks.dial.set(50, "closing")
    found = []

    async def call(message):
        found.append(message.sequence)
        if message.sequence == 3:
            await one.close()

    one = await subscribe("closing", offset="begin", callback=call)
    await asyncio.wait_for(one.wait(), 40)
    await asyncio.sleep(0.1)

    assert found == [1, 2, 3]


async def test_a_callback_may_end_the_subscription(ticks, subscribe):
    ticks.dial.set(50, "ending")

    async def call(message):
        if message.sequence == 3:
            await one.unsubscribe()

    one = await subscribe("ending", offset="begin", callback=call)
    await asyncio.wait_for(one.wait(), 40)

    assert "ending" not in await ticks.states()


async def test_closing_stops_a_callback_that_is_at_work(ticks, subscribe):
    ticks.dial.set(2, "stopped")
    begun, stopped = asyncio.Event(), []

    async def call(message):
        begun.set()
        try:
            await asyncio.sleep(100)
        except asyncio.CancelledError:
            stopped.append(message.sequence)
            raise

    one = await subscribe("stopped", offset="begin", callback=call)
    await asyncio.wait_for(begun.wait(), 40)
    await asyncio.wait_for(one.close(), 40)

    assert stopped == [1]


async def test_messages_go_to_the_callback_or_are_iterated_over_not_both(ticks, subscribe):
    ticks.dial.set(5, "either")
    async with await subscribe("either", offset="begin", callback=lambda _: None) as called:
        with pytest.raises(TypeError, match="callback"):
            aiter(called)
        with pytest.raises(TypeError, match="callback"):
            await anext(called)
        assert await called.wait(messages=5, timeout=40) == 5
    async with await subscribe("either") as iterated:
        with pytest.raises(TypeError, match="callback"):
            await iterated.wait(timeout=1)


async def test_no_task_is_left(ticks, subscribe):
    ticks.dial.set(5, "tidy")
    await ticks.states()
    before = asyncio.all_tasks()

    async with await subscribe("tidy", offset="begin", callback=lambda _: None) as one:
        await one.wait(messages=5, timeout=40)
    async with await subscribe("tidy", offset="begin") as one:
        await anext(one)

    await until(lambda: asyncio.sleep(0, asyncio.all_tasks() <= before))
