"""`python -m scibus.sandbox.nats`: a server in the foreground, its address in one line of JSON on stdout."""

import argparse
import asyncio
import json
import signal
import sys
from pathlib import Path

from scibus.sandbox.nats.server import NatsServer, NatsServerError


async def _serve(port: int, store: Path | None) -> int:
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with NatsServer(port=port, store=store) as server:
        sys.stdout.write(json.dumps({"name": "nats", "url": server.url, "settings": {"SCIBUS_NATS_URL": server.url}}))
        sys.stdout.write("\n")
        sys.stdout.flush()
        ended = asyncio.create_task(server.process.wait())
        waiting = asyncio.create_task(stopped.wait())
        await asyncio.wait({ended, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        died = ended.done() and not stopped.is_set()
        await server.stop()
        await ended
    return 1 if died else 0


def main() -> int:
    """Run a server until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(
        prog="python -m scibus.sandbox.nats", description="Run nats-server with JetStream."
    )
    parser.add_argument("--port", type=int, default=0, help="port; 0 for a free one")
    parser.add_argument("--store", type=Path, help="folder of JetStream's data; a temporary one when absent")
    given = parser.parse_args()
    try:
        return asyncio.run(_serve(given.port, given.store))
    except NatsServerError as error:
        sys.stderr.write(f"{error}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main())
