"""Block hosts, tickets, logins and the object store on their bad days: what comes is whole, or a problem says why."""

import asyncio
import re
import time
from collections.abc import AsyncIterator

import pytest

from scibus.contracts.problems import BadBackendAnswer, Cancelled, InvalidRequest, NotFound, Unauthenticated
from scibus.sandbox.modos.settings import ModosSettings
from scibus.sandbox.standin import Fault
from tests.holding import Held
from tests.modos.ground import BLOB_STREAM, MIB, Ground, Trap, modos_ground
from tests.modos.midway import BLOCKS_BEFORE, Everything
from tests.processes import TAKEN_OVER
from tests.s3 import S3Server, s3_server
from tests.waiting import until

__all__ = ["s3_server"]

pytestmark = pytest.mark.timeout(300)
EX = "s3://modos-demo/ex"
BAM = {"modo": EX, "file": "demo1.bam"}
SMALL_BLOCKS = {"block_size": 50_000}
"""A dozen of the file."""


@pytest.fixture(scope="module")
async def standing(s3_server: S3Server, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Ground]:
    async with modos_ground(tmp_path_factory.mktemp("modos"), s3_server) as ground:
        # The first worker decides for all.
        await ground.worker(**TAKEN_OVER)
        yield ground


@pytest.fixture(scope="module")
async def secrets(standing: Ground) -> set[str]:
    """All that nobody may read anywhere, of all tests of the page."""
    return {standing.bucket.server.secret}


def used_secrets(ground: Ground) -> set[str]:
    """Signatures and tokens that travelled, and what is kept of them."""
    used = {file.read_text() for file in ground.token_file.parent.glob("*") if file.is_file()}
    for request in ground.stand_in.log:
        used |= {value for name, value in request.parameters.items() if name == "Signature"}
        used |= set(filter(None, [request.headers.get("authorization", "").partition(" ")[2]]))
    return used


@pytest.fixture
async def ground(standing: Ground, secrets: set[str]) -> AsyncIterator[Ground]:
    """All is well before and after."""
    standing.stand_in.configure(SMALL_BLOCKS)
    yield standing
    secrets |= used_secrets(standing)
    for file in standing.token_file.parent.glob("*"):
        file.unlink()
    standing.way.spring_all()
    standing.way.requests.clear()
    standing.stand_in.faults.clear()
    standing.stand_in.log.clear()
    standing.stand_in.configure(vars(ModosSettings()))


@pytest.fixture(scope="module")
async def whole(standing: Ground) -> dict[str, bytes]:
    """What comes where nothing is wrong."""
    slice_ = await (await standing.bus.modos.stream.submit(**BAM)).result(timeout=60)
    records = await (await standing.bus.modos.records.submit(**BAM)).result(timeout=60)
    return {"stream": await standing.content(slice_.blob), "records": await standing.content(records.blob)}


async def sliced(ground: Ground) -> dict[str, bytes]:
    """The same, now."""
    jobs = [await ground.bus.modos.stream.submit(**BAM), await ground.bus.modos.records.submit(**BAM)]
    found = [await job.result(timeout=60) for job in jobs]
    return {name: await ground.content(one.blob) for name, one in zip(("stream", "records"), found, strict=True)}


def logged_in(ground: Ground, *, refresh: bool) -> None:
    """The worker has a token that counts for an hour, and one to renew it with."""
    ground.stand_in.configure({"login": True, "token_seconds": 3600})
    ground.token_file.parent.mkdir(exist_ok=True)
    ground.token_file.write_text(ground.stand_in.tokens.access(3600, ("ex",), "write"))
    if refresh:
        ground.token_file.with_name("token.jwt.refresh").write_text(ground.stand_in.tokens.refreshing(3600))


