"""`scibus version`."""

import json
import platform
import sys
from importlib.metadata import version as version_of
from typing import Annotated, Literal

import typer

from scibus.contracts.subjects import PREFIX


def version(
    output: Annotated[Literal["text", "json"], typer.Option("--output", "-o", help="Form of the result.")] = "text",
) -> None:
    """Tell the versions of the client, of the protocol and of Python."""
    versions = {
        "client": version_of("scibus"),
        "protocol": PREFIX.removeprefix("scibus."),
        "python": platform.python_version(),
    }
    lines = json.dumps(versions) if output == "json" else "\n".join(f"{name} {told}" for name, told in versions.items())
    sys.stdout.write(lines + "\n")


def show_version(asked: bool) -> None:
    """What `scibus --version` does."""
    if asked:
        version("text")
        raise typer.Exit
