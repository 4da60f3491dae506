# /// script
# requires-python = ">=3.11"
# dependencies = ["speedracer>=0.0.13,<0.0.14"]
# ///
"""The published client of the Mission Data Broker, one subscription for each dataset."""

import asyncio

from arrivals import ASKED, Arrivals
from speedracer import Connection, Offset


async def main() -> None:
    arrivals, over = Arrivals(), asyncio.Event()
    settings = ASKED["settings"]
    certificate = (settings["SCIBUS_AUTOBAHN_CERT"], settings["SCIBUS_AUTOBAHN_KEY"])
    connection = Connection(
        settings["SCIBUS_AUTOBAHN_URL"], certificate, settings["SCIBUS_AUTOBAHN_CA_BUNDLE"], websocket=False
    )

    async def follow(subscription):
        async for message in subscription:
            if arrivals.note(message.data):
                over.set()

    subscriptions = [await connection.subscribe(slug, Offset.BEGIN, batch=ASKED["batch"]) for slug in ASKED["datasets"]]
    following = [asyncio.create_task(follow(subscription)) for subscription in subscriptions]
    arrivals.ready()
    await over.wait()
    arrivals.tell()
    for task in following:
        task.cancel()
    await asyncio.gather(*following, return_exceptions=True)
    await connection.close()


asyncio.run(main())
