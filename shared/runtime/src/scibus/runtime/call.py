"""What a handler may know of the request apart from its body."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Call:
    """One request under way."""

    operation: str
    timeout: float
    """Seconds that the caller waits."""
    authorization: str | None
    """The caller's `Authorization` header, as it came: carried, not checked."""
