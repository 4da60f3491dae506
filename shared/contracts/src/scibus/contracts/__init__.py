"""Typed message contracts: what travels on the bus, declared once. No I/O happens here."""

from scibus.contracts.blobs import BlobRef
from scibus.contracts.blocking import Blocking, BlockingJob
from scibus.contracts.calls import CallOptions, JobHandle
from scibus.contracts.jobs import JobProgress, JobRef, JobSchedule, JobStatus
from scibus.contracts.model import Contract, Names, split_names
from scibus.contracts.operations import JobOperation, Operation, Request, Service, job, request, table
from scibus.contracts.problems import Problem
from scibus.contracts.tables import Table

__all__ = [
    "BlobRef",
    "Blocking",
    "BlockingJob",
    "CallOptions",
    "Contract",
    "JobHandle",
    "JobOperation",
    "JobProgress",
    "JobRef",
    "JobSchedule",
    "JobStatus",
    "Names",
    "Operation",
    "Problem",
    "Request",
    "Service",
    "Table",
    "job",
    "request",
    "split_names",
    "table",
]
