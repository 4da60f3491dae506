"""Certificates as files in PEM form, which is how clients are told of them."""

from __future__ import annotations

import os
import ssl
from pathlib import Path

from .authority import Authority, Certified

Pair = tuple[Path, Path]
"""The files of a certificate and of its key."""


class Certificates:
    """Who may trust whom, in one folder; what is asked for a second time is the same.

    Args:
        folder: where the files are written.
        host_name: what the servers' certificate calls them.
    """

    def __init__(self, folder: Path, host_name: str) -> None:
        self._folder = folder
        self._authority = Authority.new("MDB stand-in CA")
        self._stranger = Authority.new("Somebody else's CA")
        self._pairs: dict[str, Pair] = {}
        self.ca = folder / "ca.crt"
        _write(self.ca, self._authority.certificate_pem)
        self.server = self._kept("mdb.server", self._authority.server(host_name))

    def client(self, name: str) -> Pair:
        """Of `name`, whom the gateway believes."""
        return self._pairs.get(name) or self._kept(name, self._authority.client(name))

    def expired(self, name: str) -> Pair:
        """Of `name`, until yesterday."""
        file = f"{name}.expired"
        return self._pairs.get(file) or self._kept(file, self._authority.client(name, expired=True))

    def foreign(self, name: str) -> Pair:
        """Of `name`, by an authority that the gateway does not know."""
        file = f"{name}.foreign"
        return self._pairs.get(file) or self._kept(file, self._stranger.client(name))

    def mismatched(self, name: str) -> Pair:
        """The certificate of `name` with the key of another one."""
        return self.client(name)[0], self.foreign(name)[1]

    def server_context(self, *, asks_for_client: bool) -> ssl.SSLContext:
        """TLS of a server that lets in anybody, or only who shows a client's certificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.server)
        if asks_for_client:
            context.load_verify_locations(self.ca)
            context.verify_mode = ssl.CERT_REQUIRED
        return context

    def _kept(self, name: str, certified: Certified) -> Pair:
        pair = self._pairs[name] = self._folder / f"{name}.crt", self._folder / f"{name}.key"
        _write(pair[0], certified.certificate_pem)
        _write(pair[1], certified.key_pem)
        return pair


def _write(path: Path, content: bytes) -> None:
    """Write what only its owner may read."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
