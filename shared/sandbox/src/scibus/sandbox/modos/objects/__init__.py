"""Where objects lie: a folder, or buckets of an S3-compatible server."""

from .buckets import Buckets
from .place import REFERENCE_BUCKET, RELEASE_BUCKET, FolderPlace, Place, S3Place

__all__ = ["REFERENCE_BUCKET", "RELEASE_BUCKET", "Buckets", "FolderPlace", "Place", "S3Place"]
