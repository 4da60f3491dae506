"""The functions of `modos.remote` over the bus: nobody needs the server's URL, a token or a key to the object store."""

import asyncio

from scibus.client import connect
from scibus.client.modos import get_metadata_from_remote, get_s3_path, is_s3_path, list_remote_items
from scibus.contracts.problems import NotFound


async def main() -> None:
    async with connect() as bus:
        items = await list_remote_items(bus)
        print(items[0], is_s3_path(items[0]))

        everything = await get_metadata_from_remote(bus)
        print(len(everything["data"]) == len(items))
        one = await get_metadata_from_remote(bus, "GIAB")
        print(one["GIAB"]["name"])

        print(await get_s3_path(bus, "GIAC") == await get_s3_path(bus, "GIAB", exact_match=True))
        try:
            await get_metadata_from_remote(bus, "nosuch")
        except NotFound as problem:
            print(problem)


asyncio.run(main())
