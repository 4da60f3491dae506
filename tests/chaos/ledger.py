"""The backend of the probe: it creates what it is asked to create, and remembers every request."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from json import dumps
from typing import Any

from scibus.sandbox.standin import Operation, Request, Response, StandIn


@dataclass(frozen=True)
class Note:
    """What an attempt told of itself."""

    key: str
    what: str
    attempt: int
    pid: int


class LedgerStandIn(StandIn):
    """`POST orders/<key>` creates, `GET` finds, `DELETE` takes back; `POST notes/<key>/<what>/<attempt>/<pid>` notes.

    Attributes:
        created: how often an entry was created, by key.
        removed: how often the entries of a key were taken back.
        notes: what attempts told of themselves, in the order in which it came.
    """

    name = "ledger"

    def __init__(self) -> None:
        super().__init__()
        self.created: Counter[str] = Counter()
        self.removed: Counter[str] = Counter()
        self.notes: list[Note] = []
        self._entries: dict[str, int] = {}
        self._numbers = count(1)

    def operation(self, request: Request) -> Operation:
        """The method and the first part of the path."""
        return Operation(f"{request.method} {request.path.split('/')[1]}")

    def configure(self, settings: Mapping[str, Any]) -> Mapping[str, Any]:
        """There is nothing to be set."""
        raise ValueError(f"no such setting: {', '.join(settings)}")

    async def answer(self, request: Request) -> Response:
        """Do what is asked."""
        _, kind, key, *rest = request.path.split("/")
        if kind == "notes":
            self.notes.append(Note(key, rest[0], int(rest[1]), int(rest[2])))
            return Response(b"{}")
        if request.method == "POST":
            self.created[key] += 1
            self._entries[key] = next(self._numbers)
        if request.method == "DELETE":
            self.removed[key] += 1
            self._entries.pop(key, None)
            return Response(b"{}")
        number = self._entries.get(key)
        return Response(dumps({"number": number}).encode(), 200 if number else 404)

    @property
    def standing(self) -> frozenset[str]:
        """Keys whose entries were created and not taken back."""
        return frozenset(self._entries)

    def noted(self, key: str, what: str) -> list[Note]:
        """What attempts at `key` told."""
        return [note for note in self.notes if note.key == key and note.what == what]
