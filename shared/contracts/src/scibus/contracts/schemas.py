"""The JSON Schemas of all models, as they are committed: `python -m scibus.contracts.schemas FOLDER` writes them."""

import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from pydantic.json_schema import models_json_schema

from scibus.contracts.autobahn import Autobahn
from scibus.contracts.bodies import models_of
from scibus.contracts.drms import Drms
from scibus.contracts.model import Contract
from scibus.contracts.modos import Modos
from scibus.contracts.operations import SCHEMA_PREFIX, Service

SERVICES: tuple[type[Service], ...] = (Autobahn, Drms, Modos)
OPERATIONS = "operations.json"
"""Which model is asked and which is answered by which operation."""


def all_schemas(services: Iterable[type[Service]] = SERVICES) -> dict[str, dict[str, Any]]:
    """JSON Schema of each model that is the body or a header of a message, by the model's name."""
    asked, answered = models_of(services)
    schemas = {model.__name__: _schema(model, "validation") for model in asked}
    return schemas | {model.__name__: _schema(model, "serialization") for model in answered}


def _schema(model: type[Contract], mode: Any) -> dict[str, Any]:
    _, schema = models_json_schema([(model, mode)], ref_template="#/$defs/{model}")
    definitions = schema.pop("$defs")
    body: dict[str, Any] = definitions.pop(model.__name__)
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": SCHEMA_PREFIX + model.__name__}
    return head | body | ({"$defs": definitions} if definitions else {})


def all_operations(services: Iterable[type[Service]] = SERVICES) -> dict[str, dict[str, str]]:
    """The mode of each operation, and the names of its models."""
    return {
        f"{op.service}.{op.name}": {
            "mode": op.mode,
            "request": op.model.__name__,
            "answer": op.answer_model.__name__,
        }
        for service in services
        for op in service.operations()
    }


def all_files(services: Sequence[type[Service]] = SERVICES) -> dict[str, Any]:
    """What is committed, by file name."""
    schemas = {f"{name}.json": schema for name, schema in all_schemas(services).items()}
    return {OPERATIONS: all_operations(services), **schemas}


def write(folder: Path, services: Sequence[type[Service]] = SERVICES) -> None:
    """Make `folder` hold exactly the schemas of today's models."""
    folder.mkdir(parents=True, exist_ok=True)
    files = all_files(services)
    for stale in folder.glob("*.json"):
        if stale.name not in files:
            stale.unlink()
    for name, content in files.items():
        (folder / name).write_text(json.dumps(content, indent=2, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
