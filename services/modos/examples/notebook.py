"""The same without an event loop: in a script, or in a notebook whose loop is taken."""

from scibus.client import connect_sync

with connect_sync() as bus:
    print(bus.modos.list().data)
    for code in bus.modos.codes(collection="cell_type", query="leukocyte").codes:
        print(code.score, code.label, code.uri)
