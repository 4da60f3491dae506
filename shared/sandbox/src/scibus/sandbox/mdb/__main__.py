"""`python -m scibus.sandbox.mdb`: the stand-in as a process, its addresses in one line of JSON on stdout."""

from __future__ import annotations

import argparse
import asyncio
import logging
from pathlib import Path

from scibus.sandbox.standin.process import serve

from .stand_in import MdbStandIn


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m scibus.sandbox.mdb", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="port of the account server, 0 for any free one")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--reached-as", default="localhost", help="name at which clients reach it")
    parser.add_argument("--host-name", help="what the servers' certificate calls them, if not so")
    parser.add_argument("--certificates", type=Path, help="folder for certificates; a temporary one when absent")
    options = parser.parse_args()
    # nats-py takes up TLS in a way that has asyncio complain at the end of each connection.
    logging.getLogger("asyncio").setLevel(logging.ERROR)
    stand_in = MdbStandIn(
        options.port,
        host_name=options.host_name,
        host=options.host,
        reached_as=options.reached_as,
        certificates=options.certificates,
    )
    asyncio.run(serve(stand_in))


if __name__ == "__main__":
    main()
