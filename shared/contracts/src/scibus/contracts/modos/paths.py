"""Where objects and their files are: `s3://bucket/prefix`, as MODOS writes it."""

import re
from typing import Annotated, NamedTuple, Self

from pydantic import AfterValidator, Field

SCHEME = "s3://"
BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
KEY_PART = re.compile(r"[A-Za-z0-9._-]+")
FILE_PART = re.compile(r"[^/\x00-\x1f\x7f]+")
LONGEST_KEY = 1024
"""Bytes that S3 takes for a key."""


def is_s3_path(path: object) -> bool:
    """Whether `path` is a path in an object store: a text that begins with `s3://`, whatever follows."""
    return isinstance(path, str) and path.startswith(SCHEME)


class S3Path(NamedTuple):
    """A place in an object store: the bucket, and the key without slashes around it."""

    bucket: str
    key: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """The place that `s3://bucket/key` names.

        Raises:
            ValueError: it names none that MODOS takes: a bucket of 3 to 63 lower-case letters, digits, dots and
                hyphens, and a key whose parts have letters, digits, dots, hyphens and underscores.
        """
        bucket, _, key = text.removeprefix(SCHEME).partition("/")
        key = key.strip("/")
        if not is_s3_path(text) or not BUCKET.fullmatch(bucket):
            raise ValueError(f"{text[:200]!r} is no path as s3://bucket/name")
        for part in key.split("/") if key else ():
            if not KEY_PART.fullmatch(part) or part in (".", ".."):
                raise ValueError(f"the part {part[:100]!r} of an S3 path may have letters, digits, and . _ - only")
        if len(key) > LONGEST_KEY:
            raise ValueError(f"a key has {LONGEST_KEY} bytes at most")
        return cls(bucket, key)

    def __str__(self) -> str:
        return f"{SCHEME}{self.bucket}/{self.key}"


def _object_path(text: str) -> str:
    path = S3Path.parse(text)
    if not path.key:
        raise ValueError("name the object too, as s3://bucket/name")
    return str(path)


def _file_name(name: str) -> str:
    """A file below an object never leads out of it."""
    parts = name.split("/")
    if any(not FILE_PART.fullmatch(part) or part in (".", "..") for part in parts):
        raise ValueError(f"{name[:200]!r} is no file of an object: it is written as folder/file, without . or ..")
    if len(name.encode()) > LONGEST_KEY:
        raise ValueError(f"a name has {LONGEST_KEY} bytes at most")
    return name


ObjectPath = Annotated[
    str, AfterValidator(_object_path), Field(description="Path of an object.", examples=["s3://modos-demo/ex"])
]
ObjectName = Annotated[
    str,
    Field(
        min_length=1,
        max_length=LONGEST_KEY + 100,
        description="An object: its path, or its place in the bucket or its id where that means no other one too.",
        examples=["s3://modos-demo/ex", "GIAB"],
    ),
]
FileName = Annotated[
    str,
    AfterValidator(_file_name),
    Field(min_length=1, description="A file of the object, relative to it.", examples=["demo1.cram"]),
]
