"""The client for programs without an event loop, and for notebooks whose loop is taken."""

from scibus.client.blocking.bus import SyncBus, connect_sync

__all__ = ["SyncBus", "connect_sync"]
