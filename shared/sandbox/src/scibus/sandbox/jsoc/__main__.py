"""`python -m scibus.sandbox.jsoc`: the stand-in as a process, its addresses in one line of JSON on stdout."""

from __future__ import annotations

import argparse
import asyncio

from scibus.sandbox.standin.process import serve

from .stand_in import JsocStandIn


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m scibus.sandbox.jsoc", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=0, help="port to listen on, 0 for any free one")
    parser.add_argument("--generation", choices=("old", "new"), default="new", help="age of the server stood in for")
    parser.add_argument("--wait", type=float, default=1, help="seconds between two questions how an export stands")
    options = parser.parse_args()
    stand_in = JsocStandIn(options.port, options.generation, options.host)
    stand_in.configure({"wait": options.wait})
    asyncio.run(serve(stand_in))


if __name__ == "__main__":
    main()
