"""What is kept: fetched once for all who wait, and never again once it was forgotten."""

import asyncio
import time
from dataclasses import dataclass

import pytest

from scibus.contracts.problems import BackendUnavailable, NotFound
from scibus.runtime.kept import Kept
from tests.waiting import until


@dataclass(frozen=True)
class Fetched:
    number: int
    expires_at: float
    renew_at: float


class Server:
    """Gives numbered things that are good for an hour, each when the test lets it."""

    def __init__(self) -> None:
        self.asked = 0
        self.gates: list[asyncio.Future[Exception | None]] = []

    async def fetch(self) -> Fetched:
        self.asked += 1
        number = self.asked
        gate: asyncio.Future[Exception | None] = asyncio.get_running_loop().create_future()
        self.gates.append(gate)
        if failure := await gate:
            raise failure
        return Fetched(number, time.time() + 3600, time.time() + 3600)


@pytest.fixture
def server():
    return Server()


@pytest.fixture
async def kept(server):
    kept = Kept(server.fetch, pause=1.0)
    yield kept
    await kept.close()


async def asking(kept, server, count):
    """Somebody asks, and the server has been asked that often then."""
    task = asyncio.create_task(kept.get())
    await until(lambda: len(server.gates) >= count, 30)
    return task


async def test_all_who_wait_get_what_is_fetched_once(kept, server):
    first = await asking(kept, server, 1)
    second = asyncio.create_task(kept.get())
    await asyncio.sleep(0)
    server.gates[0].set_result(None)

    assert (await first).number == (await second).number == (await kept.get()).number == 1


async def test_what_was_on_its_way_when_it_was_forgotten_is_not_kept(kept, server):
    old = await asking(kept, server, 1)
    kept.forget()
    new = await asking(kept, server, 2)
    server.gates[1].set_result(None)
    assert (await new).number == 2

    server.gates[0].set_result(None)
    assert (await old).number == 1
    assert (await kept.get()).number == 2


async def test_a_forgotten_failure_says_nothing_of_what_came_since(kept, server):
    old = await asking(kept, server, 1)
    kept.forget()
    new = await asking(kept, server, 2)
    server.gates[1].set_result(None)
    await new

    server.gates[0].set_result(NotFound("gone"))
    with pytest.raises(NotFound):
        await old
    assert (await kept.get()).number == 2


async def test_closing_ends_what_was_forgotten_too(server):
    kept = Kept(server.fetch, pause=1.0)
    tasks = [await asking(kept, server, 1)]
    kept.forget()
    tasks.append(await asking(kept, server, 2))

    await kept.close()

    assert [gate.cancelled() for gate in server.gates] == [True, True]
    await asyncio.wait(tasks)


async def test_a_failure_is_told_and_the_next_who_asks_tries_again(kept, server):
    first = await asking(kept, server, 1)
    server.gates[0].set_result(BackendUnavailable("away"))
    with pytest.raises(BackendUnavailable):
        await first

    second = await asking(kept, server, 2)
    server.gates[1].set_result(None)
    assert (await second).number == 2
