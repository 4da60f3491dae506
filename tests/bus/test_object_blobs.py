"""Blobs in the object store, in its own format: any NATS client reads ours, and we read theirs."""

import asyncio
import io
import os

import nats
import pytest
from nats.js.api import ObjectMeta, ObjectMetaOptions, ObjectStoreConfig

from scibus.bus.blobs import BUCKET, Blobs
from scibus.contracts.problems import BadBackendAnswer, NotFound, TooLarge
from scibus.sandbox import NatsServer
from tests.bus.blob_places import MIB, pieces, read
from tests.waiting import until

STREAM = f"OBJ_{BUCKET}"


async def test_any_client_reads_our_blobs(objects, bucket):
    content = os.urandom(2 * MIB + 1)
    await objects.put("ours", pieces(content), media_type="text/plain")

    written = io.BytesIO()
    theirs = await bucket.get("ours", writeinto=written)

    assert written.getvalue() == content
    assert theirs.info.size == len(content)


@pytest.mark.parametrize("chunk", [1000, 128 * 1024, MIB])
async def test_blobs_of_any_client_are_found_and_read(objects, bucket, chunk):
    content = os.urandom(700_001)
    meta = ObjectMeta(name="folder/theirs.bin", options=ObjectMetaOptions(max_chunk_size=chunk))
    await bucket.put("folder/theirs.bin", content, meta)

    ref = await objects.find("folder/theirs.bin")

    assert await read(objects, ref) == content


async def test_the_digest_is_written_as_other_clients_write_it(objects, bucket):
    await objects.put("ours", pieces(b"x" * 5), media_type="text/plain")
    await bucket.put("theirs", b"x" * 5)

    ours, theirs = await bucket.get_info("ours"), await bucket.get_info("theirs")
    assert ours.digest == theirs.digest == "SHA-256=6vFrwHlo4BPz-UqxNCRyQ0o5_DR18RzzQabDlll0-Ok="


async def test_chunks_are_as_large_as_a_message_may_be():
    content = os.urandom(200_001)
    async with NatsServer(max_payload=64 * 1024) as server:
        connection = await nats.connect(server.url)
        blobs = Blobs(connection, create=True)

        ref = await blobs.put("a", pieces(content), media_type="text/plain")

        assert await read(blobs, ref) == content
        assert (await connection.jetstream().stream_info(STREAM)).state.messages == 5
        await connection.close()


async def test_without_an_object_store_nothing_large_travels(connection):
    with pytest.raises(TooLarge, match="has no object store scibus_blobs"):
        await Blobs(connection).put("a", pieces(b"x"), media_type="text/plain")


async def test_whoever_may_makes_an_object_store_that_was_lost(connection, bucket):
    await connection.jetstream().delete_object_store(BUCKET)
    blobs = Blobs(connection, create=True)

    ref = await blobs.put("a", pieces(b"content"), media_type="text/plain")

    assert await read(blobs, ref) == b"content"


async def test_a_blob_that_expired_in_part_is_gone(objects, connection):
    ref = await objects.put("a", pieces(bytes(3 * MIB)), media_type="text/plain")
    await connection.jetstream().purge_stream(STREAM, subject=f"$O.{BUCKET}.C.>", keep=1)

    with pytest.raises(NotFound, match="kept for 14 days"):
        await read(objects, ref)


async def test_the_bucket_of_a_reference_is_where_it_is_read(objects, connection):
    await connection.jetstream().create_object_store("other", config=ObjectStoreConfig(bucket="other"))
    ref = await Blobs(connection, "other").put("a", pieces(b"content"), media_type="text/plain")

    assert await read(objects, ref) == b"content"


@pytest.mark.parametrize(
    "description", [b"no JSON", b"[]", b'{"nuid":"x","digest":"MD5=abc"}', b'{"nuid":"x","size":-1}']
)
async def test_a_description_that_cannot_be_read_is_the_stores_fault(objects, connection, description):
    await connection.jetstream().publish(f"$O.{BUCKET}.M.YQ==", description)

    with pytest.raises(BadBackendAnswer):
        await objects.find("a")


async def test_reading_leaves_no_consumer(objects, connection):
    ref = await objects.put("a", pieces(bytes(3 * MIB)), media_type="text/plain")
    await read(objects, ref)
    reading = objects.read(ref)
    await anext(reading)
    await reading.aclose()

    async def is_left_alone() -> bool:
        return (await connection.jetstream().stream_info(STREAM)).state.consumer_count == 0

    await until(is_left_alone)


async def test_chunks_that_went_astray_are_read_again(objects, connection):
    content = os.urandom(24 * MIB)
    ref = await objects.put("a", pieces(content), media_type="text/plain")
    reading = objects.read(ref)
    taken = [await anext(reading)]
    (consumer,) = await connection.jetstream().consumers_info(STREAM)
    astray = await connection.subscribe("astray")
    await connection.publish(f"$JS.API.CONSUMER.MSG.NEXT.{STREAM}.{consumer.name}", b"3", reply="astray")
    await astray.next_msg(timeout=30)

    taken += [chunk async for chunk in reading]

    assert b"".join(taken) == content


async def test_reading_goes_on_after_the_server_was_killed(tmp_path):
    content = os.urandom(24 * MIB)
    async with NatsServer(store=tmp_path / "data") as server:
        connection = await nats.connect(server.url, max_reconnect_attempts=-1, reconnect_time_wait=0.1)
        blobs = Blobs(connection, create=True)
        ref = await blobs.put("a", pieces(content), media_type="text/plain")
        reading = blobs.read(ref)
        taken = [await anext(reading)]
        await server.kill()
        await server.start()

        taken += [chunk async for chunk in reading]

        assert b"".join(taken) == content
        await connection.close()


async def test_many_read_and_write_at_once(objects):
    contents = [os.urandom(2 * MIB + i) for i in range(16)]

    refs = await asyncio.gather(
        *(objects.put(f"{i}", pieces(content), media_type="text/plain") for i, content in enumerate(contents))
    )

    assert await asyncio.gather(*(read(objects, ref) for ref in refs)) == contents


async def test_chunks_that_a_replica_has_not_heard_of_yet_are_waited_for(objects, connection, bucket, monkeypatch):
    monkeypatch.setattr("scibus.bus.blobs.reading.STALLS", 50)
    ref = await objects.put("a", pieces(b"content"), media_type="text/plain")
    await connection.jetstream().purge_stream(STREAM, subject=f"$O.{BUCKET}.C.>")
    reading = asyncio.create_task(read(objects, ref))
    await asyncio.sleep(0.2)

    await connection.jetstream().publish(f"$O.{BUCKET}.C.{(await bucket.get_info('a')).nuid}", b"content")

    assert await reading == b"content"
