"""Durable jobs per second, beside the same durable effects by hand, taskiq on JetStream and Celery on Redis.

Jobs lie in the queue before anybody may take one; the clock runs from the first that is done and gone from it to the
last: a consumer that was paused goes on after one to five seconds, which is the server's matter. Then lone jobs, 50 a
second: the time from the submission to the result.
"""

import asyncio
import json
import statistics
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path

import nats

from scibus.bus.stored import api
from scibus.sandbox import NatsServer
from tests.bench.rivals_running import ended, module, running, script
from tests.bench.tables import Table
from tests.processes import start_worker
from tests.waiting import free_port

JOBS = 20_000
LONE = 250
BODY = json.dumps({"text": "x" * 150}).encode()
FAR = "2100-01-01T00:00:00Z"
OURS, BY_HAND, TASKIQ, CELERY = "scibus", "by hand", "taskiq-nats", "Celery, Redis"


class OnJetStream:
    """A side whose jobs are messages of a stream; `submit` puts them there."""

    def __init__(self, connection, stream, submit):
        self._connection = connection
        self._stream = stream
        self._submit = submit

    async def rate(self, number):
        pause = f"CONSUMER.PAUSE.{self._stream}.echo"
        await api(self._connection, pause, {"pause_until": FAR})
        await self._submit(number)
        await api(self._connection, pause, {})
        return await _rate_until_empty(self._connection, self._stream)


class Taskiq:
    """Its worker starts when the jobs are there: a push consumer that was paused did not go on here."""

    def __init__(self, connection, **settings):
        self._connection = connection
        self._settings = settings

    async def rate(self, _number):
        await ended(script("taskiq_jobs", "submit", str(JOBS)), **self._settings)
        async with running(script("taskiq_jobs", "worker"), **self._settings):
            return await _rate_until_empty(self._connection, "TASKIQ_JOBS")


class OnRedis:
    """Celery, which measures itself."""

    def __init__(self, **settings):
        self._settings = settings

    async def rate(self, _number):
        return json.loads(await ended(script("celery_jobs", "measure", str(JOBS)), **self._settings))["rate"]

    async def alone(self):
        told = json.loads(await ended(script("celery_jobs", "alone", str(LONE)), **self._settings))
        return _spread(told["took"])


async def _rate_until_empty(connection, stream):
    """Jobs a second, from the first that is gone to the last."""

    async def left():
        return (await api(connection, f"STREAM.INFO.{stream}"))["state"]["messages"]

    while (before := await left()) == JOBS:  # noqa: ASYNC110 - another process
        await asyncio.sleep(0.005)
    began = time.perf_counter()
    while await left():  # noqa: ASYNC110 - the same
        await asyncio.sleep(0.02)
    return before / (time.perf_counter() - began)


def _publishing(connection, prefix):
    async def submit(number):
        js = connection.jetstream(publish_async_max_pending=1000)
        await asyncio.gather(*[await js.publish_async(f"{prefix}{number}-{i}", BODY) for i in range(JOBS)])

    return submit


async def _alone(connection, prefix):
    """Of lone jobs, whose results are published where their submissions are, but for one word."""
    took = []
    results = prefix.replace(".job.", ".result.")
    for i in range(LONE):
        arrived = asyncio.Event()

        async def hear(_message, arrived=arrived):
            arrived.set()

        heard = await connection.subscribe(f"{results}lone-{i}", cb=hear)
        await connection.flush()
        began = time.perf_counter()
        await connection.jetstream().publish(f"{prefix}lone-{i}", BODY)
        await asyncio.wait_for(arrived.wait(), 10)
        took.append((time.perf_counter() - began) * 1000)
        await heard.unsubscribe()
        await asyncio.sleep(max(0.02 - took[-1] / 1000, 0))
    return _spread(took)


def _spread(took):
    """Median and 99th percentile, in ms."""
    return statistics.median(took), sorted(took)[int(len(took) * 0.99)]


async def measured(rounds):
    """One table."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = await stack.enter_async_context(NatsServer())
        at = {"SCIBUS_NATS_URL": server.url}
        worker = await start_worker("probe", folder, {**at, "SCIBUS_CONCURRENCY": "256"})
        stack.push_async_callback(worker.stop)
        await worker.logged("ready")
        await stack.enter_async_context(running(module("plain_jobs"), **at))
        on_redis = await _celery(stack, folder)
        connection = await nats.connect(server.url)
        stack.push_async_callback(connection.close)

        sides = {
            OURS: OnJetStream(connection, "SCIBUS_JOBS_PROBE", _publishing(connection, "scibus.v1.job.probe.echo.")),
            BY_HAND: OnJetStream(connection, "PLAIN_JOBS", _publishing(connection, "plain.job.")),
            TASKIQ: Taskiq(connection, **at),
            CELERY: on_redis,
        }
        rates = {name: [] for name in sides}
        for number in range(rounds):
            for name, side in sides.items():
                rates[name].append(await side.rate(number))
        lone = {
            OURS: await _alone(connection, "scibus.v1.job.probe.echo."),
            BY_HAND: await _alone(connection, "plain.job."),
            CELERY: await on_redis.alone(),
        }
        return [_table({name: statistics.median(values) for name, values in rates.items()}, lone)]


async def _celery(stack, folder):
    port = free_port()
    url = f"redis://127.0.0.1:{port}/0"
    await stack.enter_async_context(running(script("celery_jobs", "redis", str(port), str(folder))))
    await stack.enter_async_context(running(script("celery_jobs", "worker"), BENCH_REDIS_URL=url))
    return OnRedis(BENCH_REDIS_URL=url)


def _table(rates, lone):
    rows = [[name, rate, rates[OURS] / rate, *lone.get(name, (None, None))] for name, rate in rates.items()]
    columns = ["", "jobs a second", "scibus does … times as many", "p50 of a lone job, ms", "p99, ms"]
    return Table(f"{JOBS:,} durable jobs, 256 at once", columns, rows)
