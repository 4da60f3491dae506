"""Export a record set, follow the job, and download its files: it goes on, whatever dies meanwhile."""

import asyncio
from pathlib import Path

from scibus.client import connect


async def main() -> None:
    async with connect() as bus:
        job = await bus.drms.export.submit(
            ds="hmi.m_45s[2013.07.03_08:42_TAI/90s]{magnetogram}", notify="user@example.com", protocol="fits"
        )
        async for status in job.events():
            print(status.state, status.progress.message if status.progress else "")

        exported = await job.result()
        for file in exported.files:
            print(file.record, await bus.blobs.download(file.blob, Path(file.filename)))
        for lost in exported.missing:
            print(lost.record, "is missing:", lost.reason)


asyncio.run(main())
