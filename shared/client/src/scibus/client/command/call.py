"""`scibus call SERVICE OPERATION`: commands made from the declared operations."""

import asyncio
from collections.abc import Callable
from inspect import Signature
from typing import Annotated, Any

import typer
from rich.markup import escape
from typer.core import TyperGroup
from typer.main import get_command, get_group

from scibus.client.command.body import JSON, build_body
from scibus.client.command.connection import ProblemJson, Reach, Timeout, Token, Url
from scibus.client.command.contracts import BrokenContracts, load
from scibus.client.command.exits import telling
from scibus.client.command.installed import CONTRACTS, installed
from scibus.client.command.options import PANEL, field_options
from scibus.client.command.output import Destination, Output, To
from scibus.client.command.views import view_of
from scibus.contracts.model import Contract
from scibus.contracts.operations import Request, Service

Whole = Annotated[
    str | None,
    typer.Option(
        JSON,
        metavar="JSON",
        help="The whole request; '-' reads standard input, '@FILE' a file. Options override its members.",
        rich_help_panel=PANEL,
    ),
]
OWN_OPTIONS = (JSON, "--output", "--to", "--url", "--timeout", "--token", "--problem-json", "--help")


class ServiceGroup(TyperGroup):
    """The services whose contracts are installed, each loaded when it is needed."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Their names."""
        return list(installed(CONTRACTS))

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The commands of one service."""
        if cmd_name not in installed(CONTRACTS):
            _refuse(ctx, "service", cmd_name, self.list_commands(ctx))
            return None
        try:
            return get_group(service_app(load(cmd_name)))
        except BrokenContracts as error:
            return get_command(_broken_app(cmd_name, str(error)))


class OperationGroup(TyperGroup):
    """The operations of one service."""

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """One operation, also when it is written with dashes."""
        found = super().get_command(ctx, cmd_name.replace("-", "_"))
        if found is None:
            _refuse(ctx, "operation", cmd_name, self.list_commands(ctx))
        return found


def service_app(service: type[Service]) -> typer.Typer:
    """A command for each operation of `service`."""
    app = typer.Typer(
        cls=OperationGroup, name=service.service_name, help=escape(service.description()), no_args_is_help=True
    )
    app.callback()(lambda: None)
    for operation in service.operations():
        app.command(operation.name, help=escape(_help(operation)), short_help=escape(operation.summary))(
            _command(operation)
        )
    return app


def _broken_app(name: str, reason: str) -> typer.Typer:
    """Stands for a service that cannot be used, so that the others can."""
    app = typer.Typer(add_completion=False)

    @app.command(name, help=escape(reason), context_settings={"ignore_unknown_options": True, "allow_extra_args": True})
    def refuse() -> None:
        raise typer.BadParameter(reason)

    return app


def _command(operation: Request[..., Any, Any]) -> Callable[..., None]:
    options = field_options(operation.model, OWN_OPTIONS)

    def command(
        context: typer.Context,
        whole: Whole = None,
        output: Output = None,
        to: To = None,
        url: Url = None,
        timeout: Timeout = None,
        token: Token = None,
        problem_json: ProblemJson = False,
        **fields: Any,
    ) -> None:
        reach = Reach(url, timeout, token, problem_json).over(context.obj)
        destination = Destination.chosen(output, to)
        body = build_body(operation.model, options, fields, whole)
        with telling(as_json=reach.problem_json):
            answer = asyncio.run(_ask(reach, operation, body))
            destination.write(view_of(answer))

    *own, _ = Signature.from_callable(command).parameters.values()
    command.__signature__ = Signature([*own, *(option.parameter for option in options)])  # type: ignore[attr-defined]
    return command


async def _ask(reach: Reach, operation: Request[..., Any, Any], body: Contract) -> Any:
    async with reach.bus() as bus:
        return await bus.request(operation, body)


def _help(operation: Request[..., Any, Any]) -> str:
    answer = "a table" if operation.answers_table else operation.answer_model.__name__
    return f"{operation.summary}.\n\nAnswers {answer}. On the bus: {operation.subject}"


def _refuse(context: typer.Context, what: str, name: str, known: list[str]) -> None:
    """Say what there is, unless a shell is only completing."""
    if not context.resilient_parsing and not name.startswith("-"):
        context.fail(f"there is no {what} {name!r}: known are {', '.join(known) or 'none'}")
