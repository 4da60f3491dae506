"""NATS over a WebSocket, with a client that lasts."""

import asyncio
import gc
import signal
import time
from contextlib import asynccontextmanager

import aiohttp
import pytest
import uvloop
from nats.errors import NoServersError

from scibus.bus.connection import close_connection, open_connection
from scibus.bus.settings import BusSettings
from scibus.bus.sturdy import SturdyClient
from scibus.sandbox import NatsServer
from tests.waiting import free_port, until

LOOPS = pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop])


@asynccontextmanager
async def serving(**options):
    """A server, and its address for WebSockets."""
    port = free_port()
    async with NatsServer(config=f"websocket {{ listen: '127.0.0.1:{port}', no_tls: true }}", **options) as server:
        yield server, f"ws://127.0.0.1:{port}"


def on(loop, story):
    with asyncio.Runner(loop_factory=loop) as runner:
        return runner.run(story())


def open_sessions():
    gc.collect()
    return [found for found in gc.get_objects() if isinstance(found, aiohttp.ClientSession) and not found.closed]


@LOOPS
def test_large_messages_pass_whole_both_ways(loop):
    async def story():
        async with serving(max_payload=8_000_000) as (_, url):
            connection = await open_connection(BusSettings(nats_url=url), "test")
            subscription = await connection.subscribe("large")
            for size in (10, 7_900_000, 0, 3_000_000):
                await connection.publish("large", bytes(size))
            sizes = [len((await subscription.next_msg(30)).data) for _ in range(4)]
            await close_connection(connection)
            return sizes

    assert on(loop, story) == [10, 7_900_000, 0, 3_000_000]


@LOOPS
def test_what_is_asked_while_the_connection_is_dropped_is_answered_on_the_next_one(loop):
    async def story():
        async with serving() as (server, url):
            there = await open_connection(BusSettings(nats_url=server.url), "there")
            here = await open_connection(BusSettings(nats_url=url), "here")

            async def answer(message):
                await message.respond(b"yes")

            await there.subscribe("question", cb=answer)
            await there.flush()
            here.drop()
            replies = await asyncio.gather(*(here.request("question", timeout=30) for _ in range(20)))
            await close_connection(here)
            await close_connection(there)
            return [reply.data for reply in replies], here.stats["reconnects"], open_sessions()

    assert on(loop, story) == ([b"yes"] * 20, 1, [])


@LOOPS
def test_a_connection_that_is_half_open_is_left_and_closing_does_not_wait_for_it(loop):
    async def story():
        async with serving() as (server, url):
            lost = asyncio.Event()
            connection = SturdyClient()

            async def on_disconnect():
                lost.set()

            await connection.connect(url, ping_interval=0.2, flush_timeout=0.1, disconnected_cb=on_disconnect)
            server.process.send_signal(signal.SIGSTOP)
            await asyncio.gather(*(connection.publish("a", bytes(500_000)) for _ in range(20)))
            async with asyncio.timeout(30):
                await lost.wait()
            began = time.monotonic()
            await close_connection(connection)
            server.process.send_signal(signal.SIGCONT)
            return time.monotonic() - began, open_sessions()

    seconds, left = on(loop, story)
    assert (seconds < 20, left) == (True, [])


@LOOPS
def test_a_server_that_says_nothing_is_given_up_in_time(loop):
    async def story():
        async def serve(_reader, writer):
            await asyncio.sleep(60)
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        connection, began = SturdyClient(), time.monotonic()
        with pytest.raises(NoServersError):
            await connection.connect(url, connect_timeout=0.2, max_reconnect_attempts=1, reconnect_time_wait=0.1)
        server.close()
        return time.monotonic() - began, open_sessions()

    seconds, left = on(loop, story)
    assert (seconds < 20, left) == (True, [])


async def test_servers_that_are_reached_over_tcp_are_not_learned_over_a_websocket():
    async with serving() as (_, url):
        connection = await open_connection(BusSettings(nats_url=url), "test")
        await connection._process_info({"connect_urls": ["10.0.0.1:4222"]})
        assert [found.uri.geturl() for found in connection.server_pool] == [url]
        await close_connection(connection)


async def test_a_server_that_went_away_is_found_again():
    async with serving() as (server, url):
        connection = await open_connection(BusSettings(nats_url=url), "test")
        subscription = await connection.subscribe("a")
        await server.kill()
        await server.start()
        await until(lambda: connection.is_connected and connection.stats["reconnects"] == 1)
        await connection.publish("a", b"still there")
        assert (await subscription.next_msg(30)).data == b"still there"
        await close_connection(connection)
    assert open_sessions() == []
