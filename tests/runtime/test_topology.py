"""What a worker creates, and what it only checks."""

from nats.js.api import ObjectStoreConfig, RetentionPolicy, StreamConfig

from scibus.bus.blobs import BUCKET, KEPT_SECONDS
from scibus.sandbox import NatsServer
from tests.runtime.probe import Probe


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
    reason = worker.log_text().splitlines()[-1]
    assert reason.startswith("on the server: object store scibus_blobs is missing; stream SCIBUS_RESULTS is missing; ")
    assert "stream SCIBUS_JOBS_PROBE is missing" in reason
    assert "consumer SCIBUS_JOBS_PROBE.work is missing" in reason


async def test_bind_refuses_to_start_and_says_what_differs(bus, spawn_worker):
    await bus.connection.jetstream().create_object_store(BUCKET, config=ObjectStoreConfig(bucket=BUCKET, ttl=60))
    worker = await spawn_worker("probe", ready=False, SCIBUS_TOPOLOGY="bind")

    assert await worker.wait() == 1
    assert "stream OBJ_scibus_blobs: max_age is 60000000000, not " in worker.log_text().splitlines()[-1]


async def test_bind_starts_where_all_is_there(bus, probe, spawn_worker):
    assert await spawn_worker("probe", SCIBUS_TOPOLOGY="bind")


async def test_bind_refuses_to_start_without_jetstream(spawn_worker):
    async with NatsServer(jetstream=False) as server:
        worker = await spawn_worker("probe", ready=False, SCIBUS_NATS_URL=server.url, SCIBUS_TOPOLOGY="bind")

        assert await worker.wait() == 1
        assert "runs without JetStream" in worker.log_text()


async def test_create_makes_the_streams_of_the_protocol(bus, probe):
    js = bus.connection.jetstream()
    jobs = (await js.stream_info("SCIBUS_JOBS_PROBE")).config
    results = (await js.stream_info("SCIBUS_RESULTS")).config
    consumer = (await js.consumer_info("SCIBUS_JOBS_PROBE", "echo")).config

    assert (jobs.retention, jobs.discard, jobs.duplicate_window) == ("workqueue", "new", 600)
    assert jobs.max_bytes == 1 << 30
    assert (results.max_msgs_per_subject, results.discard_new_per_subject, results.max_age) == (1, True, 7 * 86400)
    assert (await js.stream_info("SCIBUS_DEAD")).config.max_age == 30 * 86400
    assert (await js.stream_info("KV_scibus_jobs")).config.max_age == 14 * 86400
    assert not (await js.stream_info("KV_scibus_jobs")).config.allow_direct
    assert (consumer.ack_wait, consumer.max_deliver, consumer.max_ack_pending) == (30, -1, -1)


async def test_create_adds_the_subjects_of_new_operations_and_changes_nothing_else(bus, spawn_worker):
    js = bus.connection.jetstream()
    old = StreamConfig(
        name="SCIBUS_JOBS_PROBE",
        subjects=["scibus.v1.job.probe.echo", "scibus.v1.job.probe.echo.*"],
        retention=RetentionPolicy.WORK_QUEUE,
        max_bytes=5_000_000,
    )
    await js.add_stream(old)

    await spawn_worker("probe")

    config = (await js.stream_info("SCIBUS_JOBS_PROBE")).config
    assert "scibus.v1.job.probe.work.*" in config.subjects
    assert len(config.subjects) == 2 * len(list(Probe.operations()))
    assert config.max_bytes == 5_000_000


async def test_bind_says_which_setting_of_a_stream_differs(bus, probe, spawn_worker):
    js = bus.connection.jetstream()
    config = (await js.stream_info("SCIBUS_DEAD")).config
    config.max_age = 3600
    await js.update_stream(config)

    worker = await spawn_worker("probe", ready=False, SCIBUS_TOPOLOGY="bind")

    assert await worker.wait() == 1
    reason = worker.log_text().splitlines()[-1]
    assert reason == "on the server: stream SCIBUS_DEAD: max_age is 3600000000000, not 2592000000000000"