@pytest.mark.parametrize(
    "fault",
    [
        Fault(operation="block", skip=1, times=2, status=404, body="<Error><Code>NoSuchKey</Code></Error>"),
        Fault(operation="block", skip=1, times=2, close="before"),
        Fault(operation="block", skip=1, times=2, close="after"),
        Fault(operation="block", skip=1, times=2, cut_after=1000),
        Fault(operation="block", skip=1, times=2, cut_after=0),
        Fault(operation="block", skip=1, times=2, status=503),
        Fault(operation="ticket", times=2, status=503),
        Fault(operation="ticket", times=2, cut_after=100),
    ],
    ids=["404", "closed", "answer lost", "cut", "cut at once", "503", "ticket 503", "ticket cut"],
)
async def test_what_passes_leaves_no_trace(ground, whole, fault):
    begun = ground.stand_in.count("ticket")
    ground.stand_in.faults.inject(fault)

    assert await sliced(ground) == whole
    assert len(ground.stand_in.faults) == 0
    if fault.operation == "block" and fault.status != 404:
        assert ground.stand_in.count("ticket") == begun + 2, "it was not gone on with, but begun anew"


@pytest.mark.parametrize("operation", ["stream", "records"])
@pytest.mark.parametrize(
    ("fault", "md5", "told"),
    [
        (Fault(operation="block", skip=2, times=None, status=404, body="<Error/>"), "off", "HTTP 404"),
        (Fault(operation="block", skip=2, times=None, body="<html>welcome</html>"), "off", "Range"),
        (Fault(operation="block", skip=2, flip=7000), "right", "checksum|broken"),
        (None, "wrong", "checksum"),
    ],
    ids=["404 always", "a page", "wrong bytes", "wrong md5"],
)
async def test_what_lasts_is_a_problem_and_no_blob(ground, operation, fault, md5, told):
    ground.stand_in.configure({"md5": md5})
    pieces = await ground.blob_pieces()
    if fault:
        ground.stand_in.faults.inject(fault)
    job = await getattr(ground.bus.modos, operation).submit(**BAM)

    with pytest.raises(BadBackendAnswer, match=told):
        await job.result(timeout=60)

    assert await ground.blobs_of(job.job_id) == []
    assert await ground.blob_pieces() == pieces


async def test_wrong_bytes_without_a_checksum_are_no_records(ground):
    ground.stand_in.faults.inject(Fault(operation="block", skip=2, flip=7000))
    job = await ground.bus.modos.records.submit(**BAM)

    with pytest.raises(BadBackendAnswer, match="broken"):
        await job.result(timeout=60)

    assert await ground.blobs_of(job.job_id) == []


def login_ends(ground: Ground) -> None:
    """The token is one that has ended."""
    ground.token_file.write_text(ground.stand_in.tokens.access(-1, ("ex",), "write"))


async def held_at_a_block(ground: Ground):
    """A stream of which some blocks have come, and what the others wait for."""
    # Four are under way at once, in any order: the sixth is asked for when the first two have come.
    begun, held = ground.stand_in.count("block"), Held(operation="block", skip=5, times=None)
    ground.stand_in.faults.inject(held)
    job = await ground.bus.modos.stream.submit(**BAM)
    await ground.stand_in.received("block", begun + 6, timeout=30)
    return job, held


async def test_urls_that_expire_midway_are_asked_for_again(ground, whole):
    begun = ground.stand_in.count("ticket")
    job, held = await held_at_a_block(ground)

    ground.stand_in.blocks.expire()
    held.let_go()

    assert await ground.content((await job.result(timeout=60)).blob) == whole["stream"]
    assert ground.stand_in.count("ticket") == begun + 2
    assert (await job.status()).attempt == 1


async def test_urls_that_expire_all_the_time_are_asked_for_again(ground, whole):
    begun = ground.stand_in.count("ticket")
    ground.stand_in.configure({"block_seconds": 2.5, "block_size": 25_000})
    ground.stand_in.faults.inject(Fault(operation="block", times=None, delay=1.0))

    assert (await sliced(ground))["stream"] == whole["stream"]
    assert ground.stand_in.count("ticket") > begun + 3


async def test_a_login_that_ends_midway_is_renewed(ground, whole):
    logged_in(ground, refresh=True)
    job, held = await held_at_a_block(ground)
    begun = ground.stand_in.count("token")

    login_ends(ground)
    ground.stand_in.blocks.expire()
    held.let_go()

    assert await ground.content((await job.result(timeout=60)).blob) == whole["stream"]
    assert ground.stand_in.count("token") == begun + 1
    assert ground.stand_in.tokens.claims(ground.token_file.read_text())["exp"] > time.time() + 3000


