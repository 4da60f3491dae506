"""The yardstick: plain nats-py with pydantic, callbacks overlapped by hand, nothing else."""

import asyncio
import os
import sys

import nats
import uvloop

from tests.runtime.probe import Text, Wait

SLOTS = asyncio.Semaphore(128)


async def main() -> None:
    connection = await nats.connect(os.environ["SCIBUS_NATS_URL"])
    tasks: set[asyncio.Task[None]] = set()

    async def echo(message):
        body = Text.model_validate_json(message.data)
        await connection.publish(message.reply, Text(text=body.text).model_dump_json().encode())

    async def wait(message):
        async with SLOTS:
            body = Wait.model_validate_json(message.data)
            await asyncio.sleep(body.seconds)
            await connection.publish(message.reply, body.model_dump_json().encode())

    async def overlap(message):
        task = asyncio.create_task(wait(message))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    await connection.subscribe("plain.echo", queue="plain", cb=echo)
    await connection.subscribe("plain.wait", queue="plain", cb=overlap)
    await connection.flush()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


uvloop.run(main())
