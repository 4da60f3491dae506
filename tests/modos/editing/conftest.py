"""Stores for objects: a folder, and a bucket of a real S3 server."""

import pytest
from obstore.store import LocalStore, S3Store

from scibus.modos.editing.creating import create
from tests.modos.editing.parts import example, placed, read
from tests.s3 import s3_bucket, s3_server

__all__ = ["s3_bucket", "s3_server"]


@pytest.fixture
def folder(tmp_path):
    """A store in a folder."""
    return LocalStore(tmp_path / "bucket", mkdir=True)


@pytest.fixture
def bucket(s3_bucket):
    """A store at a real S3 server."""
    options = {"allow_http": True}
    return S3Store(s3_bucket.name, virtual_hosted_style_request=False, client_options=options)


@pytest.fixture(params=["folder", "bucket"])
def store(request):
    """Either."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def place(store):
    return placed(store)


@pytest.fixture
async def example_place(place):
    """An object that is there."""
    await create(place, example(), read)
    return place
