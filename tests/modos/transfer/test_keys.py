"""A key that the object store does not take: told with what to set, and repeated nowhere."""

import pytest

from scibus.contracts.problems import Forbidden
from tests.s3 import S3Server


async def test_a_download_tells_what_to_set_and_never_the_key(spawn_worker, objects):
    with S3Server(strict=True) as server:
        bucket = server.bucket()
        log = await spawn_worker(
            "mover", SCIBUS_MOVER_STORE=server.url, SCIBUS_MOVER_KEY=server.key, SCIBUS_MOVER_SECRET="hush-hush-hush"
        )
        job = await objects.download(f"s3://{bucket.name}/ex")

        with pytest.raises(Forbidden, match="set AWS_ACCESS_KEY_ID") as raised:
            await job.result(timeout=60)

    told = raised.value.details.model_dump_json() + log.log_text()
    assert server.key not in told
    assert "hush" not in told
    assert "Signature=" not in told


async def test_an_upload_tells_what_to_set(spawn_worker, objects):
    with S3Server(strict=True) as server:
        await spawn_worker("mover", SCIBUS_MOVER_STORE=server.url, SCIBUS_MOVER_KEY=server.key)
        job = await objects.upload(f"s3://{server.bucket().name}/ex", await objects.blobs({"a.txt": b"a"}))

        with pytest.raises(Forbidden, match="set AWS_ACCESS_KEY_ID"):
            await job.result(timeout=60)
