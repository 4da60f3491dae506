"""What is said when a server cannot be reached, or answers with an HTTP status that is none of success."""

import httpx

from scibus.autobahn.servers import Server
from scibus.autobahn.tls_faults import told_by_tls
from scibus.contracts.problems import BackendFault, BackendUnavailable, Problem

BACKEND = "autobahn"
CUT_OFF = httpx.ReadError | httpx.WriteError | httpx.RemoteProtocolError


def unreachable(server: Server, error: Exception) -> Problem:
    """The problem behind what went wrong on the way; of the error itself only its kind is told."""
    if (problem := told_by_tls(error, server)) is not None:
        return problem
    fault = BackendFault(name=BACKEND, message=type(error).__name__)
    if isinstance(error, httpx.UnsupportedProtocol | httpx.LocalProtocolError | httpx.InvalidURL):
        return BackendUnavailable(f"{server} cannot be asked: check its URL", retryable=False, backend=fault)
    if isinstance(error, httpx.TimeoutException | TimeoutError):
        return BackendUnavailable(f"{server} did not answer in time", backend=fault)
    if isinstance(error, CUT_OFF) and server.shown is not None:
        # Where the socket is reset at once, the alert that tells why can be lost.
        return BackendUnavailable(
            f"{server} cut the connection; it may not accept the client certificate {server.shown.cert}", backend=fault
        )
    return BackendUnavailable(f"{server} is out of reach ({type(error).__name__})", backend=fault)


def refused(server: Server, response: httpx.Response) -> Problem:
    """The problem that an HTTP status tells, whatever was asked."""
    code = response.status_code
    fault = BackendFault(name=BACKEND, status=code, message=response.reason_phrase)
    if response.is_redirect:
        place = response.headers.get("Location", "an unknown place").partition("?")[0]
        return BackendUnavailable(f"{server} has moved to {place}: check its URL", retryable=False, backend=fault)
    if code < 500 and code != httpx.codes.TOO_MANY_REQUESTS:
        return BackendUnavailable(f"{server} answered with HTTP {code}", retryable=False, backend=fault)
    return BackendUnavailable(
        f"{server} answered with HTTP {code}: it is overloaded or in maintenance", retry_after=10.0, backend=fault
    )
