"""What is said when a server cannot be reached, or answers with an HTTP status that is none of success."""

import httpx

from scibus.contracts.problems import BackendFault, BackendUnavailable

NEVER_SENT = httpx.LocalProtocolError | httpx.UnsupportedProtocol | httpx.TooManyRedirects | httpx.InvalidURL


def unreachable(server: str, error: Exception, *, backend: str | None = None) -> BackendUnavailable:
    """What httpx says may hold the URL, and the URL a secret: only the kind of the error is told."""
    kind = type(error).__name__
    fault = BackendFault(name=backend or server, message=kind)
    if isinstance(error, NEVER_SENT):
        return BackendUnavailable(f"{server} cannot be asked ({kind}): check its URL", retryable=False, backend=fault)
    if isinstance(error, httpx.TimeoutException | TimeoutError):
        return BackendUnavailable(f"{server} did not answer in time ({kind})", backend=fault)
    return BackendUnavailable(f"{server} is out of reach ({kind})", backend=fault)


def refused(
    server: str, response: httpx.Response, *, backend: str | None = None, wait: float = 60.0
) -> BackendUnavailable:
    """The problem that an HTTP status tells, whatever was asked; `wait` in seconds where trying later may help."""
    code = response.status_code
    fault = BackendFault(name=backend or server, status=code, message=response.reason_phrase)
    if response.is_redirect:
        place = response.headers.get("Location", "an unknown place").partition("?")[0]
        return BackendUnavailable(f"{server} has moved to {place}: set its URL to that", retryable=False, backend=fault)
    if code < 500 and code != httpx.codes.TOO_MANY_REQUESTS:
        return BackendUnavailable(f"{server} answered with HTTP {code}", retryable=False, backend=fault)
    return BackendUnavailable(
        f"{server} answered with HTTP {code}: it is overloaded or in maintenance", retry_after=wait, backend=fault
    )


def may_pass(error: Exception) -> bool:
    """Whether the same question may be answered if it is asked again soon."""
    return isinstance(error, BackendUnavailable) and error.details.retryable
