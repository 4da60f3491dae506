"""A typed table of records: exact integers, nulls where a value is missing, times in UTC."""

import asyncio

from scibus.client import connect


async def main() -> None:
    async with connect() as bus:
        table = await bus.drms.query(
            ds="hmi.v_45s[2013.07.03_08:42_TAI/3m]", key=["T_REC", "QUALITY", "DATAMEAN"], utc=True, rec_index=True
        )
        print(table.to_pandas())


asyncio.run(main())
