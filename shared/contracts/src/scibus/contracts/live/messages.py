"""Messages of a live dataset, as a reader gets them."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

Encoding = Literal["utf-8", "base64"]


def encoded(data: bytes) -> tuple[Encoding, str]:
    """A payload as JSON can hold it, and how it is to be read."""
    try:
        return "utf-8", data.decode()
    except UnicodeDecodeError:
        return "base64", base64.b64encode(data).decode()


@dataclass(frozen=True)
class Gap:
    """Messages that a reader will not get: between the one before and the one that tells of the gap.

    Attributes:
        after: sequence of the last message before.
        before: sequence of the message that comes instead; None where the numbers began anew.
        reason: why, as far as that is known.
    """

    after: int
    before: int | None
    reason: str

    @property
    def missing(self) -> int | None:
        """How many sequence numbers were skipped; None where nobody can tell."""
        return None if self.before is None else self.before - self.after - 1

    def __str__(self) -> str:
        if self.before is None:
            return f"messages after {self.after} may be missing: {self.reason}"
        return f"{self.missing} messages between {self.after} and {self.before} are missing: {self.reason}"


@dataclass(frozen=True)
class LiveMessage:
    """One message of a dataset.

    Attributes:
        data: the payload as the source had it.
        sequence: its number at the source.
        time: when the source took it.
        dataset: as it was subscribed to.
        epoch: rises when the subscription was moved, or its source began anew.
        headers: those of the source.
        gap: what is missing right before it.
        subscription: id of the subscription that forwarded it.
    """

    data: bytes
    sequence: int
    time: datetime
    dataset: str
    epoch: int
    subscription: str
    headers: Mapping[str, str] = field(default_factory=dict)
    gap: Gap | None = None
