"""What installed packages bring along, a stranger's too: entry points, by the service they are for."""

from functools import cache
from importlib.metadata import EntryPoint, entry_points

CONTRACTS = "scibus.contracts"
"""The `Service` class of each service."""
WORKERS = "scibus.workers"
"""The worker of each service: a module to run as `python -m` does."""
STAND_INS = "scibus.standins"
"""A stand-in for the backend of a service: a module too, which tells the worker's settings in a line of JSON."""


@cache
def installed(group: str) -> dict[str, EntryPoint]:
    """The entry points of `group` by name, in alphabetical order. Of two with one name the first on the path counts."""
    found = {entry.name: entry for entry in reversed(tuple(entry_points(group=group)))}
    return dict(sorted(found.items()))
