"""JSOC's JSON turned into answer models: numbers as numbers, lists as lists, oddities smoothed."""

from typing import Any

from pydantic import ValidationError

from scibus.contracts.drms import (
    ExportFile,
    ExportState,
    ExternalSeries,
    ExternalSeriesList,
    KeywordInfo,
    KeywordValues,
    LinkInfo,
    LinkValues,
    PrimeKeyInfo,
    RecordInfo,
    RecordInterval,
    RecordList,
    RecordSetQuery,
    SegmentInfo,
    SegmentValues,
    SeriesEntry,
    SeriesList,
    SeriesStructure,
)
from scibus.contracts.model import split_names
from scibus.contracts.problems import BadBackendAnswer
from scibus.drms.answers import integer, real, status, text

NOT_THERE = ("NA", "")
EVERY = "**ALL**"
NONE = "**NONE**"


def read_series_list(answer: dict[str, Any]) -> SeriesList:
    """show_series: prime keys come as one text with commas."""
    names = [
        SeriesEntry(name=str(item["name"]), primekeys=split_names(str(item.get("primekeys") or "")), note=_note(item))
        for item in _objects(answer.get("names"))
    ]
    return SeriesList(n=len(names), names=names)


def read_external_series(answer: dict[str, Any]) -> ExternalSeriesList:
    """showextseries: names, or one object per series with its name as the only member."""
    listed = []
    for item in answer.get("seriesList") or []:
        if isinstance(item, dict):
            listed += [ExternalSeries(name=name, description=_description(told)) for name, told in item.items()]
        else:
            listed.append(ExternalSeries(name=str(item)))
    return ExternalSeriesList(seriesList=listed)


def read_structure(answer: dict[str, Any]) -> SeriesStructure:
    """series_struct: a series without prime keys has [null], one without records has "NA" everywhere."""
    if "keywords" not in answer:
        raise BadBackendAnswer("JSOC described a series without telling its keywords")
    primekeysinfo = [
        PrimeKeyInfo(name=str(item["name"]), slotted=integer(item.get("slotted")) or 0, step=real(item.get("step")))
        for item in _objects(answer.get("primekeysinfo"))
    ]
    interval = {
        name: value
        for name, value in (answer.get("Interval") or {}).items()
        if name in RecordInterval.model_fields and value not in NOT_THERE
    }
    return SeriesStructure(
        note=_note(answer),
        retention=integer(answer.get("retention")),
        stagingretention=integer(answer.get("stagingretention")),
        unitsize=integer(answer.get("unitsize")),
        archive=integer(answer.get("archive")),
        tapegroup=integer(answer.get("tapegroup")),
        owner=text(answer.get("owner")),
        primekeys=_texts(answer.get("primekeys")),
        primekeysinfo=primekeysinfo,
        dbindex=_texts(answer.get("dbindex")),
        keywords=[_model(KeywordInfo, item) for item in _objects(answer.get("keywords"))],
        segments=[_model(SegmentInfo, item) for item in _objects(answer.get("segments"))],
        links=[_model(LinkInfo, item) for item in _objects(answer.get("links"))],
        Interval=_model(RecordInterval, interval),
        runtime=real(answer.get("runtime")),
    )


def read_record_list(answer: dict[str, Any], query: RecordSetQuery) -> RecordList:
    """rs_list: a record set without records comes as a bare count."""
    count = integer(answer.get("count"))
    if count is None:
        raise BadBackendAnswer("JSOC told no count for the record set")
    keywords = [_model(KeywordValues, item) for item in _objects(answer.get("keywords"))]
    segments = [_model(SegmentValues, item) for item in _objects(answer.get("segments"))]
    links = [_model(LinkValues, item) for item in _objects(answer.get("links"))]
    if count == 0:
        keywords = [KeywordValues(name=name, values=[]) for name in _named(query.key)]
        segments = [SegmentValues(name=name, values=[]) for name in _named(query.seg)]
        links = [LinkValues(name=name, values=[]) for name in _named(query.link)]
    listed: list[KeywordValues | SegmentValues | LinkValues] = [*keywords, *segments, *links]
    short = [column.name for column in listed if len(column.values) != count]
    if short:
        raise BadBackendAnswer(f"JSOC told {count} records, but another number of values for {', '.join(short)}")
    return RecordList(
        count=count,
        keywords=keywords,
        segments=segments,
        links=links,
        recinfo=[_model(RecordInfo, item) for item in _objects(answer.get("recinfo"))],
        runtime=real(answer.get("runtime")),
    )


def read_export(answer: dict[str, Any], server: str) -> ExportState:
    """An export's state: in the index of a finished one every value is text, and images call the id `reqid`."""
    return ExportState(
        status=status(answer, server),
        requestid=text(answer.get("requestid")) or text(answer.get("reqid")),
        method=text(answer.get("method")),
        protocol=text(answer.get("protocol")),
        wait=real(answer.get("wait")),
        count=integer(answer.get("count")),
        rcount=integer(answer.get("rcount")),
        size=real(answer.get("size")),
        dir=text(answer.get("dir")),
        data=[_model(ExportFile, item) for item in _objects(answer.get("data"))],
        tarfile=text(answer.get("tarfile")),
        keywords=text(answer.get("keywords")),
        exptime=text(answer.get("exptime")),
        error=text(answer.get("error")),
        warning=text(answer.get("warning")),
        contact=text(answer.get("contact")),
    )


def _model(model: Any, item: dict[str, Any]) -> Any:
    try:
        return model.model_validate(item)
    except ValidationError as error:
        told = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_input=False)[:5])
        raise BadBackendAnswer(f"JSOC's {model.__name__} does not fit: {told}") from error


def _objects(items: Any) -> list[dict[str, Any]]:
    if items is None:
        return []
    if not isinstance(items, list):
        raise BadBackendAnswer("JSOC sent something else where a list belongs")
    return [item for item in items if isinstance(item, dict)]


def _texts(items: Any) -> list[str]:
    return [str(item) for item in items or [] if item is not None]


def _named(names: Any) -> list[str]:
    return [name for name in split_names(names) if name not in (EVERY, NONE)]


def _note(item: dict[str, Any]) -> str:
    return str(item.get("note") or "")


def _description(told: Any) -> str | None:
    return text(told.get("description")) if isinstance(told, dict) else text(told)
