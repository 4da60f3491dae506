"""So many at once, and what becomes of the others when one fails."""

import asyncio

import pytest

from scibus.contracts.problems import BackendUnavailable, NotFound
from scibus.runtime.files import each_done


class Bench:
    """Does what it is given, and knows what was under way."""

    def __init__(self):
        self.told, self.begun, self.ended, self.most = [], [], [], 0

    async def tell(self, done):
        self.told.append(done)

    async def do(self, item):
        seconds, end = item
        self.begun.append(item)
        self.most = max(self.most, len(self.begun) - len(self.ended))
        await asyncio.sleep(seconds)
        self.ended.append(item)
        if isinstance(end, Exception):
            raise end
        return end


@pytest.fixture
def bench():
    return Bench()


async def test_all_are_done_in_their_order_and_no_more_than_that_at_once(bench):
    items = [(0.03, "a"), (0.01, "b"), (0.02, "c"), (0.0, "d")]

    done = await each_done(items, bench.do, at_once=2, tell=bench.tell)

    assert done == ["a", "b", "c", "d"]
    assert bench.told == [0, 1, 2, 3, 4]
    assert bench.most == 2


async def test_nothing_is_told_but_the_beginning_where_there_is_nothing_to_do(bench):
    assert await each_done([], bench.do, at_once=2, tell=bench.tell) == []
    assert bench.told == [0]


async def test_after_a_problem_nothing_is_begun_and_what_is_under_way_ends(bench):
    items = [(0.01, BackendUnavailable("down")), (0.05, "b"), (0.0, "c")]

    with pytest.raises(BackendUnavailable, match="down"):
        await each_done(items, bench.do, at_once=2, tell=bench.tell)

    assert bench.ended == items[:2]


async def test_the_problem_that_trying_again_does_not_mend_comes_first(bench):
    items = [(0.01, BackendUnavailable("down")), (0.05, NotFound("gone"))]

    with pytest.raises(NotFound, match="gone"):
        await each_done(items, bench.do, at_once=2, tell=bench.tell)


async def test_what_is_no_problem_stops_all_at_once(bench):
    items = [(0.01, RuntimeError("a bug")), (30, "b")]

    with pytest.raises(RuntimeError, match="a bug"):
        await each_done(items, bench.do, at_once=2, tell=bench.tell)

    assert bench.ended == items[:1]
