"""Whether promises are kept: `python -m scibus.contracts.compatibility OLD NEW` compares two folders of schemas.

Within one version of the protocol a request only gains optional members and takes all that it took, and an answer loses
no member and holds nothing that its readers do not expect (PROTOCOL section 6).
"""

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scibus.contracts.schemas import OPERATIONS

Schema = Mapping[str, Any]
_LOWEST = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_HIGHEST = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
_SAME = ("pattern", "format", "multipleOf", "uniqueItems", "propertyNames", "contentEncoding", "not", "allOf")
"""Keywords that may go, where more is allowed thereby, but mean something else when they change."""

NAMED = "x-name"


@dataclass(frozen=True)
class Breach:
    """One promise that is broken: the field, as `RecordSetQuery.ds`, and what is wrong with it."""

    field: str
    reason: str

    def __str__(self) -> str:
        return f"{self.field}: {self.reason}"


def breaches(old: Path, new: Path) -> list[Breach]:
    """What the schemas in the folder `new` break of what those in `old` have promised."""
    before, after = _operations(old), _operations(new)
    found = [Breach(name, "the operation is gone") for name in before if name not in after]
    kept = {name: (told, after[name]) for name, told in before.items() if name in after}
    for name, (was, now) in kept.items():
        found += [
            Breach(name, f"its {part} is {now[part]}, no longer {was[part]}")
            for part in ("request", "answer")
            if was[part] != now[part]
        ]
        if (was["mode"], now["mode"]) == ("request", "job"):
            found.append(Breach(name, "can only be submitted as a job now"))
    asked = {told["request"] for told in before.values()}
    for path in sorted(path for path in old.glob("*.json") if path.name != OPERATIONS):
        renewed = new / path.name
        if not renewed.exists():
            found.append(Breach(path.stem, "the model is gone"))
            continue
        found += _Comparison(_read(path), _read(renewed), asked=path.stem in asked).breaches(path.stem)
    return found


def _operations(folder: Path) -> dict[str, dict[str, str]]:
    operations: dict[str, dict[str, str]] = _read(folder / OPERATIONS)
    return operations


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