@pytest.mark.parametrize("refresh", [False, True], ids=["no refresh token", "a revoked one"])
async def test_a_login_that_ends_midway_for_good_is_told_and_nothing_is_kept(ground, refresh):
    logged_in(ground, refresh=refresh)
    ground.stand_in.tokens.revoke_refreshing()
    pieces = await ground.blob_pieces()
    job, held = await held_at_a_block(ground)

    login_ends(ground)
    ground.stand_in.blocks.expire()
    held.let_go()

    with pytest.raises(Unauthenticated, match="scibus submit modos login"):
        await job.result(timeout=60)
    assert await ground.blobs_of(job.job_id) == []
    assert await ground.blob_pieces() == pieces


async def test_nobody_but_the_deployment_gets_the_login(ground):
    logged_in(ground, refresh=True)
    ground.stand_in.configure({"refget": "cloud"})
    await sliced(ground)
    published = await (await ground.bus.modos.publish.submit(modo=EX, file="reference.fa")).result(timeout=60)
    await ground.bus.modos.refget_sequence(id=published.sequences[0].md5)
    await ground.bus.modos.files(modo=EX)

    guarded = [request for request in ground.stand_in.log if request.op in ("ticket", "refget")]
    abroad = [request for request in ground.stand_in.log if request.op in ("block", "object")]
    assert all("authorization" in request.headers for request in guarded)
    assert {request.op for request in abroad} == {"block", "object"}
    assert not any("authorization" in request.headers for request in abroad)
    assert ground.way.requests
    assert not ground.way.carried_tokens


async def test_a_file_that_is_replaced_midway_comes_as_it_is_then(ground):
    old, new = bytes(9 * MIB), bytes(range(256)) * (36 * 1024)
    await ground.bucket.put("GIAB/large.bin", old)
    trap = ground.way.set_trap(Trap("GET .*large.bin", after=2 * MIB))
    job = await ground.bus.modos.download.submit(modo="s3://modos-demo/GIAB", files=["large.bin", "calls1.bcf"])
    async with asyncio.timeout(60):
        await trap.sprung.wait()

    await ground.bucket.put("GIAB/large.bin", new)
    ground.way.cut()
    trap.let_go()

    [_, large] = (await job.result(timeout=60)).files
    assert await ground.content(large.blob) == new
    assert len(await ground.blobs_of(job.job_id)) == 2
    await ground.bucket.remove("GIAB/large.bin")


async def test_a_store_that_is_away_for_a_while_gives_and_takes_everything(ground):
    there, new = bytes(range(256)) * (24 * 1024), bytes(range(255, -1, -1)) * (48 * 1024)
    await ground.bucket.put("GIAB/large.bin", there)
    blobs = {name: await ground.blob(new, name) for name in ("big.bin", "data.zarr/zarr.json")}
    traps = [
        ground.way.set_trap(Trap("GET .*GIAB/large.bin", after=2 * MIB)),
        ground.way.set_trap(Trap("PUT .*moved/big.bin.*partNumber=2")),
    ]
    down = await ground.bus.modos.download.submit(modo="s3://modos-demo/GIAB", files=["large.bin"])
    up = await ground.bus.modos.upload.submit(
        path="s3://modos-demo/moved", files=[{"name": name, "blob": blob} for name, blob in blobs.items()]
    )
    async with asyncio.timeout(60):
        await asyncio.gather(*(trap.sprung.wait() for trap in traps))

    ground.way.away = True
    for trap in traps:
        trap.let_go()
    await asyncio.sleep(3)
    listed = await ground.object_contents("moved")
    ground.way.away = False

    [large] = (await down.result(timeout=90)).files
    await up.result(timeout=90)
    assert listed == {}
    assert await ground.content(large.blob) == there
    assert await ground.object_contents("moved") == dict.fromkeys(blobs, new)
    for key in ("GIAB/large.bin", *(f"moved/{name}" for name in blobs)):
        await ground.bucket.remove(key)


