"""FastStream as its documentation begins: a subscriber that returns its answer."""

import asyncio
import os

from faststream import FastStream
from faststream.nats import NatsBroker

from tests.runtime.probe import Text, Wait

broker = NatsBroker(os.environ["SCIBUS_NATS_URL"], logger=None)
app = FastStream(broker, logger=None)


@broker.subscriber("faststream.echo", queue="faststream")
async def echo(body: Text) -> Text:
    return Text(text=body.text)


@broker.subscriber("faststream.wait", queue="faststream", max_workers=128)
async def wait(body: Wait) -> Wait:
    await asyncio.sleep(body.seconds)
    return body


@app.after_startup
async def tell() -> None:
    print("ready", flush=True)


if __name__ == "__main__":
    import uvloop

    uvloop.run(app.run())
