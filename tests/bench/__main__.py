"""Requests per second through one worker, beside plain nats-py with pydantic, in interleaved rounds."""

import asyncio
import json
import os
import platform
import statistics
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

import nats
import uvloop

from scibus.sandbox import NatsServer
from tests.processes import TESTS, start_worker

ROUNDS = 5
ECHO = json.dumps({"text": "x" * 150}).encode()
WAIT = b'{"seconds":0.02}'
CASES = {
    ("trivial", 1): (ECHO, "echo", 1500),
    ("trivial", 64): (ECHO, "echo", 200),
    ("20 ms", 1): (WAIT, "wait", 50),
    ("20 ms", 64): (WAIT, "wait", 75),
}
SIDES = {"scibus": "scibus.v1.req.probe.", "plain nats-py": "plain."}


async def measure(connection, subject, body, callers, each):
    async def caller():
        for _ in range(each):
            await connection.request(subject, body, timeout=10)

    began = time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(callers)))
    return callers * each / (time.perf_counter() - began)


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with NatsServer() as server:
            worker = await start_worker("probe", Path(folder), {"SCIBUS_NATS_URL": server.url})
            await worker.logged("ready")
            plain = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "tests.bench.plain_nats",
                cwd=TESTS.parent,
                env=os.environ | {"SCIBUS_NATS_URL": server.url},
                stdout=asyncio.subprocess.PIPE,
            )
            await plain.stdout.readline()
            connection = await nats.connect(server.url)
            try:
                report(await rounds(connection), worker.resident_bytes())
            finally:
                await connection.close()
                plain.terminate()
                await plain.wait()
                await worker.stop()


async def rounds(connection):
    rates = {(case, side): [] for case in CASES for side in SIDES}
    for _ in range(ROUNDS):
        for case, (body, operation, each) in CASES.items():
            for side, prefix in SIDES.items():
                rates[case, side].append(await measure(connection, prefix + operation, body, case[1], each))
    return {key: statistics.median(values) for key, values in rates.items()}


def report(medians, resident) -> None:
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, ", end="")
    print(", ".join(f"{name} {version(name)}" for name in ("nats-py", "faststream", "pydantic", "uvloop")))
    print(f"medians of {ROUNDS} interleaved rounds, requests per second, client and server on the same machine\n")
    print(f"{'backend':10} {'callers':>7} {'scibus':>10} {'plain':>10} {'ratio':>6}")
    for backend, callers in CASES:
        ours, plain = (medians[(backend, callers), side] for side in SIDES)
        print(f"{backend:10} {callers:7} {ours:10.0f} {plain:10.0f} {ours / plain:6.2f}")
    print(f"\nresident memory of the worker: {resident / 2**20:.0f} MiB")


uvloop.run(main())
