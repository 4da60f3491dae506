"""A real nats-server, a real worker, and a stand-in for the telescope on a socket."""

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE, Process

import pytest

from scibus.client import connect
from scibus.contracts.problems import Cancelled, NotFound
from scibus.sandbox import NatsServer
from telescope.contracts import Telescope
from telescope.server import TelescopeServer

QUICK = {"SCIBUS_ACK_WAIT": "1", "SCIBUS_TELESCOPE_POLL_SECONDS": "0.1"}


@pytest.fixture(scope="module")
async def nats_server():
    async with NatsServer() as server:
        yield server


@pytest.fixture(scope="module")
async def start():
    """Start a module as a process: `await start("telescope.worker", SETTING="value")`."""
    started: list[Process] = []

    async def start(module, **settings):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", module, env=os.environ | settings, stdout=PIPE
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.returncode is None:
            process.kill()
        await process.wait()


@pytest.fixture(scope="module")
async def settings(nats_server, start):
    stand_in = await start("telescope.stand_in")
    told = json.loads(await stand_in.stdout.readline())
    return QUICK | {"SCIBUS_NATS_URL": nats_server.url} | told["settings"]


@pytest.fixture(scope="module")
async def sky(settings):
    telescope = TelescopeServer(settings["SCIBUS_TELESCOPE_BASE_URL"])
    yield telescope
    await telescope.close()


@pytest.fixture(scope="module")
async def bus(nats_server):
    async with connect(nats_server.url) as bus:
        yield bus


@pytest.fixture(scope="module")
async def worker(settings, start, bus):
    process = await start("telescope.worker", **settings)
    while not await bus.services(timeout=0.3):
        assert process.returncode is None
    return process


@pytest.fixture(scope="module")
def telescope(bus):
    return bus.service(Telescope)


async def test_a_target_has_a_position(worker, telescope):
    assert (await telescope.position(target="M31")).altitude == 58.2


async def test_a_target_that_is_not_in_the_catalogue_is_not_found(worker, telescope):
    with pytest.raises(NotFound, match="no such target"):
        await telescope.position(target="M999")


async def test_a_killed_worker_does_not_expose_twice(worker, telescope, settings, start, sky):
    job = await telescope.expose.submit(target="M31", seconds=2)
    async for status in job.events():
        if status.progress:
            break

    worker.kill()
    await start("telescope.worker", **settings)
    exposure = await job.result(timeout=30)

    assert exposure.frame.size == 2880
    assert (await job.status()).attempt == 2
    assert await sky.find(str(job.ref)) == exposure.number == 1


async def test_a_cancelled_exposure_is_aborted(worker, telescope, sky):
    job = await telescope.expose.submit(target="M42", seconds=600)
    async for status in job.events():
        if status.progress:
            break

    await job.cancel()

    with pytest.raises(Cancelled):
        await job.result(timeout=10)
    number = await sky.find(str(job.ref))
    assert number
    assert await sky.is_aborted(number)
