"""An exposure that is ordered once, whatever dies."""

from scibus.contracts import Contract
from scibus.runtime import Job
from telescope.contracts import ExposureOrder
from telescope.server import TelescopeServer


class Noted(Contract):
    """What a later attempt needs: the label before the exposure is ordered, its number when that is known."""

    label: str
    number: int | None = None


async def ordered(order: ExposureOrder, job: Job, telescope: TelescopeServer) -> int:
    """The number of the job's exposure: the one of an earlier attempt where there is one."""
    noted = job.restored(Noted)
    if noted is None:
        # First noted, then ordered: who finds the note looks whether the order has reached the telescope.
        noted = Noted(label=str(job.ref))
        await job.checkpoint(noted)
        number = None
    else:
        number = noted.number or await telescope.find(noted.label)
    if number is None:
        number = await telescope.order(order.target, order.seconds, noted.label)
    await job.checkpoint(Noted(label=noted.label, number=number))
    return number
