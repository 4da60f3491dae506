"""Ask the telescope, and fetch a frame."""

import asyncio

from scibus.client import connect
from telescope.contracts import Telescope


async def main() -> None:
    async with connect() as bus:
        telescope = bus.service(Telescope)
        print(await telescope.position(target="M42"))
        exposure = await telescope.expose.submit(target="M42", seconds=1)
        print(await bus.download((await exposure.result()).frame, "m42.fits"))


asyncio.run(main())
