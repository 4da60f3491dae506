"""Where nats-py's client gets lost, ours does not."""

import asyncio
from contextlib import asynccontextmanager

import pytest
import uvloop
from nats.errors import MaxPayloadError

from scibus.bus.connection import close_connection, open_connection
from scibus.bus.guarded import GuardedPublisher
from scibus.bus.settings import BusSettings
from scibus.bus.sturdy import subscribe_raw
from scibus.contracts.problems import TooLarge
from scibus.sandbox import NatsServer
from tests.waiting import until

GREETING = b'INFO {"server_id": "x", "max_payload": 1048576}\r\n'


@asynccontextmanager
async def opened(url, **options):
    connection = await open_connection(BusSettings(nats_url=url), "test", **options)
    try:
        yield connection
    finally:
        await close_connection(connection)


@asynccontextmanager
async def serving(serve):
    """A server of our own that speaks as `serve` has it."""
    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield f"nats://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def answer_questions(connection):
    async def answer(message):
        await message.respond(b"yes")

    await connection.subscribe("question", cb=answer)
    await connection.flush()


async def test_first_requests_find_their_answers_while_much_waits_to_be_sent(nats_server):
    async with opened(nats_server.url) as there, opened(nats_server.url) as here:
        await answer_questions(there)
        # As many as wait when nobody gave the flusher a turn: the first request has to wait for it.
        here._pending.extend([b"PUB nobody 1000000\r\n" + bytes(1_000_000) + b"\r\n"] * 9)
        here._pending_data_size += 9_000_000

        replies = await asyncio.gather(*(here.request("question", timeout=30) for _ in range(3)))

    assert [reply.data for reply in replies] == [b"yes"] * 3


async def test_a_flush_comes_after_what_was_published_before():
    heard = []

    async def serve(reader, writer):
        writer.write(GREETING)
        while line := await reader.readline():
            heard.append(line[:4].strip())
            if line == b"PING\r\n":
                writer.write(b"PONG\r\n")

    async with serving(serve) as url, opened(url) as connection:
        heard.clear()
        await connection.publish("a", b"")
        await connection.flush()

        assert heard.index(b"PUB") < heard.index(b"PING")


async def test_headers_that_make_a_message_too_large_do_not_cost_the_connection():
    async with NatsServer(max_payload=100_000) as server, opened(server.url) as connection:
        await connection.jetstream().add_stream(name="SOME", subjects=["some.*"])

        with pytest.raises(TooLarge):
            await GuardedPublisher(connection, "SOME").publish("some.a", bytes(99_990), 0, {})
        with pytest.raises(MaxPayloadError):
            await connection.publish("some.b", bytes(99_990), headers={"Name": "value"})

        assert await GuardedPublisher(connection, "SOME").publish("some.a", bytes(90_000), 0, {}) == 1


@pytest.mark.parametrize("flusher_ended", [False, True])
@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_what_is_asked_while_the_connection_breaks_is_answered_on_the_next_one(loop, flusher_ended):
    async def ask():
        async with NatsServer() as server, opened(server.url) as there, opened(server.url) as here:
            await answer_questions(there)
            asked = []
            if flusher_ended:
                here._flusher_task.cancel()
                await asyncio.sleep(0)
            here.drop()
            for _ in range(20):
                asked.append(asyncio.create_task(here.request("question", timeout=30)))
                await asyncio.sleep(0)
            return [reply.data for reply in await asyncio.gather(*asked)]

    with asyncio.Runner(loop_factory=loop) as runner:
        assert runner.run(ask()) == [b"yes"] * 20


@pytest.mark.parametrize("size", [10, 5000])
async def test_white_space_that_a_subject_may_hold_is_no_end_of_a_word(nats_server, size):
    async with opened(nats_server.url) as connection:
        heard = []
        await subscribe_raw(connection, "question", heard.append)
        await connection.flush()
        reader, writer = await asyncio.open_connection("127.0.0.1", nats_server.port)
        writer.write(b'CONNECT {"verbose":false}\r\nPUB question re\x0bply %d\r\n%s\r\n' % (size, bytes(size)))
        writer.write(b"PUB question 2\r\nok\r\nPING\r\n")
        await reader.readuntil(b"PONG\r\n")
        writer.close()

        await until(lambda: len(heard) == 2)

    assert [(message.reply, len(message.data)) for message in heard] == [(b"re\x0bply", size), (b"", 2)]


async def test_a_new_connection_that_gets_stuck_is_given_up_with_all_that_belongs_to_it():
    """The second one is answered once, then no more, in the middle of a message."""
    came, back = 0, asyncio.Event()

    async def serve(reader, writer):
        nonlocal came
        came += 1
        me, pings = came, 0
        writer.write(GREETING)
        while line := await reader.readline():
            pings += line == b"PING\r\n"
            if line == b"PING\r\n" and not (me == 2 and pings > 1):
                writer.write(b"PONG\r\n")
                if me == 1:
                    break
                if me == 2:
                    writer.write(b"MSG a 1 500000\r\nbeginning")
            if line.startswith(b"PUB a "):
                writer.write(b"MSG a 1 2\r\nok\r\n")
        writer.close()

    async def on_reconnect():
        back.set()

    heard = []
    async with serving(serve) as url, opened(url, on_reconnect=on_reconnect) as connection:
        await subscribe_raw(connection, "a", heard.append)
        async with asyncio.timeout(60):
            await back.wait()
        await connection.publish("a", b"")
        await connection.flush()
        reading = [task for task in asyncio.all_tasks() if "_read_loop" in repr(task.get_coro())]

    assert (came, len(reading), [message.data for message in heard]) == (3, 1, [b"ok"])


@pytest.mark.parametrize("noise", [b"NOISE\r\n", b"MSG a 1 x\r\n", b'INFO {"broken\r\n', b""])
async def test_whatever_ends_reading_the_connection_is_opened_anew(noise):
    """With nothing it is closed by the server."""
    back = asyncio.Event()
    came = 0

    async def serve(reader, writer):
        nonlocal came
        came += 1
        writer.write(GREETING)
        while line := await reader.readline():
            if line == b"PING\r\n":
                writer.write(b"PONG\r\n")
                if came == 1:
                    writer.write(noise)
                    break
        writer.close()

    async def on_reconnect() -> None:
        back.set()

    async with serving(serve) as url, opened(url, on_reconnect=on_reconnect), asyncio.timeout(30):
        await back.wait()

    assert came == 2
