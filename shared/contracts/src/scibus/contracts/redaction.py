"""Keeps people's e-mail addresses out of problems, logs, events and metrics."""

import re
from collections.abc import Mapping
from typing import Any

# An address as it stands in text, and as it stands in a URL, once or twice percent-encoded.
# The domain must end in letters: `[2013.07.03/1d@1.5h]` is a cadence, not an address.
_ADDRESS = re.compile(r"[^\s@<>\"'`,;:()\[\]{}&=?/|\\]+(?:@|%(?:25)*40)(?:[\w-]+\.)+[^\W\d_]{2,}", re.IGNORECASE)

HIDDEN = "<address>"


def redact(text: str) -> str:
    """`text` with every e-mail address replaced by `<address>`."""
    if "@" not in text and "40" not in text:
        return text
    return _ADDRESS.sub(HIDDEN, text)


def redact_all(value: Any) -> Any:
    """`value` with `redact` applied to every text in it, however deep, keys included."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Mapping):
        return {redact_all(key): redact_all(member) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [redact_all(member) for member in value]
    return value
