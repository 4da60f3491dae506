"""The `scibus` command, as its own help describes it."""

from collections.abc import Iterator
from typing import Any

import typer

from docs.generated.markdown import Lines, cell, code, table
from scibus.client.command.main import app

COMMON = ("Connection", "Output")
"""Panels of options that are described once for all subcommands."""
BY_CONTRACT = ("call", "submit")
"""Commands whose own subcommands are made from the installed contracts."""


def command(_argument: str) -> Lines:
    """All subcommands with their arguments and options."""
    top: Any = typer.main.get_command(app)
    context = _context(top, "scibus")
    listing = top.get_command(context, "jobs")
    of_results = [one for one in _options(listing, context) if one not in set(_options(listing, context, COMMON))]
    yield from table("option | what it is for", dict.fromkeys([*_options(top, context), *of_results]))
    yield ""
    for name, one in _subcommands(top, context):
        yield from _described(one, f"scibus {name}")


def _described(one: Any, path: str) -> Lines:
    context = _context(one, path)
    yield f"### `{path}`"
    yield ""
    yield _plain(one.help)
    yield ""
    if path.split()[-1] in BY_CONTRACT:
        return
    rows = [*_arguments(one), *_options(one, context, COMMON)]
    if rows:
        yield from table("argument or option | what it is for", rows)
        yield ""
    for name, inner in _subcommands(one, context):
        yield from _described(inner, f"{path} {name}")


def _subcommands(one: Any, context: Any) -> Iterator[tuple[str, Any]]:
    if hasattr(one, "list_commands"):
        for name in one.list_commands(context):
            yield name, one.get_command(context, name)


def _arguments(one: Any) -> Iterator[tuple[str, str]]:
    for parameter in one.params:
        if parameter.param_type_name == "argument":
            yield code((parameter.metavar or parameter.name).upper()), _plain(parameter.help)


def _options(one: Any, context: Any, panels: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    """Those that stand in none of `panels`."""
    for parameter in one.get_params(context):
        if parameter.param_type_name != "option" or parameter.name == "help" or parameter.hidden:
            continue
        if getattr(parameter, "rich_help_panel", None) not in panels:
            names = ", ".join(map(code, [*parameter.opts, *parameter.secondary_opts]))
            yield names, _plain(parameter.help)


def _plain(text: str | None) -> str:
    """Help without the marks that rich would read; one paragraph a line."""
    paragraphs = (text or "").replace("\\[", "[").strip().split("\n\n")
    return "\n\n".join(cell(paragraph) for paragraph in paragraphs)


def _context(one: Any, name: str) -> Any:
    return one.context_class(one, info_name=name)
