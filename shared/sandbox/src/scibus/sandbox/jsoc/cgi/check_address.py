"""checkAddress.sh: is this e-mail address registered for exports?"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from urllib.parse import unquote

from scibus.sandbox.standin import Response

ADDRESS = re.compile(r"\s*[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,6}")

INITIATED = 1
REGISTERED = 2
PENDING = 3
UNKNOWN = 4
INVALID = -2
FIRST_USER_ID = 42

MESSAGES = {
    INITIATED: "Registration initiated. Please reply to the message sent to your address.",
    REGISTERED: "Email address is valid and registered.",
    PENDING: "email address registration is pending",
    UNKNOWN: "email address has been neither validated nor registered",
    INVALID: "Not a valid email address.",
}


class AddressBook:
    """The e-mail addresses that may order exports."""

    def __init__(self, *addresses: str) -> None:
        self._user_ids: dict[str, int] = {}
        self._pending: set[str] = set()
        for address in addresses:
            self.register(address)

    def register(self, address: str) -> None:
        self._pending.discard(address)
        self._user_ids.setdefault(address, FIRST_USER_ID + len(self._user_ids))

    def initiate(self, address: str) -> None:
        """Ask the owner of `address` for a reply."""
        self._pending.add(address)

    def status(self, address: str) -> int:
        if address in self._user_ids:
            return REGISTERED
        if address in self._pending:
            return PENDING
        return UNKNOWN if ADDRESS.match(address) else INVALID

    def user_id(self, address: str) -> int:
        return self._user_ids.get(address, -1)


def check_address(book: AddressBook, arguments: Mapping[str, str]) -> Response:
    """The state of `address`, which comes percent-encoded twice; without `checkonly` a new one may register."""
    address = unquote(arguments.get("address", ""))
    status = book.status(address)
    if status == UNKNOWN and arguments.get("checkonly") != "1":
        book.initiate(address)
        status = INITIATED
    user_id = None if status == INVALID else book.user_id(address)
    return Response((json.dumps({"status": status, "msg": MESSAGES[status], "user_id": user_id}) + "\n").encode())
