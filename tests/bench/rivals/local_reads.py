"""The same reads out of the local file by pysam: `local_reads count|table FILE [NAME START END]`; prints seconds.

`count` looks at each; `table` writes a file of Arrow, as a script would do it, with the columns that records have.
"""

import json
import sys
import tempfile
import time

import pyarrow as pa
import pysam

from scibus.modos.genomics.alignments import SCHEMA


def cells(read):
    return (
        read.query_name,
        read.flag,
        read.reference_name,
        read.reference_start,
        read.reference_end,
        read.mapping_quality,
        read.cigarstring,
        read.next_reference_name,
        read.next_reference_start,
        read.template_length,
        read.query_sequence,
        pysam.qualities_to_qualitystring(read.query_qualities),
        json.dumps(dict(read.get_tags())),
    )


def write_table(reads):
    columns = zip(*map(cells, reads), strict=True)
    table = pa.table([pa.array(c, field.type) for c, field in zip(columns, SCHEMA, strict=True)], schema=SCHEMA)
    with tempfile.TemporaryFile() as target, pa.ipc.new_stream(target, SCHEMA) as stream:
        stream.write_table(table)


what, path, *region = sys.argv[1:]
began = time.perf_counter()
with pysam.AlignmentFile(path) as bam:
    reads = bam.fetch(region[0], int(region[1]), int(region[2])) if region else bam.fetch(until_eof=True)
    if what == "table":
        write_table(reads)
    else:
        sum(1 for _ in reads)
sys.stdout.write(f"{time.perf_counter() - began}\n")
