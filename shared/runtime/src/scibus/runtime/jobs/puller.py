"""Pulls jobs from a durable consumer: never more than there are free slots for."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import Error as NatsError

from scibus.runtime.logs import get_logger

log = get_logger(__name__)

EXPIRES_SECONDS = 30.0
HEARTBEAT_SECONDS = 5.0
SILENCE_SECONDS = 12.0
"""Without a heartbeat for so long, the server has forgotten what was asked of it."""
RETRY_SECONDS = 1.0
SECOND = 1_000_000_000


class Puller:
    """Asks for jobs and hands them on.

    Args:
        connection: to the server.
        stream: that holds the jobs.
        consumer: name of the durable.
        free: how many jobs may be taken now.
        batch: what is worth asking for while something is asked for already.
        take: called with each job.
        repair: called when stream or consumer are missing.
    """

    def __init__(
        self,
        connection: Client,
        stream: str,
        consumer: str,
        *,
        free: Callable[[], int],
        batch: int,
        take: Callable[[Msg], None],
        repair: Callable[[], Awaitable[None]],
    ) -> None:
        self._connection = connection
        self._api = f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{consumer}"
        self._name = f"{stream}.{consumer}"
        self._free = free
        self._batch = max(batch, 1)
        self._take = take
        self._repair = repair
        self._asked = 0
        self._heard = time.monotonic()
        self._wake = asyncio.Event()
        self._broken = False
        self._inbox = ""
        self._subscription: Subscription | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to pull."""
        await self._listen()
        self._task = asyncio.create_task(self._pull())

    async def stop(self) -> None:
        """Pull no more; what is on its way is still handed on."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._hush()

    def more(self) -> None:
        """Slots have become free."""
        self._wake.set()

    def reset(self) -> None:
        """The server has forgotten what was asked of it, as after a reconnection."""
        self._broken = True
        self._wake.set()

    async def _pull(self) -> None:
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), HEARTBEAT_SECONDS)
            self._wake.clear()
            try:
                if self._asked and time.monotonic() - self._heard > SILENCE_SECONDS:
                    self._broken = True
                if self._broken:
                    await self._begin_anew()
                await self._ask()
            except Exception as error:  # noqa: BLE001 - whatever it was: a worker that asks no more is deaf
                log.warning("jobs cannot be asked for", consumer=self._name, error=repr(error))
                await asyncio.sleep(RETRY_SECONDS)
                self.reset()

    async def _ask(self) -> None:
        wanted = self._free() - self._asked
        if wanted <= 0 or (self._asked and wanted < self._batch):
            return
        body = {
            "batch": wanted,
            "expires": int(EXPIRES_SECONDS * SECOND),
            "idle_heartbeat": int(HEARTBEAT_SECONDS * SECOND),
        }
        if not self._asked:
            self._heard = time.monotonic()
        self._asked += wanted
        await self._connection.publish(self._api, json.dumps(body).encode(), reply=f"{self._inbox}.pull")

    async def _begin_anew(self) -> None:
        """A new inbox: what the old one still gets was not counted, and is handed on only if there is room."""
        if not self._connection.is_connected:
            await asyncio.sleep(RETRY_SECONDS)
            self._wake.set()
            return
        try:
            await self._repair()
        except Exception as error:  # noqa: BLE001 - whatever it was, it is tried again
            log.warning("stream or consumer cannot be made sure of", consumer=self._name, error=repr(error))
            await asyncio.sleep(RETRY_SECONDS)
            self._wake.set()
            return
        await self._hush()
        await self._listen()
        self._broken = False

    async def _listen(self) -> None:
        self._inbox = self._connection.new_inbox()
        self._asked = 0
        self._subscription = await self._connection.subscribe(
            f"{self._inbox}.*", cb=self._hear, pending_msgs_limit=-1, pending_bytes_limit=-1
        )

    async def _hush(self) -> None:
        subscription, self._subscription = self._subscription, None
        if subscription is not None and not self._connection.is_closed:
            with suppress(NatsError, TimeoutError):
                await asyncio.wait_for(subscription.drain(), HEARTBEAT_SECONDS)  # type: ignore[no-untyped-call]

    async def _hear(self, message: Msg) -> None:
        self._heard = time.monotonic()
        if message.subject.startswith(self._inbox) or not message.reply:
            self._status(message)
            return
        self._asked = max(self._asked - 1, 0)
        self._take(message)
        if self._asked == 0:
            self._wake.set()

    def _status(self, message: Msg) -> None:
        headers: dict[str, Any] = message.headers or {}
        code = headers.get("Status")
        if code == "100":
            return
        if code == "503" or (code == "409" and "eleted" in headers.get("Description", "")):
            self.reset()
            return
        left = headers.get("Nats-Pending-Messages")
        self._asked = max(self._asked - int(left), 0) if left is not None else 0
        self._wake.set()
