"""URLs of genome files at an htsget server."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple
from urllib.parse import parse_qs, quote, unquote, urlencode, urlsplit, urlunsplit

from pydantic import ValidationError

from scibus.contracts.modos.slices import Format, Region
from scibus.contracts.problems import InvalidRequest, Unsupported
from scibus.runtime.http.addresses import web_url

Kind = Literal["reads", "variants"]
KINDS: dict[Format, Kind] = {"BAM": "reads", "CRAM": "reads", "VCF": "variants", "BCF": "variants"}
SUFFIXES: dict[str, Format] = {
    ".bam": "BAM",
    ".cram": "CRAM",
    ".vcf": "VCF",
    ".vcf.gz": "VCF",
    ".vcf.bgz": "VCF",
    ".bcf": "BCF",
}
NOT_SERVED = (".c4gh", ".sam", ".sam.gz", ".fa", ".fasta", ".fa.gz", ".fq", ".fastq", ".fq.gz", ".fastq.gz")
TAKEN = "htsget has .bam, .cram, .vcf, .vcf.gz and .bcf"
RESERVED = "service-info"


@dataclass(frozen=True)
class HtsgetFile:
    """A file as an htsget server knows it: the path without the suffix, and the format to have it in."""

    id: str
    format: Format

    @property
    def kind(self) -> Kind:
        return KINDS[self.format]

    def url(self, base: str) -> str:
        """Where the server at `base` has it."""
        return f"{base.rstrip('/')}/{self.kind}/{'/'.join(quote(part, safe='') for part in self.id.split('/'))}"

    def ticket_url(self, base: str, region: Region | None = None, *, header_only: bool = False) -> str:
        """Where the server at `base` has the ticket for a region, for the header, or for all of it."""
        asked: list[tuple[str, str]] = [("format", self.format)]
        if header_only:
            asked.append(("class", "header"))
        if region is not None:
            asked.append(("referenceName", region.reference_name))
            asked += [(name, str(at)) for name, at in (("start", region.start), ("end", region.end)) if at is not None]
        return f"{self.url(base)}?{urlencode(asked, quote_via=quote, safe='')}"


def htsget_file(prefix: str, file: str, format: Format | None = None) -> HtsgetFile:  # noqa: A002
    """The file called `file` of the object at `prefix`, which is its S3 path without the bucket.

    Raises:
        Unsupported: htsget has no such files.
        InvalidRequest: `format` is not one in which the file can be had, or the name leads nowhere.
    """
    lower, suffix = file.lower(), _suffix(file)
    if lower.endswith(NOT_SERVED) or not (suffix or format):
        why = " (an encrypted file is fetched whole)" if lower.endswith(".c4gh") else ""
        raise Unsupported(f"{file[:200]!r} cannot be sliced: {TAKEN}{why}; name the format if the file is one of them")
    own = SUFFIXES.get(suffix)
    if own and format and KINDS[own] != KINDS[format]:
        raise InvalidRequest(f"{file[:200]!r} holds {KINDS[own]} and cannot be had as {format}")
    parts = [part for part in f"{prefix}/{file[: len(file) - len(suffix)]}".split("/") if part]
    stem = file.rpartition("/")[2][: -len(suffix) or None]
    if not stem or any(part in (".", "..") for part in parts) or parts == [RESERVED]:
        raise InvalidRequest(f"{file[:200]!r} is no file that an htsget server could have")
    return HtsgetFile("/".join(parts), format or own or "BAM")


def format_of(file: str) -> Format | None:
    """The format that the end of a file's name tells; None: it tells none of these."""
    return SUFFIXES.get(_suffix(file))


class HtsgetAddress(NamedTuple):
    """What an htsget URL says."""

    base: str
    file: HtsgetFile
    region: Region | None
    header_only: bool


def parse_htsget_url(url: str) -> HtsgetAddress:
    """The parts of an htsget URL: `{base}/{reads|variants}/{id}?format=…`; the first such folder counts.

    Raises:
        InvalidRequest: it is none.
    """
    try:
        place = urlsplit(web_url(url))
    except ValueError as error:
        raise InvalidRequest("an htsget URL is an http or https URL") from error
    folders = place.path.split("/")
    at = next((i for i, folder in enumerate(folders) if folder in ("reads", "variants")), None)
    parts = [] if at is None else [unquote(part) for part in folders[at + 1 :] if part]
    if at is None or not parts or parts == [RESERVED]:
        raise InvalidRequest("an htsget URL has /reads/ or /variants/ and the name of a file")
    asked = parse_qs(place.query, keep_blank_values=True)
    kind = folders[at]
    chosen = _one(asked.get("format")) or ("BAM" if kind == "reads" else "VCF")
    named = next((known for known, its in KINDS.items() if known == chosen.upper() and its == kind), None)
    if named is None:
        raise InvalidRequest(f"{chosen[:50]!r} is no format of {kind}")
    base = urlunsplit((place.scheme, place.netloc, "/".join(folders[:at]), "", ""))
    return HtsgetAddress(base, HtsgetFile("/".join(parts), named), _region(asked), _one(asked.get("class")) == "header")


def _suffix(file: str) -> str:
    lower = file.lower()
    return max((suffix for suffix in SUFFIXES if lower.endswith(suffix)), key=len, default="")


def _region(asked: dict[str, list[str]]) -> Region | None:
    """Raises InvalidRequest: it is none."""
    name, start, end = (_one(asked.get(key)) for key in ("referenceName", "start", "end"))
    if name is None:
        if start is not None or end is not None:
            raise InvalidRequest("start and end say nothing without referenceName")
        return None
    try:
        return Region.model_validate({"reference_name": name, "start": _number(start), "end": _number(end)})
    except ValidationError as error:
        raise InvalidRequest.from_validation(error) from error


def _number(text: str | None) -> int | str | None:
    return int(text) if text is not None and text.isascii() and text.isdecimal() and len(text) < 20 else text


def _one(values: Sequence[str] | None) -> str | None:
    return values[0] if values else None
