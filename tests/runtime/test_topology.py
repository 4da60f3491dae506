"""What a worker creates, and what it only checks."""

from nats.js.api import ObjectStoreConfig

from scibus.bus.blobs import BUCKET, KEPT_SECONDS
from scibus.sandbox import NatsServer


async def test_create_makes_the_object_store_with_its_age_limit(bus, probe):
    info = await bus.connection.jetstream().stream_info(f"OBJ_{BUCKET}")

    assert info.config.max_age == KEPT_SECONDS


async def test_create_leaves_an_existing_object_store_as_it_is(bus, spawn_worker):
    js = bus.connection.jetstream()
    await js.create_object_store(BUCKET, config=ObjectStoreConfig(bucket=BUCKET, ttl=60))

    await spawn_worker("probe")

    assert (await js.stream_info(f"OBJ_{BUCKET}")).config.max_age == 60


async def test_bind_refuses_to_start_and_lists_what_is_missing(bus, spawn_worker):
    worker = await spawn_worker("probe", ready=False, SCIBUS_TOPOLOGY="bind")

    assert await worker.wait() == 1
    assert "missing on the server: object store scibus_blobs" in worker.log_text().splitlines()[-1]


async def test_bind_refuses_to_start_and_says_what_differs(bus, spawn_worker):
    await bus.connection.jetstream().create_object_store(BUCKET, config=ObjectStoreConfig(bucket=BUCKET, ttl=60))
    worker = await spawn_worker("probe", ready=False, SCIBUS_TOPOLOGY="bind")

    assert await worker.wait() == 1
    assert "keeps blobs for" in worker.log_text().splitlines()[-1]


async def test_bind_starts_where_all_is_there(bus, probe, spawn_worker):
    assert await spawn_worker("probe", SCIBUS_TOPOLOGY="bind")


async def test_bind_refuses_to_start_without_jetstream(spawn_worker):
    async with NatsServer(jetstream=False) as server:
        worker = await spawn_worker("probe", ready=False, SCIBUS_NATS_URL=server.url, SCIBUS_TOPOLOGY="bind")

        assert await worker.wait() == 1
        assert "runs without JetStream" in worker.log_text()
