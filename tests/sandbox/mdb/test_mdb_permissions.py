"""What a token of the broker allows, and for how long."""

import asyncio
import time

import nats
import pytest
from nats.js.api import ConsumerConfig

ALICES_CONSUMER = "6384e2b2184bcbf58eccf10ca7a65630"
STREAM_INFO = "$JS.API.STREAM.INFO.weather"


async def asked(connection, subject):
    """Whether the server answers; None when it forbids to ask."""
    try:
        return (await connection.request(subject, b"", 0.3)).data
    except nats.errors.TimeoutError:
        return None


async def test_a_lenient_token_lets_a_reader_name_consumers_and_look_at_the_stream(mdb, alice):
    async with alice.connected("weather") as connection:
        jetstream = connection.jetstream()
        await jetstream.add_consumer("weather", ConsumerConfig(durable_name="own", filter_subject="weather"))
        reset = await asked(connection, "$JS.API.CONSUMER.RESET.weather.own")

        assert b'"error"' not in await asked(connection, STREAM_INFO)
        assert b'"error"' not in reset


async def test_a_strict_token_lets_a_reader_have_the_consumer_of_its_name_only(mdb, alice):
    mdb.configure({"strict": True})
    async with alice.connected("weather") as connection:
        info = f"$JS.API.CONSUMER.INFO.weather.{ALICES_CONSUMER}"

        assert await asked(connection, info) is not None
        assert await asked(connection, "$JS.API.CONSUMER.INFO.weather.own") is None
        assert await asked(connection, "$JS.API.CONSUMER.CREATE.weather.own.weather") is None
        assert await asked(connection, f"$JS.API.CONSUMER.RESET.weather.{ALICES_CONSUMER}") is None
        assert await asked(connection, STREAM_INFO) is None
        assert 'permissions violation for publish to "$js.api.stream.info.weather"' in connection.refusals[-1]


async def test_a_reader_reads_with_a_strict_token(mdb, alice):
    mdb.configure({"strict": True})

    messages = await alice.read("weather", 3, durable=ALICES_CONSUMER)

    assert len(messages) == 3


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("subject", ["weather", "$JS.API.STREAM.PURGE.weather", "$JS.API.STREAM.DELETE.weather"])
async def test_a_reader_changes_nothing(mdb, alice, strict, subject):
    mdb.configure({"strict": strict})
    before = (await mdb.stream("weather"))["state"]["messages"]
    async with alice.connected("weather") as connection:
        assert await asked(connection, subject) is None

    assert (await mdb.stream("weather"))["state"]["messages"] == before


async def test_a_token_of_one_dataset_does_not_reach_another(mdb, alice):
    async with alice.connected("weather") as connection:
        stream = b'"streams":["weather"]'

        assert stream in await asked(connection, "$JS.API.STREAM.NAMES")
        assert await asked(connection, "$JS.API.STREAM.INFO.solar-wind") is None


async def test_a_reader_does_not_overhear_another_datasets_readers(mdb, alice, bob):
    async with bob.connected("weather") as spy:
        overheard = await spy.subscribe("_INBOX.>")
        await alice.read("solar-wind", 5)
        await spy.flush()

        assert overheard.pending_msgs == 0


async def test_the_broker_cuts_off_whose_token_ends(mdb, alice):
    mdb.configure({"nats_token_seconds": 5})
    ended = asyncio.Event()

    async def closed():
        ended.set()

    start = time.monotonic()
    async with alice.connected("weather", closed=closed) as connection:
        async with asyncio.timeout(30):
            await ended.wait()

        assert 3.9 < time.monotonic() - start < 15
        assert connection.last_error is not None


async def test_the_broker_takes_no_token_that_has_ended(mdb, alice):
    mdb.configure({"nats_token_seconds": -5})

    with pytest.raises(nats.errors.Error, match=r"Authentication Expired|Authorization Violation"):
        async with alice.connected("weather"):
            pass


async def test_the_broker_takes_no_token_of_the_gateway(alice):
    with pytest.raises(nats.errors.Error):
        async with alice.connected(token=await alice.gateway_token()):
            pass
