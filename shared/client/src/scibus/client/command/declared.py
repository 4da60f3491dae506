"""Commands made from the declared operations: `scibus VERB SERVICE OPERATION`, with an option for each field."""

from collections.abc import Callable, Sequence
from inspect import Signature
from typing import Annotated, Any

import typer
from rich.markup import escape
from typer.core import TyperGroup
from typer.main import get_command, get_group

from scibus.client.command.body import JSON
from scibus.client.command.contracts import BrokenContracts, load
from scibus.client.command.installed import CONTRACTS, installed
from scibus.client.command.options import PANEL, FieldOption, field_options
from scibus.contracts.operations import Operation, Service

Whole = Annotated[
    str | None,
    typer.Option(
        JSON,
        metavar="JSON",
        help="The whole request; '-' reads standard input, '@FILE' a file. Options override its members.",
        rich_help_panel=PANEL,
    ),
]
CONNECTION_OPTIONS = ("--url", "--timeout", "--token", "--problem-json", "--help")
SUBMISSION_OPTIONS = ("--id", "--follow", "--at", "--every", "--cron", "--not-after")
OWN_OPTIONS = (JSON, "--output", "--to", *CONNECTION_OPTIONS)
ANYTHING = {"ignore_unknown_options": True, "allow_extra_args": True}


class ServiceGroup(TyperGroup):
    """The services whose contracts are installed, each loaded when it is needed."""

    def add_operation(self, app: typer.Typer, operation: Operation[..., Any, Any]) -> None:
        """Add the command for `operation`, where the verb has one."""
        raise NotImplementedError

    def list_commands(self, ctx: Any) -> list[str]:
        """Their names."""
        return list(installed(CONTRACTS))

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The commands of one service."""
        if cmd_name not in installed(CONTRACTS):
            _refuse(ctx, "service", cmd_name, self.list_commands(ctx))
            return None
        try:
            return get_group(self._service_app(load(cmd_name)))
        except BrokenContracts as error:
            return get_command(_broken_app(cmd_name, str(error)))

    def _service_app(self, service: type[Service]) -> typer.Typer:
        app = typer.Typer(
            cls=OperationGroup, name=service.service_name, help=escape(service.description()), no_args_is_help=True
        )
        app.callback()(lambda: None)
        for operation in service.operations():
            self.add_operation(app, operation)
        return app


class OperationGroup(TyperGroup):
    """The operations of one service."""

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """One operation, also when it is written with dashes."""
        found = super().get_command(ctx, cmd_name.replace("-", "_"))
        if found is None:
            shown = [name for name in self.list_commands(ctx) if not self.commands[name].hidden]
            _refuse(ctx, "operation", cmd_name, shown)
        return found


def options_of(operation: Operation[..., Any, Any], *, submits: bool) -> list[FieldOption]:
    """An option for each field of the request. What a submission takes a call takes too: one word makes it a job."""
    if submits:
        return field_options(operation.model, (*OWN_OPTIONS, *SUBMISSION_OPTIONS))
    return field_options(operation.model, OWN_OPTIONS, SUBMISSION_OPTIONS)


def with_fields(command: Callable[..., None], options: Sequence[FieldOption]) -> Callable[..., None]:
    """`command`, whose last parameter takes any name, with the parameters of `options` in its place."""
    *own, _ = Signature.from_callable(command).parameters.values()
    command.__signature__ = Signature([*own, *(option.parameter for option in options)])  # type: ignore[attr-defined]
    return command


def help_of(operation: Operation[..., Any, Any], subject: str) -> str:
    """What the operation does, what it answers, and where it is on the bus."""
    answer = "a table" if operation.answers_table else operation.answer_model.__name__
    return escape(f"{operation.summary}.\n\nAnswers {answer}. On the bus: {subject}")


def _broken_app(name: str, reason: str) -> typer.Typer:
    """Stands for a service that cannot be used, so that the others can."""
    app = typer.Typer(add_completion=False)

    @app.command(name, help=escape(reason), context_settings=ANYTHING)
    def refuse() -> None:
        raise typer.BadParameter(reason)

    return app


def _refuse(context: typer.Context, what: str, name: str, known: list[str]) -> None:
    """Say what there is, unless a shell is only completing."""
    if not context.resilient_parsing and not name.startswith("-"):
        context.fail(f"there is no {what} {name!r}: known are {', '.join(known) or 'none'}")
