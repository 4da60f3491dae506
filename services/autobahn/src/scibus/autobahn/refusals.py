"""What is said when a server cannot be reached, or answers with an HTTP status that is none of success."""

import httpx

from scibus.autobahn.servers import Server
from scibus.autobahn.tls_faults import told_by_tls
from scibus.contracts.problems import BackendFault, BackendUnavailable, Problem
from scibus.runtime.http.refusals import refused as told_by_status
from scibus.runtime.http.refusals import unreachable as not_reached

BACKEND = "autobahn"
CUT_OFF = httpx.ReadError | httpx.WriteError | httpx.RemoteProtocolError


def unreachable(server: Server, error: Exception) -> Problem:
    """The problem behind what went wrong on the way; of the error itself only its kind is told."""
    if (problem := told_by_tls(error, server)) is not None:
        return problem
    if isinstance(error, CUT_OFF) and server.shown is not None:
        # Where the socket is reset at once, the alert that tells why can be lost.
        return BackendUnavailable(
            f"{server} cut the connection; it may not accept the client certificate {server.shown.cert}",
            backend=BackendFault(name=BACKEND, message=type(error).__name__),
        )
    return not_reached(str(server), error, backend=BACKEND)


def refused(server: Server, response: httpx.Response) -> Problem:
    """The problem that an HTTP status tells, whatever was asked."""
    return told_by_status(str(server), response, backend=BACKEND, wait=10.0)