async def test_what_somebody_else_changes_meanwhile_is_not_lost(ground):
    trap = ground.way.set_trap(Trap("PUT .*GIAB/data.zarr/zarr.json$"))
    sample = {"id": "ours", "type": "Sample"}
    job = await ground.bus.modos.add.submit(modo="s3://modos-demo/GIAB", elements=[sample])
    async with asyncio.timeout(60):
        await trap.sprung.wait()

    key = "GIAB/data.zarr/zarr.json"
    root = await ground.bucket.get(key)
    assert root.count(b"second object") >= 1
    await ground.bucket.put(key, root.replace(b"second object", b"theirs"))
    trap.let_go()

    added = await job.result(timeout=60)
    assert (added.meta["GIAB"]["description"], added.meta["sample/ours"]["@type"]) == ("theirs", "Sample")
    [read] = (await ground.bus.modos.metadata(modo="s3://modos-demo/GIAB")).data
    assert read.meta == added.meta
    assert (await job.status()).attempt == 2
    await (await ground.bus.modos.remove.submit(modo="s3://modos-demo/GIAB", element="sample/ours")).result(timeout=60)


@pytest.fixture(scope="module")
async def smooth(standing: Ground) -> dict[str, object]:
    """What comes of one job of each operation where nobody dies."""
    everything = Everything(standing, "smooth")
    await everything.prepare()
    await everything.submit()
    return await everything.made(60)


@pytest.mark.parametrize("moment", ["early", "late"])
async def test_a_worker_that_dies_in_the_middle_of_everything(ground, smooth, moment):
    everything = Everything(ground, moment)
    await everything.prepare()
    traps = [ground.way.set_trap(trap) for trap in everything.traps(moment).values()]
    ground.stand_in.faults.inject(Fault(operation="block", skip=2 * BLOCKS_BEFORE, times=None, delay=60))
    await everything.submit()
    async with asyncio.timeout(60):
        await ground.stand_in.received("block", 2 * BLOCKS_BEFORE + 2, timeout=60)
        await asyncio.gather(*(trap.sprung.wait() for trap in traps))
    await everything.begun()
    listed = (await ground.bus.modos.list(prefix=f"{moment}/")).data

    await ground.kill_all()
    for trap in traps:
        trap.let_go()
    ground.stand_in.faults.clear()
    await ground.worker()

    assert await everything.made(60) == smooth
    assert everything.path("upload") not in listed
    assert (everything.path("create") in listed) == (moment == "late")
    assert {(await job.status()).attempt for job in everything.jobs.values()} == {2}
    for name in ("stream", "records"):
        assert len(await ground.blobs_of(everything.jobs[name].job_id)) == 1


async def test_elements_from_many_jobs_on_two_workers_are_all_there_once(ground):
    second = await ground.worker()
    assay = {"type": "Assay", "attributes": {"omics_type": "GENOMICS"}}
    path, names = "s3://modos-demo/crowded", [f"a{number}" for number in range(20)]
    await (await ground.bus.modos.create.submit(path=path)).result(timeout=60)

    jobs = [await ground.bus.modos.add.submit(modo=path, elements=[assay | {"id": name}]) for name in names]
    await asyncio.gather(*(job.result(timeout=60) for job in jobs))

    [read] = (await ground.bus.modos.metadata(modo=path)).data
    assert sorted(read.meta["crowded"]["has_assay"]) == sorted(f"assay/{name}" for name in names)
    assert set(read.meta) == {"crowded", *(f"assay/{name}" for name in names)}
    assert {(await job.status()).attempt for job in jobs} == {1}
    second.kill()


