"""The checkpoint of an export job: its order, and the files that were fetched."""

from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Self

from scibus.bus.blobs import Blobs
from scibus.contracts.drms import ExportedFile, ExportOrder
from scibus.drms.exports.notes import OrderNotes
from scibus.drms.orders import is_quick
from scibus.runtime import Job
from scibus.runtime.files import FileJournal, FileNotes


class ExportNotes(FileNotes[ExportedFile]):
    """What is saved."""

    order: OrderNotes = OrderNotes()


def noted_order(job: Job) -> OrderNotes:
    """What the attempts have noted of their order."""
    return (job.restored(ExportNotes) or ExportNotes()).order


class ExportJournal:
    """What the attempts at one export have done so far, and tell meanwhile.

    Attributes:
        files: those that were fetched, by their URL.
    """

    def __init__(self, job: Job, files: FileJournal[ExportNotes, ExportedFile]) -> None:
        self._job = job
        self.files = files

    @classmethod
    async def open(cls, job: Job, blobs: Blobs) -> Self:
        """What earlier attempts have left."""
        return cls(job, await FileJournal.open(job, blobs, ExportNotes, _url))

    @property
    def order(self) -> OrderNotes:
        """What was noted of the order last."""
        return self.files.notes.order

    def turn(self, order: ExportOrder, server: str) -> AbstractAsyncContextManager[None]:
        """The turn of the order's address: a server exports for each address one order at a time."""
        if is_quick(order) or self.order.finished:
            return nullcontext()
        return self._job.wait_turn(f"{server}:{order.notify.lower()}")

    async def note(self, order: OrderNotes) -> None:
        """Save what is known of the order."""
        await self.files.note(ExportNotes(order=order))

    async def tell(self, message: str) -> None:
        """Let the job's status say what is waited for."""
        await self._job.progress(0, None, "files", message)


def _url(file: ExportedFile) -> str:
    return file.url
