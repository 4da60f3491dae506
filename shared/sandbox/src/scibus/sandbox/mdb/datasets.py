"""Datasets and what they are called on the wire."""

from __future__ import annotations

from dataclasses import dataclass

STREAMQL = "streamql-"


@dataclass(frozen=True)
class Dataset:
    """A dataset of the broker.

    Attributes:
        slug: its name as people write it.
        readers: common names of who may read it.
    """

    slug: str
    readers: frozenset[str]

    @property
    def is_streamql(self) -> bool:
        """Whether it is the answer to a standing query; such datasets share one account and one token."""
        return self.slug.startswith(STREAMQL)

    @property
    def account(self) -> str:
        return "streamql" if self.is_streamql else self.slug

    @property
    def stream(self) -> str:
        return self.slug.lower().replace(".", "_")

    @property
    def filter(self) -> str:
        """What its readers listen to, and what the stream keeps."""
        return f"streamql.{self.slug.lower()}.>" if self.is_streamql else self.slug.lower()

    @property
    def subject(self) -> str:
        """Where its messages are published."""
        return self.filter.replace(">", "rows")
