"""Where the services of a deployment are; one that it does not have is None."""

import asyncio

from scibus.client import connect


async def main() -> None:
    async with connect() as bus:
        endpoints = await bus.modos.endpoints()
        print("htsget" if endpoints.htsget else "no htsget", "and", "kms" if endpoints.kms else "no kms")
        told = await bus.modos.service_info(service="reads")
        print(told.info["htsget"])


asyncio.run(main())
