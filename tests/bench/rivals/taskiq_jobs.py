# /// script
# requires-python = ">=3.11"
# dependencies = ["taskiq-nats>=0.7", "uvloop>=0.21"]
# ///
"""Durable tasks by taskiq on JetStream: `worker` runs them, `submit N` puts N into the stream."""

import asyncio
import os
import sys

from nats.js.api import ConsumerConfig, StreamConfig
from taskiq.api import run_receiver_task
from taskiq_nats import NATSObjectStoreResultBackend, PushBasedJetStreamBroker

URL = os.environ.get("SCIBUS_NATS_URL", "")
AT_ONCE = 256


class Submitter(PushBasedJetStreamBroker):
    """Takes no jobs: of the one consumer there may be one listener only."""

    async def _startup_consumer(self) -> None:
        return


broker = (PushBasedJetStreamBroker if sys.argv[1:] == ["worker"] else Submitter)(
    URL,
    stream_name="TASKIQ_JOBS",
    subject="taskiq.jobs",
    stream_config=StreamConfig(retention="workqueue"),
    consumer_config=ConsumerConfig(durable_name="echo", max_ack_pending=AT_ONCE),
    durable="echo",
).with_result_backend(NATSObjectStoreResultBackend(URL))


@broker.task(task_name="echo")
async def echo(text: str) -> str:
    return text


async def work() -> None:
    broker.is_worker_process = True
    await broker.startup()
    running = asyncio.create_task(run_receiver_task(broker, max_async_tasks=AT_ONCE, max_prefetch=AT_ONCE))
    print("ready", flush=True)
    await running


async def submit(count: int) -> None:
    await broker.startup()
    room = asyncio.Semaphore(AT_ONCE)

    async def one() -> None:
        async with room:
            await echo.kiq("x" * 150)

    await asyncio.gather(*(one() for _ in range(count)))
    await broker.shutdown()


if __name__ == "__main__":
    import uvloop

    uvloop.run(work() if sys.argv[1] == "worker" else submit(int(sys.argv[2])))
