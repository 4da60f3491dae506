"""What a bucket says when it does not do what it was asked of a blob, as problems."""

from collections.abc import Iterator
from contextlib import contextmanager

from obstore.exceptions import BaseError

from scibus.bus.store_errors import Refusal, StoreError
from scibus.contracts.problems import (
    BackendUnavailable,
    BadBackendAnswer,
    Conflict,
    Forbidden,
    InvalidRequest,
    NotFound,
    Problem,
    Unauthenticated,
    Unsupported,
)

KEYS = "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and, with keys that end, AWS_SESSION_TOKEN"


@contextmanager
def told_as_problems(name: str, *, writing: bool = False) -> Iterator[None]:
    """What the bucket says of the blob `name`, as problems.

    Raises:
        NotFound: there is no such object to be read, or no such bucket.
        Conflict: there is such an object already.
        InvalidRequest: no object can have that name.
        Unauthenticated: the keys are missing or wrong.
        Forbidden: the keys do not allow it.
        BadBackendAnswer: the bucket refuses for another reason.
        BackendUnavailable: the bucket cannot be reached, or cannot do it now (retryable).
    """
    try:
        yield
    except (BaseError, OSError, NotImplementedError) as error:
        # Without the library's own text, which a log would show.
        raise _problem(name, error, writing=writing) from None


def _problem(name: str, error: Exception, *, writing: bool) -> Problem:
    told = StoreError.of(error)
    if told.refusal is Refusal.MISSING and writing:
        return BackendUnavailable(f"the bucket of the blobs cannot be used: {told.reason}")
    used = f"the name {name} is used already: a blob's name is never used twice"
    kind, text = {
        Refusal.NO_KEYS: (Unauthenticated, f"there are no keys for the bucket of the blobs: set {KEYS}"),
        Refusal.UNKNOWN_KEYS: (
            Unauthenticated,
            f"the bucket of the blobs does not know these keys ({told.reason}): check {KEYS}",
        ),
        Refusal.DENIED: (
            Forbidden,
            f"the keys do not allow this ({told.reason}): check {KEYS}, and the policy of the bucket",
        ),
        Refusal.DENIED_BY_FOLDER: (Forbidden, "the folder of the blobs may not be used"),
        Refusal.TIMEOUT: (BackendUnavailable, "the bucket of the blobs did not answer in time"),
        Refusal.NO_BUCKET: (NotFound, "the bucket that SCIBUS_BLOB_URL names does not exist: make it, or set another"),
        Refusal.MISSING: (NotFound, f"there is no blob {name!r} in the bucket: old ones are removed"),
        Refusal.EXISTS: (Conflict, used),
        Refusal.CHANGED: (Conflict, used),
        Refusal.BAD_NAME: (InvalidRequest, f"{name[:200]!r} cannot be the name of an object"),
        Refusal.UNSUPPORTED: (Unsupported, "the bucket of the blobs cannot do what was asked of it"),
        Refusal.OTHER_REGION: (
            BadBackendAnswer,
            f"the bucket of the blobs is in another region ({told.reason}): set AWS_REGION to it",
        ),
        Refusal.REFUSED: (BadBackendAnswer, f"the bucket of the blobs refuses this: {told.reason}"),
        Refusal.UNREACHABLE: (BackendUnavailable, "the bucket of the blobs cannot be used: it cannot be reached"),
        Refusal.UNAVAILABLE: (BackendUnavailable, f"the bucket of the blobs cannot be used: {told.reason}"),
    }[told.refusal]
    return kind(text)
