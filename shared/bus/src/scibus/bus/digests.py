"""Whether two request bodies ask for the same."""

import hashlib
import json

LENGTH = 32
"""Hexadecimal digits that are kept of a SHA-256."""
_canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":"))


def request_digest(body: bytes) -> str:
    """The same for bodies that differ in spelling only: white space, order of members, escapes."""
    try:
        same = _canonical.encode(json.loads(body)).encode()
    except (ValueError, RecursionError):
        same = body
    return hashlib.sha256(same).hexdigest()[:LENGTH]
