"""Connecting, and being told when that fails."""

import asyncio

import pytest

from scibus.bus.settings import BusSettings
from scibus.bus.sturdy import SturdyClient
from scibus.client import NoAnswer, connect
from scibus.sandbox import NatsServer
from tests.chaos.proxy import NatsProxy


async def test_a_server_that_is_not_there_is_said_soon():
    with pytest.raises(NoAnswer, match="out of reach"):
        async with connect("nats://127.0.0.1:1"):
            pass


async def test_a_login_that_is_refused_is_said_without_the_password():
    async with NatsServer(config="authorization { user: reader, password: right }") as server:
        with pytest.raises(NoAnswer, match="mend user, password") as raised:
            async with connect(server.url.replace("//", "//reader:s3cr3t@")):
                pass

    assert "s3cr3t" not in str(raised.value)


async def test_where_one_of_several_servers_refuses_the_login_another_one_lets_in():
    theirs, ours = (NatsServer(config=f"authorization {{ user: u, password: {word} }}") for word in ("new", "old"))
    async with theirs, ours:
        for _ in range(8):
            async with connect(f"nats://u:old@127.0.0.1:{theirs.port},nats://u:old@127.0.0.1:{ours.port}") as bus:
                assert bus.connection.is_connected


async def test_a_login_in_the_url_is_used():
    login = "authorization { user: reader, password: s3cr3t }"

    async with NatsServer(config=login) as server, connect(server.url.replace("//", "//reader:s3cr3t@")) as bus:
        assert bus.connection.is_connected


async def test_the_url_comes_from_the_environment(nats_server, monkeypatch):
    monkeypatch.setenv("SCIBUS_NATS_URL", nats_server.url)

    async with connect() as bus:
        assert bus.connection.is_connected


async def test_the_first_of_several_servers_that_is_there_is_used(nats_server):
    async with connect(f"nats://127.0.0.1:1, {nats_server.url}") as bus:
        assert bus.connection.is_connected


def test_passwords_in_urls_are_known_so_that_they_can_be_hidden():
    assert BusSettings(nats_url="nats://a:one@x:1, nats://b:two@y:2,nats://z").passwords == {"one", "two"}


async def test_closing_is_quiet_when_the_server_is_gone(nats_server):
    async with connect(nats_server.url):
        await nats_server.kill()


async def test_a_connection_that_takes_nothing_more_is_left_for_a_new_one(nats_server):
    back = asyncio.Event()

    async def on_reconnect() -> None:
        back.set()

    async with NatsProxy(nats_server.port) as proxy:
        connection = SturdyClient()
        await connection.connect(proxy.url, ping_interval=1, flush_timeout=0.1, reconnected_cb=on_reconnect)
        proxy.freeze()
        await asyncio.gather(*(connection.publish("a", bytes(1_000_000)) for _ in range(24)))

        async with asyncio.timeout(60):
            await back.wait()

        assert await connection.rtt() < 30
        await connection.close()
