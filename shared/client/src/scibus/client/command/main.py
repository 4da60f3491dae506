"""The command as a whole: its subcommands and what all of them share."""

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from scibus.client.command.asyncapi import asyncapi
from scibus.client.command.blobs import get
from scibus.client.command.call import CallGroup
from scibus.client.command.connection import ProblemJson, Reach, Timeout, Token, Url
from scibus.client.command.dead import dead
from scibus.client.command.demo import demo
from scibus.client.command.job import cancel, result, status
from scibus.client.command.jobs import jobs
from scibus.client.command.schedules import schedules
from scibus.client.command.services import services
from scibus.client.command.submit import SubmitGroup
from scibus.client.command.tail import tail
from scibus.client.command.top import top
from scibus.client.command.up import up
from scibus.client.command.version import show_version, version
from scibus.client.command.watch import watch

EPILOG = """
Results go to standard output, everything else to standard error.

Exit codes: 0 done; 1 a problem was answered; 2 the command is wrong; 3 nobody answered; 130 interrupted.

To begin: `scibus demo` shows what it does, `scibus up` keeps a bus running, `scibus call --help` lists what to ask.
"""

CALL = """
Ask a service, and show what it answers.

`scibus call SERVICE --help` lists its operations, `scibus call SERVICE OPERATION --help` what each takes.
"""

SUBMIT = """
Submit a job: it is done once, whatever dies, and known by its reference from anywhere.

`scibus submit SERVICE --help` lists the operations, `scibus submit SERVICE OPERATION --help` what each takes.
"""

DEAD = "Jobs that could not be done: list them, look at one, submit it again."
SCHEDULES = "What the server submits later, or again and again: list, pause, resume, remove."
ORDER = (
    *("call", "tail", "submit", "watch", "status", "result", "cancel", "jobs", "dead", "schedules"),
    *("services", "top", "get", "asyncapi", "demo", "up", "version"),
)


def spelled(option: str) -> str:
    """Options may be written with underscores, as the fields of the messages are."""
    return option.replace("_", "-")


class InOrder(TyperGroup):
    """Lists the subcommands in the order in which a newcomer asks for them."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Their names."""
        return list(ORDER)


app = typer.Typer(
    cls=InOrder,
    name="scibus",
    epilog=EPILOG,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_show_locals=False,
    context_settings={"token_normalize_func": spelled, "help_option_names": ["--help", "-h"]},
)
app.add_typer(typer.Typer(cls=CallGroup, no_args_is_help=True), name="call", help=CALL)
app.add_typer(typer.Typer(cls=SubmitGroup, no_args_is_help=True), name="submit", help=SUBMIT)
app.add_typer(dead, name="dead", help=DEAD)
app.add_typer(schedules, name="schedules", help=SCHEDULES)
for command in (tail, watch, status, result, cancel, jobs, services, top, get, asyncapi, up, demo, version):
    app.command()(command)


@app.callback()
def scibus(
    context: typer.Context,
    url: Url = None,
    timeout: Timeout = None,
    token: Token = None,
    problem_json: ProblemJson = False,
    _version: Annotated[
        bool, typer.Option("--version", callback=show_version, is_eager=True, help="Tell the version and stop.")
    ] = False,
) -> None:
    """Scientific backends on one NATS bus."""
    context.obj = Reach(url, timeout, token, problem_json)


def main() -> None:
    """Run the command and leave the process with its exit code."""
    app(prog_name="scibus")
