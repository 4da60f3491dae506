"""What can go wrong, as RFC 9457 problem details and as exceptions with the same content."""

from collections.abc import Sequence
from typing import ClassVar, Self

from pydantic import Field, ValidationError

from scibus.contracts.model import Contract
from scibus.contracts.redaction import shorten

TYPE_PREFIX = "urn:scibus:problem:"
MEDIA_TYPE = "application/problem+json"
_MOST_ERRORS = 50
LONGEST_DETAIL = 4000
LONGEST_TEXT = 500
"""Characters of a problem's texts: a problem must fit into any message, whatever a backend says."""


class FieldError(Contract):
    """One field of a request, and what is wrong with it."""

    field: str
    message: str


class BackendFault(Contract):
    """What the backend itself said."""

    name: str = Field(examples=["jsoc"])
    status: int | None = Field(default=None, description="HTTP status, where there was one.")
    code: int | str | None = Field(default=None, description="The backend's own code.")
    message: str | None = None


class ProblemDetails(Contract):
    """The body of an error answer (`application/problem+json`, RFC 9457)."""

    type: str = Field(examples=["urn:scibus:problem:backend-unavailable"])
    title: str
    status: int
    detail: str = ""
    instance: str | None = None
    retryable: bool = False
    retry_after: float | None = Field(default=None, description="Seconds after which to try again.")
    errors: list[FieldError] = []
    backend: BackendFault | None = None

    @property
    def slug(self) -> str:
        """The last part of `type`."""
        return self.type.removeprefix(TYPE_PREFIX)


class Problem(Exception):
    """Something went wrong; what is said tells the reader what to do.

    Raised by handlers and backend classes, answered to the caller, raised again by the client. E-mail addresses are
    taken out of every text.
    """

    slug: ClassVar[str] = "internal"
    status: ClassVar[int] = 500
    title: ClassVar[str] = "Internal error"
    retryable_by_default: ClassVar[bool] = False

    _known: ClassVar[dict[str, type["Problem"]]] = {}

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if "slug" in cls.__dict__:
            Problem._known[cls.slug] = cls

    def __init__(
        self,
        detail: str = "",
        *,
        title: str | None = None,
        retryable: bool | None = None,
        retry_after: float | None = None,
        errors: Sequence[FieldError] = (),
        backend: BackendFault | None = None,
        instance: str | None = None,
    ) -> None:
        self.details = ProblemDetails(
            type=TYPE_PREFIX + self.slug,
            title=shorten(title or self.title, LONGEST_TEXT),
            status=self.status,
            detail=shorten(detail, LONGEST_DETAIL),
            instance=instance,
            retryable=self.retryable_by_default if retryable is None else retryable,
            retry_after=retry_after,
            errors=[
                FieldError(field=shorten(e.field, LONGEST_TEXT), message=shorten(e.message, LONGEST_TEXT))
                for e in errors[:_MOST_ERRORS]
            ],
            backend=backend
            and backend.model_copy(update={"message": shorten(backend.message or "", LONGEST_DETAIL) or None}),
        )
        super().__init__(self.details.detail or self.details.title)

    def __str__(self) -> str:
        told = [self.details.detail or self.details.title]
        told += [f"{error.field}: {error.message}" for error in self.details.errors]
        return "; ".join(told)

    def __reduce__(self) -> tuple[object, ...]:
        return Problem.from_details, (self.details,)

    @classmethod
    def kinds(cls) -> "list[type[Problem]]":
        """All problems that are known, by status."""
        return sorted(cls._known.values(), key=lambda kind: (kind.status, kind.slug))

    @classmethod
    def from_details(cls, details: ProblemDetails) -> "Problem":
        """The exception for `details`: of the class that its type names, or `Problem` itself for an unknown type."""
        problem = cls._known.get(details.slug, Problem).__new__(cls._known.get(details.slug, Problem))
        problem.details = details
        Exception.__init__(problem, details.detail or details.title)
        return problem


def _field(location: tuple[int | str, ...]) -> str:
    return ".".join(map(str, location)) or "(body)"


class InvalidRequest(Problem):
    """The request cannot be understood or breaks its schema; `errors` names every offending field."""

    slug, status, title = "invalid-request", 400, "Invalid request"

    @classmethod
    def from_validation(cls, error: ValidationError) -> Self:
        """The problem for what pydantic found; never repeats the values that were sent."""
        found = error.errors(include_url=False, include_context=False, include_input=False)
        errors = [
            FieldError(field=_field(item["loc"]), message=item["msg"].removeprefix("Value error, "))
            for item in found[:_MOST_ERRORS]
        ]
        more = f" (the first {_MOST_ERRORS} of {len(found)} faults)" if len(found) > _MOST_ERRORS else ""
        return cls(f"the request does not fit {error.title}{more}", errors=errors)


class Unauthenticated(Problem):
    """Nobody can tell who asks: the token is missing, expired or not valid."""

    slug, status, title = "unauthenticated", 401, "Not authenticated"


class Forbidden(Problem):
    """Whoever asks may not do this."""

    slug, status, title = "forbidden", 403, "Not allowed"


class NotFound(Problem):
    """What was asked for does not exist."""

    slug, status, title = "not-found", 404, "Not found"


class JobOnly(Problem):
    """The operation takes longer than a request may: submit it as a job."""

    slug, status, title = "job-only", 405, "Only as a job"


class Conflict(Problem):
    """The same id was used before for something else."""

    slug, status, title = "conflict", 409, "Conflict"


class TooLarge(Problem):
    """More than the bus or the backend can carry in one piece."""

    slug, status, title = "too-large", 413, "Too large"


class Unsupported(Problem):
    """The backend, or this operation, cannot do it in the way that was asked for."""

    slug, status, title = "unsupported", 415, "Not supported"


class Cancelled(Problem):
    """Stopped because somebody asked for it."""

    slug, status, title = "cancelled", 499, "Cancelled"


class InternalError(Problem):
    """A fault of the worker itself; its log tells more under the trace id."""

    slug, status, title = "internal", 500, "Internal error"


class BadBackendAnswer(Problem):
    """The backend answered, but not in a way that can be understood."""

    slug, status, title = "bad-backend-answer", 502, "The backend's answer cannot be understood"


class BackendUnavailable(Problem):
    """The backend is down, in maintenance or out of reach; trying later may help."""

    slug, status, title, retryable_by_default = "backend-unavailable", 503, "The backend is not available", True


class Overloaded(Problem):
    """Too much is under way here already; trying a little later helps."""

    slug, status, title, retryable_by_default = "overloaded", 503, "Overloaded", True


class DeadlineExceeded(Problem):
    """Not done within the time the caller would wait."""

    slug, status, title, retryable_by_default = "deadline", 504, "Deadline exceeded", True
