"""What becomes of a subscription when its source is away, forgets, or begins anew."""

import asyncio

from scibus.runtime.live import forwarding as forwarding_page
from tests import standing
from tests.runtime.live.ticker import BORN
from tests.runtime.live.ticks import Ticks, numbered, working
from tests.waiting import until

nats_server, bus, folder, spawn_worker, dial, ticker, ticks = (
    standing.nats_server,
    standing.bus,
    standing.folder,
    standing.spawn_worker,
    standing.dial,
    standing.ticker,
    standing.ticks,
)


async def test_a_source_that_is_away_is_told_and_nothing_is_lost_when_it_is_back(ticks):
    ticks.dial.set(5, "absent")
    await ticks.subscribe("absent")
    await ticks.reaches("absent", 5)
    ticks.dial.set(6, "absent", away=True)
    await ticks.tells("absent", phase="failing")
    away = await ticks.state("absent")
    ticks.dial.set(7, "absent")
    await ticks.reaches("absent", 7)
    await ticks.tells("absent", phase="running")
    back = await ticks.state("absent")

    assert (away.state, away.problem.detail) == ("failing", "the counter is away")
    assert (back.state, back.problem, back.epoch) == ("running", away.problem, 1)
    assert back.problem_at >= away.problem_at
    assert await ticks.forwarded("absent") == numbered(1, 7)


async def test_a_source_that_is_away_before_its_first_message_goes_on_where_it_was_asked_to(ticks):
    ticks.dial.set(5, "unbegun")
    await ticks.subscribe("unbegun", offset="now")
    ticks.dial.set(5, "unbegun", away=True)
    await ticks.tells("unbegun", phase="failing")
    ticks.dial.set(9, "unbegun")
    await ticks.reaches("unbegun", 9)

    assert await ticks.forwarded("unbegun") == numbered(6, 9)


async def test_a_source_that_comes_and_goes_while_messages_flow(ticks):
    ticks.dial.set(0, "shaky")
    await ticks.subscribe("shaky", batch=20)
    for number in range(10, 500, 10):
        ticks.dial.set(number, "shaky", away=number % 50 == 0, lost=number % 70 == 0)
        await asyncio.sleep(0.02)
    ticks.dial.set(500, "shaky")
    await ticks.reaches("shaky", 500)

    assert await ticks.forwarded("shaky") == numbered(1, 500)


async def test_a_cursor_that_is_lost_is_no_problem(ticks):
    ticks.dial.set(5, "lost")
    await ticks.subscribe("lost")
    await ticks.reaches("lost", 5)
    ticks.dial.set(5, "lost", lost=True)
    await ticks.notes("lost", "closed")
    ticks.dial.set(6, "lost")
    await ticks.reaches("lost", 6)

    state = await ticks.state("lost")

    assert (state.state, state.problem, state.epoch) == ("running", None, 1)
    assert await ticks.forwarded("lost") == numbered(1, 6)


async def test_a_cursor_that_was_well_in_between_is_opened_anew_as_soon_as_the_first_time(ticks, monkeypatch):
    monkeypatch.setattr(forwarding_page, "IDLE_SECONDS", 0.05)
    async with working(ticks.bus.connection.connected_url.geturl(), ticks.dial, "ticker-here") as live:
        ticks.dial.set(5, "seldom")
        await live.subscribe(Ticks.order("seldom"))
        forwarding = live._watch._running["seldom"].forwarding
        ticks.dial.set(5, "seldom", lost=True)
        await until(lambda: forwarding._fails > 1)
        ticks.dial.set(5, "seldom")

        await until(lambda: forwarding._fails == 0)


async def test_a_source_that_began_anew_begins_a_new_epoch_and_says_so(ticks):
    ticks.dial.set(50, "reborn")
    await ticks.subscribe("reborn")
    await ticks.reaches("reborn", 50)
    ticks.dial.set(3, "reborn", born=BORN + 1000)
    await ticks.reaches("reborn", 3, epoch=2)
    ticks.dial.set(4, "reborn", born=BORN + 1000)
    await ticks.reaches("reborn", 4, epoch=2)

    state = await ticks.state("reborn")

    assert (state.epoch, state.state, state.problem) == (2, "running", None)
    assert "began anew" in state.notice
    assert state.notice_at is not None
    assert state.begins_after == (await ticks.messages("reborn"))[49].metadata.sequence.stream
    assert await ticks.forwarded("reborn") == numbered(1, 50) + numbered(1, 4, 2)


async def test_a_source_that_began_anew_while_nobody_looked_is_noticed_too(ticks):
    ticks.dial.set(5, "unseen")
    await ticks.subscribe("unseen")
    await ticks.reaches("unseen", 5)
    await ticks.pause("unseen")
    ticks.dial.set(7, "unseen", born=BORN + 1000)

    await ticks.resume("unseen")
    await ticks.reaches("unseen", 7, epoch=2)

    assert await ticks.forwarded("unseen") == numbered(1, 5) + numbered(1, 7, 2)


async def test_whoever_seeks_in_a_source_that_began_anew_gets_what_he_asked_for(ticks):
    ticks.dial.set(5, "found")
    await ticks.subscribe("found")
    await ticks.reaches("found", 5)
    await ticks.pause("found")
    ticks.dial.set(7, "found", born=BORN + 1000)

    await ticks.seek("found", sequence=6)
    await ticks.resume("found")
    await ticks.reaches("found", 7, epoch=2)

    assert (await ticks.state("found")).notice is None
    assert await ticks.forwarded("found") == numbered(1, 5) + numbered(6, 7, 2)


async def test_messages_that_the_source_has_lost_are_left_out(ticks):
    ticks.dial.set(5, "holes")
    await ticks.subscribe("holes")
    await ticks.reaches("holes", 5)
    ticks.dial.set(20, "holes", first=11)
    await ticks.reaches("holes", 20)

    assert await ticks.forwarded("holes") == numbered(1, 5) + numbered(11, 20)
    assert (await ticks.state("holes")).epoch == 1
