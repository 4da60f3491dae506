"""Large files go to the store in parts: it has them whole, or nothing of them."""

import asyncio

import pytest
from obstore.store import S3Store

from scibus.contracts.problems import BadBackendAnswer
from scibus.modos.editing.folder import Folder
from scibus.modos.editing.refget import RefgetBucket, publish
from tests.s3 import BreakableWay
from tests.waiting import until

MIB = 1024 * 1024


async def content(size, at_the_end=None):
    for _ in range(size):
        yield bytes(MIB)
    if at_the_end:
        await at_the_end()


async def cancelled_halfway(work, s3_bucket):
    """`work` is cancelled when parts of a file are at the store."""
    task = asyncio.create_task(work)

    async def begun():
        assert not task.done()
        return bool(await s3_bucket.unfinished())

    await until(begun, 30)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_file_of_many_parts_is_whole(store):
    await Folder(store, "ex").put_stream("big.bin", content(21), 21 * MIB)

    assert (await store.head_async("ex/big.bin"))["size"] == 21 * MIB


async def test_a_file_whose_content_fails_leaves_nothing(bucket, s3_bucket):
    async def fail():
        raise BadBackendAnswer("the blob is damaged")

    with pytest.raises(BadBackendAnswer, match="damaged"):
        await Folder(bucket, "ex").put_stream("big.bin", content(21, fail), 21 * MIB)

    assert (await s3_bucket.keys(), await s3_bucket.unfinished()) == ([], [])


async def test_a_file_that_is_cancelled_leaves_nothing(bucket, s3_bucket):
    forever = asyncio.Event()
    storing = Folder(bucket, "ex").put_stream("big.bin", content(21, forever.wait), 21 * MIB)

    await cancelled_halfway(storing, s3_bucket)

    assert (await s3_bucket.keys(), await s3_bucket.unfinished()) == ([], [])


async def test_a_sequence_that_is_cancelled_leaves_nothing(s3_bucket):
    async def fasta():
        yield b">chr1\n"
        for _ in range(21):
            yield b"A" * MIB

    async with BreakableWay(s3_bucket.server) as way:
        slow = S3Store(
            s3_bucket.name, endpoint=way.url, virtual_hosted_style_request=False, client_options={"allow_http": True}
        )
        way.rate = 4 * MIB
        await cancelled_halfway(publish(RefgetBucket(slow), fasta()), s3_bucket)

    assert (await s3_bucket.keys(), await s3_bucket.unfinished()) == ([], [])
