"""What is wired to what: each operation of `Telescope`, and what the telescope does for it."""

import asyncio
from collections.abc import AsyncIterator

from scibus.bus.blobs import Blobs
from scibus.runtime import Job, Worker
from telescope.contracts import Exposure, ExposureOrder, Position, PositionQuery, Telescope
from telescope.exposing import Noted, ordered
from telescope.server import TelescopeServer
from telescope.settings import TelescopeSettings


async def open_telescope(settings: TelescopeSettings) -> AsyncIterator[TelescopeServer]:
    """The telescope that the settings name."""
    telescope = TelescopeServer(settings.base_url)
    try:
        yield telescope
    finally:
        await telescope.close()


worker = Worker(Telescope, TelescopeSettings, resources=[open_telescope], distribution="telescope-bus")


@worker.handles(Telescope.position)
async def position(query: PositionQuery, telescope: TelescopeServer) -> Position:
    altitude, azimuth = await telescope.position(query.target)
    return Position(altitude=altitude, azimuth=azimuth)


@worker.handles(Telescope.expose)
async def expose(
    order: ExposureOrder, job: Job, telescope: TelescopeServer, blobs: Blobs, settings: TelescopeSettings
) -> Exposure:
    number = await ordered(order, job, telescope)
    while (exposed := await telescope.exposed(number)) < order.seconds:
        await job.progress(exposed, order.seconds, "s", "exposing")
        await asyncio.sleep(settings.poll_seconds)
    name = job.blob_name("frame.fits")
    frame = await blobs.put(name, telescope.frame(number), media_type="application/fits", filename="frame.fits")
    return Exposure(number=number, frame=frame)


@worker.cancels(Telescope.expose)
async def abort(_order: ExposureOrder, job: Job, telescope: TelescopeServer) -> None:
    noted = job.restored(Noted)
    number = noted and (noted.number or await telescope.find(noted.label))
    if number:
        await telescope.abort(number)


if __name__ == "__main__":
    worker.run()
