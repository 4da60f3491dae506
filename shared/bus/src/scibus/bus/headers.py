"""Header names of the protocol, and values that survive the trip: printable ASCII of at most 2 KiB."""

import json
import math
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote

from scibus.contracts.blobs import BlobRef
from scibus.contracts.problems import BadBackendAnswer, InvalidRequest
from scibus.contracts.redaction import redact

CONTENT_TYPE = "Content-Type"
ACCEPT = "Accept"
AUTHORIZATION = "Authorization"
TIMEOUT = "Scibus-Timeout"
BLOB = "Scibus-Blob"
IGNORED = "Scibus-Ignored"
STATE = "Scibus-State"
JOB_ID = "Scibus-Job-Id"
ATTEMPT = "Scibus-Attempt"
PROBLEM = "Scibus-Problem"
REPLAY_OF = "Scibus-Replay-Of"
SEQUENCE = "Scibus-Sequence"
TIME = "Scibus-Time"
DATASET = "Scibus-Dataset"
EPOCH = "Scibus-Epoch"
NOT_AFTER = "Scibus-Not-After"
_SERVERS_OWN = frozenset({"nats-stream-source", "nats-scheduler", "nats-schedule-next", "nats-ttl"})
"""What the server adds to a job that a schedule submits; the first holds characters that no header may."""
SOURCE = "Scibus-Source-"
"""Prefix for headers of a submission that would mean something else where it is kept or repeated."""
MSG_ID = "Nats-Msg-Id"
ERROR_CODE = "Nats-Service-Error-Code"
ERROR_TEXT = "Nats-Service-Error"
# What W3C trace context allows; anything else is not carried on: it would travel to replies and into backends.
TRACE = {
    "traceparent": re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}(-[\x21-\x7e]{0,128})?"),
    "tracestate": re.compile(r"[\x20-\x7e]{1,512}"),
}

LONGEST_VALUE = 2048
LONGEST_TIMEOUT = 3600.0

Headers = Mapping[str, str]


def ascii_text(text: str) -> str:
    """`text` percent-encoded where it is not printable ASCII, cut to what a header may hold."""
    return quote(text, safe=" !\"#$&'()*+,-./:;<=>?@[\\]^_`{|}~")[:LONGEST_VALUE]


def ascii_json(value: Any) -> str:
    """`value` as JSON whose other characters than ASCII are escaped."""
    return json.dumps(value, ensure_ascii=True, separators=(",", ":"))


def encode_names(names: Iterable[str]) -> str:
    """Names separated by commas, each percent-encoded, as many as fit into a header."""
    kept: list[str] = []
    room = LONGEST_VALUE
    for name in names:
        encoded = quote(redact(name[:LONGEST_VALUE]), safe="*()[]!$:.<>")
        room -= len(encoded) + 1
        if room < 0:
            break
        kept.append(encoded)
    return ",".join(kept)


def encode_blob(ref: BlobRef) -> str:
    """`Scibus-Blob` for `ref`."""
    return ascii_json(ref.model_dump(mode="json"))


def decode_blob(text: str) -> BlobRef:
    """The reference in a `Scibus-Blob` header.

    Raises:
        BadBackendAnswer: it is none.
    """
    try:
        return BlobRef.model_validate_json(text)
    except ValueError as error:
        raise BadBackendAnswer("the answer's Scibus-Blob header is no blob reference") from error


def read_timeout(headers: Headers, default: float) -> float:
    """Seconds that the caller waits.

    Raises:
        InvalidRequest: `Scibus-Timeout` is no positive number.
    """
    text = headers.get(TIMEOUT)
    if text is None:
        return default
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not seconds > 0:
        raise InvalidRequest(f"the header {TIMEOUT} must hold a positive number of seconds")
    return min(seconds, LONGEST_TIMEOUT)


def trace_headers(headers: Headers | None) -> dict[str, str]:
    """The W3C trace context in `headers`, to be carried on."""
    if not headers:
        return {}
    return {name: value for name, form in TRACE.items() if (value := headers.get(name)) and form.fullmatch(value)}


def read_not_after(headers: Headers) -> datetime | None:
    """The time after which no attempt of a job may start.

    Raises:
        InvalidRequest: `Scibus-Not-After` is no time with a zone.
    """
    text = headers.get(NOT_AFTER)
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise InvalidRequest(f"the header {NOT_AFTER} must hold a time with its zone, as 2026-12-01T00:00:00Z")
    return moment


def kept_headers(headers: Headers) -> dict[str, str]:
    """Headers of a submission for the place where it is kept: all but its authorization.

    Those that mean something to the server or the bus are renamed, so that they mean nothing there.
    """
    kept = {}
    for name, value in headers.items():
        if name.lower() == AUTHORIZATION.lower() or name.lower() in _SERVERS_OWN:
            continue
        own = name.lower().startswith(("nats-", "scibus-")) and not name.lower().startswith(SOURCE.lower())
        kept[f"{SOURCE}{name}" if own else name] = value
    return kept


def restored_headers(headers: Headers) -> dict[str, str]:
    """What a kept submission says when it is submitted again: its own headers, but none that steer the bus."""
    return {
        name: value
        for name, value in headers.items()
        if name.lower().startswith(SOURCE.lower()) or not name.lower().startswith(("nats-", "scibus-"))
    }
