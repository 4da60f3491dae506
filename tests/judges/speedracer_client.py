# /// script
# requires-python = ">=3.11"
# dependencies = ["speedracer>=0.0.13,<0.0.14"]
# ///
"""The published client of the Mission Data Broker, run against a stand-in: `speedracer_client.py ADDRESSES`.

ADDRESSES is the line of JSON that the stand-in prints. Prints one line of JSON; ends with an exit code other than 0
when the client does not find what the broker would give.
"""

import argparse
import asyncio
import json
import sys
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from urllib.request import Request, urlopen

import aiohttp
from speedracer import Connection, JWTManager, Offset

ALICES_CONSUMER = "6384e2b2184bcbf58eccf10ca7a65630"
SECONDS = 80
# The client refreshes after 10 s at the earliest.
SHORT_TOKEN_SECONDS = 12


class Disagreement(Exception):
    """The client got something else than expected."""


def expect(what, got, expected):
    if got != expected:
        raise Disagreement(f"{what}: {got!r} instead of {expected!r}")


class StandIn:
    """Where the stand-in is, and its remote control."""

    def __init__(self, addresses):
        self.url = addresses["settings"]["SCIBUS_AUTOBAHN_URL"]
        self.certificate = (addresses["settings"]["SCIBUS_AUTOBAHN_CERT"], addresses["settings"]["SCIBUS_AUTOBAHN_KEY"])
        self.ca = addresses["settings"]["SCIBUS_AUTOBAHN_CA_BUNDLE"]
        self._control = addresses["control"] + "_standin/"

    def connection(self, **options):
        return Connection(self.url, self.certificate, self.ca, **options)

    async def configure(self, **settings):
        return await self._post("settings", settings)

    async def act(self, action, **parameters):
        return await self._post(f"actions/{action}", parameters)

    async def count(self, op, **parameters):
        entries = await self._call(Request(self._control + "requests"))
        return sum((entry["op"], entry["parameters"]) == (op, parameters) for entry in entries)

    async def _post(self, name, document):
        return await self._call(Request(self._control + name, json.dumps(document).encode(), method="POST"))

    @staticmethod
    async def _call(request):
        def call():
            with urlopen(request, timeout=SECONDS) as answer:
                return json.load(answer)

        return await asyncio.to_thread(call)


async def take(subscription, count):
    """The next `count` messages of `subscription`."""
    messages = []
    async for message in subscription:
        messages.append(message)
        if len(messages) == count:
            break
    return messages


def sequences(messages):
    return [message.metadata.sequence.stream for message in messages]


def numbers(messages):
    return [int(message.data.split()[0]) for message in messages]


async def judge_gateway(stand_in):
    gateway = stand_in.connection().jwt_manager
    token = await asyncio.to_thread(gateway.get)
    expect("get_cn", gateway.get_cn(), "alice")
    expect("get_headers", gateway.get_headers(), {"Authorization": f"Bearer {token}"})
    expect("tokens asked for", await stand_in.count("getjwt"), 1)
    try:
        await asyncio.to_thread(JWTManager(gateway.url, stand_in.certificate).get)
    except Exception as error:  # noqa: BLE001 - the client raises nothing more precise
        expect("gateway of an unknown authority", str(error), "Unable to get initial JWT")
    else:
        raise Disagreement("the gateway was trusted without its authority")


async def judge_iteration(stand_in):
    async with stand_in.connection() as connection:
        weather = await connection.subscribe("weather", Offset.BEGIN)
        messages = await take(weather, 100)
        expect("history", sequences(messages), list(range(1, 101)))
        expect("subject", {message.subject for message in messages}, {"weather"})
        expect("first message", json.loads(messages[0].data)["time"], "2026-01-01T00:00:00Z")
        await weather.seek(50)
        expect("after seek", sequences(await take(weather, 3)), [50, 51, 52])
    (consumer,) = await stand_in.act("consumers", dataset="weather")
    expect("consumer", consumer["name"], ALICES_CONSUMER)


async def judge_names(stand_in):
    async with stand_in.connection(websocket=False) as connection:
        ephemeris = await connection.subscribe("Orbit.Ephemeris", Offset.BEGIN)
        messages = await take(ephemeris, 97)
        expect("dotted subject", {message.subject for message in messages}, {"orbit.ephemeris"})
        await ephemeris.seek(97)
        expect("dotted stream after seek", sequences(await take(ephemeris, 1)), [97])
        rows = await take(await connection.subscribe("streamql-q1", Offset.BEGIN), 20)
        expect("rows", sequences(rows), list(range(1, 21)))
        expect("subject of rows", rows[0].subject.startswith("streamql.streamql-q1."), True)


