"""Durable jobs per second through one worker, beside a hand-written loop with the same durable effects.

Jobs lie in the queue before the consumer may begin; what is measured is the time until the queue is empty.
"""

import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

import nats
import uvloop

from scibus.bus.stored import api
from scibus.sandbox import NatsServer
from tests.processes import TESTS, start_worker

ROUNDS = 5
JOBS = 5000
BODY = json.dumps({"text": "x" * 150}).encode()
FAR = "2100-01-01T00:00:00Z"
SIDES = {
    "scibus": ("SCIBUS_JOBS_PROBE", "scibus.v1.job.probe.echo."),
    "by hand": ("PLAIN_JOBS", "plain.job."),
}


async def measure(connection, stream, prefix, number):
    """Jobs per second of one round."""
    pause = f"CONSUMER.PAUSE.{stream}.echo"
    await api(connection, pause, {"pause_until": FAR})
    js = connection.jetstream(publish_async_max_pending=1000)
    acks = [await js.publish_async(f"{prefix}{number}-{i}", BODY) for i in range(JOBS)]
    await asyncio.gather(*acks)
    began = time.perf_counter()
    await api(connection, pause, {})
    while (await api(connection, f"STREAM.INFO.{stream}"))["state"]["messages"]:  # noqa: ASYNC110 - another process
        await asyncio.sleep(0.02)
    return JOBS / (time.perf_counter() - began)


async def alone(connection, stream, prefix):
    """Milliseconds from the submission of a lone job to its result, at 50 a second: median and 99th of 100."""
    took = []
    results = prefix.replace(".job.", ".result.")
    for i in range(250):
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
    return statistics.median(took), sorted(took)[int(len(took) * 0.99)]


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with NatsServer() as server:
            settings = {"SCIBUS_NATS_URL": server.url, "SCIBUS_CONCURRENCY": "256"}
            worker = await start_worker("probe", Path(folder), settings)
            await worker.logged("ready")
            plain = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "tests.bench.plain_jobs",
                cwd=TESTS.parent,
                env=os.environ | {"SCIBUS_NATS_URL": server.url},
                stdout=asyncio.subprocess.PIPE,
            )
            await plain.stdout.readline()
            connection = await nats.connect(server.url)
            try:
                rates = {side: [] for side in SIDES}
                for number in range(ROUNDS):
                    for side, (stream, prefix) in SIDES.items():
                        rates[side].append(await measure(connection, stream, prefix, number))
                lone = {side: await alone(connection, *place) for side, place in SIDES.items()}
                report(rates, lone, worker.resident_bytes())
            finally:
                await connection.close()
                plain.terminate()
                await plain.wait()
                await worker.stop()


def report(rates, lone, resident) -> None:
    print(f"\ndurable jobs, medians of {ROUNDS} interleaved rounds of {JOBS}, 256 at once")
    print(f"{'':10} {'jobs/s':>8} {'p50 ms':>8} {'p99 ms':>8}   (lone jobs, 50 a second)")
    for side, values in rates.items():
        print(f"{side:10} {statistics.median(values):8.0f} {lone[side][0]:8.2f} {lone[side][1]:8.2f}")
    ours, theirs = (statistics.median(rates[side]) for side in SIDES)
    print(f"ratio {ours / theirs:.2f}; resident memory of the worker: {resident / 2**20:.0f} MiB")


if __name__ == "__main__":
    uvloop.run(main())
