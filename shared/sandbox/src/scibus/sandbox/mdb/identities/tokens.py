"""JSON Web Tokens that NATS reads: claims of operator, accounts and users. Facts: nats-io/jwt, version 2."""

from __future__ import annotations

import base64
import json
import math
import time
import uuid
from collections.abc import Mapping
from typing import Any

from .keys import Key

HEADER = {"typ": "JWT", "alg": "ed25519-nkey"}
NO_LIMIT = -1
LIMITS = ("subs", "data", "payload", "imports", "exports", "conn", "leaf")
JETSTREAM_LIMITS = ("mem_storage", "disk_storage", "streams", "consumer")


def operator_token(operator: Key, system_account: Key) -> str:
    return _signed(operator, operator, "operator", {"system_account": system_account.name})


def account_token(account: Key, name: str, operator: Key, *, jetstream: bool = True) -> str:
    limits = LIMITS + (JETSTREAM_LIMITS if jetstream else ())
    return _signed(
        account, operator, "account", {"limits": dict.fromkeys(limits, NO_LIMIT) | {"wildcards": True}}, name
    )


def user_token(
    user: Key,
    name: str,
    account: Key,
    *,
    publish: list[str] | None = None,
    subscribe: list[str] | None = None,
    bearer: bool = False,
    seconds: float | None = None,
) -> str:
    """What lets `user` into `account`.

    Args:
        publish: subjects that may be published to; every one when None.
        subscribe: subjects that may be subscribed to; every one when None.
        bearer: whether whoever holds it is let in, without a signature by `user`.
        seconds: how long it is good for; for ever when None.
    """
    claims: dict[str, Any] = {
        "pub": {} if publish is None else {"allow": publish},
        "sub": {} if subscribe is None else {"allow": subscribe},
        **dict.fromkeys(("subs", "data", "payload"), NO_LIMIT),
        "bearer_token": bearer,
    }
    return _signed(user, account, "user", claims, name, seconds)


def credentials(token: str, user: Key) -> str:
    """The content of a credentials file."""
    return (
        f"-----BEGIN NATS USER JWT-----\n{token}\n------END NATS USER JWT------\n\n"
        f"-----BEGIN USER NKEY SEED-----\n{user.seed}\n------END USER NKEY SEED------\n"
    )


def _signed(
    subject: Key, issuer: Key, kind: str, claims: Mapping[str, Any], name: str = "mdb", seconds: float | None = None
) -> str:
    now = time.time()
    document: dict[str, Any] = {
        "jti": uuid.uuid4().hex,
        "iat": int(now),
        "iss": issuer.name,
        "sub": subject.name,
        "name": name,
        "nats": {**claims, "type": kind, "version": 2},
    }
    if seconds is not None:
        document["exp"] = math.ceil(now + seconds)
    body = f"{_encoded(json.dumps(HEADER).encode())}.{_encoded(json.dumps(document).encode())}"
    return f"{body}.{_encoded(issuer.sign(body.encode()))}"


def _encoded(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()
