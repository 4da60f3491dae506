"""What a reader's token allows."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from .datasets import Dataset

SUBSCRIBE = ["_INBOX.>"]
ANY_CONSUMER = "*"


def durable_name(reader: str) -> str:
    """The one consumer of `reader` at each stream, as the published client computes it."""
    return hashlib.md5(reader.encode(), usedforsecurity=False).hexdigest()[:-1] + "0"


def strict(datasets: Iterable[Dataset], reader: str) -> list[str]:
    """No more than the published client needs."""
    return ["$JS.API.STREAM.NAMES", *_each(datasets, durable_name(reader))]


def lenient(datasets: Iterable[Dataset], reader: str) -> list[str]:
    """Consumers of any name, a consumer's reset, and a look at the stream."""
    datasets = list(datasets)
    more = [
        subject
        for dataset in datasets
        for subject in (f"$JS.API.STREAM.INFO.{dataset.stream}", f"$JS.API.CONSUMER.RESET.{dataset.stream}.*")
    ]
    return ["$JS.API.STREAM.NAMES", *_each(datasets, ANY_CONSUMER), *more]


def _each(datasets: Iterable[Dataset], consumer: str) -> list[str]:
    return [subject for dataset in datasets for subject in _reading(dataset, consumer)]


def _reading(dataset: Dataset, consumer: str) -> list[str]:
    own = f"{dataset.stream}.{consumer}"
    return [
        f"$JS.API.CONSUMER.INFO.{own}",
        f"$JS.API.CONSUMER.CREATE.{own}.{dataset.filter}",
        f"$JS.API.CONSUMER.DURABLE.CREATE.{own}",
        f"$JS.API.CONSUMER.MSG.NEXT.{own}",
        f"$JS.API.CONSUMER.DELETE.{own}",
        f"$JS.ACK.{own}.>",
    ]
