"""Exports from JSOC, whose stand-in counts what was ordered there."""

import asyncio
import random
from collections import Counter

from scibus.sandbox.jsoc import JsocStandIn
from tests.chaos.field import field, waited
from tests.chaos.promises import promise
from tests.chaos.verdict import Verdict, judge, queued, results_of
from tests.processes import WorkerProcess

MINUTES = range(10, 59)


@promise("workers killed in the middle of exports from JSOC: each ordered once, each delivered whole", short=False)
async def ordered_once(verdict: Verdict, whole: bool) -> None:
    """Each export of another minute and address, while one worker after the other is killed.

    `tests/drms/test_export_jobs.py` has single deaths.
    """
    number, kills = (24, 8) if whole else (4, 2)
    async with field() as ground, JsocStandIn() as jsoc:
        jsoc.configure({"wait": 0, "pending_polls": 12})
        settings = {
            "SCIBUS_DRMS_BASE_URL": jsoc.cgi_url,
            "SCIBUS_DRMS_DOWNLOAD_URL": jsoc.download_url,
            "SCIBUS_DRMS_POLL_SHORTEST": "0.2",
        }
        workers = [await ground.worker(service="drms", **settings) for _ in range(2)]
        orders = {f"minute-{minute}": f"hmi.v_45s[2013.07.03_08:{minute}_TAI]" for minute in MINUTES[:number]}
        for job_id, ds in orders.items():
            address = f"{job_id}@example.org"
            jsoc.registered(address)
            await ground.bus.drms.export.submit_as(job_id, ds=ds, notify=address, protocol="fits")
        for turn in range(kills):
            await asyncio.sleep(random.uniform(0.3, 1.5))
            await _replaced(workers[turn % 2], verdict)
            workers[turn % 2] = await ground.worker(service="drms", **settings)

        async def ended() -> bool:
            there = await results_of(ground.connection, "export", "drms")
            return set(orders) <= set(there) and not await queued(ground.connection, "drms")

        await waited(ended, 120)
        ordered = Counter(request.parameters["ds"] for request in jsoc.log.of("exp_request"))
        effects = Counter({job_id: ordered[ds] for job_id, ds in orders.items()})
        await judge(verdict, ground.connection, orders, effects, "export", "drms")
        for job_id in orders:
            exported = await ground.bus.drms.export.job(job_id).result(timeout=10)
            verdict.expect(len(exported.files) == 1, f"{job_id} has {len(exported.files)} files")


async def _replaced(worker: WorkerProcess, verdict: Verdict) -> None:
    worker.kill()
    await worker.wait()
    verdict.faults += 1
