"""A reader for the part of Turtle that is written here; it refuses all else."""

import re
from typing import NamedTuple

TOKEN = re.compile(
    r"""\s*(?:
      (?P<iri><[^\x00-\x20<>"{}|^`\\]*>)
    | (?P<text>"(?:[^"\\\r\n]|\\[tbnrf"'\\]|\\u[0-9A-Fa-f]{4})*")
    | (?P<name>[A-Za-z]+:[A-Za-z_][A-Za-z0-9_-]*)
    | (?P<prefix>[A-Za-z]+:(?=\s))
    | (?P<word>@prefix|a\b|true\b|false\b|\^\^|[.;,])
    )""",
    re.VERBOSE,
)
XSD = "http://www.w3.org/2001/XMLSchema#"
ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|.)")
ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}


class Iri(NamedTuple):
    text: str


Literal = tuple[str, str | None]
Triple = tuple[Iri, Iri, Iri | Literal]


def triples(text: str) -> set[Triple]:
    """All statements of a document. Fails where it is not well-formed."""
    reader = _Reader(text)
    found: set[Triple] = set()
    while reader.next:
        if reader.takes("@prefix"):
            reader.prefix()
        else:
            found |= reader.statements()
        assert reader.takes("."), reader.next
    return found


class _Reader:
    def __init__(self, text: str) -> None:
        self._tokens: list[tuple[str, str]] = []
        at, text = 0, text.rstrip()
        while at < len(text):
            token = TOKEN.match(text, at)
            assert token, text[at : at + 100]
            at = token.end()
            self._tokens.append((str(token.lastgroup), str(token[str(token.lastgroup)])))
        self._tokens.reverse()
        self._prefixes: dict[str, str] = {}

    @property
    def next(self) -> str:
        return self._tokens[-1][1] if self._tokens else ""

    def takes(self, word: str) -> bool:
        if self._tokens and self._tokens[-1] == ("word", word):
            self._tokens.pop()
            return True
        return False

    def prefix(self) -> None:
        (kind, name), (_, iri) = self._tokens.pop(), self._tokens.pop()
        assert kind == "prefix"
        self._prefixes[name] = iri[1:-1]

    def statements(self) -> set[Triple]:
        about, found = self._iri(), set()
        while True:
            predicate = Iri("http://www.w3.org/1999/02/22-rdf-syntax-ns#type") if self.takes("a") else self._iri()
            found.add((about, predicate, self._object()))
            while self.takes(","):
                found.add((about, predicate, self._object()))
            if not self.takes(";"):
                return found

    def _iri(self) -> Iri:
        kind, text = self._tokens.pop()
        if kind == "iri":
            return Iri(text[1:-1])
        assert kind == "name", text
        prefix, _, local = text.partition(":")
        return Iri(self._prefixes[f"{prefix}:"] + local)

    def _object(self) -> Iri | Literal:
        for word in ("true", "false"):
            if self.takes(word):
                return word, f"{XSD}boolean"
        kind, text = self._tokens[-1]
        if kind != "text":
            return self._iri()
        self._tokens.pop()
        content = ESCAPE.sub(_unescaped, text[1:-1])
        return content, self._iri().text if self.takes("^^") else None


def _unescaped(found: re.Match[str]) -> str:
    code = found[1]
    return chr(int(code[1:], 16)) if len(code) > 1 else ESCAPES.get(code, code)
