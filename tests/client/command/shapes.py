"""A service with a field of every kind: it says what was asked, raises a full problem, and keeps a file."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import date, datetime, time
from typing import Any, Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from scibus.bus.blobs import Blobs
from scibus.contracts import BlobRef, Contract, Names, Service, request
from scibus.contracts.problems import BackendFault, BackendUnavailable, FieldError
from scibus.runtime import Worker


class Corner(Contract):
    x: int
    y: int = 0


class Shape(Contract):
    text: str = Field(default="", description="Some text.", examples=["hmi.v_45s[bold][2013.07.03/3m]"])
    choice: Literal["round", "square"] = "round"
    corner_count: int | None = None
    ratio: float | None = None
    filled: bool = False
    names: Names = ()
    tags: Sequence[str] = ()
    corner: Corner | None = Field(default=None, description="Where it begins.")
    sizes: Mapping[str, int] = {}
    owner: str | bool | None = None
    moment: datetime | None = None
    day: date | None = None
    hour: time | None = None
    to: str | None = Field(default=None, description="Where it ends.")


class Asked(Contract):
    body: dict[str, Any]


class Content(Contract):
    text: str
    filename: str = "shape.txt"


class Nothing(Contract):
    pass


class Shapes(Service):
    """Shapes of [every] kind."""

    ask = request(Shape, Asked, summary="Say what was asked")
    fail = request(Nothing, Nothing, summary="Raise a problem with everything in it")
    keep = request(Content, BlobRef, summary="Keep a file on the bus")


class ShapesSettings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="SCIBUS_SHAPES_")


worker = Worker(Shapes, ShapesSettings, distribution="scibus-runtime")


@worker.handles(Shapes.ask)
async def ask(shape: Shape) -> Asked:
    return Asked(body=shape.model_dump(mode="json", exclude_unset=True))


@worker.handles(Shapes.fail)
async def fail(_nothing: Nothing) -> Nothing:
    raise BackendUnavailable(
        "it is Tuesday\x1b[2J",
        title="In maintenance",
        retry_after=60,
        errors=[FieldError(field="day", message="choose another one")],
        backend=BackendFault(name="jsoc", status=503, message="come back tomorrow"),
    )


@worker.handles(Shapes.keep)
async def keep(content: Content, blobs: Blobs) -> BlobRef:
    async def pieces() -> AsyncIterator[bytes]:
        yield content.text.encode()

    name = blobs.new_name("shapes", "keep", content.filename)
    return await blobs.put(name, pieces(), media_type="text/plain", filename=content.filename)


if __name__ == "__main__":
    worker.run()
