"""What every stand-in backend shares: an HTTP server, fault injection, a request log and remote control."""

from .control import Action
from .faults import MAINTENANCE_PAGE, Fault, Faults
from .files import ServedFile
from .http import Delivery, Request, Response
from .log import Received, RequestLog
from .remote import StandInControl
from .stand_in import Operation, StandIn

__all__ = [
    "MAINTENANCE_PAGE",
    "Action",
    "Delivery",
    "Fault",
    "Faults",
    "Operation",
    "Received",
    "Request",
    "RequestLog",
    "Response",
    "ServedFile",
    "StandIn",
    "StandInControl",
]
