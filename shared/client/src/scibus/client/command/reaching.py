"""What most subcommands take: how to reach the bus, and where the result goes."""

from collections.abc import Callable
from functools import wraps
from inspect import Parameter, Signature
from typing import Any

import typer

from scibus.client.command.connection import ProblemJson, Reach, Timeout, Token, Url
from scibus.client.command.exits import telling
from scibus.client.command.output import Destination, Output, To
from scibus.client.command.references import ReferenceOutput


def _option(name: str, annotation: Any, default: Any = None) -> Parameter:
    return Parameter(name, Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


_CONTEXT = _option("context", typer.Context, Parameter.empty)
_CONNECTION = [
    _option("url", Url),
    _option("timeout", Timeout),
    _option("token", Token),
    _option("problem_json", ProblemJson, default=False),
]
_OUTPUT = [_option("output", Output), _option("to", To)]
_WRITERS: dict[Any, Callable[..., Any]] = {Destination: Destination.chosen, ReferenceOutput: ReferenceOutput.chosen}


def reaching(command: Callable[..., None]) -> Callable[..., None]:
    """`command` as typer takes it: with options in place of what it needs, and telling what goes wrong.

    Of its parameters the one of type `Reach` is made of the options for the connection, those of type `Destination` and
    `ReferenceOutput` of the options for the output, before anything is asked on the bus.
    """
    parameters = Signature.from_callable(command).parameters.values()
    reach_name = next(one.name for one in parameters if one.annotation is Reach)
    writers = {one.name: _WRITERS[one.annotation] for one in parameters if one.annotation in _WRITERS}
    own = [one for one in parameters if one.name != reach_name and one.name not in writers]
    any_names = [one for one in own if one.kind is Parameter.VAR_KEYWORD]
    named = [one.replace(kind=Parameter.KEYWORD_ONLY) for one in own if one not in any_names]

    @wraps(command)
    def reached(
        *,
        context: typer.Context,
        url: str | None,
        timeout: float | None,
        token: str | None,
        problem_json: bool,
        **given: Any,
    ) -> None:
        reach = Reach(url, timeout, token, problem_json).over(context.obj)
        chosen = [given.pop(option.name) for option in _OUTPUT] if writers else []
        made = {name: make(*chosen) for name, make in writers.items()}
        with telling(as_json=reach.problem_json):
            command(**{reach_name: reach}, **made, **given)

    output = _OUTPUT if writers else []
    reached.__signature__ = Signature([_CONTEXT, *named, *output, *_CONNECTION, *any_names])  # type: ignore[attr-defined]
    return reached
