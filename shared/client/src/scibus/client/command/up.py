"""`scibus up`: a whole bus in one terminal."""

import asyncio
import signal
import socket
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from scibus.client.command.examples import command, first_call, first_job
from scibus.client.command.exits import ExitCode
from scibus.client.command.journal import Journal
from scibus.client.command.plan import Plan, chosen_services
from scibus.client.command.stack import Stack

DEFAULT_PORT = 4222


def up(
    store: Annotated[
        Path | None, typer.Option(help="Folder of nats-server's data, kept; a temporary one when absent.")
    ] = None,
    port: Annotated[
        int, typer.Option(help="Port of nats-server; 0 for any free one.", min=0, max=65535)
    ] = DEFAULT_PORT,
    service: Annotated[list[str] | None, typer.Option(help="Run only this service's worker; may be repeated.")] = None,
    stand_ins: Annotated[
        bool, typer.Option("--stand-ins/--no-stand-ins", help="Stand in for backends that no setting names.")
    ] = True,
    http_port_base: Annotated[
        int | None,
        typer.Option(help="Serve the workers' health and metrics on this port and those after it.", min=1, max=65000),
    ] = None,
) -> None:
    """Run a bus until Ctrl-C: nats-server, stand-in backends, and the workers that are installed.

    A stand-in runs only where no setting (as SCIBUS_DRMS_BASE_URL) names the real backend. What ends is started again.
    Ctrl-C stops everything in order; a second one hurries.
    """
    services = chosen_services(service)
    if port and not _free(port):
        raise typer.BadParameter(f"port {port} is taken: name another one, or 0 for any", param_hint="--port")
    with tempfile.TemporaryDirectory(prefix="scibus-up-", ignore_cleanup_errors=True) as folder:
        plan = Plan(services, (store or Path(folder)).absolute(), port, stand_ins, http_port_base)
        failed = asyncio.run(_run(Stack(plan, journal := Journal(shown=True)), journal, services))
    if failed:
        raise typer.Exit(ExitCode.PROBLEM)


async def _run(stack: Stack, journal: Journal, services: tuple[str, ...]) -> bool:
    """Run until a signal comes. True when it had to stop by itself."""
    stop, hurry = asyncio.Event(), asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, lambda: (hurry if stop.is_set() else stop).set())
    running, stopping = asyncio.create_task(_serve(stack, journal, services)), asyncio.create_task(stop.wait())
    await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
    failed = running.done()
    if failed:
        journal.own(f"stopping: {running.exception()}")
        stop.set()
    else:
        journal.own("stopping")
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    await stack.stop(hurry)
    journal.own("stopped")
    return failed


async def _serve(stack: Stack, journal: Journal, services: tuple[str, ...]) -> None:
    await stack.start()
    journal.own(f"ready: {command(*first_call(services[0]), url=stack.url)}")
    for service in services[1:]:
        journal.own(f"or: {command(*first_call(service), url=stack.url)}")
    journal.own(f"and a job: {command(*first_job(services[-1]), url=stack.url)}")
    await stack.failure()


def _free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
