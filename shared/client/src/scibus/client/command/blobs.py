"""`scibus get`: fetch a file that an operation left on the bus."""

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from scibus.client.bus import Bus
from scibus.client.command.body import read_text
from scibus.client.command.connection import Reach
from scibus.client.command.exits import errors, visible
from scibus.client.command.output import opened
from scibus.client.command.reaching import reaching
from scibus.contracts.blobs import BlobRef

STDOUT = "-"


@reaching
def get(
    reach: Reach,
    blob: Annotated[
        str,
        typer.Argument(
            help="Name of the blob, or the BlobRef that an answer holds, as JSON; '-' reads standard input, '@FILE' a "
            "file."
        ),
    ],
    to: Annotated[
        str | None,
        typer.Option(help="File or folder to write to, '-' for standard output; by default the blob's own file name."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is already there.")] = False,
) -> None:
    """Fetch a blob: a file that an operation made, or an answer too large for a message.

    Its SHA-256 is checked. A file appears only when it is whole; on standard output, trust the exit code.
    """
    named = read_text(blob).strip()
    ref = _reference(named) if named.startswith("{") else None
    reach.ask(lambda bus: _fetch(bus, ref or named, to, force=force))


async def _fetch(bus: Bus, blob: BlobRef | str, to: str | None, *, force: bool) -> None:
    ref = await bus.blobs.find(blob) if isinstance(blob, str) else blob
    path = None if to == STDOUT else _target(ref, to, force=force)
    with opened(path) as file, _progress(ref) as progress:
        task = progress.add_task(visible(Path(ref.name).name), total=ref.size)
        async for chunk in _content(bus, ref):
            await asyncio.to_thread(file.write, chunk)
            progress.advance(task, len(chunk))
    if path:
        errors().print(f"{path}: {ref.size} bytes, SHA-256 {ref.sha256}", markup=False)


def _content(bus: Bus, ref: BlobRef) -> AsyncIterator[bytes]:
    return bus.blobs.read(ref)


def _reference(text: str) -> BlobRef:
    try:
        return BlobRef.model_validate_json(text)
    except ValidationError as error:
        told = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())
        raise typer.BadParameter(f"this is no BlobRef: {told}", param_hint="BLOB") from None


def _target(ref: BlobRef, to: str | None, *, force: bool) -> Path:
    path = Path(to or ".")
    if path.is_dir():
        # Only the last part: whoever made the blob must not choose the folder.
        name = Path(ref.filename or ref.name).name
        if name in ("", ".."):
            raise typer.BadParameter("the blob has no file name: choose one", param_hint="--to")
        path = path / name
    if not path.parent.is_dir():
        raise typer.BadParameter(f"there is no folder {path.parent}", param_hint="--to")
    if path.is_file() and not force:
        raise typer.BadParameter(f"{path} is there already: --force replaces it", param_hint="--to")
    return path


def _progress(ref: BlobRef) -> Progress:
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    return Progress(*columns, console=errors(), transient=True, disable=not sys.stderr.isatty())
