"""A reader moves, pauses and ends its subscription."""

import asyncio
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from scibus.contracts.problems import NotFound
from tests.client.live.reading import many, sequences
from tests.runtime.live.ticker import BORN
from tests.waiting import until

CET = timezone(timedelta(hours=1))


@pytest.mark.parametrize(
    ("place", "first"),
    [
        (7, 7),
        ("begin", 1),
        ("now", 21),
        (datetime(2023, 11, 14, 22, 13, 20, 9000, UTC).replace(tzinfo=None), 9),
        (datetime(2023, 11, 14, 23, 13, 20, 9000, CET), 9),
    ],
)
async def test_it_reads_on_where_it_was_moved_to(ticks, subscribe, place, first):
    name = f"moved-{first}-{len(str(place))}"
    ticks.dial.set(20, name)

    async with await subscribe(name, offset="begin") as subscription:
        await sequences(subscription, 3)
        state = await subscription.seek(place)
        ticks.dial.set(22, name)
        messages = await many(subscription, 23 - first)

    assert (state.epoch, subscription.state) == (2, state)
    assert [message.sequence for message in messages] == list(range(first, 23))
    assert {(message.epoch, message.gap) for message in messages} == {(2, None)}


@pytest.mark.parametrize("place", [True, False, None, 1.5, b"begin", [1], date(2023, 11, 14), timedelta(1)])
async def test_what_is_no_place_is_a_type_error(subscribe, place):
    async with await subscribe("still") as subscription:
        with pytest.raises(TypeError, match="seek takes"):
            await subscription.seek(place)

        assert (await subscription.status()).epoch == 1


@pytest.mark.parametrize("place", [0, -1, 2**63, "end", ""])
async def test_a_place_that_cannot_be_is_refused(subscribe, place):
    async with await subscribe("still") as subscription:
        with pytest.raises(ValueError, match="validation error"):
            await subscription.seek(place)

        assert (await subscription.status()).epoch == 1


async def test_other_readers_see_the_old_epoch_to_its_end_and_then_the_new_one(ticks, subscribe):
    ticks.dial.set(10, "others")

    async with await subscribe("others", offset="begin") as mover, await subscribe("others", offset="begin") as other:
        await ticks.reaches("others", 10)
        await mover.seek(8)
        messages = await many(other, 13)

    assert [(message.epoch, message.sequence) for message in messages] == [
        *[(1, number) for number in range(1, 11)],
        *[(2, number) for number in range(8, 11)],
    ]
    assert {message.gap for message in messages} == {None}


@pytest.mark.parametrize("trial", range(5))
async def test_a_callback_gets_no_message_twice_while_its_reader_is_moved(ticks, subscribe, trial):
    name = f"called-{trial}"
    ticks.dial.set(300, name)
    found = []

    async with await subscribe(
        name, offset="begin", callback=lambda one: found.append((one.epoch, one.sequence))
    ) as one:
        await one.wait(messages=10, timeout=40)
        for place in (50, 100, 150):
            await one.seek(place)
            await asyncio.sleep(0.02)
        await until(lambda: asyncio.sleep(0, found[-1] == (4, 300)))
        await one.wait(timeout=0.2)

    assert found == sorted(set(found))
    assert found[-151:] == [(4, number) for number in range(150, 301)]


async def test_whoever_waits_meanwhile_gets_the_first_message_of_the_new_place(ticks, subscribe):
    ticks.dial.set(10, "waiting")
    async with await subscribe("waiting", offset="now") as subscription:
        waiting = asyncio.create_task(anext(subscription))
        await asyncio.sleep(0.1)
        await subscription.seek(4)
        first = await asyncio.wait_for(waiting, 40)
        rest = await sequences(subscription, 6)

    assert (first.epoch, first.sequence, rest) == (2, 4, [5, 6, 7, 8, 9, 10])


@pytest.mark.parametrize("trial", range(5))
async def test_a_seek_in_the_middle_of_opening_is_not_forgotten(ticks, subscribe, trial):
    name = f"opening-{trial}"
    ticks.dial.set(10, name)
    async with await subscribe(name, offset="now") as subscription:
        waiting = asyncio.create_task(anext(subscription))
        await asyncio.sleep(0)
        states = await asyncio.gather(*(subscription.seek(place) for place in (3, 5, 7)))
        await ticks.reaches(name, 10, epoch=4)
        last = max(states, key=lambda state: state.epoch)
        found = [await asyncio.wait_for(waiting, 40)]
        while (found[-1].epoch, found[-1].sequence) != (4, 10):
            found += await many(subscription, 1)

    places = [(message.epoch, message.sequence) for message in found]
    assert last.epoch == 4
    assert places == sorted(set(places))


async def test_a_paused_subscription_gives_nothing_until_it_is_resumed(ticks, subscribe):
    ticks.dial.set(3, "paused")
    async with await subscribe("paused", offset="begin") as subscription:
        await sequences(subscription, 3)
        paused = await subscription.pause()
        ticks.dial.set(4, "paused")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(subscription), 0.3)
        told = await subscription.status()
        resumed = await subscription.resume()
        found = await sequences(subscription, 1)

    assert (paused.state, told.state, resumed.state, found) == ("paused", "paused", "running", [4])


async def test_a_source_that_began_anew_is_a_new_epoch_for_its_readers(ticks, subscribe):
    ticks.dial.set(3, "reborn")
    async with await subscribe("reborn", offset="begin") as subscription:
        await sequences(subscription, 3)
        ticks.dial.set(2, "reborn", born=BORN + 1000)
        messages = await many(subscription, 2)
        state = await subscription.status()

    assert [(message.epoch, message.sequence, message.gap) for message in messages] == [(2, 1, None), (2, 2, None)]
    assert "began anew" in state.notice


async def test_what_is_ended_is_ended_for_everybody(ticks, subscribe):
    ticks.dial.set(3, "ended")
    subscription, other = await subscribe("ended", offset="begin"), await subscribe("ended", offset="begin")
    await sequences(subscription, 3)

    await subscription.unsubscribe()

    with pytest.raises(StopAsyncIteration):
        await anext(subscription)
    assert await sequences(other, 3) == [1, 2, 3]
    with pytest.raises(NotFound, match="ended"):
        await other.status()
    with pytest.raises(NotFound):
        await other.seek(1)
    await other.close()


async def test_who_reads_on_gets_what_is_subscribed_to_anew_under_the_id(ticks, subscribe):
    ticks.dial.set(2, "renewed")
    async with await subscribe("renewed", offset="begin") as reader:
        await sequences(reader, 2)
        await reader.seek("now")
        await ticks.unsubscribe("renewed")
        ticks.dial.set(3, "renewed")
        await ticks.subscribe("renewed")
        messages = await many(reader, 3)

    assert [(message.epoch, message.sequence) for message in messages] == [(3, 1), (3, 2), (3, 3)]
