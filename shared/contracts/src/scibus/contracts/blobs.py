"""References to what is too large for a message."""

from typing import Literal

from pydantic import Field

from scibus.contracts.model import Contract


class BlobRef(Contract):
    """Where a file or a large answer lies, and how to check it.

    A blob's name is never used twice. Whoever reads it compares the SHA-256.
    """

    store: Literal["nats", "file", "s3"] = "nats"
    bucket: str = Field(examples=["scibus_blobs"])
    name: str = Field(examples=["drms/export/7c1f/2/Jx8/hmi.fits"])
    size: int = Field(ge=0, description="Bytes.")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the bytes, lower-case hex.")
    media_type: str = Field(examples=["application/fits"])
    filename: str | None = Field(default=None, description="Name under which a user would save it.")
