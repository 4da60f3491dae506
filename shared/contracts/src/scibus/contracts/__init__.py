"""Typed message contracts: what travels on the bus, declared once. No I/O happens here."""

from scibus.contracts.blobs import BlobRef
from scibus.contracts.model import Contract, Names, split_names
from scibus.contracts.operations import Operation, Request, Service, request, table
from scibus.contracts.problems import Problem
from scibus.contracts.tables import Table

__all__ = [
    "BlobRef",
    "Contract",
    "Names",
    "Operation",
    "Problem",
    "Request",
    "Service",
    "Table",
    "request",
    "split_names",
    "table",
]
