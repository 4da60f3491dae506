"""What an object says of itself, as RDF in Turtle."""

import json
import math
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote

from scibus.contracts.modos import Metadata
from scibus.contracts.problems import InvalidRequest
from scibus.modos.editing.links import full_name
from scibus.modos.editing.schema import NAMESPACE, PREFIXES, SLOTS, Slot

XSD = "http://www.w3.org/2001/XMLSchema#"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
SAFE = "-._~:/?#[]@!$&'()*+,;=%"
"""Of an IRI; what else is ASCII and no letter or digit is written by its code."""
ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/\s]*\S*|(?:urn|mailto|doi|data):\S+")
BASE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20<>\"{}|^`\\]+")
LOCAL = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
DATE = re.compile(r"\d{4}-\d\d-\d\d")
DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)?")
ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
NAMES = {"rdf": RDF, "xsd": XSD, **{name: iri for name, iri in PREFIXES.items() if name in ("modos", "schema")}}


def turtle(metadata: Metadata, base: str) -> str:
    """The elements, and the object if it is among them, as subjects below `base`.

    Attributes are predicates as the MODOS schema has them; links, paths, URIs and terms are IRIs.

    Raises:
        InvalidRequest: `base` is no absolute IRI.
    """
    if not BASE.fullmatch(base):
        raise InvalidRequest("base_uri is no absolute URI: write one as https://example.org/objects/")
    writer = _Writer(base if base.endswith(("/", "#")) else f"{base}/")
    prefixes = "".join(f"@prefix {name}: <{iri}> .\n" for name, iri in NAMES.items())
    return prefixes + "".join(writer.subject(name, attributes) for name, attributes in metadata.items())


class _Writer:
    """Writes the statements of one object."""

    def __init__(self, base: str) -> None:
        self._base = base

    def subject(self, name: str, attributes: Mapping[str, Any]) -> str:
        about = self._iri(name)
        lines = [f"schema:identifier {about}"]
        if kind := attributes.get("@type"):
            lines.insert(0, f"a {_name(NAMESPACE + str(kind))}")
        for attribute, value in attributes.items():
            if attribute not in ("@type", "id"):
                objects = sorted(dict.fromkeys(self._objects(attribute, value)))
                lines += [f"{_predicate(attribute)} {', '.join(objects)}"] if objects else []
        return f"\n{about} " + " ;\n    ".join(lines) + " .\n"

    def _objects(self, attribute: str, value: Any) -> Iterator[str]:
        for one in value if isinstance(value, list) else [value]:
            if one is not None:
                yield self._object(SLOTS.get(attribute, Slot()), one)

    def _object(self, slot: Slot, value: Any) -> str:
        if not isinstance(value, str):
            return _plain(value)
        if slot.kind == "link":
            return self._iri(full_name(value, slot.target))
        if slot.kind in ("path", "uri"):
            return self._iri(value)
        if slot.kind == "term":
            return _term(value)
        if slot.kind == "date":
            return _date(value)
        if value in slot.meanings:
            return _bracketed(slot.meanings[value])
        return _bracketed(value) if not slot.iri and ABSOLUTE.fullmatch(value) else _literal(value)

    def _iri(self, text: str) -> str:
        """An absolute IRI as it is; a path of a machine as a file; all else below the base."""
        if ABSOLUTE.fullmatch(text):
            return _bracketed(text)
        if text.startswith("/"):
            return _bracketed("file://" + quote(text))
        return _bracketed(self._base + quote(text, safe="/-._~"))


def _predicate(attribute: str) -> str:
    slot = SLOTS.get(attribute)
    return _name(slot.iri if slot and slot.iri else NAMESPACE + quote(attribute, safe=""))


def _name(iri: str) -> str:
    for prefix, namespace in NAMES.items():
        if LOCAL.fullmatch(iri.removeprefix(namespace)):
            return f"{prefix}:{iri.removeprefix(namespace)}"
    return _bracketed(iri)


def _term(text: str) -> str:
    """An IRI, or a code with a prefix that the schema knows; anything else is a text."""
    if ABSOLUTE.fullmatch(text):
        return _bracketed(text)
    prefix, colon, code = text.partition(":")
    return _bracketed(PREFIXES[prefix] + code) if colon and code and prefix in PREFIXES else _literal(text)


def _date(text: str) -> str:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return _literal(text)
    if DATE.fullmatch(text):
        return f"{_literal(text)}^^xsd:date"
    return f"{_literal(text)}^^xsd:dateTime" if DATE_TIME.fullmatch(text) else _literal(text)


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return f'"{value}"^^xsd:integer'
    if isinstance(value, float):
        text = repr(value) if math.isfinite(value) else "NaN" if math.isnan(value) else "INF" if value > 0 else "-INF"
        return f'"{text}"^^xsd:double'
    return f"{_literal(json.dumps(value, ensure_ascii=False, sort_keys=True))}^^rdf:JSON"


def _bracketed(iri: str) -> str:
    # What is no ASCII may stand in an IRI.
    return "<" + "".join(one if not one.isascii() or one.isalnum() or one in SAFE else quote(one) for one in iri) + ">"


def _literal(text: str) -> str:
    return '"' + "".join(ESCAPES.get(one) or (one if one >= " " else f"\\u{ord(one):04X}") for one in text) + '"'
