"""The same without an event loop: in a script, or in a notebook whose loop is taken."""

from scibus.client import connect_sync
from scibus.contracts.live import BEGIN

with connect_sync() as bus, bus.autobahn.subscribe("weather", offset=BEGIN) as sub:
    for msg in sub:
        print(msg.sequence, msg.data.decode())
        if msg.sequence == 3:
            break
