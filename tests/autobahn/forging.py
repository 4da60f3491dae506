"""Tokens and certificates as no stand-in gives them out by itself."""

import datetime
import ssl
from pathlib import Path

import jwt
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from scibus.sandbox.standin import Fault

DAY = datetime.timedelta(days=1)


def token(**claims: object) -> str:
    """A token that says so, signed by nobody in particular."""
    return jwt.encode(claims, "no secret that anybody would check", "HS256")


def answers(operation: str, body: str, **fault: object) -> Fault:
    """The next answer to `operation` is `body`."""
    return Fault(operation=operation, body=body, content_type="text/plain", **fault)  # type: ignore[arg-type]


class ServerCertificate:
    """A certificate that vouches for itself, as files in `folder`: one to trust, one to serve with."""

    def __init__(self, folder: Path, host: str = "localhost", days: int = 1) -> None:
        key, now = generate_private_key(SECP256R1()), datetime.datetime.now(datetime.UTC)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + days * DAY - 9 * DAY)
            .not_valid_after(now + days * DAY)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
            .sign(key, SHA256())
        )
        self.cert, self.key = folder / "server.crt", folder / "server.key"
        self.cert.write_bytes(certificate.public_bytes(Encoding.PEM))
        self.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))

    def context(self) -> ssl.SSLContext:
        """For a server."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.cert, self.key)
        return context
