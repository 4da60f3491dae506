"""`python -m tests.images`: build all images, run them as little trusted as they may be, and measure them."""

import argparse
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.images.base import prepare_base
from tests.images.engine import ENGINES, Engine, EngineError, engine
from tests.images.image import Recipe, looked_at, looked_into, recipes, refused, stopped_at_once
from tests.images.needs import needs
from tests.images.stack import Measured, answers, brought_up, keeps_a_login, measured, project_name, restrictions
from tests.tools import ROOT

MEGABYTE = 1e6


class Report:
    """What was checked, as it goes on."""

    def __init__(self) -> None:
        self.wrong = 0

    def check(self, what: str, wrong: list[str]) -> None:
        """Tell whether `what` is as it should be."""
        self.wrong += len(wrong)
        sys.stderr.write(f"{'NOT ' if wrong else 'ok  '} {what}\n")
        for one in wrong:
            sys.stderr.write(f"     {one}\n")


@contextmanager
def built(engine: Engine, given: argparse.Namespace, project: str) -> Iterator[dict[str, str]]:
    """The names of all images, by recipe; they are removed in the end."""
    tags = {recipe.name: f"{project}-{recipe.name}" for recipe in recipes()}
    made, trusting = f"{project}-base", f"{project}-trusting"
    try:
        base = _timed("base", lambda: prepare_base(engine, given.base, given.ca_bundle, made, trusting))
        for recipe in recipes():
            _timed(
                f"image of {recipe.name}",
                lambda recipe=recipe: engine.build(recipe.containerfile, tags[recipe.name], ROOT, BASE=base),
            )
        yield tags
    finally:
        for tag in (*tags.values(), trusting, made):
            with suppress(EngineError):
                engine.call("rmi", "--force", tag)


def _timed(what: str, make: Callable[[], str | None]) -> str | None:
    began = time.monotonic()
    made = make()
    sys.stderr.write(f"     {what} made in {time.monotonic() - began:.0f} s\n")
    return made


def judge(engine: Engine, images: dict[str, str], report: Report) -> Table:
    """Check all images, alone and together."""
    table = Table(title=f"Images, by {engine.name}")
    for name in ("image", "MB", "stopped at start, s"):
        table.add_column(name, justify="left" if name == "image" else "right")
    for recipe in recipes():
        image = images[recipe.name]
        report.check(f"{recipe.name}: user, labels, stop signal, health check", looked_at(engine, image))
        report.check(
            f"{recipe.name}: no build tools, nothing to write, no privileges", looked_into(engine, recipe, image)
        )
        hurried = _hurried(engine, recipe, image, report)
        table.add_row(recipe.name, f"{engine.inspected(image)['Size'] / MEGABYTE:.0f}", hurried)
    return table


def _hurried(engine: Engine, recipe: Recipe, image: str, report: Report) -> str:
    if not recipe.serves:
        return ""
    report.check(
        f"{recipe.name}: leaves with 1 and a line that says why when it is set up badly", refused(engine, image)
    )
    with needs(recipe) as options:
        seconds, wrong = stopped_at_once(engine, image, options)
    report.check(f"{recipe.name}: leaves with 0 when stopped at its start", wrong)
    return f"{seconds:.1f}"


def judge_stack(engine: Engine, images: dict[str, str], project: str, report: Report) -> Table:
    """Check what the compose file makes of them."""
    variables = {recipe.variable: images[recipe.name] for recipe in recipes()}
    began = time.monotonic()
    with brought_up(engine, variables, project) as stack:
        up = time.monotonic() - began
        report.check("compose: all healthy, read-only, without capabilities, limited", restrictions(stack))
        report.check(
            "compose: lists, tables, an export, a live dataset and a slice, asked from outside",
            answers(stack),
        )
        report.check("compose: a login of the worker for MODOS has a place that is its own", keeps_a_login(stack))
        figures = measured(stack)
    report.check("compose: all leave with 0", _bad_exits(figures))
    table = Table(title=f"compose.yaml, all healthy in {up:.0f} s")
    for name in ("container", "ready, s", "idle memory", "stopped, s", "exit code"):
        table.add_column(name, justify="left" if name == "container" else "right")
    for name, one in figures.items():
        seconds = (f"{one.start_seconds:.2f}", one.idle_memory, f"{one.stop_seconds:.2f}")
        table.add_row(name, *seconds, str(one.exit_code))
    return table


def _bad_exits(figures: dict[str, Measured]) -> list[str]:
    return [f"{name} ended with {one.exit_code}" for name, one in figures.items() if one.exit_code != 0]


def _bundle() -> Path | None:
    told = os.environ.get("SSL_CERT_FILE")
    return Path(told) if told else None


def main() -> int:
    """Run all of it; 1 when something is wrong, 2 when not all of it could be run."""
    parser = argparse.ArgumentParser(prog="python -m tests.images", description=__doc__)
    parser.add_argument("--engine", choices=ENGINES, help="the first that is there when absent")
    parser.add_argument("--base", help="image to build on; the published one, or Debian made here, when absent")
    parser.add_argument(
        "--ca-bundle", type=Path, default=_bundle(), help="certificates that builds trust; $SSL_CERT_FILE when absent"
    )
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
    report, project, console = Report(), project_name(), Console(width=None if sys.stdout.isatty() else 120)
    try:
        with engine(given.engine) as found, built(found, given, project) as images:
            tables = [judge(found, images, report)]
            if found.composes:
                tables.append(judge_stack(found, images, project, report))
    except EngineError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    for table in tables:
        console.print(table)
    if report.wrong:
        return 1
    if len(tables) == 1:
        sys.stderr.write(f"compose.yaml was not run: {found.name} cannot, Docker can\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
