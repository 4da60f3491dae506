"""manage-request.sh: whether an address has an export pending, and cancelling it."""

import re
from typing import Any

from scibus.drms import answers

_REQUEST_ID = re.compile(r"JSOC_\d{8}_\d{3,}(?:_X)?(?:_IN)?")
NONE, PENDING, CANCELLED = 1, 2, 3


def request_ids(text: str | None) -> list[str]:
    """The ids of exports that a text of JSOC names, each once."""
    return list(dict.fromkeys(_REQUEST_ID.findall(text or "")))


def read_pending(answer: dict[str, Any], server: str) -> list[str]:
    """The ids that an answer to `check` or `cancel` names; none when nothing is pending.

    Raises:
        Problem: the server could not do it.
    """
    if answers.status(answer, server) not in (NONE, PENDING, CANCELLED):
        raise answers.problem(answer, server)
    return request_ids(answers.message(answer))
