"""Accounts and users by an operator's signature, as nsc makes them: JWTs of NATS, version 2."""

import base64
import hashlib
import json
import secrets
import time
from dataclasses import dataclass
from typing import Any

import nkeys

UNLIMITED = {"subs": -1, "data": -1, "payload": -1}
ACCOUNT = {**UNLIMITED, "imports": -1, "exports": -1, "wildcards": True, "conn": -1, "leaf": -1}
JETSTREAM = {"mem_storage": -1, "disk_storage": -1, "streams": -1, "consumer": -1}


@dataclass(frozen=True)
class Pair:
    """A pair of keys; its seed is what a credentials file holds."""

    seed: bytes

    @property
    def public(self) -> str:
        return nkeys.from_seed(bytearray(self.seed)).public_key.decode()

    def signs(self, subject: "Pair", name: str, **nats: Any) -> str:
        claims = {"iat": int(time.time()), "iss": self.public, "sub": subject.public, "name": name}
        claims["nats"] = {**nats, "version": 2}
        claims["jti"] = base64.b32encode(hashlib.sha256(json.dumps(claims).encode()).digest()).decode().rstrip("=")
        text = f"{_part({'typ': 'JWT', 'alg': 'ed25519-nkey'})}.{_part(claims)}"
        return f"{text}.{_base64(nkeys.from_seed(bytearray(self.seed)).sign(text.encode()))}"


def pair(prefix: int) -> Pair:
    return Pair(bytes(nkeys.encode_seed(secrets.token_bytes(32), prefix)))


@dataclass(frozen=True)
class Accounts:
    """What `nsc generate config --mem-resolver` writes, an account by its id, and the credentials of a user."""

    config: str
    account: str
    credentials: str


def accounts() -> Accounts:
    operator, system, scibus = (
        pair(prefix) for prefix in (nkeys.PREFIX_BYTE_OPERATOR, nkeys.PREFIX_BYTE_ACCOUNT, nkeys.PREFIX_BYTE_ACCOUNT)
    )
    user = pair(nkeys.PREFIX_BYTE_USER)
    preload = {
        system.public: operator.signs(system, "SYS", type="account", limits=ACCOUNT),
        scibus.public: operator.signs(scibus, "scibus", type="account", limits={**ACCOUNT, **JETSTREAM}),
    }
    lines = [
        f"operator: {operator.signs(operator, 'scibus', type='operator', system_account=system.public)}",
        f"system_account: {system.public}",
        "resolver: MEMORY",
        "resolver_preload: {",
        *(f"  {name}: {jwt}" for name, jwt in preload.items()),
        "}",
    ]
    jwt = scibus.signs(user, "worker", type="user", **UNLIMITED)
    credentials = [
        "-----BEGIN NATS USER JWT-----",
        jwt,
        "------END NATS USER JWT------",
        "",
        "-----BEGIN USER NKEY SEED-----",
        user.seed.decode(),
        "------END USER NKEY SEED------",
        "",
    ]
    return Accounts("\n".join(lines), scibus.public, "\n".join(credentials))


def _part(claims: dict[str, Any]) -> str:
    return _base64(json.dumps(claims, separators=(",", ":")).encode())


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
