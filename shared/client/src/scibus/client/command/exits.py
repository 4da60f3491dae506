"""How the command ends: exit codes, and what is said about what went wrong."""

import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from typing import Any

import typer
from nats.errors import Error as NatsError
from rich.console import Console
from rich.text import Text

from scibus.bus.errors import NoAnswer
from scibus.contracts.problems import Problem, ProblemDetails


class ExitCode(IntEnum):
    """What a script may rely on. Wrong usage is 2, as everywhere."""

    PROBLEM = 1
    USAGE = 2
    NO_ANSWER = 3
    INTERRUPTED = 130
    BROKEN_PIPE = 141


def errors() -> Console:
    """The console for everything that is not data."""
    return Console(stderr=True, highlight=False, soft_wrap=True)


def visible(text: str) -> str:
    """`text` with control characters escaped: what comes from a backend must not steer the terminal."""
    return text if text.isprintable() else "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


@contextmanager
def telling(*, as_json: bool = False) -> Iterator[None]:
    """Say on standard error what goes wrong in the block, and leave with the exit code for it."""
    with warnings.catch_warnings():
        warnings.showwarning = _warn
        try:
            yield
        except Problem as problem:
            _tell(problem.details, as_json=as_json)
            raise typer.Exit(ExitCode.NO_ANSWER if isinstance(problem, NoAnswer) else ExitCode.PROBLEM) from None
        except NatsError as error:
            _tell(NoAnswer(f"NATS failed: {error}").details, as_json=as_json)
            raise typer.Exit(ExitCode.NO_ANSWER) from None
        except BrokenPipeError:
            # Python would complain when it flushes the rest at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(ExitCode.BROKEN_PIPE) from None


def _tell(details: ProblemDetails, *, as_json: bool) -> None:
    if as_json:
        sys.stderr.write(details.model_dump_json() + "\n")
        return
    console = errors()
    console.print(Text.assemble(("error: ", "bold red"), (visible(details.title), "bold"), f" ({details.slug})"))
    for line in _lines(details):
        console.print(Text(f"  {line}"))


def _lines(details: ProblemDetails) -> Iterator[str]:
    yield from map(visible, details.detail.splitlines())
    for error in details.errors:
        yield visible(f"{error.field}: {error.message}")
    if backend := details.backend:
        told = [str(part) for part in (backend.status, backend.code, backend.message) if part is not None]
        yield visible(f"{backend.name} said: {' '.join(told) or 'nothing'}")
    if details.retryable and details.retry_after:
        yield f"Trying again may help, in {details.retry_after:g} s."
    elif details.retryable:
        yield "Trying again may help."


def _warn(message: Warning | str, *_: Any, **__: Any) -> None:
    errors().print(Text.assemble(("warning: ", "bold yellow"), visible(str(message))))
