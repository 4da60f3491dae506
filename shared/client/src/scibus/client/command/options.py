"""Options from a request model: one for each field, typed, described and exampled as the field is."""

import json
import types
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import Enum
from inspect import Parameter
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import typer
from pydantic import BaseModel, TypeAdapter
from pydantic.fields import FieldInfo
from rich.markup import escape

from scibus.contracts.model import Contract, split_names

PANEL = "Fields of the request"


class Kind(Enum):
    """How the text of an option becomes the value of a field."""

    FLAG = "flag"
    INTEGER = "integer"
    NUMBER = "number"
    TEXT = "text"
    NAMES = "names"
    TEXTS = "texts"
    MIXED = "mixed"
    MIXTURES = "mixtures"
    JSON = "json"


_TYPES: dict[Kind, Any] = {
    Kind.FLAG: bool,
    Kind.INTEGER: int,
    Kind.NUMBER: float,
    Kind.NAMES: list[str],
    Kind.TEXTS: list[str],
    Kind.MIXTURES: list[str],
}
_METAVARS = {Kind.NAMES: "NAMES", Kind.JSON: "JSON", Kind.MIXED: "TEXT|JSON", Kind.MIXTURES: "TEXT|JSON"}
_SCALARS = {bool: Kind.FLAG, int: Kind.INTEGER, float: Kind.NUMBER, str: Kind.TEXT}
# JSON has no types of its own for these: they are texts there.
_SCALARS |= dict.fromkeys((datetime, date, time), Kind.TEXT)


@dataclass(frozen=True)
class FieldOption:
    """The option for one field.

    Attributes:
        member: the field's name in the message.
        option: what is typed, dashes included.
        alias: what may be typed instead.
    """

    member: str
    option: str
    kind: Kind
    field: FieldInfo
    alias: str | None = None

    @property
    def parameter(self) -> Parameter:
        """The option as a parameter of a typer command. None when it was not given, whatever the field's default."""
        names = f"{self.option}/--no-{self.option[2:]}" if self.kind is Kind.FLAG else self.option
        info = typer.Option(
            *filter(None, [names, self.alias]),
            help=self._help(),
            metavar=_METAVARS.get(self.kind),
            rich_help_panel=PANEL,
        )
        taken: Any = _TYPES.get(self.kind, str) | None
        return Parameter(
            f"field_{self.member}", Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[taken, info]
        )

    def value(self, given: Any) -> Any:
        """What `given` on the command line means in the message.

        Raises:
            typer.BadParameter: it should be JSON and is not.
        """
        if self.kind is Kind.NAMES:
            return given[0] if len(given) == 1 else [name for text in given for name in split_names(text)]
        if self.kind is Kind.JSON:
            return self._json(given)
        if self.kind is Kind.MIXED:
            return self._mixed(given, self.field.annotation)
        if self.kind is Kind.MIXTURES:
            [member] = get_args(_bare(self.field.annotation))
            return [self._mixed(text, _bare(member)) for text in given]
        return given

    def _json(self, text: str) -> Any:
        try:
            return json.loads(text)
        except ValueError as error:
            raise typer.BadParameter(f"this is no JSON: {error}", param_hint=self.option) from None

    def _mixed(self, text: str, annotation: Any) -> Any:
        """Text, unless it is JSON of another type that is taken there."""
        try:
            TypeAdapter(annotation).validate_json(text)
            return json.loads(text)
        except ValueError:
            return text

    def _help(self) -> str:
        parts = [self.field.description or "", *_choices(self.field.annotation), *self._form()]
        parts += [f"Example: {_shown(example)}" for example in (self.field.examples or [])[:1]]
        if self.field.is_required():
            parts.append("Required.")
        elif default := self.field.get_default(call_default_factory=False):
            parts.append(f"Default: {_shown(default)}")
        return escape("\n\n".join(part for part in parts if part))

    def _form(self) -> Iterator[str]:
        if self.kind is Kind.NAMES:
            yield "Separated by commas; may be repeated."
        elif self.kind in (Kind.TEXTS, Kind.MIXTURES):
            yield "May be repeated."
        elif self.kind is Kind.JSON and (members := _members(self.field.annotation)):
            yield f"A JSON object of {', '.join(members)}."


def field_options(model: type[Contract], taken: Sequence[str], elsewhere: Sequence[str] = ()) -> list[FieldOption]:
    """The options for `model`. A field whose option is `taken` by the command itself is called `--field-NAME`.

    One that is taken `elsewhere`, by another command with the same fields, may be called so here too.
    """
    options = []
    for member, field in model.model_fields.items():
        option, longer = "--" + member.replace("_", "-"), "--field-" + member.replace("_", "-")
        alias = longer if option in elsewhere else None
        if option in taken:
            option = longer
        options.append(FieldOption(member, option, _kind(field.annotation), field, alias))
    return options


def _kind(annotation: Any) -> Kind:
    members = [_plain(member) for member in _alternatives(annotation)]
    sequences = [member for member in members if _is_texts(member)]
    if sequences:
        return Kind.NAMES if str in members else Kind.TEXTS if len(members) == 1 else Kind.JSON
    if len(members) == 1 and _are_mixtures(members[0]):
        return Kind.MIXTURES
    if len(members) == 1:
        return _SCALARS.get(members[0], Kind.JSON)
    if set(members) == {int, float}:
        return Kind.NUMBER
    return Kind.MIXED if str in members else Kind.JSON


def _alternatives(annotation: Any) -> Iterator[Any]:
    """The members of a union, however deep; None is left out: it is what an absent option means."""
    annotation = _bare(annotation)
    if get_origin(annotation) in (Union, types.UnionType):
        for member in get_args(annotation):
            yield from _alternatives(member)
    elif annotation is not types.NoneType:
        yield annotation


def _bare(annotation: Any) -> Any:
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    return annotation


def _plain(annotation: Any) -> Any:
    """`str` for a choice of texts: the model says which it takes, and may take them in other spellings too."""
    if get_origin(annotation) is Literal:
        found = {type(choice) for choice in get_args(annotation)}
        return found.pop() if len(found) == 1 else annotation
    return annotation


def _is_texts(annotation: Any) -> bool:
    origin = get_origin(annotation)
    if not (isinstance(origin, type) and issubclass(origin, Sequence | set | frozenset)):
        return False
    return all(list(_alternatives(member)) == [str] for member in get_args(annotation) if member is not Ellipsis)


def _are_mixtures(annotation: Any) -> bool:
    """Whether it is a sequence, each member of which may be a text or something else."""
    origin = get_origin(annotation)
    members = get_args(annotation) if isinstance(origin, type) and issubclass(origin, Sequence) else ()
    return any(str in kinds and len(kinds) > 1 for kinds in (list(_alternatives(member)) for member in members))


def _choices(annotation: Any) -> Iterator[str]:
    members = list(_alternatives(annotation))
    choices = [str(choice) for member in members if get_origin(member) is Literal for choice in get_args(member)]
    # Beside another type a choice is no choice.
    if choices and all(get_origin(member) is Literal for member in members):
        yield f"One of {', '.join(choices)}."


def _members(annotation: Any) -> list[str]:
    models = [m for m in _alternatives(annotation) if isinstance(m, type) and issubclass(m, BaseModel)]
    return list(models[0].model_fields) if len(models) == 1 else []


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str)
