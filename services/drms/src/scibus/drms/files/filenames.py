"""Names of exported files: those that JSOC is asked to give, and those that users get."""

import re
from pathlib import PurePosixPath

from scibus.contracts.drms import SeriesStructure

_RECORD = re.compile(r"\s*(?P<series>[\w.]+)(?P<keys>(?:\[[^\]]*\])*)(?:\{(?P<segments>[^}]*)\})?\s*")
_TIME = re.compile(r"\d{4}[.-]\d\d[.-]\d\d")
_UNSAFE = re.compile(r"[\x00-\x1f\x7f/\\:]")
MEDIA_TYPES = {
    ".fits": "application/fits",
    ".jpg": "image/jpeg",
    ".mpg": "video/mpeg",
    ".mp4": "video/mp4",
    ".tar": "application/x-tar",
    ".txt": "text/plain",
}
LONGEST_NAME = 200
NAMELESS = "file"


def automatic_template(series: str, structure: SeriesStructure) -> str:
    """The template that the published client sends: series, prime keys and segment."""
    types = {keyword.name: keyword.type for keyword in structure.keywords}
    keys = [f"{{{key}:A}}" if types.get(key) == "time" else f"{{{key}}}" for key in structure.primekeys]
    return ".".join([series, *(keys or ["{recnum:%lld}"]), "{segment}"])


def safe_name(path: str) -> str:
    """The last part of `path`, without anything that a file system might take for something else."""
    name = _UNSAFE.sub("_", PurePosixPath(path.replace("\\", "/")).name)
    suffix = PurePosixPath(name).suffix
    if len(name) > LONGEST_NAME:
        name = name[: LONGEST_NAME - len(suffix)] + suffix
    return NAMELESS if name.strip(".") == "" else name


def name_of_record(record: str, path: str) -> str:
    """A name made from record and segment, for files that are all called alike: `segment.fits` in many folders."""
    found = _RECORD.fullmatch(record)
    if found is None:
        return safe_name(path)
    keys = [_key(key) for key in re.findall(r"\[([^\]]*)\]", found["keys"])]
    segments = re.split(r"[\s,]+", found["segments"] or "")
    parts = [found["series"].lower(), *keys, *segments]
    return safe_name(".".join(part for part in parts if part) + PurePosixPath(path).suffix)


def _key(value: str) -> str:
    """The value of a prime key; a time as JSOC writes it in names."""
    return re.sub(r"[.:-]", "", value) if _TIME.match(value) else value.lstrip(":#")


def media_type(filename: str) -> str:
    """What kind of file it is, told by its name."""
    return MEDIA_TYPES.get(PurePosixPath(filename).suffix.lower(), "application/octet-stream")
