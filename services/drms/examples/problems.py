"""What goes wrong comes as a typed exception that says what to do."""

import asyncio

from scibus.client import NoAnswer, Problem, connect
from scibus.contracts.problems import NotFound


async def main() -> None:
    async with connect() as bus:
        try:
            await bus.drms.rs_summary(ds="hmi.no_such_series[$]")
        except NotFound as problem:
            print("not found:", problem)
        except NoAnswer as problem:
            print("is a worker running?", problem)
        except Problem as problem:
            print(problem.slug, problem, "retry:", problem.details.retryable)


asyncio.run(main())