async def test_what_is_cancelled_leaves_nothing(ground):
    # Of many parts: while one is held, others are still to be written.
    new = bytes(range(256)) * (128 * 1024)
    blob = await ground.blob(new, "big.bin")
    pieces = await ground.blob_pieces()
    traps = [
        ground.way.set_trap(Trap("GET .*ex/demo1.cram", after=200_000)),
        ground.way.set_trap(Trap("PUT .*half/big.bin.*partNumber=2")),
    ]
    ground.stand_in.faults.inject(Fault(operation="block", skip=4, times=None, delay=20))
    modos = ground.bus.modos
    jobs = [
        await modos.stream.submit(**BAM),
        await modos.records.submit(modo=EX, file="demo1.cram"),
        await modos.download.submit(modo=EX, files=["demo1.cram"]),
        await modos.upload.submit(path="s3://modos-demo/half", files=[{"name": "big.bin", "blob": blob}]),
    ]
    async with asyncio.timeout(60):
        await ground.stand_in.received("block", 8, timeout=60)
        await asyncio.gather(*(trap.sprung.wait() for trap in traps))

    async def kept() -> bool:
        return any(ground.temporary.iterdir())

    # The reference of a CRAM file lies there; the first one that the worker reads takes its time.
    await until(kept, 30)

    await asyncio.gather(*(job.cancel() for job in jobs))
    # A cancellation is answered when it is recorded, and reaches its handler a moment later: it has when the first job
    # has ended. What is under way at the store then is waited for, so that it does not arrive afterwards.
    ended = await asyncio.gather(jobs[0].result(timeout=60), return_exceptions=True)
    await asyncio.sleep(1)
    traps[1].let_go()
    ended += await asyncio.gather(*(job.result(timeout=60) for job in jobs[1:]), return_exceptions=True)

    assert [type(end) for end in ended] == [Cancelled] * 4
    assert [name for job in jobs for name in await ground.blobs_of(job.job_id)] == []

    async def cleared() -> bool:
        return not list(ground.temporary.iterdir()) and await ground.blob_pieces() == pieces

    await until(cleared, 30)
    assert "half/big.bin" not in await ground.bucket.unfinished()
    assert await ground.object_contents("half") == {}


async def test_reading_makes_nothing(ground):
    before = await ground.all_keys()
    modos = ground.bus.modos

    async def asked(modo: str) -> None:
        reading = [
            modos.list(prefix=modo),
            modos.metadata(modo=modo),
            modos.metadata(),
            modos.find(query=modo, fuzzy=True),
            modos.s3_path(query=modo),
            modos.files(modo=modo),
            modos.elements(modo=modo),
            modos.show(modo=modo, element="sample/sample1"),
            modos.refget_sequence(id="0" * 32),
            modos.endpoints(refresh=True),
            modos.token(),
        ]
        jobs = [
            await modos.stream.submit(modo=modo, file="demo1.bam", header_only=True),
            await modos.records.submit(modo=modo, file="demo1.cram", regions=["chr1:1-100"]),
            await modos.download.submit(modo=modo),
            await modos.download.submit(modo=modo, files=["nosuch"]),
        ]
        ends = await asyncio.gather(*reading, *(job.result(timeout=60) for job in jobs), return_exceptions=True)
        refused = [end for end in ends if isinstance(end, NotFound | InvalidRequest)]
        assert len(refused) >= (1 if modo == EX else 5), ends

    await asked(EX)
    for modo in ("s3://modos-demo/nosuch", "s3://nosuch/ex", "s3://modos-demo/ex/data.zarr"):
        await asked(modo)

    assert ground.way.requests
    assert ground.way.writes == []
    assert await ground.all_keys() == before


async def test_no_secret_is_told_to_anybody(ground, standing, secrets):
    """Looks through the logs of all workers of this page, and all that the bus has kept of its jobs but the blobs."""
    logged_in(ground, refresh=True)
    await sliced(ground)
    secrets |= used_secrets(ground)
    for file in ground.token_file.parent.glob("*"):
        file.unlink()

    def told() -> dict[str, bytes]:
        files = (file for file in standing.folder.rglob("*") if file.is_file() and BLOB_STREAM not in file.parts)
        return {str(file.relative_to(standing.folder)): file.read_bytes() for file in files}

    kept = await asyncio.to_thread(told)
    wanted = re.compile(b"|".join(re.escape(secret.encode()) for secret in secrets))
    leaks = {name: found[0][:8] for name, content in kept.items() if (found := wanted.search(content))}

    assert leaks == {}
    assert len(secrets) > 10
    assert any("SCIBUS_RESULTS" in name and b"demo1.bam" in content for name, content in kept.items())
    assert any(name.endswith(".log") and content for name, content in kept.items())
