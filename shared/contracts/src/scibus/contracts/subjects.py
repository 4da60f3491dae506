"""The subjects of the bus, version 1. Everything lives under `scibus.v1`."""

import re

PREFIX = "scibus.v1"
_NAME = re.compile(r"[a-z][a-z0-9_]*")


def check_name(name: str) -> str:
    """`name`, if it may name a service or an operation.

    Raises:
        ValueError: it is not lower case, begins with no letter, or holds other characters than `a-z0-9_`.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} cannot name a service or an operation: use [a-z][a-z0-9_]*")
    return name


def request_subject(service: str, operation: str) -> str:
    """Where a request for `operation` is published; its answer comes back on the reply inbox."""
    return f"{PREFIX}.req.{service}.{operation}"
