"""What is said when a server cannot be reached, or answers with an HTTP status that is none of success."""

import httpx

from scibus.contracts.problems import BackendFault, BackendUnavailable, Problem, TooLarge


def unreachable(server: str, error: httpx.HTTPError) -> Problem:
    """What httpx says may hold the URL, and the URL an address: only the kind of the error is told."""
    fault = BackendFault(name=server, message=type(error).__name__)
    if isinstance(error, httpx.LocalProtocolError | httpx.UnsupportedProtocol | httpx.TooManyRedirects):
        return BackendUnavailable(f"{server} cannot be asked ({type(error).__name__})", retryable=False, backend=fault)
    if isinstance(error, httpx.TimeoutException):
        return BackendUnavailable(f"{server} did not answer in time ({type(error).__name__})", backend=fault)
    return BackendUnavailable(f"{server} is out of reach ({type(error).__name__})", backend=fault)


def refused(server: str, response: httpx.Response) -> Problem:
    """The problem that an HTTP status tells."""
    code = response.status_code
    fault = BackendFault(name=server, status=code, message=response.reason_phrase)
    if code == httpx.codes.UNAUTHORIZED:
        return BackendUnavailable(f"{server} does not accept the worker's login", retryable=False, backend=fault)
    if code == httpx.codes.REQUEST_URI_TOO_LONG:
        return TooLarge(f"{server} cannot take a query that long", backend=fault)
    if response.is_redirect:
        return BackendUnavailable(
            f"{server} has moved to {response.headers.get('Location', 'an unknown place').partition('?')[0]}: "
            "set its base URL to that",
            retryable=False,
            backend=fault,
        )
    if code < 500 and code != httpx.codes.TOO_MANY_REQUESTS:
        return BackendUnavailable(f"{server} answered with HTTP {code}", retryable=False, backend=fault)
    return BackendUnavailable(
        f"{server} answered with HTTP {code}: it is overloaded or in maintenance", retry_after=60.0, backend=fault
    )
