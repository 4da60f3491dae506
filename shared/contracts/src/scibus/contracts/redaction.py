"""Keeps people's e-mail addresses out of problems, logs, events and metrics."""

import re
from collections.abc import Mapping
from typing import Any

# An address as it stands in text, and as it stands in a URL, once or twice percent-encoded.
# The domain must end in letters: `[2013.07.03/1d@1.5h]` is a cadence, not an address.
# The local part is bounded, as in RFC 5321: a long word without an `@` must not be searched again and again.
_LOCAL = r"(?:\"[^\"\n]{1,64}\"|[^\s@<>\"`,;:()\[\]{}&=?/|\\]{1,64})"
_AT = r"(?:@|\uff20|%(?:25)*40)"
_DOMAIN = r"(?:(?:[\w-]{1,63}(?:\.|%(?:25)*2E)){1,20}[^\W\d_]{2,63}|\[[0-9A-Fa-f:.]+\])"
_ADDRESS = re.compile(_LOCAL + _AT + _DOMAIN, re.IGNORECASE)
_CUT_ADDRESS = re.compile(r"\S*" + _AT + r"\S*$", re.IGNORECASE)

HIDDEN = "<address>"


def redact(text: str) -> str:
    """`text` with every e-mail address replaced by `<address>`."""
    if "@" not in text and "40" not in text and "\uff20" not in text:
        return text
    return _ADDRESS.sub(HIDDEN, text)


def shorten(text: str, limit: int) -> str:
    """`text` redacted and cut to `limit` characters, without half an address where it was cut."""
    if len(text) <= limit:
        return redact(text)
    return _CUT_ADDRESS.sub(HIDDEN, redact(text[:limit])) + " …"


def redact_all(value: Any) -> Any:
    """`value` with `redact` applied to every text in it, however deep, keys included."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Mapping):
        return {redact_all(key): redact_all(member) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [redact_all(member) for member in value]
    return value
