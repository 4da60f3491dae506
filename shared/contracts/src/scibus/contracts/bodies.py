"""Which models the bodies and headers of a service's messages are of."""

from collections.abc import Iterable

from scibus.contracts.blobs import BlobRef
from scibus.contracts.jobs import JobStatus
from scibus.contracts.model import Contract
from scibus.contracts.operations import Service
from scibus.contracts.problems import ProblemDetails


def models_of(services: Iterable[type[Service]]) -> tuple[list[type[Contract]], list[type[Contract]]]:
    """The models of what `services` are asked, and of what they answer and tell, each once."""
    operations = [operation for service in services for operation in service.operations()]
    asked: list[type[Contract]] = [operation.model for operation in operations]
    answered: list[type[Contract]] = [BlobRef, JobStatus, ProblemDetails, *(op.answer_model for op in operations)]
    return list(dict.fromkeys(asked)), list(dict.fromkeys(answered))
