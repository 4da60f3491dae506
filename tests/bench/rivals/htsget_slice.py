# /// script
# requires-python = ">=3.11"
# dependencies = ["htsget>=0.2.6,<0.3"]
# ///
"""The published htsget client: `htsget_slice.py URL FILE [NAME START END]`; prints the seconds that it took."""

import sys
import time
from pathlib import Path

import htsget

url, file, *region = sys.argv[1:]
where = {"reference_name": region[0], "start": int(region[1]), "end": int(region[2])} if region else {}
began = time.perf_counter()
with Path(file).open("wb") as output:
    htsget.get(url, output, data_format="BAM", **where)
sys.stdout.write(f"{time.perf_counter() - began}\n")
