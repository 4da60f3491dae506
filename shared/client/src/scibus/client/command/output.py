"""Where results go, and in which form."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, BinaryIO, Literal, cast

import typer

from scibus.bus.tables import has_arrow
from scibus.client.command.formats import write_arrow, write_csv, write_json, write_table
from scibus.client.command.views import View

PANEL = "Output"
Format = Literal["table", "json", "csv", "arrow"]
_BY_ENDING: dict[str, Format] = {".json": "json", ".csv": "csv", ".arrow": "arrow", ".arrows": "arrow"}

Output = Annotated[
    Format | None,
    typer.Option(
        "--output",
        "-o",
        help="Form of the result: a table for people, JSON, CSV with a header, or an Arrow stream. "
        "By default a table on a terminal, what the ending of --to says, and JSON elsewhere.",
        rich_help_panel=PANEL,
    ),
]
To = Annotated[
    Path | None,
    typer.Option(help="File to write the result to; replaced when it is there.", rich_help_panel=PANEL),
]


@dataclass(frozen=True)
class Destination:
    """A form and a place; no path stands for standard output."""

    form: Format
    path: Path | None

    @classmethod
    def chosen(cls, form: Format | None, path: Path | None) -> "Destination":
        """What the options say, checked before anything is asked on the bus.

        Raises:
            typer.BadParameter: the result could not be written.
        """
        terminal = path is None and sys.stdout.isatty()
        by_ending = _BY_ENDING.get(path.suffix) if path else None
        form = form or by_ending or ("table" if terminal else "json")
        if form == "arrow" and not has_arrow():
            raise typer.BadParameter("Arrow needs pyarrow: pip install 'scibus[table]'", param_hint="--output")
        if form == "arrow" and terminal:
            raise typer.BadParameter("Arrow is nothing for a terminal: add --to FILE", param_hint="--output")
        if path and not path.parent.is_dir():
            raise typer.BadParameter(f"there is no folder {path.parent}", param_hint="--to")
        return cls(form, path)

    def write(self, view: View) -> None:
        """Write `view`.

        Raises:
            typer.BadParameter: the file cannot be written.
        """
        with opened(self.path) as file:
            if self.form == "table":
                write_table(view, file, terminal=self.path is None and sys.stdout.isatty())
            else:
                {"json": write_json, "csv": write_csv, "arrow": write_arrow}[self.form](view, file)


@contextmanager
def opened(path: Path | None) -> Iterator[BinaryIO]:
    """Standard output, or `path`: a file appears there only when the block has written all of it.

    Raises:
        typer.BadParameter: the file cannot be written.
    """
    if path is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    try:
        with _file(path) as file:
            yield file
    except BrokenPipeError:
        raise
    except OSError as error:
        raise typer.BadParameter(f"{path} cannot be written: {error.strerror}", param_hint="--to") from None


@contextmanager
def _file(path: Path) -> Iterator[BinaryIO]:
    if path.exists() and not path.is_file():
        # A pipe or a device: there is nothing to put in its place.
        with path.open("wb") as file:
            yield cast("BinaryIO", file)
        return
    target = path.resolve()
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with part.open("xb") as file:
            yield cast("BinaryIO", file)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
