"""`scibus asyncapi`: the bus described for programs and people of any language."""

import json
import warnings
from collections.abc import Iterator
from importlib.metadata import version
from typing import Annotated, Literal

import typer

from scibus.client.command.contracts import BrokenContracts, load
from scibus.client.command.exits import telling
from scibus.client.command.installed import CONTRACTS, installed
from scibus.client.command.output import To, opened
from scibus.contracts.operations import Service


def asyncapi(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[SERVICE]...", help="Services to describe; by default all.")
    ] = None,
    output: Annotated[
        Literal["json", "html"] | None,
        typer.Option(
            "--output", "-o", help="JSON or a page. By default what the ending of --to says, and JSON elsewhere."
        ),
    ] = None,
    to: To = None,
) -> None:
    """Write the AsyncAPI 3 document of the installed contracts: every subject, message, header and reply."""
    # Takes a moment to import, and no other subcommand needs it.
    from scibus.bus.asyncapi import describe, page

    form = output or ("html" if to and to.suffix == ".html" else "json")
    with telling():
        document = describe(list(_named(names) if names else _all()), version("scibus"))
        with opened(to) as file:
            file.write((page(document) if form == "html" else json.dumps(document, indent=2) + "\n").encode())


def _named(names: list[str]) -> Iterator[type[Service]]:
    for name in names:
        if name not in installed(CONTRACTS):
            raise typer.BadParameter(f"no installed package has contracts of {name}")
        try:
            yield load(name)
        except BrokenContracts as broken:
            raise typer.BadParameter(str(broken)) from None


def _all() -> Iterator[type[Service]]:
    for name in installed(CONTRACTS):
        try:
            yield load(name)
        except BrokenContracts as broken:
            warnings.warn(f"left out: {broken}", stacklevel=1)
