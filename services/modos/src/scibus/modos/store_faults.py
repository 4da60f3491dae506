"""What the object store says when it does not do what it was asked, as problems."""

from collections.abc import Iterator
from contextlib import contextmanager

from obstore.exceptions import BaseError

from scibus.bus.store_errors import Refusal, StoreError
from scibus.contracts.problems import (
    BackendFault,
    BackendUnavailable,
    BadBackendAnswer,
    Conflict,
    Forbidden,
    InvalidRequest,
    NotFound,
    Problem,
    Unsupported,
)

NAME = "s3"
WHAT_TO_SET = (
    "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN with keys that end) of a key that may, or "
    "log the worker in (operation login) so that the key service gives it one (s3_key), or set "
    "SCIBUS_MODOS_ANONYMOUS=true where the bucket is public"
)


@contextmanager
def told_as_problems(place: str) -> Iterator[None]:
    """What the object store says of `place`, such as `s3://bucket/key`, as problems. Around calls of obstore only.

    Raises:
        NotFound: there is nothing there, or no such bucket.
        Conflict: there is something there already, or it is not what it was.
        Forbidden: the worker's key is missing or wrong, or does not allow this.
        InvalidRequest: no file of an object can have that name.
        Unsupported: this store cannot do that.
        BadBackendAnswer: the store refuses for another reason, or holds names that cannot be used.
        BackendUnavailable: the store cannot be reached, or cannot do it now (retryable).
    """
    try:
        yield
    except (BaseError, OSError, NotImplementedError) as error:
        # Without the library's own text, which a log would show.
        raise problem_of(error, place) from None
    except ValueError:
        raise InvalidRequest(f"{place[:300]!r} cannot be a place in an object store") from None


def problem_of(error: Exception, place: str) -> Problem:
    """The problem that an error of obstore tells of `place`."""
    told = StoreError.of(error)
    fault = BackendFault(name=NAME, status=told.status, code=told.code)
    bucket = place.removeprefix("s3://").partition("/")[0]
    kind, text = {
        Refusal.NO_KEYS: (Forbidden, f"the worker has no key to the object store: {WHAT_TO_SET}"),
        Refusal.UNKNOWN_KEYS: (
            Forbidden,
            f"the object store does not know the worker's key ({told.reason}): {WHAT_TO_SET}",
        ),
        Refusal.DENIED: (
            Forbidden,
            f"the worker's key does not allow this at {place} ({told.reason}): {WHAT_TO_SET}",
        ),
        Refusal.DENIED_BY_FOLDER: (
            Forbidden,
            f"the worker may not use the folder of {place}: let its user read and write it",
        ),
        Refusal.TIMEOUT: (BackendUnavailable, "the object store did not answer in time"),
        Refusal.NO_BUCKET: (NotFound, f"the object store has no bucket {bucket!r}"),
        Refusal.MISSING: (NotFound, f"there is no {place} in the object store"),
        Refusal.EXISTS: (Conflict, f"there is something else at {place} already"),
        Refusal.CHANGED: (Conflict, f"{place} was changed by somebody else meanwhile"),
        Refusal.BAD_NAME: (BadBackendAnswer, f"{place} has a file whose name cannot be used, as one with // or .."),
        Refusal.UNSUPPORTED: (Unsupported, "this object store cannot do what was asked of it"),
        Refusal.OTHER_REGION: (
            BadBackendAnswer,
            f"the bucket is in another region ({told.reason}): set AWS_REGION to it",
        ),
        Refusal.REFUSED: (BadBackendAnswer, f"the object store refuses this: {told.reason}"),
        Refusal.UNREACHABLE: (BackendUnavailable, "the object store cannot be used now: it cannot be reached"),
        Refusal.UNAVAILABLE: (BackendUnavailable, f"the object store cannot be used now: {told.reason}"),
    }[told.refusal]
    return kind(text, backend=fault)
