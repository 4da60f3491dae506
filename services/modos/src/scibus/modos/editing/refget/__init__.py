"""Sequences of a FASTA file for everybody: as refget-cloud finds them in its bucket."""

from scibus.modos.editing.refget.publishing import RefgetBucket, publish

__all__ = ["RefgetBucket", "publish"]
