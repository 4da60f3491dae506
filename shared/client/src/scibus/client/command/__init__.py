"""The command `scibus`: calls operations, looks at workers, fetches blobs, and runs a bus to try it all on."""

from scibus.client.command.main import main

__all__ = ["main"]
