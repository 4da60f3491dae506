"""What a failed TLS handshake means: which file or host, and what to do.

With TLS 1.3 a server's word on our certificate arrives when the handshake is over for us, at the first read.
"""

import re
import ssl

from scibus.autobahn.servers import Server
from scibus.autobahn.trust import BUNDLE_SETTING
from scibus.contracts.problems import BackendUnavailable, Problem, Unauthenticated

NOT_YET_GOOD, EXPIRED = 9, 10
UNKNOWN_AUTHORITY = {2, 18, 19, 20, 21}
OTHER_HOST = {62, 64}
"""Numbers of X509_V_ERR, of which `ssl` has no names."""

ALERT = re.compile(r"ALERT_(\w+)")
ABOUT_CERTIFICATE = {
    "ACCESS_DENIED",
    "BAD_CERTIFICATE",
    "CERTIFICATE_EXPIRED",
    "CERTIFICATE_REQUIRED",
    "CERTIFICATE_REVOKED",
    "CERTIFICATE_UNKNOWN",
    "DECRYPT_ERROR",
    "HANDSHAKE_FAILURE",
    "UNKNOWN_CA",
    "UNSUPPORTED_CERTIFICATE",
}
NO_TLS = {"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE", "UNKNOWN_PROTOCOL"}


def told_by_tls(error: BaseException, server: Server) -> Problem | None:
    """The problem behind `error`, where a TLS handshake with `server` failed; None where TLS has no part in it."""
    fault = _tls_fault(error)
    if isinstance(fault, ssl.SSLCertVerificationError):
        return BackendUnavailable(_why_not_trusted(fault, server), retryable=False)
    reason = (fault.reason if fault else None) or ""
    if alert := ALERT.search(reason):
        return _told_by_alert(alert[1], server)
    if reason in NO_TLS:
        return BackendUnavailable(f"{server} speaks no TLS: is the port right?", retryable=False)
    return None


def _tls_fault(error: BaseException | None) -> ssl.SSLError | None:
    """The innermost: clients wrap it, some in errors of the same class that tell less."""
    found, seen = None, set[int]()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        found = error if isinstance(error, ssl.SSLError) else found
        error = error.__cause__ or error.__context__
    return found


def _why_not_trusted(fault: ssl.SSLCertVerificationError, server: Server) -> str:
    if fault.verify_code in UNKNOWN_AUTHORITY:
        return (
            f"the certificate of {server} comes from an authority that is not known here ({fault.verify_message}): "
            f"set {BUNDLE_SETTING} to a PEM file that holds it"
        )
    if fault.verify_code == EXPIRED:
        return f"the certificate of {server} has expired: whoever runs it must renew it"
    if fault.verify_code == NOT_YET_GOOD:
        return f"the certificate of {server} is not good yet: is the clock of this machine right?"
    if fault.verify_code in OTHER_HOST:
        return f"the certificate of {server} is one of another host ({fault.verify_message.rstrip('.')}): check the URL"
    return f"the certificate of {server} cannot be trusted ({fault.verify_message})"


def _told_by_alert(alert: str, server: Server) -> Problem:
    told = alert.replace("_", " ").lower()
    if alert not in ABOUT_CERTIFICATE:
        return BackendUnavailable(f"{server} ends the TLS handshake ({told})")
    if server.shown is None:
        return BackendUnavailable(
            f"{server} asks for a client certificate, which only the gateway is shown ({told}): check the URL",
            retryable=False,
        )
    return Unauthenticated(
        f"{server} does not accept the client certificate {server.shown.cert} ({told}): "
        "have it renewed or replaced; the new file is read without a restart"
    )
