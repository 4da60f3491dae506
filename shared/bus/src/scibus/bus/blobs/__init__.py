"""Blobs: what is too large for a message, in the object store (`objects`), a folder (`files`) or S3 (`buckets`)."""

from scibus.bus.blobs.objects import BUCKET, KEPT_SECONDS
from scibus.bus.blobs.places import Blobs

__all__ = ["BUCKET", "KEPT_SECONDS", "Blobs"]
