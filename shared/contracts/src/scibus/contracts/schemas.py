"""The JSON Schemas of all models, as they are committed: `python -m scibus.contracts.schemas FOLDER` writes them."""

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic.json_schema import models_json_schema

from scibus.contracts.blobs import BlobRef
from scibus.contracts.drms import Drms
from scibus.contracts.jobs import JobStatus
from scibus.contracts.model import Contract
from scibus.contracts.operations import SCHEMA_PREFIX, Service
from scibus.contracts.problems import ProblemDetails

SERVICES: tuple[type[Service], ...] = (Drms,)


def all_schemas(services: Iterable[type[Service]] = SERVICES) -> dict[str, dict[str, Any]]:
    """JSON Schema of each model that is the body or a header of a message, by the model's name."""
    asked, answered = models_of(services)
    schemas = {model.__name__: _schema(model, "validation") for model in asked}
    return schemas | {model.__name__: _schema(model, "serialization") for model in answered}


def models_of(services: Iterable[type[Service]]) -> tuple[list[type[Contract]], list[type[Contract]]]:
    """The models of what `services` are asked, and of what they answer and tell, each once."""
    operations = [operation for service in services for operation in service.operations()]
    asked: list[type[Contract]] = [operation.model for operation in operations]
    answered: list[type[Contract]] = [BlobRef, JobStatus, ProblemDetails, *(op.answer_model for op in operations)]
    return list(dict.fromkeys(asked)), list(dict.fromkeys(answered))


def _schema(model: type[Contract], mode: Any) -> dict[str, Any]:
    _, schema = models_json_schema([(model, mode)], ref_template="#/$defs/{model}")
    definitions = schema.pop("$defs")
    body: dict[str, Any] = definitions.pop(model.__name__)
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": SCHEMA_PREFIX + model.__name__}
    return head | body | ({"$defs": definitions} if definitions else {})


def write(folder: Path) -> None:
    """Make `folder` hold exactly the schemas of today's models."""
    folder.mkdir(parents=True, exist_ok=True)
    schemas = all_schemas()
    for stale in folder.glob("*.json"):
        if stale.stem not in schemas:
            stale.unlink()
    for name, schema in schemas.items():
        (folder / f"{name}.json").write_text(json.dumps(schema, indent=2, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
