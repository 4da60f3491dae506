"""A key that the object store does not take: told with what to set, and repeated nowhere."""

from collections.abc import Iterator

import pytest

from scibus.contracts.problems import Forbidden
from tests.conftest import SpawnWorker
from tests.modos.transfer import shared
from tests.processes import WorkerProcess
from tests.s3 import S3Server

nats_server, bus, folder, spawn_worker = shared.nats_server, shared.bus, shared.folder, shared.spawn_worker


@pytest.fixture(scope="module")
def strict() -> Iterator[S3Server]:
    """A server that takes its own key only."""
    with S3Server(strict=True) as server:
        yield server


@pytest.fixture(scope="module")
async def mover(spawn_worker: SpawnWorker, strict: S3Server) -> WorkerProcess:
    """A worker with another secret."""
    settings = {"SCIBUS_MOVER_KEY": strict.key, "SCIBUS_MOVER_SECRET": "hush-hush-hush"}
    return await spawn_worker("mover", SCIBUS_MOVER_STORE=strict.url, **settings)


async def test_a_download_tells_what_to_set_and_never_the_key(mover, strict, objects):
    job = await objects.download(f"s3://{strict.bucket().name}/ex")

    with pytest.raises(Forbidden, match="set AWS_ACCESS_KEY_ID") as raised:
        await job.result(timeout=60)

    told = raised.value.details.model_dump_json() + mover.log_text()
    assert strict.key not in told
    assert "hush" not in told
    assert "Signature=" not in told


async def test_an_upload_tells_what_to_set(mover, strict, objects):
    job = await objects.upload(f"s3://{strict.bucket().name}/ex", await objects.blobs({"a.txt": b"a"}))

    with pytest.raises(Forbidden, match="set AWS_ACCESS_KEY_ID"):
        await job.result(timeout=60)
