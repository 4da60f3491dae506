"""Whose certificate the worker has; where its settings allow it, also the header for Autobahn's other services."""

import asyncio

from scibus.client import connect


async def main() -> None:
    async with connect() as bus:
        token = await bus.autobahn.token()
        print("the worker asks as", token.cn, "until", token.expires_at)
        if token.authorization:
            headers = {"Authorization": token.authorization}
            print("with the header", *headers)


asyncio.run(main())
