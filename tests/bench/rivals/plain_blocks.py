"""All blocks of a ticket by bare httpx, four at once, nothing checked or kept; prints seconds.

`plain_blocks URL`, which is that of the ticket.
"""

import asyncio
import sys
import time

import httpx
import uvloop

AT_ONCE = 4


async def main(url: str) -> None:
    async with httpx.AsyncClient(timeout=60) as http:
        began = time.perf_counter()
        rest = iter((await http.get(url)).raise_for_status().json()["htsget"]["urls"])

        async def fetch():
            for block in rest:
                if block["url"].startswith("http"):
                    async with http.stream("GET", block["url"], headers=block["headers"]) as response:
                        async for _ in response.raise_for_status().aiter_raw():
                            pass

        await asyncio.gather(*(fetch() for _ in range(AT_ONCE)))
        sys.stdout.write(f"{time.perf_counter() - began}\n")


uvloop.run(main(sys.argv[1]))
