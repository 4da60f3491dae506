"""htslib as this process wants it: silent, and alone with the files that it is given."""

import os

import pysam

NOWHERE = os.devnull


def tame() -> None:
    """Have htslib say nothing on standard error and look for references nowhere, least of all in the network."""
    pysam.set_verbosity(0)
    if os.environ.get("REF_PATH") != NOWHERE:
        os.environ["REF_PATH"] = NOWHERE
        os.environ.pop("REF_CACHE", None)
