"""A folder or an S3-compatible server, as obstore opens them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from obstore.store import LocalStore, ObjectStore, S3Store

from .bucket_making import make_bucket

DEFAULT_BUCKET = "modos-demo"
RELEASE_BUCKET = "modos-035"
REFERENCE_BUCKET = "reference-genomes"


class Place(Protocol):
    """Where the buckets are."""

    @property
    def bucket(self) -> str:
        """Holds the objects of the newer generation."""

    @property
    def url(self) -> str:
        """What clients are told."""

    def make(self, bucket: str) -> None:
        """Let there be `bucket`; blocks."""

    def open(self, bucket: str) -> ObjectStore: ...

    def environment(self) -> dict[str, str]:
        """What a client needs to be let in."""


@dataclass(frozen=True)
class FolderPlace:
    """A folder whose sub-folders are the buckets."""

    folder: Path
    bucket: str = DEFAULT_BUCKET

    @property
    def url(self) -> str:
        return self.folder.as_uri()

    def make(self, bucket: str) -> None:
        (self.folder / bucket).mkdir(parents=True, exist_ok=True)

    def open(self, bucket: str) -> ObjectStore:
        return LocalStore(self.folder / bucket)

    def environment(self) -> dict[str, str]:
        return {}


@dataclass(frozen=True, kw_only=True)
class S3Place:
    """An S3-compatible server; its key may make buckets, where they do not exist."""

    url: str
    access_key: str
    secret_key: str
    bucket: str = DEFAULT_BUCKET
    region: str = "us-east-1"

    def make(self, bucket: str) -> None:
        make_bucket(self.url, bucket, self.access_key, self.secret_key, self.region)

    def open(self, bucket: str) -> S3Store:
        return S3Store(
            bucket,
            endpoint=self.url.rstrip("/"),
            access_key_id=self.access_key,
            secret_access_key=self.secret_key,
            region=self.region,
            virtual_hosted_style_request=False,
            client_options={"allow_http": True},
        )

    def environment(self) -> dict[str, str]:
        return {
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_DEFAULT_REGION": self.region,
        }
