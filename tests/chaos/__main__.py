"""`python -m tests.chaos`: break everything on purpose, and print what became of the jobs."""

import argparse
import asyncio
import sys
import time

from rich.console import Console
from rich.table import Table

from tests.chaos.promises import Promise, promises
from tests.chaos.verdict import Verdict


async def _judged(chosen: list[Promise], *, whole: bool, at_once: int) -> list[Verdict]:
    room = asyncio.Semaphore(at_once)

    async def judged(one: Promise) -> Verdict:
        async with room:
            verdict = await one.put_to_the_test(whole=whole)
        sys.stderr.write(f"{'ok  ' if verdict.holds else 'NOT '} {one.name}: {_figures(verdict)}\n")
        for wrong in verdict.wrong:
            sys.stderr.write(f"     {wrong}\n")
        return verdict

    return await asyncio.gather(*(judged(one) for one in chosen))


def _figures(verdict: Verdict) -> str:
    return ", ".join(f"{value} {name}" for name, value in verdict.figures.items())


def _table(verdicts: list[Verdict], seconds: float) -> Table:
    table = Table(title=f"What was promised, and what became of it ({seconds:.0f} s)")
    table.add_column("promise")
    for name in ("faults", "jobs", "lost", "doubled", "stuck", "wrong"):
        table.add_column(name, justify="right")
    table.add_column("measured")
    for one in verdicts:
        numbers = (one.faults, one.jobs, one.lost, one.doubled, one.stuck, len(one.wrong))
        table.add_row(one.promise, *map(str, numbers), _figures(one), style="" if one.holds else "bold red")
    return table


def main() -> int:
    """Run the list, or what of it was named; 1 when a promise was not kept."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("names", nargs="*", help="which of them, by the beginnings of their names; all when absent")
    parser.add_argument("--short", action="store_true", help="the short forms, as `make test` runs them")
    parser.add_argument(
        "--at-once", type=int, default=2, help="scenarios at a time: most of them wait most of the time"
    )
    parser.add_argument("--list", action="store_true", help="tell their names and end")
    given = parser.parse_args()
    chosen = [one for one in promises() if not given.names or one.name.startswith(tuple(given.names))]
    if given.list:
        sys.stdout.writelines(f"{one.name}: {one.text}\n" for one in chosen)
        return 0
    began = time.monotonic()
    verdicts = asyncio.run(_judged(chosen, whole=not given.short, at_once=given.at_once))
    Console(width=None if sys.stdout.isatty() else 180).print(_table(verdicts, time.monotonic() - began))
    return 0 if verdicts and all(verdict.holds for verdict in verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
