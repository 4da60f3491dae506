"""A program that traces with OpenTelemetry, and asks on the bus what it is told to."""

import asyncio
import sys

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

from scibus.client import Problem, connect


async def main(ds: str) -> None:
    with trace.get_tracer("caller").start_as_current_span("work"):
        async with connect() as bus:
            await (await bus.drms.rs_summary.submit_as("traced", ds=ds)).result(30)
            await bus.drms.rs_summary(ds=ds)
            try:
                await bus.drms.rs_summary(ds="nowhere[]")
            except Problem as problem:
                print(problem)


if __name__ == "__main__":
    provider = TracerProvider(resource=Resource.create({"service.name": "caller"}))
    provider.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    asyncio.run(main(sys.argv[1]))
