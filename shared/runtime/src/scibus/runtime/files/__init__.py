"""Jobs of many files: so many at once, each fetched or stored once, whatever dies in between."""

from scibus.runtime.files.journal import FileJournal, FileNotes
from scibus.runtime.files.many import each_done

__all__ = ["FileJournal", "FileNotes", "each_done"]
