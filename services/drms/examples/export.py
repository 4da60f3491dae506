"""Order an export, and follow it until JSOC lists its files."""

import asyncio

from scibus.client import connect


async def main() -> None:
    async with connect() as bus:
        state = await bus.drms.exp_request(
            ds="hmi.m_45s[2013.07.03_08:42_TAI/90s]", notify="user@example.com", method="url", protocol="fits"
        )
        for _ in range(60):
            if state.status == 0 or state.requestid is None:
                break
            await asyncio.sleep(min(state.wait or 1, 1))
            state = await bus.drms.exp_status(requestid=state.requestid)
        for file in state.data:
            print(file.record, file.filename)


asyncio.run(main())
