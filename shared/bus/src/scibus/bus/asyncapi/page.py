"""The document as one page for people: no script, no style sheet and no picture from anywhere else."""

import json
from collections.abc import Iterator
from html import escape
from typing import Any

STYLE = """
:root { color-scheme: light dark; --line: #8884; --dim: #777; --code: #8882; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
nav { columns: 18rem; margin-bottom: 2rem; } nav a { display: block; }
h2 { border-top: 1px solid var(--line); padding-top: 1.5rem; margin-top: 2.5rem; }
code, pre { font: 0.88em/1.4 ui-monospace, monospace; background: var(--code); border-radius: 3px; }
code { padding: 0.1em 0.3em; } pre { padding: 0.7em; overflow-x: auto; }
table { border-collapse: collapse; width: 100%; margin: 0.5rem 0 1rem; }
td, th { text-align: left; vertical-align: top; padding: 0.3rem 0.6rem 0.3rem 0; border-bottom: 1px solid var(--line); }
.dim { color: var(--dim); } summary { cursor: pointer; }
"""
Document = dict[str, Any]


def page(document: Document) -> str:
    """The HTML page of an AsyncAPI document, with every reference in it followed."""
    return "".join(_page(document))


def _page(document: Document) -> Iterator[str]:
    info = document["info"]
    title = escape(info["title"])
    yield f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
    yield f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style>'
    yield f'<h1>{title} <small class="dim">{escape(info["version"])}</small></h1>{_text(info["description"])}'
    for tag in info["tags"]:
        yield f"<p><b>{escape(tag['name'])}</b>: {escape(tag['description'])}</p>"
    groups = _by_operation(document)
    yield "<nav>" + "".join(f'<a href="#{escape(name)}">{escape(name)}</a>' for name in groups) + "</nav>"
    for name, operations in groups.items():
        yield f'<h2 id="{escape(name)}">{escape(name)}</h2>'
        yield _text(next(iter(operations.values()))["summary"])
        for operation in operations.values():
            yield from _operation(document, operation)
    yield "<h2>Models</h2>"
    for name, schema in sorted(document["components"]["schemas"].items()):
        yield f'<h3 id="model-{escape(name)}">{escape(name)}</h3>{_text(schema.get("description", ""))}'
        yield _members(schema)
        yield f"<details><summary>JSON Schema</summary><pre>{escape(json.dumps(schema, indent=2))}</pre></details>"


def _by_operation(document: Document) -> dict[str, dict[str, Any]]:
    groups: dict[str, dict[str, Any]] = {}
    for name, operation in document["operations"].items():
        groups.setdefault(name.rpartition(".")[0], {})[name] = operation
    return groups


def _operation(document: Document, operation: dict[str, Any]) -> Iterator[str]:
    channel = _followed(document, operation["channel"])
    yield f"<h3>{escape(operation['title'])}: <code>{escape(channel['address'])}</code></h3>"
    yield _text(operation.get("description") or channel["description"])
    yield from _messages(document, operation["messages"])
    if "reply" in operation:
        yield "<p>Answered with one of:</p>"
        yield from _messages(document, operation["reply"]["messages"])


def _messages(document: Document, references: list[dict[str, str]]) -> Iterator[str]:
    for reference in references:
        message = _followed(document, reference)
        headers = message["headers"]
        yield f"<details><summary>{_body(message)} <span class=dim>{escape(message['title'])}</span></summary>"
        yield _text(message.get("description", ""))
        yield f"<p>Headers:</p>{_members(headers)}</details>"


def _body(message: dict[str, Any]) -> str:
    model = message["payload"].get("$ref", "").rpartition("/")[2]
    kind = f"<code>{escape(message['contentType'])}</code>"
    return f'<a href="#model-{escape(model)}">{escape(model)}</a> as {kind}' if model else kind


def _members(schema: dict[str, Any]) -> str:
    required = schema.get("required", [])
    rows = (
        f"<tr><td><code>{escape(name)}</code>{'' if name in required else ' <span class=dim>optional</span>'}</td>"
        f"<td>{_type(member)}</td><td>{_inline(member.get('description', ''))}</td></tr>"
        for name, member in schema.get("properties", {}).items()
    )
    return f"<table>{''.join(rows)}</table>"


def _type(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        name = escape(schema["$ref"].rpartition("/")[2])
        return f'<a href="#model-{name}">{name}</a>'
    if "anyOf" in schema:
        return " or ".join(_type(one) for one in schema["anyOf"])
    if "enum" in schema:
        return " or ".join(f"<code>{escape(str(one))}</code>" for one in schema["enum"])
    if "items" in schema:
        return f"array of {_type(schema['items'])}"
    return escape(str(schema.get("type", "anything")))


def _followed(document: Document, reference: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = reference
    while "$ref" in found:
        place: Any = document
        for part in found["$ref"].removeprefix("#/").split("/"):
            place = place[part]
        found = place
    return found


def _text(text: str) -> str:
    return f"<p>{_inline(text)}</p>" if text else ""


def _inline(text: str) -> str:
    """`text` with what stands between backquotes as code."""
    parts = escape(text).split("`")
    return "".join(f"<code>{part}</code>" if i % 2 else part for i, part in enumerate(parts)).replace("\n\n", "<br>")
