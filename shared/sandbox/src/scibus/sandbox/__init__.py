"""The embedded nats-server and the stand-in backends: for demos, for tests, and for users' own tests."""

from scibus.sandbox.nats import NatsServer

__all__ = ["NatsServer"]
