"""What a reader does not get is told by the message that comes instead."""

from scibus.bus.stored import api
from tests.client.live.reading import many, sequences
from tests.runtime.live.ticker import BORN


async def purge(ticks, keep=1):
    """The stream forgets all but the last messages."""
    last = (await api(ticks.connection, "STREAM.INFO.SCIBUS_DATA"))["state"]["last_seq"]
    await api(ticks.connection, "STREAM.PURGE.SCIBUS_DATA", {"seq": last - keep + 1})


async def test_what_was_forgotten_while_a_reader_was_away_is_told(ticks, subscribe):
    ticks.dial.set(10, "away")
    async with await subscribe("away", offset="begin", reader="me") as subscription:
        await sequences(subscription, 4)
    await ticks.reaches("away", 10)
    await purge(ticks, keep=3)

    async with await subscribe("away", reader="me") as subscription:
        messages = await many(subscription, 3)

    gap = messages[0].gap
    assert [message.sequence for message in messages] == [8, 9, 10]
    assert (gap.after, gap.before, gap.missing, gap.reason) == (4, 8, 3, "the bus kept them no longer")
    assert str(gap) == "3 messages between 4 and 8 are missing: the bus kept them no longer"
    assert messages[1].gap is None


async def test_what_was_forgotten_under_a_readers_hands_is_told(ticks, subscribe, monkeypatch):
    monkeypatch.setattr("scibus.client.live.reader.BATCH", 2)
    ticks.dial.set(100, "hands")
    async with await subscribe("hands", offset="begin") as subscription:
        first = await sequences(subscription, 2)
        await ticks.reaches("hands", 100)
        await purge(ticks, keep=5)
        rest = [await anext(subscription)]
        while rest[-1].sequence < 100:
            rest += await many(subscription, 1)

    found = [message.sequence for message in rest]
    told = [message.gap for message in rest if message.gap]

    assert (first, len(found) < 15, found[-5:]) == ([1, 2], True, [96, 97, 98, 99, 100])
    assert [(gap.after, gap.before, gap.reason) for gap in told] == [(found[-6], 96, "the bus kept them no longer")]


async def test_what_the_source_has_lost_is_told(ticks, subscribe):
    ticks.dial.set(3, "holes")
    async with await subscribe("holes", offset="begin") as subscription:
        await sequences(subscription, 3)
        ticks.dial.set(9, "holes", first=7)
        messages = await many(subscription, 3)

    assert [message.sequence for message in messages] == [7, 8, 9]
    assert str(messages[0].gap) == "3 messages between 3 and 7 are missing: the source did not give them"


async def test_where_numbers_began_anew_nobody_can_tell_how_many_are_missing(ticks, subscribe):
    ticks.dial.set(5, "anew")
    async with await subscribe("anew", offset="begin", reader="me") as subscription:
        await sequences(subscription, 2)
    await ticks.reaches("anew", 5)
    ticks.dial.set(2, "anew", born=BORN + 1000)
    await ticks.reaches("anew", 2, epoch=2)
    await purge(ticks, keep=2)

    async with await subscribe("anew", reader="me") as subscription:
        message = await anext(subscription)

    assert (message.epoch, message.sequence) == (2, 1)
    assert (message.gap.after, message.gap.before, message.gap.missing) == (2, None, None)
    assert str(message.gap) == "messages after 2 may be missing: the bus kept them no longer"


async def test_where_nothing_is_missing_nothing_is_told(ticks, subscribe):
    ticks.dial.set(5, "whole")
    async with await subscribe("whole", offset="begin", reader="me") as subscription:
        first = await many(subscription, 5)
        await ticks.seek("whole", sequence=4)
        moved = await many(subscription, 2)
    await purge(ticks, keep=1)
    ticks.dial.set(6, "whole")

    async with await subscribe("whole", reader="me") as subscription:
        last = await anext(subscription)

    assert (last.epoch, last.sequence) == (2, 6)
    assert {message.gap for message in [*first, *moved, last]} == {None}
