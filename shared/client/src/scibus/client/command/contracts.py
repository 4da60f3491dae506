"""Contracts of a service, loaded from the package that names them."""

from scibus.client.command.installed import CONTRACTS, installed
from scibus.contracts.operations import Service


class BrokenContracts(Exception):
    """A package's contracts cannot be used; the message says whose and why."""


def load(name: str) -> type[Service]:
    """The service `name`.

    Raises:
        BrokenContracts: the package that names it cannot be used.
    """
    entry = installed(CONTRACTS)[name]
    try:
        # A stranger's package: importing it may raise anything.
        service = entry.load()
    except Exception as error:
        raise BrokenContracts(f"the contracts of {name} cannot be loaded from '{entry.value}': {error!r}") from error
    if not (isinstance(service, type) and issubclass(service, Service)):
        raise BrokenContracts(f"the contracts of {name} are broken: '{entry.value}' is no Service")
    return service
