"""What a bucket says when it does not do what it was asked, as problems.

Told by status and code, which are the same whichever way obstore raises them; its own texts hold key ids and addresses.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from obstore.exceptions import AlreadyExistsError, BaseError, InvalidPathError, PreconditionError

from scibus.contracts.problems import (
    BackendUnavailable,
    BadBackendAnswer,
    Conflict,
    Forbidden,
    InvalidRequest,
    NotFound,
    Problem,
    Unauthenticated,
)

STATUS = re.compile(r"status code: (\d{3})")
CODE = re.compile(r"<Code>(\w{1,60})</Code>")
WRONG_KEYS = ("InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken")
WORTH_ANOTHER_TRY = (408, 425, 429)
NO_KEYS = ("latest/api/token", "latest/meta-data")
"""Where keys are looked for last, in the metadata of a machine at Amazon."""
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
    except TimeoutError as error:
        raise BackendUnavailable("the bucket of the blobs did not answer in time") from error
    except (BaseError, OSError) as error:
        # Without the library's own text, which a log would show.
        raise _problem(name, error, writing=writing) from None


def _problem(name: str, error: Exception, *, writing: bool) -> Problem:
    text = str(error)
    status, code = _found(STATUS, text), _found(CODE, text)
    number = int(status or 0)
    reason = code or (f"HTTP {status}" if status else "no answer")
    if isinstance(error, AlreadyExistsError | PreconditionError):
        return Conflict(f"the name {name} is used already: a blob's name is never used twice")
    if isinstance(error, InvalidPathError):
        return InvalidRequest(f"{name[:200]!r} cannot be the name of an object")
    if code == "NoSuchBucket":
        return NotFound("the bucket that SCIBUS_BLOB_URL names does not exist: make it, or set another")
    if isinstance(error, FileNotFoundError) and not writing:
        return NotFound(f"there is no blob {name!r} in the bucket: old ones are removed")
    if number == 401 or code in WRONG_KEYS:
        return Unauthenticated(f"the bucket of the blobs does not know these keys ({reason}): check {KEYS}")
    if any(place in text for place in NO_KEYS):
        return Unauthenticated(f"there are no keys for the bucket of the blobs: set {KEYS}")
    if number == 403:
        return Forbidden(f"the keys do not allow this ({reason}): check {KEYS}, and the policy of the bucket")
    if "configured region" in text or code in ("AuthorizationHeaderMalformed", "PermanentRedirect"):
        return BadBackendAnswer(f"the bucket of the blobs is in another region ({reason}): set AWS_REGION to it")
    if 400 <= number < 500 and number not in (404, *WORTH_ANOTHER_TRY):
        return BadBackendAnswer(f"the bucket of the blobs refuses this: {reason}")
    return BackendUnavailable(f"the bucket of the blobs cannot be used: {reason}")


def _found(pattern: re.Pattern[str], text: str) -> str | None:
    found = pattern.search(text)
    return found[1] if found else None
