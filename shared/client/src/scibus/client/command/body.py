"""The body of a request, put together from `--json` and the options for its fields."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import typer
from pydantic import ValidationError

from scibus.client.command.options import FieldOption
from scibus.contracts.model import Contract, parse_body
from scibus.contracts.problems import InvalidRequest

JSON = "--json"


def build_body(
    model: type[Contract], options: Sequence[FieldOption], given: dict[str, Any], whole: str | None
) -> Contract:
    """The body: what `whole` says, then what the options say.

    Raises:
        typer.BadParameter: it does not fit the model; names each field at fault, repeats no value.
    """
    body = _object(whole) if whole is not None else {}
    for option in options:
        value = given[option.parameter.name]
        if value is not None:
            body[option.member] = option.value(value)
    try:
        fitting, unknown = parse_body(model, json.dumps(body).encode())
    except ValidationError as error:
        raise typer.BadParameter(_told(error, options)) from None
    if unknown:
        known = ", ".join(option.member for option in options)
        raise typer.BadParameter(f"there is no field {', '.join(unknown)}: known are {known}", param_hint=JSON)
    return fitting


def read_text(argument: str) -> str:
    """`argument` itself; `-` stands for standard input, `@file` for the content of a file.

    Raises:
        typer.BadParameter: the file cannot be read.
    """
    if argument == "-":
        return sys.stdin.read()
    if not argument.startswith("@"):
        return argument
    try:
        return Path(argument[1:]).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise typer.BadParameter(f"{argument[1:]} cannot be read: {error}") from None


def _object(whole: str) -> dict[str, Any]:
    try:
        body = json.loads(read_text(whole))
    except ValueError as error:
        raise typer.BadParameter(f"this is no JSON: {error}", param_hint=JSON) from None
    if not isinstance(body, dict):
        raise typer.BadParameter("the body of a request is a JSON object", param_hint=JSON)
    return body


def _told(error: ValidationError, options: Sequence[FieldOption]) -> str:
    names = {option.member: option.option for option in options}
    lines = []
    for fault in InvalidRequest.from_validation(error).details.errors:
        member, _, inner = fault.field.partition(".")
        lines.append(f"{names.get(member, member)}{inner and f' ({inner})'}: {fault.message}")
    return "\n".join(lines)
