"""The embedded nats-server."""

from scibus.sandbox.nats.server import NatsServer, NatsServerError

__all__ = ["NatsServer", "NatsServerError"]
