"""A certificate authority that lives as long as the stand-in."""

from __future__ import annotations

import datetime
import ipaddress
from dataclasses import dataclass
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

YEAR = datetime.timedelta(days=365)
DAY = datetime.timedelta(days=1)


@dataclass(frozen=True)
class Certified:
    """A certificate and its private key."""

    certificate: x509.Certificate
    key: EllipticCurvePrivateKey

    @property
    def certificate_pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


class Authority:
    """Signs certificates of servers and clients."""

    def __init__(self, own: Certified) -> None:
        self._own = own

    @classmethod
    def new(cls, name: str) -> Self:
        key, subject, now = generate_private_key(SECP256R1()), _named(name), _now()
        builder = (
            _begun(subject, subject, key, now - DAY, now + YEAR)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs_certificates=True), critical=True)
        )
        return cls(Certified(builder.sign(key, SHA256()), key))

    @property
    def certificate_pem(self) -> bytes:
        return self._own.certificate_pem

    def server(self, host_name: str) -> Certified:
        """For the server `host_name`; "localhost" is also reached by its address."""
        names: list[x509.GeneralName] = [x509.DNSName(host_name)]
        if host_name == "localhost":
            names.append(x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
        return self._signed(host_name, x509.SubjectAlternativeName(names), ExtendedKeyUsageOID.SERVER_AUTH)

    def client(self, name: str, *, expired: bool = False) -> Certified:
        """For whoever is called `name`, until yesterday when `expired`."""
        alternative = x509.SubjectAlternativeName([x509.DNSName(f"{name}.users.invalid")])
        until = _now() - DAY if expired else _now() + YEAR
        return self._signed(name, alternative, ExtendedKeyUsageOID.CLIENT_AUTH, until)

    def _signed(
        self,
        name: str,
        alternative: x509.SubjectAlternativeName,
        purpose: x509.ObjectIdentifier,
        until: datetime.datetime | None = None,
    ) -> Certified:
        key, until = generate_private_key(SECP256R1()), until or _now() + YEAR
        issuer = self._own.certificate
        builder = (
            _begun(_named(name), issuer.subject, key, until - YEAR - DAY, until)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
            .add_extension(alternative, critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._own.key.public_key()), critical=False
            )
        )
        return Certified(builder.sign(self._own.key, SHA256()), key)


def _begun(
    subject: x509.Name,
    issuer: x509.Name,
    key: EllipticCurvePrivateKey,
    since: datetime.datetime,
    until: datetime.datetime,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(since)
        .not_valid_after(until)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)
