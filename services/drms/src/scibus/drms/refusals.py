"""What a DRMS server's HTTP status tells, where that is none of success."""

import httpx

from scibus.contracts.problems import BackendFault, BackendUnavailable, Problem, TooLarge
from scibus.runtime.http.refusals import refused as told_by_status


def refused(server: str, response: httpx.Response) -> Problem:
    """The problem that an HTTP status tells a DRMS client."""
    code = response.status_code
    fault = BackendFault(name=server, status=code, message=response.reason_phrase)
    if code == httpx.codes.UNAUTHORIZED:
        return BackendUnavailable(f"{server} does not accept the worker's login", retryable=False, backend=fault)
    if code == httpx.codes.REQUEST_URI_TOO_LONG:
        return TooLarge(f"{server} cannot take a query that long", backend=fault)
    return told_by_status(server, response)
