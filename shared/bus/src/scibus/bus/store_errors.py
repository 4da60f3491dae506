"""What an object store means when obstore raises something.

Told by the error's kind, HTTP status and code, which are the same whichever way obstore raises them. Its own texts hold
key ids, addresses and signatures, and go nowhere.
"""

import re
from dataclasses import dataclass
from enum import Enum, auto
from typing import Self

from obstore.exceptions import (
    AlreadyExistsError,
    InvalidPathError,
    NotSupportedError,
    PermissionDeniedError,
    PreconditionError,
    UnauthenticatedError,
    UnknownConfigurationKeyError,
)

STATUS = re.compile(r"status code: (\d{3})")
CODE = re.compile(r"<Code>(\w{1,60})</Code>")
WRONG_KEYS = ("InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken", "TokenRefreshRequired")
OTHER_REGION = ("AuthorizationHeaderMalformed", "PermanentRedirect", "IllegalLocationConstraintException")
NO_KEYS = ("latest/api/token", "latest/meta-data")
"""Where keys are looked for last, in the metadata of a machine at Amazon."""
MAY_PASS = (404, 408, 425, 429)
UNAUTHORIZED, DENIED, PRECONDITION_FAILED = 401, 403, 412


class Refusal(Enum):
    """Why the store did not do what it was asked."""

    NO_KEYS = auto()
    UNKNOWN_KEYS = auto()
    DENIED = auto()
    DENIED_BY_FOLDER = auto()
    NO_BUCKET = auto()
    MISSING = auto()
    EXISTS = auto()
    CHANGED = auto()
    BAD_NAME = auto()
    UNSUPPORTED = auto()
    OTHER_REGION = auto()
    TIMEOUT = auto()
    REFUSED = auto()
    UNREACHABLE = auto()
    UNAVAILABLE = auto()


@dataclass(frozen=True)
class StoreError:
    """An error of obstore, understood.

    Attributes:
        status: HTTP status that the store answered with, if it did.
        code: the store's own, such as `NoSuchBucket`.
        reason: what may be told of it.
    """

    refusal: Refusal
    status: int | None
    code: str | None
    reason: str

    @classmethod
    def of(cls, error: Exception) -> Self:
        """What `error` means."""
        text = str(error)
        found_status, found_code = STATUS.search(text), CODE.search(text)
        status, code = int(found_status[1]) if found_status else None, found_code[1] if found_code else None
        reason = code or (f"HTTP {status}" if status else type(error).__name__)
        return cls(_refusal(error, text, status, code), status, code, reason)


def _refusal(error: Exception, text: str, status: int | None, code: str | None) -> Refusal:
    return _about_keys(error, text, status, code) or _about_the_place(error, text, status, code)


def _about_keys(error: Exception, text: str, status: int | None, code: str | None) -> Refusal | None:
    if any(place in text for place in NO_KEYS):
        return Refusal.NO_KEYS
    if status == UNAUTHORIZED or code in WRONG_KEYS or isinstance(error, UnauthenticatedError):
        return Refusal.UNKNOWN_KEYS
    if status == DENIED or isinstance(error, PermissionDeniedError | PermissionError):
        return Refusal.DENIED
    return Refusal.DENIED_BY_FOLDER if "Permission denied (os error" in text else None


def _about_the_place(error: Exception, text: str, status: int | None, code: str | None) -> Refusal:
    if isinstance(error, TimeoutError):
        return Refusal.TIMEOUT
    if code == "NoSuchBucket":
        return Refusal.NO_BUCKET
    if isinstance(error, FileNotFoundError):
        return Refusal.MISSING
    if isinstance(error, AlreadyExistsError):
        return Refusal.EXISTS
    # In the middle of an answer, which the library goes on with by itself, it is raised as any refusal is.
    if isinstance(error, PreconditionError) or status == PRECONDITION_FAILED:
        return Refusal.CHANGED
    if isinstance(error, InvalidPathError):
        return Refusal.BAD_NAME
    if isinstance(error, NotImplementedError | NotSupportedError):
        return Refusal.UNSUPPORTED
    if isinstance(error, UnknownConfigurationKeyError) or code in OTHER_REGION or "configured region" in text:
        return Refusal.OTHER_REGION
    if status is not None and 400 <= status < 500 and status not in MAY_PASS:
        return Refusal.REFUSED
    return Refusal.UNREACHABLE if "error sending request" in text else Refusal.UNAVAILABLE
