"""Which workers are there: each keeps a lease that ends by itself."""

import asyncio
import time
from collections.abc import Iterable
from contextlib import suppress

from nats.aio.client import Client

from scibus.bus.guarded import Stale
from scibus.bus.records import TTL, Records
from scibus.bus.topology import LEASES_BUCKET
from scibus.contracts.problems import Problem
from scibus.runtime.logs import get_logger

log = get_logger(__name__)

LEASE_SECONDS = 4
"""What a worker that has died held is free after so long, whole seconds as the server counts them."""
RENEW_SECONDS = 1.0


class Presence:
    """The lease of one worker, and the question whose leases there are."""

    def __init__(self, connection: Client, service: str, instance: str) -> None:
        self._records = Records(connection, LEASES_BUCKET)
        self._prefix = f"live.{service}."
        self._key = self._prefix + instance
        self._revision = 0
        self._renewed = 0.0
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Take the lease and keep it.

        Raises:
            BackendUnavailable: the bucket is out of reach.
        """
        with suppress(Stale):
            await self._renew()
        self._task = asyncio.create_task(self._keep())

    async def stop(self) -> None:
        """Give the lease back."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        with suppress(Problem):
            await self._records.delete(self._key, self._revision, {TTL: str(LEASE_SECONDS)})

    @property
    def is_sure(self) -> bool:
        """Whether nobody may take this worker for dead."""
        return time.monotonic() - self._renewed < LEASE_SECONDS

    async def absent(self, instances: Iterable[str]) -> set[str]:
        """Those of `instances` that have no lease.

        Raises:
            BackendUnavailable: the bucket is out of reach.
        """
        names = list(instances)
        leases = await asyncio.gather(*(self._records.read(self._prefix + name) for name in names))
        return {name for name, lease in zip(names, leases, strict=True) if lease is None or not lease.exists}

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            try:
                try:
                    await self._renew()
                except Stale:
                    await self._renew()
            except Exception as error:  # noqa: BLE001 - whatever it was: who renews no more counts as dead
                log.warning("the lease of this worker cannot be renewed", reason=str(error) or repr(error))

    async def _renew(self) -> None:
        began = time.monotonic()
        try:
            self._revision = await self._write()
        except Stale as stale:
            # It ended while the server was out of reach.
            self._revision = stale.found.sequence if stale.found else 0
            raise
        self._renewed = began

    async def _write(self) -> int:
        return await self._records.write(self._key, b"{}", self._revision, {TTL: str(LEASE_SECONDS)})
