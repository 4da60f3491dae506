"""A subscription is moved, paused, resumed and ended; nothing is forwarded twice, and each answer is true."""

import asyncio

import pytest

from scibus.contracts.problems import NotFound
from scibus.runtime.live import watch
from tests import standing
from tests.runtime.live.ticks import MUCH, numbered, working

nats_server, bus, folder, spawn_worker, dial, ticker, ticks = (
    standing.nats_server,
    standing.bus,
    standing.folder,
    standing.spawn_worker,
    standing.dial,
    standing.ticker,
    standing.ticks,
)


@pytest.mark.parametrize(
    ("place", "first"),
    [
        ({"sequence": 7}, 7),
        ({"offset": "begin"}, 1),
        ({"offset": "now"}, 11),
        ({"time": "2023-11-14T22:13:20.005Z"}, 5),
    ],
)
async def test_a_seek_begins_a_new_epoch_there(ticks, place, first):
    dataset = f"sought-{first}"
    ticks.dial.set(10, dataset)
    await ticks.subscribe(dataset)
    await ticks.reaches(dataset, 10)

    moved = await ticks.seek(dataset, **place)
    ticks.dial.set(12, dataset)
    await ticks.reaches(dataset, 12, epoch=2)

    assert (moved.state, moved.epoch) == ("running", 2)
    assert await ticks.forwarded(dataset) == numbered(1, 10) + numbered(first, 12, epoch=2)


async def test_a_seek_tells_after_which_message_its_epoch_stands(ticks):
    ticks.dial.set(10, "told")
    await ticks.subscribe("told")
    await ticks.reaches("told", 10)
    last = (await ticks.messages("told"))[-1].metadata.sequence.stream

    assert (await ticks.seek("told", sequence=1)).begins_after == last


async def test_seeks_in_the_middle_of_much_break_no_order(ticks):
    ticks.dial.set(MUCH, "much")
    await ticks.subscribe("much")
    await ticks.is_under_way("much")
    await ticks.seek("much", sequence=100)
    await ticks.is_under_way("much", epoch=2)
    await ticks.seek("much", sequence=MUCH - 999)
    await ticks.reaches("much", MUCH, epoch=3)

    found = await ticks.forwarded("much")
    first, second = [one for one in found if one[0] == 1], [one for one in found if one[0] == 2]

    assert found == numbered(1, len(first)) + numbered(100, 99 + len(second), 2) + numbered(MUCH - 999, MUCH, 3)
    assert min(len(first), len(second)) > 0


async def test_seeks_at_once_give_epochs_of_their_own(ticks):
    ticks.dial.set(20, "crowd")
    await ticks.subscribe("crowd")

    moved = await asyncio.gather(*(ticks.seek("crowd", sequence=number) for number in range(1, 9)))
    record = await ticks.record("crowd")
    await ticks.reaches("crowd", 20, epoch=9)

    assert max(state.epoch for state in moved) == record["epoch"] == 9
    assert {state.state for state in moved} == {"running"}
    assert (await ticks.forwarded("crowd"))[-20 + record["place"]["sequence"] - 1 :] == numbered(
        record["place"]["sequence"], 20, 9
    )


async def test_what_is_paused_is_quiet_once_that_is_answered(ticks):
    ticks.dial.set(MUCH, "quiet")
    await ticks.subscribe("quiet")
    await ticks.is_under_way("quiet")

    paused = await ticks.pause("quiet")
    reached = await ticks.last("quiet")
    await asyncio.sleep(0.5)

    assert paused.state == "paused"
    assert await ticks.last("quiet") == reached == (1, paused.sequence)
    assert 0 < paused.sequence < MUCH


async def test_it_goes_on_where_it_was_paused(ticks):
    ticks.dial.set(MUCH, "resumed")
    await ticks.subscribe("resumed")
    await ticks.is_under_way("resumed")
    last = (await ticks.pause("resumed")).sequence + 1000
    ticks.dial.set(last, "resumed")

    resumed = await ticks.resume("resumed")
    await ticks.reaches("resumed", last)

    assert (resumed.state, resumed.epoch) == ("running", 1)
    assert await ticks.forwarded("resumed") == numbered(1, last)


async def test_pausing_and_resuming_again_and_again_changes_nothing(ticks):
    ticks.dial.set(MUCH, "again")
    await ticks.subscribe("again", batch=10)

    states = [(await ticks.pause("again")).state for _ in range(2)]
    states += [(await ticks.resume("again")).state for _ in range(2)]
    states += [(await steer("again")).state for _ in range(10) for steer in (ticks.pause, ticks.resume)]
    last = (await ticks.pause("again")).sequence + 100
    ticks.dial.set(last, "again")
    await ticks.resume("again")
    await ticks.reaches("again", last)

    assert states == ["paused"] * 2 + ["running"] * 2 + ["paused", "running"] * 10
    assert await ticks.forwarded("again") == numbered(1, last)


