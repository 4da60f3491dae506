"""Which authorities may vouch for Autobahn's servers: the system's, and those of a bundle."""

import asyncio
import ssl
from pathlib import Path

from scibus.autobahn.certificates import ClientCertificate
from scibus.contracts.problems import BackendUnavailable

BUNDLE_SETTING = "SCIBUS_AUTOBAHN_CA_BUNDLE"


class Trust:
    """TLS contexts that check servers; made anew when the bundle has changed.

    Args:
        bundle: file of authorities, besides those of the system.
    """

    def __init__(self, bundle: Path | None) -> None:
        self._bundle = bundle
        self._context: ssl.SSLContext | None = None
        self._stamp: tuple[int, ...] | None = None

    async def context(self) -> ssl.SSLContext:
        """For servers that are shown no certificate.

        Raises:
            BackendUnavailable: the bundle is missing or holds no authority (not retryable).
        """
        stamp = await asyncio.to_thread(_stamp, self._bundle)
        if self._context is None or stamp != self._stamp:
            self._context, self._stamp = await asyncio.to_thread(_trusting, self._bundle), stamp
        return self._context

    async def context_showing(self, certificate: ClientCertificate) -> ssl.SSLContext:
        """For the server that is shown `certificate`, as its files are now.

        Raises:
            Unauthenticated: the certificate cannot be used, or has expired.
            BackendUnavailable: the bundle is missing or holds no authority (not retryable).
        """
        return await asyncio.to_thread(_trusting, self._bundle, certificate)


def load_bundle(context: ssl.SSLContext, bundle: Path) -> None:
    """Let `context` trust the authorities in `bundle`.

    Raises:
        BackendUnavailable: it is missing or holds no authority (not retryable).
    """
    try:
        context.load_verify_locations(bundle)
    except ssl.SSLError:
        raise _unusable(f"{bundle} holds no certificate in PEM form") from None
    except FileNotFoundError:
        raise _unusable(f"the CA bundle {bundle} is missing") from None
    except OSError as error:
        raise _unusable(f"the CA bundle {bundle} cannot be read ({error.strerror})") from None


def _trusting(bundle: Path | None, certificate: ClientCertificate | None = None) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if bundle is not None:
        load_bundle(context, bundle)
    if certificate is not None:
        certificate.load_into(context)
        certificate.check_dates()
    return context


def _stamp(bundle: Path | None) -> tuple[int, ...] | None:
    if bundle is None:
        return None
    try:
        found = bundle.stat()
    except OSError:
        return ()
    return found.st_mtime_ns, found.st_size, found.st_ino


def _unusable(reason: str) -> BackendUnavailable:
    return BackendUnavailable(f"{reason}: set {BUNDLE_SETTING} to a PEM file of authorities", retryable=False)
