"""Exports as jobs: order once (`exporting`, with what `notes` keep), wait (`polling`), deliver the files, take back.

`journal` and `delivery` know the job and the blobs; everything else knows JSOC only.
"""
