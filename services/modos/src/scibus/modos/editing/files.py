"""Files that elements name: which of them are the object's own, and which belong together."""

from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import Any

from pydantic import TypeAdapter, ValidationError

from scibus.contracts.modos.paths import FileName
from scibus.modos.zarr_metadata import FOLDER

ENCRYPTED = ".c4gh"
INDEXES: Mapping[str, tuple[str, ...]] = {
    ".cram": (".crai",),
    ".bam": (".bai", ".csi"),
    ".sam": (".bai",),
    ".bcf": (".csi",),
    ".vcf": (".tbi", ".csi"),
    ".vcf.gz": (".tbi", ".csi"),
    ".fa": (".fai",),
    ".fasta": (".fai",),
    ".fa.gz": (".fai", ".gzi"),
    ".fasta.gz": (".fai", ".gzi"),
    ".fq": (".fai",),
    ".fastq": (".fai",),
}
"""By the end of the file's name, in any case; the first is the usual one."""

_FILE_NAME: TypeAdapter[str] = TypeAdapter(FileName)


def own_file(attributes: Mapping[str, Any]) -> str | None:
    """The file below the object that `data_path` names; None: there is none, or it is elsewhere."""
    path = attributes.get("data_path")
    if not isinstance(path, str) or not path or "://" in path or path.startswith("/"):
        return None
    try:
        name = _FILE_NAME.validate_python(str(PurePosixPath(path)))
    except ValidationError:
        return None
    return None if name.partition("/")[0] == FOLDER else name


def indexes_of(file: str) -> list[str]:
    """Names that an index of the file can have, the usual one first."""
    encrypted = ENCRYPTED if file.endswith(ENCRYPTED) else ""
    plain = file.removesuffix(ENCRYPTED)
    ends = max((end for end in INDEXES if plain.lower().endswith(end)), key=len, default=None)
    return [plain + index + encrypted for index in INDEXES[ends]] if ends else []


def files_to_go(attributes: Mapping[str, Any], others: Iterable[Mapping[str, Any]]) -> list[str]:
    """The element's file and its indexes, but none that another element names, nor indexes of such a file."""
    file = own_file(attributes)
    kept = {own_file(other) for other in others}
    if file is None or file in kept:
        return []
    return [name for name in (file, *indexes_of(file)) if name not in kept]


def index_name(file: str, said: str) -> str | None:
    """The name for an index of the file that is now called `said`; None: such files have no index."""
    names = indexes_of(file)
    fit = [name for name in names if said.removesuffix(ENCRYPTED).endswith(_end(name))]
    return next(iter(fit or names), None)


def _end(name: str) -> str:
    return "." + name.removesuffix(ENCRYPTED).rpartition(".")[2]
