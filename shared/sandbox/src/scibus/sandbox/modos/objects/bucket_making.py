"""Buckets are made by a signed request: obstore makes none."""

from __future__ import annotations

import hmac
from contextlib import suppress
from datetime import UTC, datetime
from hashlib import sha256
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

ALGORITHM = "AWS4-HMAC-SHA256"
SIGNED_HEADERS = "host;x-amz-content-sha256;x-amz-date"
NO_BODY = sha256(b"").hexdigest()
SECONDS_TO_MAKE = 10


def make_bucket(url: str, bucket: str, access_key: str, secret_key: str, region: str) -> None:
    """Have the server at `url` make `bucket`, unless it has it; blocks.

    Where it may not be made, writing to it will tell.
    """
    request = Request(f"{url.rstrip('/')}/{bucket}", method="PUT")  # noqa: S310
    for name, value in _headers(request.full_url, access_key, secret_key, region).items():
        request.add_header(name, value)
    with suppress(HTTPError), urlopen(request, timeout=SECONDS_TO_MAKE):  # noqa: S310
        pass


def _headers(url: str, access_key: str, secret_key: str, region: str) -> dict[str, str]:
    """What signs a PUT without a body and without a query."""
    place, now = urlsplit(url), datetime.now(UTC)
    date, scope = f"{now:%Y%m%dT%H%M%SZ}", f"{now:%Y%m%d}/{region}/s3/aws4_request"
    headers = f"host:{place.netloc}\nx-amz-content-sha256:{NO_BODY}\nx-amz-date:{date}\n"
    canonical = f"PUT\n{place.path}\n\n{headers}\n{SIGNED_HEADERS}\n{NO_BODY}"
    text = "\n".join((ALGORITHM, date, scope, sha256(canonical.encode()).hexdigest()))
    key = f"AWS4{secret_key}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), sha256)
    signature = hmac.digest(key, text.encode(), sha256).hex()
    authorization = (
        f"{ALGORITHM} Credential={access_key}/{scope}, SignedHeaders={SIGNED_HEADERS}, Signature={signature}"
    )
    return {"X-Amz-Date": date, "X-Amz-Content-Sha256": NO_BODY, "Authorization": authorization}
