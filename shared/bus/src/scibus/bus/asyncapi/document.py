"""The document as a whole. Its form: asyncapi.com, AsyncAPI 3.0.0."""

from collections.abc import Sequence
from typing import Any

from pydantic.json_schema import models_json_schema

from scibus.bus.asyncapi.channels import operation_channels, shared_channels
from scibus.bus.asyncapi.messages import operation_messages, shared_messages
from scibus.bus.asyncapi.operations import operation_operations
from scibus.contracts.bodies import models_of
from scibus.contracts.operations import Operation, Service
from scibus.contracts.tables import JSON

SPECIFICATION = "3.0.0"
TITLE = "scibus"
DESCRIPTION = "Scientific backends on one NATS bus. A document of the workers: they receive what others send to them."


def describe(services: Sequence[type[Service]], version: str) -> dict[str, Any]:
    """The AsyncAPI document of `services`, as JSON takes it; `version` is that of whoever describes them."""
    operations = [op for service in services for op in service.operations()]
    schemas, references = _schemas(services)
    channels = shared_channels()
    for op in operations:
        channels |= operation_channels(op)
    return {
        "asyncapi": SPECIFICATION,
        "info": {
            "title": TITLE,
            "version": version,
            "description": DESCRIPTION,
            "license": {"name": "Apache-2.0"},
            "tags": [{"name": one.service_name, "description": one.description()} for one in services],
        },
        "defaultContentType": JSON,
        "channels": channels,
        "operations": {name: told for op in operations for name, told in operation_operations(op, channels).items()},
        "components": {"messages": _messages(operations, references), "schemas": schemas},
    }


def _messages(operations: list[Operation[..., Any, Any]], references: dict[str, Any]) -> dict[str, Any]:
    messages = shared_messages(references)
    for op in operations:
        messages |= operation_messages(op, references)
    return messages


def _schemas(services: Sequence[type[Service]]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The schemas of all models, and a reference to that of each model by its name."""
    asked, answered = models_of(services)
    wanted = [
        (model, mode) for models, mode in ((asked, "validation"), (answered, "serialization")) for model in models
    ]
    places, schema = models_json_schema(wanted, ref_template="#/components/schemas/{model}")  # type: ignore[arg-type]
    return schema["$defs"], {model.__name__: place for (model, _), place in places.items()}
