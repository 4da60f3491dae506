"""What the object store says when it does not do what it was asked, as problems.

Told by status and code, which are the same whichever way obstore raises them; its own texts hold key ids, addresses and
signatures, and go nowhere.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from obstore.exceptions import (
    AlreadyExistsError,
    BaseError,
    InvalidPathError,
    NotSupportedError,
    PermissionDeniedError,
    PreconditionError,
    UnauthenticatedError,
    UnknownConfigurationKeyError,
)

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
STATUS = re.compile(r"status code: (\d{3})")
CODE = re.compile(r"<Code>(\w{1,60})</Code>")
WRONG_KEYS = ("InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken", "TokenRefreshRequired")
OTHER_REGION = ("AuthorizationHeaderMalformed", "PermanentRedirect", "IllegalLocationConstraintException")
PASSING = (408, 409, 425, 429)
"""HTTP statuses that tell of the moment, not of the question: 409 is what S3 says of two writers at once."""
PRECONDITION_FAILED = 412
NO_KEYS = ("latest/api/token", "latest/meta-data")
"""Where keys are looked for last, in the metadata of a machine at Amazon."""
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
    status, code = status_of(error), code_of(error)
    fault = BackendFault(name=NAME, status=status, code=code)
    reason = code or (f"HTTP {status}" if status else type(error).__name__)
    if denied := _denied(error, place, reason, fault):
        return denied
    if isinstance(error, TimeoutError):
        return BackendUnavailable("the object store did not answer in time", backend=fault)
    if code == "NoSuchBucket":
        bucket = place.removeprefix("s3://").partition("/")[0]
        return NotFound(f"the object store has no bucket {bucket!r}", backend=fault)
    if isinstance(error, FileNotFoundError):
        return NotFound(f"there is no {place} in the object store", backend=fault)
    if isinstance(error, AlreadyExistsError):
        return Conflict(f"there is something else at {place} already", backend=fault)
    # In the middle of an answer, which the library goes on with by itself, it is raised as any refusal is.
    if isinstance(error, PreconditionError) or status == PRECONDITION_FAILED:
        return Conflict(f"{place} was changed by somebody else meanwhile", backend=fault)
    if isinstance(error, InvalidPathError):
        return BadBackendAnswer(f"{place} has a file whose name cannot be used, as one with // or ..", backend=fault)
    if isinstance(error, NotImplementedError | NotSupportedError):
        return Unsupported("this object store cannot do what was asked of it", backend=fault)
    if isinstance(error, UnknownConfigurationKeyError) or code in OTHER_REGION or "configured region" in str(error):
        return BadBackendAnswer(f"the bucket is in another region ({reason}): set AWS_REGION to it", backend=fault)
    if status is not None and 400 <= status < 500 and status not in (404, *PASSING):
        return BadBackendAnswer(f"the object store refuses this: {reason}", backend=fault)
    return BackendUnavailable(f"the object store cannot be used now: {_why(error, reason)}", backend=fault)


def status_of(error: Exception) -> int | None:
    """The HTTP status that the store answered with, if it did."""
    found = STATUS.search(str(error))
    return int(found[1]) if found else None


def code_of(error: Exception) -> str | None:
    """The store's own code, such as `NoSuchBucket`."""
    found = CODE.search(str(error))
    return found[1] if found else None


def _denied(error: Exception, place: str, reason: str, fault: BackendFault) -> Forbidden | None:
    text = str(error)
    if any(known in text for known in NO_KEYS):
        return Forbidden(f"the worker has no key to the object store: {WHAT_TO_SET}", backend=fault)
    if fault.status == 401 or fault.code in WRONG_KEYS or isinstance(error, UnauthenticatedError):
        return Forbidden(f"the object store does not know the worker's key ({reason}): {WHAT_TO_SET}", backend=fault)
    if fault.status == 403 or isinstance(error, PermissionDeniedError | PermissionError):
        return Forbidden(f"the worker's key does not allow this at {place} ({reason}): {WHAT_TO_SET}", backend=fault)
    if "Permission denied (os error" in text:
        return Forbidden(f"the worker may not use the folder of {place}: let its user read and write it", backend=fault)
    return None


def _why(error: Exception, reason: str) -> str:
    return "it cannot be reached" if "error sending request" in str(error) else reason
