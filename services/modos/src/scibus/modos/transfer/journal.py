"""Which files of an object the attempts at a job have fetched or stored."""

from scibus.bus.blobs import Blobs
from scibus.contracts.modos import TransferredFile
from scibus.runtime import Job
from scibus.runtime.files import FileJournal, FileNotes

TransferJournal = FileJournal[FileNotes[TransferredFile], TransferredFile]


async def open_journal(job: Job, blobs: Blobs) -> TransferJournal:
    """What earlier attempts have left, by the names of the files."""
    return await FileJournal.open(job, blobs, FileNotes[TransferredFile], name_of)


def name_of(file: TransferredFile) -> str:
    """What a file is found by."""
    return file.name
