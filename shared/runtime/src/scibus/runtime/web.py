"""The server of a worker's pages."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """The worker listens to signals itself."""
        yield


def page_server(app: Any) -> uvicorn.Server:
    """A server for the ASGI application `app`, to be run in the worker's own loop."""
    return _Server(uvicorn.Config(app, lifespan="off", log_config=None, access_log=False, timeout_graceful_shutdown=1))
