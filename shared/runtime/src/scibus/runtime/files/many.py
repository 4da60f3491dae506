"""Many things to be done, so many at once."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from scibus.contracts.problems import Problem

Item = TypeVar("Item")
Done = TypeVar("Done")


async def each_done(
    items: Sequence[Item],
    do: Callable[[Item], Awaitable[Done]],
    *,
    at_once: int,
    tell: Callable[[int], Awaitable[None]],
) -> list[Done]:
    """What `do` makes of each of `items`, in their order.

    Args:
        items: what there is to be done.
        do: does one of them.
        at_once: how many are under way at most.
        tell: is told how many are done, first that none is.

    Raises:
        Problem: `do` raised it. Nothing was begun after the first one, and what was under way has come to its end;
            of several problems it is one that trying again does not mend, if there is one.
    """
    done: dict[int, Done] = {}
    failures: list[Problem] = []
    waiting = iter(enumerate(items))

    async def one_after_the_other() -> None:
        for position, item in waiting:
            try:
                done[position] = await do(item)
            except Problem as problem:
                failures.append(problem)
            if failures:
                return
            await tell(len(done))

    await tell(0)
    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(min(at_once, len(items))):
                group.create_task(one_after_the_other())
    except BaseExceptionGroup as raised:
        raise raised.exceptions[0] from None
    if failures:
        raise min(failures, key=lambda problem: problem.details.retryable)
    return [done[position] for position in range(len(items))]
