"""Where in a dataset to begin."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from scibus.contracts.model import Contract

Offset = Literal["begin", "now"]
BEGIN: Offset = "begin"
"""With the oldest message that the source still has."""
NOW: Offset = "now"
"""With the next message."""
DATED = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def in_utc(moment: datetime) -> datetime:
    """`moment` in UTC, which a time without a zone is taken for."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _written(value: Any) -> Any:
    """`value`, unless it is a number, as such or in a text: pydantic would take it for seconds since 1970.

    Raises:
        ValueError: it is one.
    """
    if isinstance(value, datetime) or (isinstance(value, str) and DATED.match(value)):
        return value
    raise ValueError("a time is text as 2026-01-01T00:10:00Z")


Moment = Annotated[datetime, BeforeValidator(_written), AfterValidator(in_utc)]
Sequence = Annotated[int, Field(ge=1, lt=2**63, strict=True)]


class Position(Contract):
    """A place in a dataset: one of its ends, a sequence number or a time."""

    offset: Offset | None = Field(
        default=None, description="`begin`: the oldest message that the source has; `now`: the next one."
    )
    sequence: Sequence | None = Field(default=None, description="The message of this number at the source.")
    time: Moment | None = Field(
        default=None,
        description="The first message from this time on, as 2026-01-01T00:10:00Z; UTC where it names no zone.",
    )

    @model_validator(mode="after")
    def one_place(self) -> Self:
        """Two places would contradict each other."""
        if len(self.places()) > 1:
            raise ValueError(f"name one of {', '.join(self.places())}")
        return self

    def places(self) -> list[str]:
        """Which of the fields say a place."""
        return [name for name in ("offset", "sequence", "time") if getattr(self, name) is not None]
