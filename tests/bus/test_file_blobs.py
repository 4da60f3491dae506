"""Blobs as files in a folder that workers and readers share."""

import os

import pytest

from scibus.bus.blobs import Blobs
from scibus.bus.headers import decode_blob
from scibus.bus.settings import BusSettings
from scibus.client import connect
from scibus.contracts.problems import (
    BackendUnavailable,
    BadBackendAnswer,
    Conflict,
    InvalidRequest,
    NotFound,
    Unsupported,
)
from scibus.sandbox import NatsServer
from tests.bus.blob_places import MIB, pieces, read

OUTSIDE = ["../secret", "a/../../secret", "/etc/passwd", "a//b", ".", "", "a/.", "a\0b", "x" * 256]


async def test_a_blob_is_a_file_under_its_own_name(files, folder):
    ref = await files.put("drms/export/hmi.fits", pieces(b"content"), media_type="application/fits")

    assert (ref.store, ref.bucket) == ("file", "scibus_blobs")
    assert (folder / "scibus_blobs" / "drms" / "export" / "hmi.fits").read_bytes() == b"content"
    assert list((folder / "scibus_blobs.part").iterdir()) == []


async def test_a_file_has_its_name_only_when_it_is_whole(files, folder):
    seen = []

    async def content():
        yield bytes(2 * MIB)
        seen.extend(folder.rglob("a"))
        yield b"the end"

    await files.put("a", content(), media_type="text/plain")

    assert seen == []
    assert (folder / "scibus_blobs" / "a").stat().st_size == 2 * MIB + 7


async def test_a_file_that_lies_there_is_not_replaced(files, folder):
    (folder / "scibus_blobs").mkdir()
    (folder / "scibus_blobs" / "a").write_bytes(b"somebody's")

    with pytest.raises(Conflict, match="never used twice"):
        await files.put("a", pieces(b"content"), media_type="text/plain")

    assert (folder / "scibus_blobs" / "a").read_bytes() == b"somebody's"


async def test_whoever_may_read_the_folder_may_read_the_files(files, folder):
    mask = os.umask(0o022)
    try:
        await files.put("a/b", pieces(b"content"), media_type="text/plain")
    finally:
        os.umask(mask)

    assert (folder / "scibus_blobs" / "a" / "b").stat().st_mode & 0o777 == 0o644


async def test_bytes_that_changed_on_disk_are_noticed(files, folder):
    ref = await files.put("a", pieces(b"content"), media_type="text/plain")
    (folder / "scibus_blobs" / "a").write_bytes(b"c0ntent")

    with pytest.raises(BadBackendAnswer, match="damaged"):
        await read(files, ref)


@pytest.mark.parametrize("name", OUTSIDE)
async def test_a_name_in_a_reference_cannot_lead_outside(files, folder, name):
    (folder.parent / "secret").write_bytes(b"secret")
    ref = await files.put("a/b", pieces(b"content"), media_type="text/plain")

    with pytest.raises(InvalidRequest, match="cannot be the name"):
        await read(files, ref.model_copy(update={"name": name}))


@pytest.mark.parametrize("name", OUTSIDE)
async def test_a_name_to_write_or_find_cannot_lead_outside(files, name):
    with pytest.raises(InvalidRequest, match="cannot be the name"):
        await files.put(name, pieces(b"content"), media_type="text/plain")
    with pytest.raises(InvalidRequest, match="cannot be the name"):
        await files.find(name)


@pytest.mark.parametrize("link", ["scibus_blobs/linked", "scibus_blobs/folder/linked"])
async def test_links_are_not_followed(files, folder, link):
    (folder.parent / "secret").write_bytes(b"secret")
    ref = await files.put("folder/b", pieces(b"secret"), media_type="text/plain")
    (folder / link).symlink_to(folder.parent / "secret")

    with pytest.raises(BadBackendAnswer, match="no file below the folder"):
        await read(files, ref.model_copy(update={"name": link.partition("/")[2]}))


async def test_linked_folders_are_neither_read_nor_written(files, folder):
    (folder.parent / "elsewhere").mkdir()
    (folder.parent / "elsewhere" / "b").write_bytes(b"secret")
    ref = await files.put("a", pieces(b"secret"), media_type="text/plain")
    (folder / "scibus_blobs" / "linked").symlink_to(folder.parent / "elsewhere")

    with pytest.raises(BadBackendAnswer, match="no file below the folder"):
        await read(files, ref.model_copy(update={"name": "linked/b"}))
    with pytest.raises(BadBackendAnswer, match="no file below the folder"):
        await files.put("linked/c", pieces(b"content"), media_type="text/plain")
    assert [path.name for path in (folder.parent / "elsewhere").iterdir()] == ["b"]


async def test_a_pipe_holds_nobody_up(files, folder):
    ref = await files.put("a", pieces(b"content"), media_type="text/plain")
    os.mkfifo(folder / "scibus_blobs" / "pipe")

    with pytest.raises(BadBackendAnswer, match="no file"):
        await read(files, ref.model_copy(update={"name": "pipe"}))


async def test_a_volume_that_went_away_is_worth_another_try(files, folder):
    folder.rmdir()

    with pytest.raises(BackendUnavailable) as raised:
        await files.put("a", pieces(b"content"), media_type="text/plain")

    assert raised.value.details.retryable


async def test_a_reference_that_somebody_changed_is_not_believed(files, folder):
    await files.put("a", pieces(b"content"), media_type="text/plain")
    (folder / "scibus_blobs.refs" / "a").write_text("{}")

    with pytest.raises(BadBackendAnswer, match="cannot be read"):
        await files.find("a")


async def test_either_store_is_read_whichever_takes_new_blobs(objects, files, connection, folder):
    in_nats = await objects.put("a", pieces(b"in NATS"), media_type="text/plain", filename="a")
    in_file = await files.put("b", pieces(b"in a file"), media_type="text/plain", filename="b")
    reader = Blobs(connection, folder=folder)

    assert [await read(blobs, in_nats) for blobs in (files, reader)] == [b"in NATS"] * 2
    assert [await read(blobs, in_file) for blobs in (files, reader)] == [b"in a file"] * 2
    assert [await blobs.find("a") for blobs in (files, reader)] == [in_nats] * 2
    assert [await blobs.find("b") for blobs in (files, reader)] == [in_file] * 2


async def test_without_the_folder_it_is_said_what_to_set(objects, files):
    ref = await files.put("a", pieces(b"content"), media_type="text/plain")

    with pytest.raises(Unsupported, match="set SCIBUS_BLOB_FOLDER"):
        await read(objects, ref)


async def test_files_need_no_jetstream(folder):
    async with NatsServer(jetstream=False) as server, connect(server.url) as bus:
        files = Blobs(bus.connection, folder=folder, new_in="file")

        ref = await files.put("a", pieces(b"content"), media_type="text/plain")

        assert await read(files, ref) == b"content"
        with pytest.raises(NotFound):
            await files.find("b")


async def test_an_answer_too_large_for_a_message_is_a_file(bus, spawn_worker, folder):
    settings = {"SCIBUS_BLOB_STORE": "file", "SCIBUS_BLOB_FOLDER": str(folder)}
    await spawn_worker("probe", **settings)

    reply = await bus.connection.request("scibus.v1.req.probe.repeat", b'{"count":3000000}', timeout=30)

    ref = decode_blob(reply.headers["Scibus-Blob"])
    reader = Blobs.of(bus.connection, BusSettings(blob_folder=folder))
    assert ref.store == "file"
    assert await read(reader, ref) == b'{"text":"' + 3_000_000 * b"x" + b'"}'
