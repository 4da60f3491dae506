"""`scibus call SERVICE OPERATION`: ask, and show the answer."""

from collections.abc import Callable
from typing import Any

import typer
from rich.markup import escape

from scibus.client.command.body import build_body
from scibus.client.command.connection import Reach
from scibus.client.command.declared import ANYTHING, ServiceGroup, Whole, help_of, options_of, with_fields
from scibus.client.command.examples import command as typed
from scibus.client.command.output import Destination
from scibus.client.command.reaching import reaching
from scibus.client.command.views import view_of
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
    options = options_of(operation, submits=False)

    @reaching
    def command(
        reach: Reach,
        destination: Destination,
        whole: Whole = None,
        **fields: Any,
    ) -> None:
        body = build_body(operation.model, options, fields, whole)
        destination.write(view_of(reach.ask(lambda bus: bus.request(operation, body))))

    return with_fields(command, options)
