"""All jobs of one worker."""

import asyncio
from collections.abc import Mapping
from typing import Any

from nats.aio.client import Client

from scibus.bus.records import Records
from scibus.bus.stored import api
from scibus.bus.topology import LEASES_BUCKET, jobs_stream
from scibus.contracts.operations import Service
from scibus.runtime.breakdown import Breakdown
from scibus.runtime.jobs.cancelling import CancelDesk
from scibus.runtime.jobs.contact import Contact
from scibus.runtime.jobs.endpoint import JobEndpoint
from scibus.runtime.jobs.handlers import Handlers
from scibus.runtime.jobs.stores import JobStores
from scibus.runtime.jobs.turns import Turns


class Jobs:
    """Takes the jobs of a service, and the requests to cancel them."""

    def __init__(
        self,
        connection: Client,
        service: type[Service],
        instance: str,
        handlers: Mapping[str, Handlers],
        known: Mapping[type, Any],
        breakdown: Breakdown,
    ) -> None:
        self._connection = connection
        self._service = service
        self._handlers = handlers
        self._contact = Contact(connection)
        self._stores = JobStores.of(connection, instance, self._contact, known, breakdown)
        self._endpoints: dict[str, JobEndpoint] = {}
        self._turns: Turns | None = None
        self._desk: CancelDesk | None = None

    async def start(self, slots: int) -> None:
        """Begin to take jobs, `slots` of each operation at once."""
        name = self._service.service_name
        ack_waits = await self._ack_waits()
        # Turns last as long as jobs do.
        lease = max(ack_waits.values())
        self._turns = Turns(self._connection, Records(self._connection, LEASES_BUCKET), name, lease)
        await self._turns.start()
        for operation in self._service.operations():
            self._endpoints[operation.name] = JobEndpoint(
                operation, self._handlers[operation.name], slots=slots, stores=self._stores, turns=self._turns
            )
        self._desk = CancelDesk(self._connection, name, self._endpoints, self._stores)
        await self._desk.start()
        await asyncio.gather(*(endpoint.start(ack_waits[name]) for name, endpoint in self._endpoints.items()))

    def reconnected(self) -> None:
        """The connection was lost and is back."""
        self._contact.renewed()
        for endpoint in self._endpoints.values():
            endpoint.reconnected()

    async def stop_taking(self) -> None:
        """Take no more jobs; what was not begun goes to others at once."""
        await asyncio.gather(*(endpoint.stop_taking() for endpoint in self._endpoints.values()))

    async def finish(self, seconds: float) -> None:
        """Wait for the jobs under way, at most `seconds`, and hand the rest back."""
        await asyncio.gather(*(endpoint.finish(seconds) for endpoint in self._endpoints.values()))
        if self._desk is not None:
            await self._desk.stop()
        if self._turns is not None:
            await self._turns.stop()

    async def _ack_waits(self) -> dict[str, float]:
        """Seconds that the consumer of each operation waits for an acknowledgement."""
        stream = jobs_stream(self._service.service_name)
        names = [operation.name for operation in self._service.operations()]
        told = await asyncio.gather(*(api(self._connection, f"CONSUMER.INFO.{stream}.{name}") for name in names))
        return {name: info["config"]["ack_wait"] / 1e9 for name, info in zip(names, told, strict=True)}
