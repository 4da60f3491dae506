"""The broker itself: a real nats-server in operator mode, and what an administrator does with it."""

from .administrator import BrokerError
from .broker import Broker

__all__ = ["Broker", "BrokerError"]
