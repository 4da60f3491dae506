"""What is kept of each subscription: what was asked, who forwards it, and how it stands."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from scibus.contracts.live import Position, SubscribeOrder, SubscriptionState
from scibus.contracts.live.subscriptions import SubscriptionPhase
from scibus.contracts.problems import Problem, ProblemDetails
from scibus.contracts.subjects import data_subject
from scibus.runtime.live.source import Reached, Wanted


class SubscriptionRecord(BaseModel):
    """The record of one subscription in the bucket `scibus_subscriptions`.

    Attributes:
        order: as it was asked for.
        place: where the epoch begins; None until the source has said where it does, if nobody named a place.
        holder: the worker that forwards; None while none does.
        quiet: the holder has stopped, as it was asked to.
        leaving: the subscription is being ended, and its cursor at the source kept or dropped.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    dataset: str
    order: dict[str, Any]
    batch: int
    epoch: int
    begins_after: int
    place: Position | None = None
    paused: bool = False
    quiet: bool = False
    leaving: Literal["keep", "drop"] | None = None
    holder: str | None = None
    phase: SubscriptionPhase = "starting"
    sequence: int | None = None
    time: datetime | None = None
    lag: int | None = None
    rate: float | None = None
    problem: ProblemDetails | None = None
    problem_at: datetime | None = None
    notice: str | None = None
    notice_at: datetime | None = None
    created_at: datetime
    updated_at: datetime

    @classmethod
    def new(cls, order: SubscribeOrder, epoch: int, begins_after: int, holder: str) -> "SubscriptionRecord":
        """The record of a subscription that begins."""
        now = datetime.now(UTC)
        return cls(
            id=order.name,
            dataset=order.dataset,
            order=order.model_dump(mode="json", exclude_unset=True),
            batch=order.batch,
            place=place_of(order) if order.places() else None,
            epoch=epoch,
            begins_after=begins_after,
            holder=holder,
            created_at=now,
            updated_at=now,
        )

    def changed(self, **changes: Any) -> "SubscriptionRecord":
        """The record with other values, told now."""
        return self.model_copy(update={"updated_at": datetime.now(UTC), **changes})

    def moved(self, place: Position, begins_after: int) -> "SubscriptionRecord":
        """The record of the next epoch, which begins at `place`."""
        fresh = dict.fromkeys(("sequence", "time", "lag", "rate", "problem", "problem_at"))
        return self.changed(
            place=place_of(place), epoch=self.epoch + 1, begins_after=begins_after, phase="starting", **fresh
        )

    def opened(self, start: int, notice: str | None) -> "SubscriptionRecord":
        """The record of a subscription whose source has accepted: from now on the epoch begins at `start`."""
        told = self.noticed(notice) if notice else {}
        began = {} if self.sequence is not None else {"place": Position(sequence=max(start, 1))}
        return self.changed(phase="running", **began, **told)

    def failing(self, problem: Problem) -> "SubscriptionRecord":
        """The record of a subscription whose source gives nothing."""
        return self.changed(phase="failing", problem=problem.details, problem_at=datetime.now(UTC))

    def noticed(self, notice: str) -> dict[str, Any]:
        """The changes that tell `notice`."""
        return {"notice": notice, "notice_at": datetime.now(UTC)}

    @property
    def runs(self) -> bool:
        """Whether it is to be forwarded."""
        return not (self.paused or self.leaving)

    @property
    def is_quiet(self) -> bool:
        """Whether nothing of it is forwarded, and nothing will be until it is resumed."""
        return self.paused and self.quiet

    def wanted(self, bus: str, most_bytes: Callable[[], int], reached: Reached | None = None) -> Wanted:
        """What to ask of the source, after what was `reached` in this epoch."""
        return Wanted(self.id, self.dataset, self.batch, reached or self.place, self.order, bus, most_bytes)

    def state(self, service: str, *, existing: bool = False) -> SubscriptionState:
        """The record as readers of the bus get it."""
        shared = self.model_dump(include=set(SubscriptionState.model_fields) - {"state", "worker", "subject"})
        phase = "leaving" if self.leaving else "paused" if self.paused else self.phase
        return SubscriptionState(
            **shared, state=phase, worker=self.holder, subject=data_subject(service, self.id), existing=existing
        )


def place_of(asked: Position) -> Position:
    """The place alone, of an order that says more."""
    return Position(**{name: getattr(asked, name) for name in asked.places()})
