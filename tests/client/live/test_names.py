"""A reader with a name goes on where it stopped, whatever became of the program that read under it."""

import asyncio
import os
import subprocess
import sys

import pytest

from scibus.bus.stored import api
from scibus.client import connect
from scibus.contracts.problems import Conflict
from tests.chaos.proxy import NatsProxy
from tests.client.live.reading import many, sequences
from tests.processes import TESTS
from tests.runtime.live.ticker import Ticker
from tests.waiting import until


async def consumer(ticks, name):
    return await api(ticks.connection, f"CONSUMER.INFO.SCIBUS_DATA.{name}")


async def test_it_goes_on_after_the_last_message_that_was_done(ticks, subscribe):
    ticks.dial.set(10, "kept")
    async with await subscribe("kept", offset="begin", reader="me") as subscription:
        first = await sequences(subscription, 4)
    async with await subscribe("kept", offset="begin", reader="me") as subscription:
        rest = await many(subscription, 6)

    assert first == [1, 2, 3, 4]
    assert [(message.sequence, message.gap) for message in rest] == [(number, None) for number in range(5, 11)]


async def test_a_message_at_which_an_iteration_failed_comes_again(ticks, subscribe):
    ticks.dial.set(6, "broken-off")

    async def break_off():
        async with await subscribe("broken-off", offset="begin", reader="me") as subscription:
            await sequences(subscription, 4)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await break_off()
    async with await subscribe("broken-off", offset="begin", reader="me") as subscription:
        rest = await many(subscription, 3)

    assert [(message.sequence, message.gap) for message in rest] == [(4, None), (5, None), (6, None)]


async def test_what_a_callback_has_done_does_not_come_again(ticks, subscribe):
    ticks.dial.set(10, "called")
    found = []
    for last in (10, 15):
        ticks.dial.set(last, "called")
        async with await subscribe(
            "called", offset="begin", reader="me", callback=lambda one: found.append(one)
        ) as one:
            await one.wait(messages=last - len(found), timeout=40)

    assert [(message.sequence, message.gap) for message in found] == [(number, None) for number in range(1, 16)]


async def test_a_message_whose_callback_failed_comes_again(ticks, subscribe):
    ticks.dial.set(5, "again")
    found = []

    def call(message):
        found.append(message.sequence)
        if found == [1, 2, 3]:
            raise ZeroDivisionError

    subscription = await subscribe("again", offset="begin", reader="me", callback=call)
    with pytest.raises(ZeroDivisionError):
        await subscription.wait(timeout=40)
    await subscription.close()
    async with await subscribe("again", offset="begin", reader="me", callback=call) as subscription:
        await subscription.wait(messages=3, timeout=40)

    assert found == [1, 2, 3, 3, 4, 5]


async def test_it_misses_nothing_while_nobody_reads(ticks, subscribe):
    async with await subscribe("absent", reader="me"):
        pass
    ticks.dial.set(5, "absent")
    await ticks.reaches("absent", 5)

    async with await subscribe("absent", reader="me") as subscription:
        assert await sequences(subscription, 5) == [1, 2, 3, 4, 5]


async def test_readers_of_other_names_and_of_none_have_places_of_their_own(ticks, subscribe):
    ticks.dial.set(5, "several")

    async with (
        await subscribe("several", offset="begin", reader="one") as one,
        await subscribe("several", offset="begin", reader="two") as two,
        await subscribe("several", offset="begin") as three,
    ):
        found = [await sequences(reader, 5) for reader in (one, two, three)]

    assert found == [[1, 2, 3, 4, 5]] * 3


async def test_names_of_readers_and_of_subscriptions_are_not_mixed_up(ticks, subscribe):
    ticks.dial.set(3, "a")
    ticks.dial.set(9, "a-b", first=7)
    async with await subscribe("a", offset="begin", reader="b-c") as one:
        await sequences(one, 1)
    async with await subscribe("a-b", offset="begin", reader="c") as other:
        messages = await many(other, 3)

    assert [(message.dataset, message.sequence) for message in messages] == [("a-b", 7), ("a-b", 8), ("a-b", 9)]


READS = """
import asyncio
from scibus.client import connect
from scibus.client.live import reader
from tests.runtime.live.ticker import Ticker

reader.TELL_SECONDS = 0.05

async def main():
    async with connect() as bus:
        subscription = await bus.service(Ticker).subscribe("killed", offset="begin", reader="me")
        async for message in subscription:
            print(message.sequence, message.gap, flush=True)
            # Whoever is to kill it may be late: it does not come to the end.
            await asyncio.sleep(0.002 if message.sequence < 250 else 600)

asyncio.run(main())
"""


async def test_it_resumes_after_the_death_of_its_process_and_tells_of_no_gap(ticks, subscribe, nats_server):
    ticks.dial.set(300, "killed")
    environment = {**os.environ, "PYTHONPATH": str(TESTS.parent), "SCIBUS_NATS_URL": nats_server.url}
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", READS, env=environment, stdout=subprocess.PIPE)
    read = [await asyncio.wait_for(process.stdout.readline(), 60) for _ in range(200)]
    process.kill()
    rest = (await process.communicate())[0].splitlines()
    seen = [int(line.split()[0]) for line in [*read, *rest]]

    async with await subscribe("killed", offset="begin", reader="me") as subscription:
        messages = await many(subscription, 300 - seen[-1])
        resumed = [message.sequence for message in messages]

    assert seen == list(range(1, len(seen) + 1))
    assert 1 < resumed[0] <= seen[-1]
    assert resumed == list(range(resumed[0], resumed[0] + len(resumed)))
    assert {message.gap for message in messages} == {None}


