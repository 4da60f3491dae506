"""A region of a genome file as a file of its own for any program: fetched, checked and kept by the worker."""

import asyncio
from pathlib import Path

from scibus.client import connect


async def main() -> None:
    async with connect() as bus:
        job = await bus.modos.stream.submit(
            modo="s3://modos-demo/GIAB", file="calls1.vcf.gz", regions=["chr1:1000-9000"]
        )
        async for status in job.events():
            print(status.state)
        found = await job.result()
        path = await bus.blobs.download(found.blob, Path("slice.vcf.gz"))
        print(path, "is", found.format)


asyncio.run(main())
