"""Stores for blobs: the object store of a real server, a folder, and a bucket of a real S3 server."""

import nats
import pytest
from nats.js.api import ObjectStoreConfig

from scibus.bus.blobs import BUCKET, Blobs
from tests.bus.blob_places import Place
from tests.s3 import BreakableWay, S3Server, s3_bucket, s3_server

__all__ = ["s3_bucket", "s3_server"]


@pytest.fixture
async def connection(nats_server):
    connection = await nats.connect(nats_server.url)
    yield connection
    await connection.close()


@pytest.fixture
async def bucket(connection):
    return await connection.jetstream().create_object_store(BUCKET, config=ObjectStoreConfig(bucket=BUCKET))


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "volume"
    folder.mkdir()
    return folder


@pytest.fixture
def objects(connection, bucket):
    """Blobs in the object store."""
    return Blobs(connection)


@pytest.fixture
def files(connection, folder):
    """Blobs as files."""
    return Blobs(connection, folder=folder, new_in="file")


@pytest.fixture
def in_bucket(connection, s3_bucket):
    """Blobs in a bucket of S3."""
    return Blobs(connection, url=s3_bucket.url, new_in="s3")


@pytest.fixture
async def way(s3_bucket, monkeypatch):
    """The way to the S3 server, which can break."""
    async with BreakableWay(s3_bucket.server) as way:
        monkeypatch.setenv("AWS_ENDPOINT_URL", way.url)
        yield way


@pytest.fixture
def strict_bucket(monkeypatch):
    """A bucket in which keys are looked at."""
    with S3Server(strict=True) as server:
        bucket = server.bucket()
        for name, value in bucket.environment.items():
            monkeypatch.setenv(name, value)
        yield bucket


@pytest.fixture
def object_place(connection, bucket, objects, monkeypatch):
    # However slow the server is, what is not wanted any more is gone when a test looks.
    monkeypatch.setattr("scibus.bus.blobs.upload.FORGET_SECONDS", 30)

    async def lose(ref):
        await bucket.delete(ref.name)

    async def contents():
        info = await connection.jetstream().stream_info(f"OBJ_{BUCKET}", subjects_filter=">")
        return list(info.state.subjects or {})

    return Place(objects, lose, contents)


@pytest.fixture
def file_place(folder, files):
    async def lose(ref):
        (folder / ref.bucket / ref.name).unlink()

    async def contents():
        return [str(path) for path in folder.rglob("*") if path.is_file()]

    return Place(files, lose, contents)


@pytest.fixture
def bucket_place(s3_bucket, in_bucket):
    async def lose(ref):
        await s3_bucket.remove(f"kept/{ref.bucket}/{ref.name}")

    async def contents():
        return [*await s3_bucket.keys(), *await s3_bucket.unfinished()]

    return Place(in_bucket, lose, contents)


@pytest.fixture(params=["object_place", "file_place", "bucket_place"])
def place(request):
    """Each of the stores in turn."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def blobs(place):
    return place.blobs
