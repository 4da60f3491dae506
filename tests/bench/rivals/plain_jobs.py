"""The yardstick: the same durable effects per job, written by hand: KV create, result, KV update, acknowledgement."""

import asyncio
import json
import os
import sys

import nats
import uvloop
from nats.errors import TimeoutError as FetchTimeout
from nats.js.api import AckPolicy, ConsumerConfig, KeyValueConfig, RetentionPolicy, StreamConfig

from tests.runtime.probe import Text

AT_ONCE = 256


async def main() -> None:
    connection = await nats.connect(os.environ["SCIBUS_NATS_URL"])
    js = connection.jetstream()
    await js.add_stream(StreamConfig(name="PLAIN_JOBS", subjects=["plain.job.*"], retention=RetentionPolicy.WORK_QUEUE))
    await js.add_stream(
        StreamConfig(name="PLAIN_RESULTS", subjects=["plain.result.*"], max_msgs_per_subject=1, allow_direct=True)
    )
    statuses = await js.create_key_value(KeyValueConfig(bucket="plain_jobs"))
    config = ConsumerConfig(durable_name="echo", ack_policy=AckPolicy.EXPLICIT, max_ack_pending=-1)
    await js.add_consumer("PLAIN_JOBS", config)
    puller = await js.pull_subscribe_bind("echo", "PLAIN_JOBS")
    room = asyncio.Semaphore(AT_ONCE)
    tasks: set[asyncio.Task[None]] = set()

    async def do(message):
        try:
            job_id = message.subject.rpartition(".")[2]
            revision = await statuses.create(job_id, json.dumps({"job_id": job_id, "state": "running"}).encode())
            body = Text.model_validate_json(message.data)
            answer = Text(text=body.text).model_dump_json().encode()
            headers = {"Nats-Expected-Last-Subject-Sequence": "0", "Scibus-State": "succeeded"}
            await js.publish(f"plain.result.{job_id}", answer, headers=headers)
            done = json.dumps({"job_id": job_id, "state": "succeeded"}).encode()
            await statuses.update(job_id, done, last=revision)
            await message.ack()
        finally:
            room.release()

    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while True:
        await room.acquire()
        room.release()
        try:
            messages = await puller.fetch(max(room._value, 1), timeout=5)
        except (FetchTimeout, TimeoutError):
            continue
        for message in messages:
            await room.acquire()
            task = asyncio.create_task(do(message))
            tasks.add(task)
            task.add_done_callback(tasks.discard)


uvloop.run(main())
