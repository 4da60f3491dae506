"""`scibus call SERVICE OPERATION`: ask, and show the answer."""

import asyncio
from collections.abc import Callable
from typing import Any

import typer
from rich.markup import escape

from scibus.client.command.body import build_body
from scibus.client.command.connection import ProblemJson, Reach, Timeout, Token, Url
from scibus.client.command.declared import ANYTHING, ServiceGroup, Whole, help_of, options_of, with_fields
from scibus.client.command.examples import command as typed
from scibus.client.command.exits import telling
from scibus.client.command.output import Destination, Output, To
from scibus.client.command.views import view_of
from scibus.contracts.model import Contract
from scibus.contracts.operations import Operation, Request


class CallGroup(ServiceGroup):
    """What can be asked."""

    def add_operation(self, app: typer.Typer, operation: Operation[..., Any, Any]) -> None:
        """Add the command that asks; of an operation that is only a job, one that says so."""
        if isinstance(operation, Request):
            add = app.command(
                operation.name, help=help_of(operation, operation.subject), short_help=escape(operation.summary)
            )
            add(_command(operation))
            return
        reason = (
            f"{operation.service}.{operation.name} is a job, which takes longer than a call may: "
            f"`{typed('submit', operation.service, operation.name)}` takes the same options, and with --follow it "
            "waits for the result"
        )

        @app.command(operation.name, help=escape(reason), hidden=True, context_settings=ANYTHING)
        def refuse() -> None:
            raise typer.BadParameter(reason)


def _command(operation: Request[..., Any, Any]) -> Callable[..., None]:
    options = options_of(operation)

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

    return with_fields(command, options)


async def _ask(reach: Reach, operation: Request[..., Any, Any], body: Contract) -> Any:
    async with reach.bus() as bus:
        return await bus.request(operation, body)
