"""A stand-in for Autobahn's Mission Data Broker: account server, gateway, and a real nats-server behind them."""

from .stand_in import MdbStandIn

__all__ = ["MdbStandIn"]