async def test_whoever_comes_takes_the_name_over_and_the_older_one_is_told(ticks, subscribe):
    ticks.dial.set(5, "taken")
    older = await subscribe("taken", offset="begin", reader="me")
    await sequences(older, 3)
    waiting = asyncio.create_task(many(older, 10))
    await asyncio.sleep(0.1)

    newer = await subscribe("taken", offset="begin", reader="me")
    ticks.dial.set(50, "taken")
    found = await sequences(newer, 45)

    with pytest.raises(Conflict, match="another program"):
        await asyncio.wait_for(waiting, 40)
    assert found == list(range(6, 51))
    await older.close()
    ticks.dial.set(60, "taken")
    assert await sequences(newer, 10) == list(range(51, 61))
    await newer.close()


async def test_an_older_one_that_has_read_much_does_not_steal_from_the_newer_one(ticks, subscribe):
    ticks.dial.set(3000, "stolen")
    older = await subscribe("stolen", offset="begin", reader="me")
    await sequences(older, 3000)
    waiting = asyncio.create_task(many(older, 10))
    await asyncio.sleep(0.1)

    newer = await subscribe("stolen", offset="begin", reader="me")
    ticks.dial.set(3400, "stolen")
    found = await sequences(newer, 400)

    assert found == list(range(3001, 3401))
    with pytest.raises(Conflict, match="another program"):
        await asyncio.wait_for(waiting, 40)
    await older.close()
    await newer.close()


async def test_slow_work_is_not_given_out_a_second_time(ticks, subscribe):
    ticks.dial.set(20, "slow")
    async with await subscribe("slow", offset="begin", reader="me") as subscription:
        name = next(name for name in await ticks.consumers() if "slow" in name)
        config = (await consumer(ticks, name))["config"]

        assert config["ack_wait"] >= 24 * 3600 * 1_000_000_000
        body = {"stream_name": "SCIBUS_DATA", "config": {**config, "ack_wait": 200_000_000}, "action": "update"}
        await api(ticks.connection, f"CONSUMER.CREATE.SCIBUS_DATA.{name}.{config['filter_subject']}", body)
        first = await sequences(subscription, 3)
        await asyncio.sleep(0.6)
        ticks.dial.set(30, "slow")
        rest = await sequences(subscription, 27)

    assert first + rest == list(range(1, 31))


async def test_it_can_be_moved(ticks, subscribe):
    ticks.dial.set(10, "moved")
    async with await subscribe("moved", offset="begin", reader="me") as subscription:
        await sequences(subscription, 5)
        await subscription.seek(8)
        first = await many(subscription, 2)
    async with await subscribe("moved", reader="me") as subscription:
        rest = await many(subscription, 1)

    assert [(message.epoch, message.sequence) for message in first] == [(2, 8), (2, 9)]
    assert [(message.epoch, message.sequence, message.gap) for message in rest] == [(2, 10, None)]


async def test_it_goes_on_over_a_cut_of_its_link(ticks, nats_server):
    ticks.dial.set(10, "cut")
    async with (
        NatsProxy(nats_server.port) as proxy,
        connect(proxy.url) as bus,
        await bus.service(Ticker).subscribe("cut", offset="begin", reader="me") as subscription,
    ):
        first = await sequences(subscription, 5)
        proxy.cut()
        ticks.dial.set(20, "cut")
        rest = await sequences(subscription, 15)

    assert first + rest == list(range(1, 21))


async def test_a_consumer_that_somebody_has_removed_is_made_anew(ticks, subscribe):
    ticks.dial.set(5, "lost")
    async with await subscribe("lost", offset="begin", reader="me") as subscription:
        first = await sequences(subscription, 5)
        name = next(name for name in await ticks.consumers() if "lost" in name)
        await api(ticks.connection, f"CONSUMER.DELETE.SCIBUS_DATA.{name}")
        ticks.dial.set(9, "lost")
        rest = await sequences(subscription, 4)

    assert first + rest == list(range(1, 10))


async def test_what_is_acknowledged_is_what_was_done(ticks, subscribe):
    ticks.dial.set(9, "acknowledged")

    async def floor():
        name = next(name for name in await ticks.consumers() if "acknowledged" in name)
        return (await consumer(ticks, name))["ack_floor"]["consumer_seq"]

    async with await subscribe("acknowledged", offset="begin", reader="me") as subscription:
        await sequences(subscription, 4)
        await until(lambda: _is(floor(), 3))
        await subscription.done()
        await until(lambda: _is(floor(), 4))
        await anext(subscription)
        await asyncio.sleep(0.1)

        assert await floor() == 4


async def _is(found, wanted):
    return await found == wanted


@pytest.mark.parametrize("name", ["", "a.b", "a b", "x" * 65, "*"])
async def test_what_cannot_name_a_reader_is_refused_before_anything_is_sent(ticks, subscribe, name):
    with pytest.raises(ValueError, match="cannot name a reader"):
        await subscribe("unnamed", reader=name)

    assert "unnamed" not in await ticks.states()
