"""Reading many messages at once."""

import asyncio

import nats
import pytest

from scibus.bus.bulk import gathering
from scibus.client import connect


@pytest.fixture(params=["ours", "nats-py's own"])
async def connection(request, nats_server):
    if request.param == "ours":
        async with connect(nats_server.url) as bus:
            yield bus.connection
    else:
        connection = await nats.connect(nats_server.url)
        yield connection
        await connection.close()


async def test_a_batch_is_as_large_as_was_asked_for(connection):
    async with gathering(connection, inbox := connection.new_inbox()) as gathered:
        for number in range(5):
            await connection.publish(inbox, str(number).encode(), reply="there")

        first, told = await gathered.batch(3, 30)
        second, _ = await gathered.batch(2, 30)

    assert [message.data for message in first + second] == [b"0", b"1", b"2", b"3", b"4"]
    assert (first[0].subject, first[0].reply, told) == (inbox.encode(), b"there", None)


async def test_headers_are_read_when_asked_for(connection):
    async with gathering(connection, inbox := connection.new_inbox()) as gathered:
        await connection.publish(inbox, b"", headers={"Name": "é"})
        await connection.publish(inbox, b"")
        [told, bare], _ = await gathered.batch(2, 30)

    assert (told.headers, bare.headers) == ({"Name": "é"}, {})


async def test_what_the_server_says_ends_a_batch(connection):
    js = connection.jetstream()
    await js.add_stream(name="SOME", subjects=["some.*"], allow_direct=True)
    await js.publish("some.a", b"1")

    async with gathering(connection, inbox := connection.new_inbox()) as gathered:
        await connection.publish("$JS.API.DIRECT.GET.SOME", b'{"seq":1,"next_by_subj":"some.*","batch":5}', reply=inbox)
        messages, told = await gathered.batch(6, 30)

    assert [message.last(b"Nats-Subject") for message in messages] == [b"some.a"]
    assert told["Status"] == "204"


async def test_a_header_of_the_publisher_does_not_end_it(nats_server):
    async with connect(nats_server.url) as bus, gathering(bus.connection, inbox := "a.b") as gathered:
        await bus.connection.publish(inbox, b"1", headers={"Status": "404"})
        await bus.connection.publish(inbox, b"2")

        messages, told = await gathered.batch(2, 30)

    assert ([message.data for message in messages], told) == ([b"1", b"2"], None)


async def test_silence_is_no_batch(connection):
    async with gathering(connection, connection.new_inbox()) as gathered:
        started = asyncio.get_running_loop().time()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(30):
                await gathered.batch(1, 0.1)

    assert asyncio.get_running_loop().time() - started < 30