async def judge_resumption(stand_in):
    await stand_in.act("add_dataset", slug="resumed")
    await stand_in.act("publish", dataset="resumed", count=20)
    async with stand_in.connection() as connection:
        subscription = await connection.subscribe("resumed", Offset.BEGIN, batch=10)
        expect("before", numbers(await take(subscription, 3)), [1, 2, 3])
    async with stand_in.connection() as connection:
        subscription = await connection.subscribe("resumed", Offset.BEGIN, batch=10)
        expect("after, the rest of the batch is lost", numbers(await take(subscription, 3)), [11, 12, 13])


async def judge_seek_by_time(stand_in):
    await stand_in.act("add_dataset", slug="sought")
    await stand_in.act("publish", dataset="sought", count=3)
    await asyncio.sleep(0.1)
    between = datetime.now(UTC)
    await asyncio.sleep(0.1)
    await stand_in.act("publish", dataset="sought", count=3)
    async with stand_in.connection() as connection:
        subscription = await connection.subscribe("sought", Offset.BEGIN)
        expect("all", sequences(await take(subscription, 6)), [1, 2, 3, 4, 5, 6])
        await subscription.seek(between)
        expect("from a time on", sequences(await take(subscription, 3)), [4, 5, 6])
        await subscription.seek(between - timedelta(hours=1))
        expect("from a time before all", sequences(await take(subscription, 1)), [1])


async def judge_callback(stand_in):
    await stand_in.act("add_dataset", slug="called")
    await stand_in.act("publish", dataset="called", count=3)
    received = []
    async with stand_in.connection(websocket=False) as connection:
        subscription = await connection.subscribe("called", Offset.NOW, callback=received.append)
        # What has come before `wait` is not waited for.
        waiting = asyncio.create_task(subscription.wait(messages=5))
        await asyncio.sleep(0)
        await stand_in.act("publish", dataset="called", count=5, size=50, headers={"Mission": "one"})
        await waiting
    expect("only what came after", sequences(received), [4, 5, 6, 7, 8])
    expect("headers", received[0].headers, {"Mission": "one"})
    expect("size", len(received[0].data), 50)


async def judge_refusals(stand_in):
    async with stand_in.connection() as connection:
        for dataset, status in (("secret", 403), ("no-such-dataset", 404)):
            try:
                await connection.subscribe(dataset)
            except aiohttp.ClientResponseError as error:
                expect(f"refusal of {dataset}", error.status, status)
            else:
                raise Disagreement(f"{dataset} was let in")


class Gathering:
    """Messages as a callback gets them."""

    def __init__(self):
        self.messages = []
        self._came = asyncio.Event()

    def receive(self, message):
        self.messages.append(message)
        self._came.set()

    async def reached(self, count):
        while len(self.messages) < count:
            self._came.clear()
            await self._came.wait()


async def judge_endurance(stand_in, restarted):
    """The broker restarts, then a token ends while its connection is in use: the client comes back each time."""
    await stand_in.configure(nats_token_seconds=SHORT_TOKEN_SECONDS)
    await stand_in.act("add_dataset", slug="lasting")
    gathering = Gathering()
    # Over WebSocket the client learns of a restart 10 s late: its nats-py fails on the close frame.
    async with stand_in.connection(websocket=False) as connection:
        await connection.subscribe("lasting", Offset.BEGIN, callback=gathering.receive)
        await stand_in.configure(nats_token_seconds=3600)
        await stand_in.act("publish", dataset="lasting", count=10)
        await gathering.reached(10)
        await stand_in.act("restart_nats", seconds_away=0.2)
        restarted.set()
        await stand_in.act("publish", dataset="lasting", count=10)
        await asyncio.sleep(SHORT_TOKEN_SECONDS + 2)
        await stand_in.act("publish", dataset="lasting", count=10)
        await gathering.reached(30)
    # Where the machine is slow, the restart comes when a new token is due anyway.
    expect("two or three tokens asked for", await stand_in.count("user_jwt", dataset="lasting") in (2, 3), True)
    expect("nothing lost, nothing twice", sequences(gathering.messages), list(range(1, 31)))


async def judge(stand_in):
    await judge_gateway(stand_in)
    await judge_iteration(stand_in)
    await stand_in.configure(strict=True)
    restarted = asyncio.Event()
    endurance = asyncio.create_task(judge_endurance(stand_in, restarted))
    await asyncio.wait({endurance, asyncio.create_task(restarted.wait())}, return_when=asyncio.FIRST_COMPLETED)
    await asyncio.gather(
        judge_names(stand_in),
        judge_resumption(stand_in),
        judge_seek_by_time(stand_in),
        judge_callback(stand_in),
        judge_refusals(stand_in),
    )
    await endurance


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Runs speedracer against a stand-in for the Mission Data Broker.")
    parser.add_argument("addresses", type=json.loads)
    summary = {"judge": "speedracer", "version": version("speedracer")}
    try:
        asyncio.run(asyncio.wait_for(judge(StandIn(parser.parse_args().addresses)), SECONDS))
    except Disagreement as disagreement:
        print(json.dumps({**summary, "verdict": "failed", "why": str(disagreement)}))
        sys.exit(1)
    print(json.dumps({**summary, "verdict": "passed"}))
