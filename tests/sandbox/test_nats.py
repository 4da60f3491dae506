"""The embedded nats-server."""

import asyncio
import json
import sys

import nats
import pytest

from scibus.client import NoAnswer, connect
from scibus.sandbox import NatsServer
from scibus.sandbox.nats import NatsServerError
from tests.waiting import until


async def start_process(*options: str) -> tuple[asyncio.subprocess.Process, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "scibus.sandbox.nats", *options, stdout=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(60):
        told = json.loads(await process.stdout.readline())
    return process, told["url"]


async def reachable(url: str) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
    except OSError:
        return False
    writer.close()
    return True


async def unreachable(url: str) -> bool:
    return not await reachable(url)


async def test_it_comes_back_after_a_crash_at_the_same_address_with_the_same_data(nats_server):
    connection = await nats.connect(nats_server.url)
    await connection.jetstream().add_stream(name="KEPT", subjects=["kept"])
    await connection.close()

    await nats_server.kill()
    await nats_server.start()

    connection = await nats.connect(nats_server.url)
    assert (await connection.jetstream().stream_info("KEPT")).config.name == "KEPT"
    await connection.close()


async def test_it_leaves_no_folder_behind(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    async with NatsServer():
        pass

    assert list(tmp_path.iterdir()) == []


async def test_a_port_that_another_server_holds_is_said(nats_server):
    with pytest.raises(NatsServerError, match="address already in use"):
        await NatsServer(port=nats_server.port).__aenter__()


async def test_as_a_process_it_tells_its_address_and_ends_on_sigterm():
    process, url = await start_process()
    assert await reachable(url)

    process.terminate()

    async with asyncio.timeout(60):
        assert await process.wait() == 0
    assert await unreachable(url)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no signal for a parent's death")
async def test_it_does_not_outlive_a_killed_parent():
    process, url = await start_process()

    process.kill()
    await process.wait()

    await until(lambda: unreachable(url), 30)


async def test_data_are_kept_in_a_folder_of_the_users_choice(tmp_path):
    process, _ = await start_process("--store", str(tmp_path / "data"))

    process.terminate()
    await process.wait()

    assert (tmp_path / "data" / "jetstream").is_dir()


async def test_a_configuration_that_cannot_be_read_is_said_and_the_server_goes_on():
    async with NatsServer(config="max_connections: 10") as server:
        server.config = "max_connections: {"

        with pytest.raises(NatsServerError, match="did not take its new configuration"):
            await server.reload()

        async with connect(server.url) as bus:
            assert bus.connection.is_connected


async def test_after_a_reload_the_new_configuration_holds():
    async with NatsServer() as server:
        server.config = "authorization { token: secret }"
        await server.reload()

        with pytest.raises(NoAnswer, match="mend user, password, token"):
            async with connect(server.url):
                pass
