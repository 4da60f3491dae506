"""Why a record set cannot be opened."""

from __future__ import annotations


class RecordSetError(Exception):
    """A record set that cannot be opened."""


class InvalidRecordSet(RecordSetError):
    """The query is no record-set query."""


class UnknownSeries(RecordSetError):
    """The query names a series that does not exist."""


class ForeignSubset(RecordSetError):
    """The query joins records of several series."""


class QueryFailed(RecordSetError):
    """The database refused a condition; the text is the database's."""
