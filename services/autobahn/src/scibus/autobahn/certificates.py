"""The client certificate and its key: PEM files, read whenever they are shown, for they are renewed in place."""

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509

from scibus.contracts.problems import Unauthenticated

CERT_SETTING = "SCIBUS_AUTOBAHN_CERT"
KEY_SETTING = "SCIBUS_AUTOBAHN_KEY"
NO_PAIR = {"KEY_VALUES_MISMATCH", "KEY_TYPE_MISMATCH", "NO_CERTIFICATE_ASSIGNED"}
"""OpenSSL's words for a key of another certificate; the last one where even the kind of key is another."""


@dataclass(frozen=True)
class ClientCertificate:
    """Who we are, to the gateway.

    Attributes:
        cert: file of the certificate, and of those between it and its authority.
        key: file of its key, without passphrase.
    """

    cert: Path
    key: Path

    def load_into(self, context: ssl.SSLContext) -> None:
        """Have the certificate shown by the connections of `context`.

        Raises:
            Unauthenticated: a file is missing or holds something else, or the two are no pair.
        """
        _check_readable(self.cert, "client certificate", CERT_SETTING)
        _check_readable(self.key, "key", KEY_SETTING)
        try:
            context.load_cert_chain(self.cert, self.key, password=self._refuse_passphrase)
        except OSError as error:
            raise Unauthenticated(self._why_unusable(error)) from None

    def check_dates(self) -> None:
        """See that the certificate is good now.

        Raises:
            Unauthenticated: it has expired, or is not good yet.
        """
        try:
            certificate = x509.load_pem_x509_certificate(self.cert.read_bytes())
        except (OSError, ValueError):
            # What is wrong with it is told where it is loaded, in OpenSSL's view.
            return
        now = datetime.now(UTC)
        if certificate.not_valid_after_utc < now:
            raise Unauthenticated(
                f"the client certificate {self.cert} has expired on {certificate.not_valid_after_utc:%Y-%m-%d %H:%M} "
                "UTC: renew it; the new file is read without a restart"
            )
        if certificate.not_valid_before_utc > now:
            raise Unauthenticated(
                f"the client certificate {self.cert} is good from {certificate.not_valid_before_utc:%Y-%m-%d %H:%M} "
                "UTC on: is the clock of this machine right?"
            )

    def _refuse_passphrase(self) -> str:
        # Without this, OpenSSL would ask for it on the terminal, and wait.
        raise Unauthenticated(f"the key {self.key} is protected by a passphrase: store it without one")

    def _why_unusable(self, error: OSError) -> str:
        reason = getattr(error, "reason", None)
        if reason in NO_PAIR:
            return (
                f"the key {self.key} does not belong to the certificate {self.cert}: "
                f"set {CERT_SETTING} and {KEY_SETTING} to a pair"
            )
        if reason is not None or not isinstance(error, ssl.SSLError):
            return f"the client certificate {self.cert} with the key {self.key} cannot be used ({reason or error})"
        if not _holds_certificate(self.cert):
            return f"{self.cert} holds no certificate in PEM form: set {CERT_SETTING} to a file that does"
        return f"{self.key} holds no private key in PEM form: set {KEY_SETTING} to a file that does"


def _check_readable(path: Path, what: str, setting: str) -> None:
    try:
        with path.open("rb"):
            return
    except FileNotFoundError:
        raise Unauthenticated(f"the {what} {path} is missing: put it there, or set {setting}") from None
    except OSError as error:
        raise Unauthenticated(f"the {what} {path} cannot be read ({error.strerror}): see {setting}") from None


def _holds_certificate(path: Path) -> bool:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
    except OSError:
        return False
    return True
