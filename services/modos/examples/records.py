"""Exactly the reads that overlap a region of a CRAM file, as an Arrow table: without index, reference or key."""

import asyncio

from pyarrow import ipc

from scibus.client import connect


async def main() -> None:
    async with connect() as bus:
        job = await bus.modos.records.submit(
            modo="s3://modos-demo/ex", file="demo1.cram", regions=["chr1:1000-2000", "chr2:-500"]
        )
        found = await job.result()
        content = b"".join([chunk async for chunk in bus.blobs.read(found.blob)])
        table = ipc.open_stream(content).read_all()
        print(found.count, "reads,", table.column_names[:5])


asyncio.run(main())
