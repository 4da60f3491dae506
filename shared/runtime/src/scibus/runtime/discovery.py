"""Discovery: `$SRV.PING`, `.INFO` and `.STATS`, answered as ADR-32 says, for all, per service and per instance."""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import Error as NatsError

from scibus.contracts.operations import Service
from scibus.runtime.requests import RequestEndpoint

TYPES = "io.nats.micro.v1"


class Discovery:
    """Tells whoever asks what this worker is, what it serves, and how much it did."""

    def __init__(
        self,
        connection: Client,
        service: type[Service],
        instance: str,
        version: str,
        endpoints: Sequence[RequestEndpoint],
    ) -> None:
        self._connection = connection
        self._service = service
        self._instance = instance
        self._version = version
        self._endpoints = endpoints
        self._started = datetime.now(UTC)
        self._subscriptions: list[Subscription] = []

    async def start(self) -> None:
        """Subscribe to the nine subjects."""
        verbs: dict[str, Callable[[], dict[str, Any]]] = {"PING": self._ping, "INFO": self._info, "STATS": self._stats}
        name = self._service.service_name
        for verb, answer in verbs.items():
            for subject in (f"$SRV.{verb}", f"$SRV.{verb}.{name}", f"$SRV.{verb}.{name}.{self._instance}"):
                self._subscriptions.append(await self._connection.subscribe(subject, cb=self._answering(answer)))

    async def stop(self) -> None:
        """Be found no more."""
        for subscription in self._subscriptions:
            try:
                await subscription.unsubscribe()
            except NatsError:
                continue

    def _answering(self, answer: Callable[[], dict[str, Any]]) -> Any:
        async def respond(message: Msg) -> None:
            if message.reply:
                await self._connection.publish(message.reply, json.dumps(answer()).encode())

        return respond

    def _identity(self, kind: str) -> dict[str, Any]:
        return {
            "type": f"{TYPES}.{kind}_response",
            "name": self._service.service_name,
            "id": self._instance,
            "version": self._version,
            "metadata": {"scibus.protocol": "1"},
        }

    def _ping(self) -> dict[str, Any]:
        return self._identity("ping")

    def _info(self) -> dict[str, Any]:
        endpoints = [
            self._endpoint(endpoint)
            | {
                "metadata": {
                    "summary": endpoint.operation.summary,
                    "mode": endpoint.operation.mode,
                    "request_schema": endpoint.operation.request_schema,
                    "answer_schema": endpoint.operation.answer_schema,
                }
            }
            for endpoint in self._endpoints
        ]
        return self._identity("info") | {"description": self._service.description(), "endpoints": endpoints}

    def _stats(self) -> dict[str, Any]:
        endpoints = [
            self._endpoint(endpoint)
            | {
                "num_requests": endpoint.num_requests,
                "num_errors": endpoint.num_errors,
                "last_error": endpoint.last_error,
                "processing_time": endpoint.processing_ns,
                "average_processing_time": endpoint.processing_ns // max(endpoint.num_requests, 1),
            }
            for endpoint in self._endpoints
        ]
        started = self._started.isoformat().replace("+00:00", "Z")
        return self._identity("stats") | {"started": started, "endpoints": endpoints}

    def _endpoint(self, endpoint: RequestEndpoint) -> dict[str, Any]:
        operation = endpoint.operation
        return {"name": operation.name, "subject": operation.subject, "queue_group": operation.service}
