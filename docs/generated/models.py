"""Models as tables of their fields, from the same JSON Schemas that are committed."""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from docs.generated.markdown import Lines, code, sentence, table
from scibus.contracts.schemas import all_schemas

Schema = dict[str, Any]
LINK = re.compile(r"\[(\w+)\]\(#\w+\)")
LIMITS = {
    "minimum": "At least {}.",
    "exclusiveMinimum": "More than {}.",
    "maximum": "At most {}.",
    "exclusiveMaximum": "Less than {}.",
    "maxLength": "At most {} characters.",
    "pattern": "Matches `{}`.",
}


def fields(schema: Schema, *, asked: bool = False) -> Lines:
    """A table of the members of `schema`; of what is `asked`, with what holds where a member is not given."""
    required = schema.get("required", [])
    members = schema.get("properties", {}).items()
    if not members:
        yield "No fields."
    elif asked:
        yield from table(
            "field | type | default | meaning",
            ((code(name), kind(one), _default(one, name in required), _meaning(one)) for name, one in members),
        )
    else:
        yield from table("field | type | meaning", ((code(name), kind(one), _meaning(one)) for name, one in members))


def described(schema: Schema) -> str:
    """What the model says of itself."""
    return sentence(schema.get("description", ""))


def inner(schemas: Iterable[Schema]) -> dict[str, Schema]:
    """The models that stand inside those of `schemas`, by name."""
    return {name: one for schema in schemas for name, one in sorted(schema.get("$defs", {}).items())}


def model(argument: str) -> Lines:
    """The fields of one model, apart from all others: what would be a link to one inside it is its name."""
    for line in fields(all_schemas()[argument]):
        yield LINK.sub(r"`\1`", line)


def kind(schema: Schema) -> str:
    """The type of a member, with a link where it is a model."""
    return " or ".join(dict.fromkeys(_kinds(schema)))


def _kinds(schema: Schema) -> Iterator[str]:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        yield f"[{name}](#{name.lower()})"
    elif "anyOf" in schema or "oneOf" in schema:
        for one in schema.get("anyOf") or schema["oneOf"]:
            yield from _kinds(one)
    elif "enum" in schema:
        yield from (code(json.dumps(one)) for one in schema["enum"])
    elif "const" in schema:
        yield code(json.dumps(schema["const"]))
    elif "items" in schema:
        yield f"array of {kind(schema['items'])}"
    elif isinstance(schema.get("additionalProperties"), dict):
        yield f"object of {kind(schema['additionalProperties'])}"
    else:
        yield f"{schema.get('type', 'anything')}{' (date-time)' if schema.get('format') == 'date-time' else ''}"


def _default(schema: Schema, is_required: bool) -> str:
    return "required" if is_required else code(json.dumps(schema["default"])) if "default" in schema else ""


def _meaning(schema: Schema) -> str:
    parts = [schema.get("description", "")]
    parts += [text.format(schema[limit]) for limit, text in LIMITS.items() if limit in schema]
    parts += [f"Example: {code(json.dumps(one))}." for one in schema.get("examples", [])[:1]]
    return " ".join(part for part in parts if part)
