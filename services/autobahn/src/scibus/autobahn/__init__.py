"""The scibus worker for Autobahn's Mission Data Broker. `Mdb` can be used from a plain script, without any bus."""

from scibus.autobahn.mdb import Mdb
from scibus.autobahn.settings import AutobahnSettings

__all__ = ["AutobahnSettings", "Mdb"]
