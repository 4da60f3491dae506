"""HTTP requests to a backend: each timed, counted and traced."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from urllib.parse import urlsplit

from scibus.bus.spans import CLIENT, error_type_of, span
from scibus.runtime.metrics import WENT_WELL, Metrics

Observe = Callable[[str, str, str], AbstractContextManager[None]]
"""Called around a request with its method, its URL, and a name for all URLs of the kind."""


class HttpCalls:
    """Observes the requests to backends for `metrics`.

    Whatever is sent inside the block carries the trace context in `current_trace`. A URL may hold logins and addresses,
    so only its host is told.
    """

    def __init__(self, metrics: Metrics) -> None:
        self._seconds = metrics.http_calls

    @contextmanager
    def __call__(self, method: str, url: str, template: str) -> Iterator[None]:
        place = urlsplit(url)
        address = place.hostname or ""
        began, error_type = time.perf_counter(), "cancelled"
        told = {"http.request.method": method, "url.template": template, "server.address": address}
        port = {"server.port": place.port} if place.port else {}
        try:
            with span(f"{method} {template}", CLIENT, {**told, **port}):
                yield
            error_type = WENT_WELL
        except Exception as error:
            error_type = error_type_of(error)
            raise
        finally:
            self._seconds.labels(address, method, template, error_type).observe(time.perf_counter() - began)


def unobserved(_method: str, _url: str, _template: str) -> AbstractContextManager[None]:
    """Observes nothing: for use without a worker."""
    return nullcontext()
