"""Datasets with content."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from .broker import Broker, BrokerError
from .datasets import Dataset
from .samples import SAMPLES, Sample

INSIST_SECONDS = 0.2


@asynccontextmanager
async def filled(broker: Broker, dataset: Dataset) -> AsyncIterator[None]:
    """A known dataset holds its history, and goes on growing inside `async with` where it does."""
    sample = SAMPLES.get(dataset.slug)
    if sample is None:
        yield
        return
    await broker.publish(dataset, [sample.payload(n) for n in range(sample.history)])
    growing = asyncio.create_task(_grow(broker, dataset, sample))
    try:
        yield
    finally:
        # nats-py may take a cancellation for an answer that came in time.
        while not growing.done():
            growing.cancel()
            await asyncio.wait([growing], timeout=INSIST_SECONDS)


async def _grow(broker: Broker, dataset: Dataset, sample: Sample) -> None:
    """Publish the messages after the history; those that a broker should get while it is away are lost."""
    if sample.seconds is None:
        return
    n = sample.history
    while True:
        await asyncio.sleep(sample.seconds)
        with suppress(BrokerError):
            await broker.publish(dataset, [sample.payload(n)])
        n += 1
