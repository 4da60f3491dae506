"""All files of an object, and its checksum: what a dead worker has fetched is not fetched again."""

import asyncio

from scibus.client import connect


async def main() -> None:
    async with connect() as bus:
        got = await (await bus.modos.download.submit(modo="GIAB")).result()
        for file in got.files:
            print(file.name, file.size)
        print("checksum", got.checksum)


asyncio.run(main())
