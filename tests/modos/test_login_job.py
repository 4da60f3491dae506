"""A worker that is logged in by a person, over the bus: the page to visit is in the job's progress."""

from tests import standing
from tests.waiting import until

nats_server, bus, folder, spawn_worker = standing.nats_server, standing.bus, standing.folder, standing.spawn_worker
modos_stand_in, modos = standing.modos_stand_in, standing.modos


async def log_in(bus, stand_in):
    """Somebody visits the page, and says yes."""
    job = await bus.modos.login.submit(seconds=30)

    async def told():
        progress = (await job.status()).progress
        return progress and "confirm the code" in progress.message

    await until(told, 30)
    stand_in.gateway.provider.logins.decide("yes")
    return await job.result(timeout=60)


async def test_a_login_makes_the_worker_known_to_all_services(bus, modos, modos_stand_in):
    modos_stand_in.settings.change({"login": True})
    before = await bus.modos.token()
    logged_in = await log_in(bus, modos_stand_in)
    key = await bus.modos.s3_key()

    assert before.state == "absent"
    assert logged_in.refreshable
    assert (await bus.modos.token()).state == "valid"
    assert key.bucket == "modos-demo"
    assert (await bus.modos.collections()).collections
    assert (
        await (await bus.modos.stream.submit(modo="s3://modos-demo/ex", file="demo1.bam")).result(timeout=60)
    ).blocks
    stored = [path.name for path in modos.log_file.parent.iterdir() if path.name.startswith(("token", "s3-key"))]
    assert sorted(stored) == ["s3-key.json", "token.jwt", "token.jwt.refresh"]
    secrets = [(modos.log_file.parent / name).read_text() for name in ("token.jwt", "token.jwt.refresh")]
    assert not any(secret in modos.log_text() for secret in secrets)


async def test_with_the_next_login_the_key_is_another_one(bus, modos, modos_stand_in):
    modos_stand_in.settings.change({"login": True})
    await log_in(bus, modos_stand_in)
    first, again = await bus.modos.s3_key(), await bus.modos.s3_key()

    await log_in(bus, modos_stand_in)

    assert again.name == first.name
    assert (await bus.modos.s3_key()).name != first.name
