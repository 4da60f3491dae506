"""The base of every message body."""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Annotated, Any, TypeVar, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict


class Contract(BaseModel):
    """A message body: UTF-8 JSON on the wire, typed in Python.

    Readers ignore members they do not know, so that an older program understands a newer one.
    """

    model_config = ConfigDict(extra="ignore", frozen=True, protected_namespaces=(), serialize_by_alias=True)

    def rows(self) -> list[dict[str, Any]]:
        """The body as rows of a table, for people and spreadsheets; one row unless a model says otherwise."""
        return [self.model_dump(mode="json")]


Names = Annotated[Sequence[str] | str, BeforeValidator(lambda value: () if value is None else value)]
"""Several names: a list, or one text in which commas or blanks separate them."""


def split_names(names: Sequence[str] | str) -> list[str]:
    """The single names of `names`, in order, empty ones dropped."""
    if isinstance(names, str):
        return [name for name in re.split(r"[\s,]+", names) if name]
    return [name for name in names if name]


Body = TypeVar("Body", bound=Contract)


def parse_body(model: type[Body], data: bytes) -> tuple[Body, list[str]]:
    """The body in `data`, and the dotted names of members that its model does not know.

    Raises:
        pydantic.ValidationError: `data` is not JSON, not an object, or breaks the schema.
    """
    body = model.model_validate_json(data, extra="allow")
    ignored = _unknown(body, "") if _holds_models(model) else list(body.model_extra or ())
    # Read again: `extra` above also opened nested models that forbid what they do not know.
    return (model.model_validate_json(data) if ignored else body), ignored


@cache
def _holds_models(model: type[BaseModel]) -> bool:
    """Whether a body can hold models inside: only then there may be unknown members other than its own."""
    return any(_names_a_model(field.annotation) for field in model.model_fields.values())


def _names_a_model(annotation: Any) -> bool:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return True
    return any(map(_names_a_model, get_args(annotation)))


def _unknown(value: Any, path: str) -> list[str]:
    if isinstance(value, BaseModel):
        own = [f"{path}{name}" for name in value.model_extra or ()]
        fields = ((name, getattr(value, name)) for name in type(value).model_fields)
        return own + [found for name, member in fields for found in _unknown(member, f"{path}{name}.")]
    if isinstance(value, Mapping):
        return [found for name, member in value.items() for found in _unknown(member, f"{path}{name}.")]
    if isinstance(value, list | tuple):
        return [found for i, member in enumerate(value) for found in _unknown(member, f"{path}{i}.")]
    return []
