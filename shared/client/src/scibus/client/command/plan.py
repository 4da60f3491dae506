"""What `scibus up` is to run."""

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import typer

from scibus.client.command.installed import WORKERS, installed


@dataclass(frozen=True)
class Plan:
    """What to run.

    Attributes:
        services: whose workers.
        store: folder of nats-server's data.
        port: of nats-server; 0 for any free one.
        stand_ins: whether a backend that is not configured is stood in for.
        alone: whether no setting in the environment counts.
        http_port_base: the workers' HTTP ports are this one and those after it; None for what the settings say.
    """

    services: tuple[str, ...]
    store: Path
    port: int = 0
    stand_ins: bool = True
    http_port_base: int | None = None
    alone: bool = False


def chosen_services(asked: list[str] | None) -> tuple[str, ...]:
    """The services whose workers are to run.

    Raises:
        typer.BadParameter: one is not installed, or what runs a bus is not.
    """
    if find_spec("scibus.sandbox") is None:
        raise typer.BadParameter("there is no nats-server to run: pip install 'scibus[sandbox]'")
    workers = installed(WORKERS)
    known = ", ".join(workers) or "none: pip install scibus-drms"
    if unknown := [name for name in asked or () if name not in workers]:
        raise typer.BadParameter(f"no worker is installed for {', '.join(unknown)}: there is {known}")
    if not workers:
        raise typer.BadParameter(f"of workers there is {known}")
    return tuple(dict.fromkeys(asked or workers))
