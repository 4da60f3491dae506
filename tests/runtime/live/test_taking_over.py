"""When a worker dies, freezes or leaves, another one goes on: nothing is lost, nothing comes twice."""

import asyncio
import os
import signal
import time
from contextlib import AsyncExitStack

import pytest

from scibus.client import connect
from scibus.runtime.live import presence, watch
from scibus.sandbox import NatsServer
from tests.conftest import spawning
from tests.runtime.live.ticker import Dial
from tests.runtime.live.ticks import Ticks, flowing, numbered, working
from tests.waiting import until

TAKEN_SECONDS = 10
BUSY_SECONDS = 20
"""For a machine that is slow, or stands still meanwhile."""
MANY = [f"many-{number}" for number in range(300)]


@pytest.fixture(scope="module")
async def killed(tmp_path_factory):
    """Two workers, of which the one that forwarded most was killed; what it forwarded, and when that was."""
    folder = tmp_path_factory.mktemp("killed")
    dial = Dial(folder)
    async with NatsServer() as server, connect(server.url, name="test") as bus, AsyncExitStack() as stack:
        spawn, ticks = spawning(stack, folder, server), Ticks(bus, dial)
        one = await spawn("ticker", SCIBUS_TICKER_FILE=str(dial.file))
        dial.set(5, "unbegun")
        dial.set(1, "many")
        await asyncio.gather(
            *(ticks.subscribe(dataset) for dataset in ("flowing", "asked", "ended", "paused", "early")),
            ticks.subscribe("unbegun", offset="now"),
            *(ticks.subscribe("many", id=name) for name in MANY[:150]),
        )
        await ticks.pause("paused")
        await spawn("ticker", SCIBUS_TICKER_FILE=str(dial.file))
        await asyncio.gather(*(ticks.subscribe("many", id=name) for name in MANY[150:]))
        async with flowing(dial, "flowing", 1000):
            await ticks.is_under_way("flowing")
            one.kill()
            ticks.killed = time.monotonic()
        dial.set(3, "many")
        dial.set(8, "unbegun")
        await ticks.reaches("flowing", 1000)
        await asyncio.gather(*(ticks.reaches(name, 3) for name in MANY))
        ticks.taken_over = time.monotonic()
        yield ticks


def test_no_more_than_ten_seconds_are_waited_for_a_killed_worker():
    assert presence.LEASE_SECONDS + watch.MISSED_SECONDS + 2 * watch.LOOK_SECONDS < TAKEN_SECONDS


async def test_a_killed_workers_subscriptions_go_on_soon(killed):
    assert killed.taken_over - killed.killed < TAKEN_SECONDS + BUSY_SECONDS
    assert await killed.forwarded("flowing") == numbered(1, 1000)
    assert (await killed.record("flowing"))["epoch"] == 1


async def test_three_hundred_are_no_more_than_one(killed):
    assert await asyncio.gather(*(killed.forwarded(name) for name in MANY[::10])) == [numbered(1, 3)] * 30
    assert len({state.worker for state in (await killed.states()).values()}) == 1


async def test_what_a_worker_had_not_begun_to_forward_is_not_lost_with_it(killed):
    await killed.reaches("unbegun", 8)

    assert await killed.forwarded("unbegun") == numbered(6, 8)


async def test_what_was_paused_stays_so_and_can_go_on(killed):
    states = await killed.states()
    resumed = await killed.resume("paused")

    assert (states["paused"].state, resumed.state) == ("paused", "running")


async def test_whoever_asks_while_the_worker_is_away_is_answered_by_the_next(killed, tmp_path):
    """A holder that is not there, as if it had just died."""
    for name in ("asked", "ended", "early"):
        await killed.rewrite(name, holder="ticker-gone", phase="starting")

    ended, moved, known = await asyncio.gather(
        killed.unsubscribe("ended"), killed.seek("asked", sequence=4), killed.subscribe("early")
    )

    assert (ended.state, moved.state, moved.epoch) == ("leaving", "running", 2)
    assert (known.existing, known.state) == (True, "running")
    assert "ended" not in await killed.states()


async def test_a_worker_that_leaves_hands_over_at_once(nats_server, ticks, spawn_ticker, monkeypatch):
    # For a worker that died the other one would wait longer than the test does.
    monkeypatch.setattr(watch, "MISSED_SECONDS", 300)
    one = await spawn_ticker()
    async with working(nats_server.url, ticks.dial, "ticker-other"), flowing(ticks.dial, "handed", 1000):
        await ticks.subscribe("handed")
        await ticks.is_under_way("handed")
        one.terminate()
        await ticks.tells("handed", holder="ticker-other", phase="running")
        await ticks.reaches("handed", 1000)

    assert await one.wait() == 0
    assert await ticks.forwarded("handed") == numbered(1, 1000)


async def test_a_worker_that_was_frozen_meanwhile_puts_nothing_twice(nats_server, ticks, spawn_ticker, monkeypatch):
    # The other one, in this process, is not to be taken for dead itself, however long this process stands still.
    monkeypatch.setattr(presence, "LEASE_SECONDS", 60)
    one = await spawn_ticker()
    async with working(nats_server.url, ticks.dial, "ticker-other"):
        async with flowing(ticks.dial, "frozen", 300):
            await ticks.subscribe("frozen", batch=50)
            await ticks.is_under_way("frozen")
            os.kill(one.pid, signal.SIGSTOP)
        ticks.dial.set(4000, "frozen")
        await ticks.tells("frozen", holder="ticker-other")
        os.kill(one.pid, signal.SIGCONT)
        await ticks.reaches("frozen", 4000)

        assert await ticks.forwarded("frozen") == numbered(1, 4000)
        assert (await ticks.record("frozen"))["holder"] == "ticker-other"


async def test_a_lease_that_is_gone_for_a_moment_is_no_death(nats_server, ticks, monkeypatch):
    """As after a restart of the server, which may have ended them all."""
    monkeypatch.setattr(watch, "LOOK_SECONDS", 0.1)
    monkeypatch.setattr(watch, "MISSED_SECONDS", 30)
    async with (
        working(nats_server.url, ticks.dial, "ticker-one") as one,
        working(nats_server.url, ticks.dial, "ticker-other"),
    ):
        await one.subscribe(ticks.order("held"))
        held = one._watch._presence._revision
        lease = "$KV.scibus_leases.live.ticker.ticker-one"
        await ticks.connection.publish(lease, b"", headers={"KV-Operation": "DEL"})
        await until(lambda: one._watch._presence._revision > held)
        await asyncio.sleep(0.5)

        assert (await ticks.record("held"))["holder"] == "ticker-one"


async def test_a_worker_that_may_count_as_dead_takes_nothing(nats_server, ticks, monkeypatch):
    monkeypatch.setattr(presence, "LEASE_SECONDS", 1)
    monkeypatch.setattr(presence, "RENEW_SECONDS", 0.1)
    async with working(nats_server.url, ticks.dial, "ticker-one") as one:
        await one.subscribe(ticks.order("free"))
        with monkeypatch.context() as patch:
            patch.setattr(one._watch._presence, "_renew", lambda: asyncio.sleep(0))
            await asyncio.sleep(1.1)
            await ticks.rewrite("free", holder=None)
            await asyncio.sleep(0.4)
            meanwhile = (await ticks.record("free")).get("holder")
        await ticks.tells("free", holder="ticker-one", phase="running")

    assert meanwhile is None
