"""What an editor and mypy know of the client: checked by mypy as it stands here, never run."""

from datetime import UTC, datetime, timedelta
from typing import assert_type

from scibus.client import Bus, DeadLetter, JobSchedule, JobStatus, QueueInfo, Table, connect, connect_sync
from scibus.contracts.drms import ExportedFiles, ExportState, RecordList
from scibus.contracts.jobs import JobState
from scibus.contracts.live import (
    BlockingSubscription,
    Gap,
    LiveMessage,
    LiveSubscription,
    Subscriptions,
    SubscriptionState,
)
from scibus.contracts.live.subscriptions import SubscriptionPhase
from scibus.contracts.modos import MetadataList, Records, Region


async def typed() -> None:
    async with connect() as bus:
        assert_type(bus, Bus)
        assert_type(await bus.drms.rs_list(ds="hmi.v_45s[$]", key=["T_REC"], n=5), RecordList)
        assert_type(await bus.drms.rs_list.options(timeout=5)(ds="hmi.v_45s[$]", key="T_REC"), RecordList)
        assert_type(await bus.drms.query(ds="hmi.v_45s[$]", key="T_REC,QUALITY", utc=True), Table)
        assert_type(await bus.drms.exp_status(requestid="JSOC_20261123_001"), ExportState)

        job = await bus.drms.rs_list.submit(ds="hmi.v_45s[$]", key="T_REC")
        assert_type(await job, RecordList)
        assert_type(await job.result(timeout=5), RecordList)
        assert_type(await job.cancel(), JobStatus)
        assert_type([status async for status in job.events()], list[JobStatus])
        assert_type(await (await bus.drms.query.submit_as("mine", ds="hmi.v_45s[$]", key="T_REC")), Table)
        assert_type(await bus.drms.exp_status.job("mine"), ExportState)
        assert_type(await bus.drms.rs_list.schedule("nightly", "@daily", ds="hmi.v_45s[$]"), JobSchedule)
        assert_type(await bus.jobs("drms", states=["running"]), list[JobStatus])
        assert_type(await bus.queues(), list[QueueInfo])
        assert_type(await bus.dead_letters(), list[DeadLetter])

        subscription = await bus.autobahn.subscribe("solar-wind", offset="begin", cursor="client", reader="mine")
        assert_type(subscription, LiveSubscription)
        assert_type([message async for message in subscription], list[LiveMessage])
        assert_type(await anext(subscription), LiveMessage)
        assert_type(await subscription.wait(messages=3, timeout=timedelta(seconds=5)), int)
        assert_type(await subscription.seek(datetime(2026, 11, 23, tzinfo=UTC)), SubscriptionState)
        assert_type(await subscription.unsubscribe(keep_cursor=True), SubscriptionState)
        assert_type((await anext(subscription)).gap, Gap | None)
        async with await bus.autobahn.options(timeout=5).subscribe("solar-wind", callback=print) as called:
            assert_type(called, LiveSubscription)
        assert_type(await bus.autobahn.seek(id="solar-wind", sequence=7), SubscriptionState)
        assert_type(await bus.autobahn.subscriptions(), Subscriptions)

        regions: list[Region | str] = ["chr1:5-10", Region(reference_name="chr2")]
        sliced = await bus.modos.records.submit(modo="ex", file="demo1.cram", regions=regions)
        assert_type(await sliced, Records)
        assert_type(await bus.modos.metadata(modo="ex"), MetadataList)
        assert_type((await bus.modos.endpoints()).htsget, str | None)

        await bus.autobahn.subscribe()  # type: ignore[call-arg]
        await bus.modos.stream.submit(modo="ex")  # type: ignore[call-arg]
        await bus.modos.show(modo="ex", format="xml")  # type: ignore[arg-type]
        await bus.autobahn.subscribe("solar-wind", offset="end")  # type: ignore[arg-type]
        await bus.autobahn.subscribe("solar-wind", callback=7)  # type: ignore[arg-type]
        await subscription.seek(1.5)  # type: ignore[arg-type]
        await bus.drms.rs_list.submit(key="T_REC")  # type: ignore[call-arg]
        await bus.drms.rs_list.submit_as(ds="hmi.v_45s[$]")  # type: ignore[call-arg]
        await bus.drms.rs_list.schedule("nightly", ds="hmi.v_45s[$]")  # type: ignore[call-arg]
        await bus.jobs(states=["lost"])  # type: ignore[list-item]
        await bus.drms.rs_list(key="T_REC")  # type: ignore[call-arg]
        await bus.drms.rs_list(ds="hmi.v_45s[$]", keys="T_REC")  # type: ignore[call-arg]
        await bus.drms.rs_list(ds="hmi.v_45s[$]", n="five")  # type: ignore[arg-type]
        await bus.drms.rs_lists(ds="hmi.v_45s[$]")  # type: ignore[attr-defined]


def typed_sync() -> None:
    with connect_sync() as bus:
        assert_type(bus.drms.rs_list(ds="hmi.v_45s[$]", key=["T_REC"], n=5), RecordList)
        assert_type(bus.drms.options(timeout=5).query(ds="hmi.v_45s[$]", key="T_REC"), Table)

        job = bus.drms.export.submit(ds="hmi.v_45s[$]", notify="user@example.com")
        assert_type(job.result(timeout=5), ExportedFiles)
        assert_type([status.state for status in job.events()], list[JobState])
        assert_type(bus.drms.rs_list.submit_as("mine", ds="hmi.v_45s[$]", key="T_REC").cancel(), JobStatus)
        assert_type(bus.jobs("drms"), list[JobStatus])

        subscription = bus.autobahn.subscribe("solar-wind", sequence=7, reader="mine")
        assert_type(subscription, BlockingSubscription)
        assert_type([message.data for message in subscription], list[bytes])
        assert_type(subscription.wait(timeout=5), int)
        assert_type(subscription.seek("now").state, SubscriptionPhase)

        subscription.seek(None)  # type: ignore[arg-type]
        bus.drms.rs_list(key="T_REC")  # type: ignore[call-arg]
        bus.drms.rs_list(ds="hmi.v_45s[$]", n="five")  # type: ignore[arg-type]
        bus.drms.export(ds="hmi.v_45s[$]")  # type: ignore[operator]
