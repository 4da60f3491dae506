"""Whole objects from the object store into blobs, and from blobs into the object store."""

from scibus.modos.transfer.download import Download
from scibus.modos.transfer.upload import Upload

__all__ = ["Download", "Upload"]
