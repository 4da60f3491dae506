"""A bucket in an S3-compatible store, by its URL. Endpoint, region and keys come from the usual AWS_* variables."""

import os
import re
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from scibus.contracts.problems import Unsupported

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig, S3Config, S3Store

BUCKET_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,62}")
PREFIX_PART = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._-]+")
CONNECT_SECONDS = 5
REQUEST_SECONDS = 120
"""For one part of an upload, at the slowest."""
RETRIES = 2
RETRY_SECONDS = 30
ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")
"""In their order of precedence, which is that of Amazon's own tools."""


def split_url(url: str) -> tuple[str, str]:
    """The bucket in `url`, and the prefix of all keys, which may be empty.

    Raises:
        ValueError: it is no such URL.
    """
    scheme, _, path = url.partition("://")
    bucket, *prefix = path.rstrip("/").split("/")
    if scheme != "s3" or not BUCKET_NAME.fullmatch(bucket) or not all(map(PREFIX_PART.fullmatch, prefix)):
        # Without the URL: whoever mistook it may have put keys into it.
        raise ValueError("must be a URL as s3://bucket or s3://bucket/prefix")
    return bucket, "/".join(prefix)


def open_bucket(url: str) -> "S3Store":
    """The bucket `url`; nothing is asked of it yet.

    Raises:
        Unsupported: the library for it is not installed.
        ValueError: the URL or the AWS_* variables cannot be used.
    """
    bucket, prefix = split_url(url)
    try:
        from obstore.exceptions import BaseError
        from obstore.store import S3Store
    except ImportError:
        raise Unsupported("blobs in S3 need another package: install scibus[s3]") from None
    endpoint = _endpoint()
    config: S3Config = {"endpoint": endpoint, "aws_endpoint_url_s3": endpoint} if endpoint else {}
    options = client_options(endpoint)
    try:
        return S3Store(
            bucket,
            prefix=prefix or None,
            config=config,
            client_options=options,
            retry_config=retries(RETRIES),
        )
    except (BaseError, ValueError):
        # Not what the library says: it repeats what was set, keys among it.
        raise ValueError("the AWS_* variables hold something that cannot be used for S3") from None


def client_options(endpoint: str | None) -> "ClientConfig":
    """How connections to the store at `endpoint`, or to Amazon's, are made: within time limits, without TLS to http://.

    Raises:
        ValueError: the authorities that AWS_CA_BUNDLE names cannot be read.
    """
    options: ClientConfig = {
        "connect_timeout": timedelta(seconds=CONNECT_SECONDS),
        "timeout": timedelta(seconds=REQUEST_SECONDS),
    }
    if endpoint and endpoint.startswith("http://"):
        options["allow_http"] = True
    if bundle := os.environ.get("AWS_CA_BUNDLE"):
        try:
            options["root_certificate"] = Path(bundle).read_bytes()
        except OSError as error:
            raise ValueError(f"AWS_CA_BUNDLE: {bundle} cannot be read: {error.strerror or error}") from None
    return options


def retries(count: int) -> "RetryConfig":
    """How often, at most, the library itself repeats what failed on its way to the store."""
    return {
        "max_retries": count,
        "retry_timeout": timedelta(seconds=RETRY_SECONDS),
        "backoff": {"max_backoff": timedelta(seconds=2)},
    }


def _endpoint() -> str | None:
    for name in ENDPOINTS:
        if endpoint := os.environ.get(name):
            if not _leads_somewhere(endpoint):
                raise ValueError(f"{name} must be a URL as https://host:9000")
            return endpoint
    return None


def _leads_somewhere(endpoint: str) -> bool:
    try:
        parts = urlsplit(endpoint)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0 and not parts.username
    except ValueError:
        return False