class _Comparison:
    """Of one model, as it was and as it is; `asked` tells whether it is a request."""

    def __init__(self, old: Schema, new: Schema, *, asked: bool) -> None:
        self._old, self._new = old, new
        self._asked = asked
        self._inside: set[tuple[str | None, str | None]] = set()

    def breaches(self, name: str) -> list[Breach]:
        return list(self._compared(self._old, self._new, name))

    def _compared(self, old: Schema, new: Schema, field: str) -> Iterator[Breach]:
        olds, news = _alternatives(old, self._old), _alternatives(new, self._new)
        # What was sent must be taken; what is told must be expected.
        sent, taken = (olds, news) if self._asked else (news, olds)
        for one in sent:
            trials = [list(self._single(one, other, field)) for other in taken]
            best = min(trials, key=len)
            if best and len(taken) > 1 and all(_type(one) != _type(other) for other in taken):
                what = "is no longer taken" if self._asked else "may be told now"
                best = [Breach(field, f"{_type(one)} {what}")]
            yield from best

    def _single(self, narrow: Schema, wide: Schema, field: str) -> Iterator[Breach]:
        """Of two schemas without alternatives; of a model inside itself no more than once."""
        old, new = self._in_time(narrow, wide)
        pair = (old.get(NAMED), new.get(NAMED))
        if pair in self._inside:
            return
        if not _contains(_type(wide), _type(narrow)):
            yield Breach(field, f"its type is {_type(new)}, no longer {_type(old)}")
            return
        self._inside |= {pair} - {(None, None)}
        yield from self._values(narrow, wide, field)
        yield from self._limits(narrow, wide, field)
        yield from self._members(old, new, field)
        for part in ("items", "additionalProperties"):
            if isinstance(old.get(part), dict) and isinstance(new.get(part), dict):
                yield from self._compared(old[part], new[part], f"{field}[]")
        if wide.get("additionalProperties") is False and narrow.get("additionalProperties") is not False:
            yield Breach(field, "members that it does not know are no longer ignored")
        if len(old.get("prefixItems", ())) != len(new.get("prefixItems", ())):
            yield Breach(field, "has another number of items")
        for index, (was, now) in enumerate(zip(old.get("prefixItems", ()), new.get("prefixItems", ()), strict=False)):
            yield from self._compared(was, now, f"{field}[{index}]")
        self._inside.discard(pair)

    def _in_time(self, narrow: Schema, wide: Schema) -> tuple[Schema, Schema]:
        """What was, and what is: of a request the old one is the narrow one, of an answer the wide one."""
        return (narrow, wide) if self._asked else (wide, narrow)

    def _values(self, narrow: Schema, wide: Schema, field: str) -> Iterator[Breach]:
        allowed, possible = _values(wide), _values(narrow)
        if allowed is None:
            return
        if possible is None:
            yield Breach(
                field, f"only {', '.join(map(repr, allowed))} {'are taken now' if self._asked else 'were told'}"
            )
            return
        for value in possible:
            if value not in allowed:
                yield Breach(field, f"{value!r} {'is no longer taken' if self._asked else 'may be told now'}")

    def _limits(self, narrow: Schema, wide: Schema, field: str) -> Iterator[Breach]:
        for keyword in _LOWEST:
            if keyword in wide and not narrow.get(keyword, float("-inf")) >= wide[keyword]:
                yield self._limit(keyword, narrow, wide, field)
        for keyword in _HIGHEST:
            if keyword in wide and not narrow.get(keyword, float("inf")) <= wide[keyword]:
                yield self._limit(keyword, narrow, wide, field)
        for keyword in _SAME:
            if keyword in wide and narrow.get(keyword) != wide[keyword]:
                yield self._limit(keyword, narrow, wide, field)

    def _limit(self, keyword: str, narrow: Schema, wide: Schema, field: str) -> Breach:
        was, now = self._in_time(narrow, wide)
        return Breach(field, f"its {keyword} is {now.get(keyword)!r}, no longer {was.get(keyword)!r}")

    def _members(self, old: Schema, new: Schema, field: str) -> Iterator[Breach]:
        before, after = old.get("properties", {}), new.get("properties", {})
        must_before, must_after = set(old.get("required", ())), set(new.get("required", ()))
        for name, member in before.items():
            if name in after:
                yield from self._compared(member, after[name], f"{field}.{name}")
            else:
                yield Breach(f"{field}.{name}", "is gone")
        if self._asked:
            for name in sorted(must_after - must_before):
                yield Breach(f"{field}.{name}", "is required now")
        else:
            for name in sorted(must_before - must_after):
                if name in after:
                    yield Breach(f"{field}.{name}", "may be absent now")


def _alternatives(schema: Schema, root: Schema) -> list[Schema]:
    """The schemas of which one holds, with references followed and the name of what they referred to."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return [{**inner, NAMED: name} for inner in _alternatives(root["$defs"][name], root)]
    several = schema.get("anyOf") or schema.get("oneOf")
    if several:
        return [inner for one in several for inner in _alternatives(one, root)]
    kinds = schema.get("type")
    return [{**schema, "type": kind} for kind in kinds] if isinstance(kinds, list) else [schema]


def _type(schema: Schema) -> str:
    if "type" in schema:
        return str(schema["type"])
    values = _values(schema)
    return (
        "anything" if values is None else {str: "string", int: "integer", bool: "boolean"}.get(type(values[0]), "value")
    )


def _contains(wide: str, narrow: str) -> bool:
    return wide in ("anything", narrow) or (wide, narrow) == ("number", "integer")


def _values(schema: Schema) -> list[Any] | None:
    return [schema["const"]] if "const" in schema else schema.get("enum")


def main() -> None:
    """Tell each breach in a line; exit with 1 where there are any."""
    found = breaches(Path(sys.argv[1]), Path(sys.argv[2]))
    for breach in found:
        sys.stderr.write(f"{breach}\n")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
