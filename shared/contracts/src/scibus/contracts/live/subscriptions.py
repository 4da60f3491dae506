"""Subscriptions: datasets that a worker forwards to a subject of the bus."""

import hashlib
import re
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from scibus.contracts.live.messages import Encoding
from scibus.contracts.live.positions import Position, Sequence
from scibus.contracts.model import Contract
from scibus.contracts.problems import ProblemDetails
from scibus.contracts.subjects import LONGEST_ID, check_job_id

MOST_PER_BATCH = 1000
SubscriptionId = Annotated[str, AfterValidator(check_job_id)]
SubscriptionPhase = Literal["starting", "running", "paused", "failing", "leaving"]


def subscription_id(dataset: str) -> str:
    """The id of a subscription that nobody named: the dataset's name, made a token."""
    token = re.sub(r"[^A-Za-z0-9_-]", "-", dataset)
    if len(token) <= LONGEST_ID:
        return token
    return f"{token[: LONGEST_ID - 9]}-{hashlib.sha256(dataset.encode()).hexdigest()[:8]}"


class SubscribeOrder(Position):
    """Which dataset to forward, under which id, and from where on.

    Where the subscription is there already it goes on as it is: what is asked of it here does not move it.
    """

    dataset: str = Field(min_length=1, max_length=255, examples=["solar-wind"])
    id: SubscriptionId | None = Field(
        default=None, description="Name of the subscription on the bus; the dataset's, made a token, when absent."
    )
    batch: int = Field(
        default=500, ge=1, le=MOST_PER_BATCH, description="Messages asked of the source and forwarded at once, at most."
    )

    @property
    def name(self) -> str:
        """The id, given or made."""
        return self.id or subscription_id(self.dataset)


class SubscriptionQuery(Contract):
    """Which subscription."""

    id: SubscriptionId


class UnsubscribeOrder(SubscriptionQuery):
    """Which subscription to end."""

    keep_cursor: bool = Field(default=False, description="Leave the place that was reached at the source.")


class SeekOrder(Position):
    """Where a subscription shall go on."""

    id: SubscriptionId

    @model_validator(mode="after")
    def some_place(self) -> Self:
        """There is no place to go to otherwise."""
        if not self.places():
            raise ValueError("name one of offset, sequence and time")
        return self


class SubscriptionsQuery(Contract):
    """Which subscriptions to tell of."""

    dataset: str | None = Field(default=None, description="Only those of this dataset.")


class SubscriptionState(Contract):
    """How a subscription stands.

    `starting`: no worker has the source's word yet. `running`: messages are forwarded. `paused`: by request.
    `failing`: the source does not give what is asked, `problem` tells why; it is tried again. `leaving`: being ended.
    """

    id: str
    dataset: str
    subject: str = Field(description="Where its messages are, in the stream SCIBUS_DATA.")
    state: SubscriptionPhase
    epoch: int = Field(description="Rises when the subscription is moved, or its source began anew.")
    begins_after: int = Field(description="Sequence in SCIBUS_DATA after which this epoch's messages stand.")
    sequence: int | None = Field(default=None, description="Of the last message forwarded, at the source.")
    time: datetime | None = Field(default=None, description="Of that message, at the source.")
    lag: int | None = Field(default=None, description="Messages at the source that are not forwarded yet.")
    rate: float | None = Field(default=None, description="Messages forwarded each second, lately.")
    worker: str | None = Field(default=None, description="Instance that forwards.")
    problem: ProblemDetails | None = Field(default=None, description="The last one with the source.")
    problem_at: datetime | None = None
    notice: str | None = Field(default=None, description="The last thing worth knowing, as that the source began anew.")
    notice_at: datetime | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = Field(default=None, description="When the worker last told of the place reached.")
    existing: bool = Field(default=False, description="It was there before it was asked for, and keeps its place.")


SHOWN = ("id", "dataset", "state", "epoch", "sequence", "time", "lag", "rate", "worker")
"""What a table of subscriptions shows; the rest is in their JSON."""


class Subscriptions(Contract):
    """Subscriptions, by id."""

    subscriptions: list[SubscriptionState] = []

    def rows(self) -> list[dict[str, Any]]:
        """One row for each, with its last problem."""
        return [
            {
                **{name: value for name, value in state.model_dump(mode="json").items() if name in SHOWN},
                "problem": state.problem and f"{state.problem.slug}: {state.problem.detail}",
            }
            for state in self.subscriptions
        ]


class ReadOrder(Position):
    """Messages of a dataset to be read once, without a subscription."""

    dataset: str = Field(min_length=1, max_length=255, examples=["solar-wind"])
    limit: int = Field(default=10, ge=1, le=MOST_PER_BATCH, description="Messages, at most.")
    wait: float = Field(
        default=0.0, ge=0, le=60, description="Seconds to wait for messages that are not there yet.", strict=False
    )


class DatasetMessage(Contract):
    """One message of a dataset."""

    sequence: Sequence = Field(description="At the source.")
    time: datetime = Field(description="When the source took it.")
    subject: str
    headers: dict[str, str] = {}
    encoding: Encoding = Field(description="How `data` is to be read.")
    data: str


class DatasetMessages(Contract):
    """Messages of a dataset, in order."""

    dataset: str
    messages: list[DatasetMessage] = []

    def rows(self) -> list[dict[str, Any]]:
        """One row for each."""
        return [message.model_dump(mode="json") for message in self.messages]


class DatasetQuery(Contract):
    """Which dataset."""

    dataset: str = Field(min_length=1, max_length=255, examples=["solar-wind"])


class DatasetInfo(Contract):
    """What the source has of a dataset. What it does not tell its readers is absent."""

    dataset: str
    subject: str
    stream: str
    messages: int | None = None
    bytes: int | None = None
    first_sequence: int | None = None
    first_time: datetime | None = None
    last_sequence: int | None = None
    last_time: datetime | None = None
    retention: float | None = Field(default=None, description="Seconds that messages are kept.")
