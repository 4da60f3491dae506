"""Stores for blobs: the object store of a real server, and a folder."""

import nats
import pytest
from nats.js.api import ObjectStoreConfig

from scibus.bus.blobs import BUCKET, Blobs
from tests.bus.blob_places import Place


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
    return Blobs(connection, folder=folder, new_as_files=True)


@pytest.fixture
def object_place(connection, bucket, objects):
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


@pytest.fixture(params=["object_place", "file_place"])
def place(request):
    """Each of the stores in turn."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def blobs(place):
    return place.blobs
