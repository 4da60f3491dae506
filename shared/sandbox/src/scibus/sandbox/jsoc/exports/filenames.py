"""Names of exported files: filenamefmt with its tokens."""

from __future__ import annotations

import re

from scibus.sandbox.jsoc.archive.series import Record, Segment

DEFAULT_FORMAT = "{seriesname}.{recnum:%lld}.{segment}"
TOKEN = re.compile(r"\{([^}:]+)(?::([^}]*))?\}")
LENGTH_MODIFIER = re.compile(r"l+(?=[dux])")


def file_name(template: str, record: Record, segment: Segment, position: int, extension: str) -> str:
    """The name by `template`: {seriesname} {recnum:%d} {segment} {#:%05d} {KEYWORD:format}.

    A time takes the format A, which leaves out dots and colons, or D, which leaves the date only.
    """

    def replacement(token: re.Match[str]) -> str:
        name, form = token[1], token[2]
        if name == "seriesname":
            return record.series.name
        if name == "segment":
            return segment.name
        if name == "recnum":
            return _printed(record.recnum, form)
        if name == "#":
            return _printed(position, form or "%05d")
        return _keyword(record, name, form)

    return f"{TOKEN.sub(replacement, template or DEFAULT_FORMAT)}.{extension}"


def _printed(number: int, form: str | None) -> str:
    try:
        return LENGTH_MODIFIER.sub("", form or "%d") % number
    except (ValueError, TypeError):
        return str(number)


def _keyword(record: Record, name: str, form: str | None) -> str:
    keyword = record.series.keyword(name)
    if keyword is None:
        return "UNKNOWN"
    text = keyword.text(record)
    if keyword.type != "time":
        return text
    if form == "D":
        return re.split("[_T]", text)[0].replace(".", "").replace("-", "")
    return re.sub(r"[.:-]", "", text) if form == "A" else text
