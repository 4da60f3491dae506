"""The record-set query language: series[filter][? condition ?]{segments}."""

from .errors import ForeignSubset, InvalidRecordSet, QueryFailed, UnknownSeries
from .record_set import RecordSet, open_record_set
from .syntax import Subset, parse_record_set

__all__ = [
    "ForeignSubset",
    "InvalidRecordSet",
    "QueryFailed",
    "RecordSet",
    "Subset",
    "UnknownSeries",
    "open_record_set",
    "parse_record_set",
]
