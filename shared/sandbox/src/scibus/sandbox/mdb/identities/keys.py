"""NATS keys: Ed25519 under names that tell what they are for. Facts: nats-io/nkeys, strkey.go."""

from __future__ import annotations

import base64
import binascii
from enum import IntEnum
from typing import Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

SEED = 18 << 3


class Role(IntEnum):
    """Whose key it is: the first byte of its name, which makes the first letter an O, an A or a U."""

    OPERATOR = 14 << 3
    ACCOUNT = 0
    USER = 20 << 3


class Key:
    """A key of somebody in `role`.

    Attributes:
        name: the public key, as others call it.
    """

    def __init__(self, role: Role, private: Ed25519PrivateKey) -> None:
        self._role = role
        self._private = private
        self.name = _spelt(bytes([role]) + private.public_key().public_bytes_raw())

    @classmethod
    def new(cls, role: Role) -> Self:
        return cls(role, Ed25519PrivateKey.generate())

    @property
    def seed(self) -> str:
        """The private key, as a credentials file holds it."""
        prefix = bytes([SEED | self._role >> 5, (self._role & 31) << 3])
        return _spelt(prefix + self._private.private_bytes_raw())

    def sign(self, message: bytes) -> bytes:
        return self._private.sign(message)


def _spelt(key: bytes) -> str:
    checksum = binascii.crc_hqx(key, 0).to_bytes(2, "little")
    return base64.b32encode(key + checksum).rstrip(b"=").decode()