async def test_what_is_paused_can_be_moved(ticks):
    ticks.dial.set(10, "moved")
    await ticks.subscribe("moved")
    await ticks.reaches("moved", 10)
    await ticks.pause("moved")

    moved = await ticks.seek("moved", sequence=9)
    before = await ticks.last("moved")
    await ticks.resume("moved")
    await ticks.reaches("moved", 10, epoch=2)

    assert (moved.state, moved.epoch, before) == ("paused", 2, (1, 10))
    assert await ticks.forwarded("moved") == numbered(1, 10) + numbered(9, 10, 2)


async def test_what_is_ended_stays_for_its_readers_and_can_begin_again(ticks):
    ticks.dial.set(5, "ended")
    await ticks.subscribe("ended")
    await ticks.reaches("ended", 5)

    ended = await ticks.unsubscribe("ended")
    gone = "ended" not in await ticks.states()
    ticks.dial.set(6, "ended")
    await asyncio.sleep(0.2)
    kept = await ticks.last("ended")
    again = await ticks.subscribe("ended")
    await ticks.reaches("ended", 6, epoch=2)

    assert (ended.state, gone, kept) == ("leaving", True, (1, 5))
    assert (again.epoch, again.existing, again.begins_after > 0) == (2, False, True)
    assert await ticks.forwarded("ended") == numbered(1, 5) + numbered(1, 6, 2)


async def test_the_source_is_told_whether_to_keep_the_cursor(ticks):
    await ticks.subscribe("dropped")
    await ticks.subscribe("kept")

    await ticks.unsubscribe("dropped")
    await ticks.unsubscribe("kept", keep_cursor=True)

    assert (ticks.dial.noted("dropped")[-1], ticks.dial.noted("kept")[-1]) == ("dropped", "kept")


async def test_a_source_that_is_slow_to_let_go_holds_up_only_who_ends_it(ticks):
    ticks.dial.set(1, "sticky", leave=True)
    await ticks.subscribe("sticky")
    ending = asyncio.create_task(ticks.unsubscribe("sticky"))
    await ticks.notes("sticky", "leaving")

    await ticks.subscribe("meanwhile")
    await ticks.pause("meanwhile")
    held = not ending.done() and "dropped" not in ticks.dial.noted("sticky")
    ticks.dial.set(1, "sticky")

    assert held
    assert (await ending).state == "leaving"
    assert "sticky" not in await ticks.states()


async def test_what_is_being_ended_is_neither_moved_nor_begun(ticks):
    ticks.dial.set(1, "going", leave=True)
    await ticks.subscribe("going")
    ending = asyncio.create_task(ticks.unsubscribe("going"))
    await ticks.notes("going", "leaving")

    with pytest.raises(NotFound, match="being ended"):
        await ticks.seek("going", sequence=1)
    with pytest.raises(Exception, match="being ended: ask again"):
        await ticks.subscribe("going")

    ticks.dial.set(1, "going")
    await ending


async def test_what_is_not_there_cannot_be_steered(ticks):
    with pytest.raises(NotFound, match="nobody"):
        await ticks.seek("nobody", sequence=1)
    with pytest.raises(NotFound, match="nobody"):
        await ticks.pause("nobody")
    with pytest.raises(NotFound, match="nobody"):
        await ticks.resume("nobody")
    with pytest.raises(NotFound, match="nobody"):
        await ticks.unsubscribe("nobody")


async def test_how_far_it_has_come_is_told(ticks):
    ticks.dial.set(1000, "far")
    await ticks.subscribe("far")
    await ticks.reaches("far", 1000)

    state = await ticks.pause("far")

    assert (state.sequence, state.time.isoformat()) == (1000, "2023-11-14T22:13:21+00:00")
    assert (state.lag, state.rate) == (0, 100.0)
    assert state.worker.startswith("ticker-")


async def test_how_far_it_has_come_is_told_by_itself_now_and_then(ticks, monkeypatch):
    monkeypatch.setattr(watch, "TELL_SECONDS", 0.2)
    async with working(ticks.connection.connected_url.geturl(), ticks.dial, "ticker-here") as live:
        ticks.dial.set(50, "by-itself")
        await live.subscribe(ticks.order("by-itself"))
        await ticks.reaches("by-itself", 50)

        await ticks.tells("by-itself", sequence=50, lag=0, rate=5.0)


async def test_a_source_that_has_more_than_was_forwarded_is_told_as_lag(ticks):
    ticks.dial.set(MUCH, "behind")
    await ticks.subscribe("behind", batch=1)
    await ticks.is_under_way("behind")

    state = await ticks.pause("behind")

    assert state.lag - (MUCH - state.sequence) in (0, 1)
