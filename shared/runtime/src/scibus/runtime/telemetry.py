"""Traces to an OpenTelemetry collector, where OpenTelemetry's own variables name one; nothing is imported otherwise."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from scibus.runtime.logs import get_logger
from scibus.runtime.settings import SettingsError

log = get_logger(__name__)

COLLECTORS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
LAST_SPANS_SECONDS = 3.0


@asynccontextmanager
async def tracing(service: str, instance: str, version: str) -> AsyncIterator[None]:
    """Record spans while the block runs, if a collector is named; what is left is sent at its end, within 3 seconds.

    Sampling, headers, batches and further attributes of the resource are set by `OTEL_...` variables, too.

    Raises:
        SettingsError: a collector is named, and the extra `otel` is not installed.
    """
    collector = next((name for name in COLLECTORS if os.environ.get(name)), None)
    if collector is None or os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        yield
        return
    try:
        provider = await asyncio.to_thread(_provider, service, instance, version)
    except ImportError:
        wanted = f"pip install 'scibus-{service}[otel]'"
        raise SettingsError(f"{collector} is set, but OpenTelemetry is not installed: {wanted}") from None
    log.info("traces are sent", to=collector)
    try:
        yield
    finally:
        # The exporter's own tries may take longer than there is time.
        await asyncio.wait({asyncio.ensure_future(asyncio.to_thread(provider.shutdown))}, timeout=LAST_SPANS_SECONDS)


def _provider(service: str, instance: str, version: str) -> Any:
    from opentelemetry import trace
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    told = {
        "service.name": os.environ.get("OTEL_SERVICE_NAME") or f"scibus-{service}",
        "service.instance.id": instance,
        "service.version": version,
    }
    provider = TracerProvider(resource=Resource.create(told), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    return provider
