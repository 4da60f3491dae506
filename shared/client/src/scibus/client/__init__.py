"""The typed Python client of scibus: `async with connect() as bus: await bus.drms.rs_list(ds=..., key=[...])`."""

from scibus.bus.errors import NoAnswer
from scibus.client.bus import Bus, IgnoredFields, connect
from scibus.contracts.problems import Problem
from scibus.contracts.tables import Table

__all__ = ["Bus", "IgnoredFields", "NoAnswer", "Problem", "Table", "connect"]
