"""The sample series: named and shaped like those of the real archive, filled with computed values."""

from scibus.sandbox.jsoc.archive.archive import Archive

from . import aia, hmi, mdi, oddities, sharps


def sample_archive() -> Archive:
    """All sample series."""
    return Archive([*hmi.SERIES, *sharps.SERIES, *aia.SERIES, *mdi.SERIES, *oddities.SERIES])
