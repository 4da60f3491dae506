"""Files that are broken or cut, sources that fail, readers that leave: a problem, never a shorter table."""

import asyncio
import os
import threading
from collections.abc import AsyncGenerator
from contextlib import suppress
from hashlib import md5
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pyarrow as pa
import pysam
import pytest

from scibus.contracts.modos.slices import Region
from scibus.contracts.problems import BackendUnavailable, BadBackendAnswer, InvalidRequest, NotFound
from scibus.modos.genomics.reading import Selection
from scibus.modos.genomics.records import RecordStream, file_content
from scibus.modos.htsget.cram import CramWalk
from scibus.modos.htsget.formats import BGZF_END, CRAM_END
from tests.modos.genomics.samples import alignment_header

FORMATS = ["BAM", "CRAM", "VCF", "BCF"]


async def pieces_of(data: bytes, size: int = 10_000) -> AsyncGenerator[bytes, None]:
    for at in range(0, len(data), size):
        yield data[at : at + size]


async def got(stream):
    return b"".join([piece async for piece in stream.content()])


def selection(samples, form):
    return Selection(form, (), samples.reference if form == "CRAM" else None, f"s.{form.lower()}")


def end_of(form):
    return CRAM_END if form == "CRAM" else BGZF_END


def descriptors():
    """What this process has open."""
    found = set()
    for link in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            found.add(str(link.readlink()))
    return found


@pytest.fixture(autouse=True)
def _nothing_is_left():
    """No descriptor and no thread stays behind."""
    before = descriptors()
    yield
    new = descriptors() - before
    assert not [where for where in new if where.startswith("pipe:") or "/pytest-" in where or "(deleted)" in where]
    for thread in [thread for thread in threading.enumerate() if thread.name == "records"]:
        thread.join(30)
        assert not thread.is_alive()


@pytest.mark.parametrize("output", ["arrow", "file"])
@pytest.mark.parametrize("form", FORMATS)
async def test_a_cut_file_is_no_file(samples, form, output):
    data = samples.of(form).read_bytes()
    for cut in (len(data) - len(end_of(form)), len(data) - 1, len(data) // 2, 100, 3, 0):
        with pytest.raises(BadBackendAnswer):
            await got(RecordStream(pieces_of(data[:cut]), selection(samples, form), output))


@pytest.mark.parametrize("output", ["arrow", "file"])
async def test_a_record_that_breaks_off_behind_a_whole_block_is_found(tmp_path, output):
    path = tmp_path / "cut.bam"
    with pysam.AlignmentFile(str(path), "wb", header=alignment_header({"c": "A" * 100})) as file:
        raw = pysam.AlignedSegment(file.header)
        raw.query_name, raw.flag, raw.query_sequence = "r", 4, "ACGT" * 30_000
        file.write(raw)
    data, at, ends = path.read_bytes(), 0, []
    while at < len(data):
        at += int.from_bytes(data[at + 16 : at + 18], "little") + 1
        ends.append(at)
    assert len(ends) > 3

    with pytest.raises(BadBackendAnswer, match="broken or cut"):
        await got(RecordStream(pieces_of(data[: ends[1]] + BGZF_END), Selection("BAM"), output))


@pytest.mark.parametrize("form", FORMATS)
async def test_flipped_bytes_are_found(samples, form, capfd):
    data = bytearray(samples.of(form).read_bytes())
    at = len(data) * 2 // 3
    data[at : at + 8] = bytes(255 - byte for byte in data[at : at + 8])

    with pytest.raises(BadBackendAnswer):
        await got(RecordStream(pieces_of(bytes(data)), selection(samples, form)))
    assert capfd.readouterr().err == ""


async def test_a_broken_line_of_a_vcf_is_found(samples):
    text = b"##fileformat=VCFv4.2\n##contig=<ID=z>\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\nz\tfive\t.\n"
    with pytest.raises(BadBackendAnswer):
        await got(RecordStream(pieces_of(text), Selection("VCF")))


@pytest.mark.parametrize("form", FORMATS)
async def test_a_web_page_is_no_genome(samples, form):
    with pytest.raises(BadBackendAnswer):
        await got(RecordStream(pieces_of(b"<html>not found</html>" * 100), selection(samples, form)))


@pytest.mark.parametrize("output", ["arrow", "file"])
@pytest.mark.parametrize("form", FORMATS)
async def test_what_the_source_fails_with_is_told(samples, form, output):
    data = samples.of(form).read_bytes()

    async def failing() -> AsyncGenerator[bytes, None]:
        yield data[: len(data) // 2]
        await asyncio.sleep(0.05)
        raise BackendUnavailable("the host went away")

    with pytest.raises(BackendUnavailable, match="went away"):
        await got(RecordStream(failing(), selection(samples, form), output))


@pytest.mark.parametrize("form", FORMATS)
async def test_a_source_that_fails_at_its_very_end_spoils_all(samples, form):
    data = samples.of(form).read_bytes()

    async def wrong_after_all() -> AsyncGenerator[bytes, None]:
        yield data
        await asyncio.sleep(0.2)
        raise BadBackendAnswer("wrong md5")

    with pytest.raises(BadBackendAnswer, match="wrong md5"):
        await got(RecordStream(wrong_after_all(), selection(samples, form)))


async def test_the_loop_goes_on_while_a_thread_waits_for_bytes(samples):
    data = samples.bcf.read_bytes()
    begun = asyncio.Event()

    async def slow() -> AsyncGenerator[bytes, None]:
        for piece in (data[:5], data[5:400], data[400:]):
            begun.set()
            await asyncio.sleep(0.1)
            yield piece

    async def ticking() -> int:
        await begun.wait()
        for _ in range(20):
            await asyncio.sleep(0.01)
        return 20

    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        ticks = group.create_task(ticking())
        group.create_task(got(RecordStream(slow(), Selection("BCF"))))
    assert ticks.result() == 20


@pytest.mark.parametrize("output", ["arrow", "file"])
async def test_whoever_leaves_early_leaves_nothing_behind(samples, output):
    all_taken, closed = asyncio.Event(), []

    async def endless() -> AsyncGenerator[bytes, None]:
        try:
            yield samples.bam.read_bytes()
            all_taken.set()
            await asyncio.sleep(600)
        finally:
            closed.append(True)

    async with asyncio.timeout(30):
        reading = asyncio.create_task(got(RecordStream(endless(), Selection("BAM"), output)))
        await all_taken.wait()
        await asyncio.sleep(0.1)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
    assert closed


async def test_a_reader_that_stops_holds_up_the_source(tmp_path):
    """What is read ahead is bounded by the pipes and one batch, however much there is."""
    path = tmp_path / "big.bam"
    header = alignment_header({"c": "A" * 100})
    sequence = os.urandom(500_000).translate(bytes(b"ACGT"[byte % 4] for byte in range(256))).decode()
    with pysam.AlignmentFile(str(path), "wbu", header=header) as file:
        for number in range(60):
            read = pysam.AlignedSegment(header)
            read.query_name, read.flag, read.query_sequence = f"r{number}", 4, sequence
            file.write(read)
    taken = 0

    async def counted() -> AsyncGenerator[bytes, None]:
        nonlocal taken
        async for piece in file_content(path):
            taken += len(piece)
            yield piece

    content = RecordStream(counted(), Selection("BAM")).content()
    await anext(content)
    await asyncio.sleep(1)
    held_up = taken
    rest = sum([len(piece) async for piece in content])

    assert path.stat().st_size > 12_000_000
    assert held_up < 8_000_000
    assert rest > 29_000_000


def headerless(data: bytes) -> tuple[bytes, bytes]:
    """A CRAM's beginning up to its header's end, and what follows."""
    at = 26
    walk = CramWalk()
    walk.feed(data[:at])
    while True:
        at += 1
        walk.feed(data[at - 1 : at])
        if walk.is_at_a_boundary:
            return data[:at], data[at:]


@pytest.fixture
def web_hits(monkeypatch):
    """What a web server is asked for that htslib could take references from."""
    hits = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            hits.append(self.path)
            self.send_error(404)

        do_HEAD = do_GET  # noqa: N815

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    base = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setenv("REF_PATH", f"{base}/%s")
    yield base, hits
    server.shutdown()
    server.server_close()
    thread.join()


async def test_a_missing_reference_is_named_and_never_fetched(samples, tmp_path, web_hits):
    base, hits = web_hits
    bases = pysam.FastaFile(str(samples.reference)).fetch("chr1")
    told = {"HD": {"VN": "1.6"}, "SQ": []}
    with pysam.AlignmentFile(str(samples.cram), reference_filename=str(samples.reference)) as file:
        for line in file.header.to_dict()["SQ"]:
            told["SQ"].append({**line, "UR": f"{base}/ref.fa"})
    other = tmp_path / "other.cram"
    pysam.AlignmentFile(
        str(other), "wc", header=pysam.AlignmentHeader.from_dict(told), format_options=[b"no_ref=1", b"version=3.0"]
    ).close()
    data = headerless(other.read_bytes())[0] + headerless(samples.cram.read_bytes())[1]

    with pytest.raises(NotFound, match="chr1.*" + md5(bases.encode()).hexdigest()):
        await got(RecordStream(pieces_of(data), Selection("CRAM", (), None, "s.cram")))
    assert hits == []


async def test_another_reference_is_told(samples, tmp_path):
    other = tmp_path / "other.fa"
    text = samples.reference.read_text()
    other.write_text(text.replace("ACG", "ACT"))
    with pytest.raises(InvalidRequest, match="chr1"):
        await got(RecordStream(file_content(samples.cram), Selection("CRAM", (), other, "s.cram")))


async def test_a_reference_that_lacks_a_sequence_is_told(samples, tmp_path):
    other = tmp_path / "other.fa"
    other.write_text(">chrZ\nACGT\n")
    with pytest.raises(NotFound, match=r"chr1.*other\.fa"):
        await got(RecordStream(file_content(samples.cram), Selection("CRAM", (), other, "s.cram")))


async def test_a_reference_that_is_none_is_told(samples, tmp_path):
    with pytest.raises(InvalidRequest, match="FASTA"):
        await got(RecordStream(file_content(samples.cram), Selection("CRAM", (), tmp_path / "none.fa", "s.cram")))


async def test_a_folder_that_is_not_there_is_told(samples):
    with pytest.raises(BackendUnavailable):
        await got(RecordStream(file_content(samples.bam), Selection("BAM"), "file", Path("/nonexistent")))


async def test_an_unknown_sequence_does_not_wait_for_the_rest(samples):
    async def endless() -> AsyncGenerator[bytes, None]:
        yield samples.bam.read_bytes()
        await asyncio.sleep(600)

    async with asyncio.timeout(30):
        with pytest.raises(NotFound, match="chrX"):
            await got(RecordStream(endless(), Selection("BAM", [Region(reference_name="chrX")])))


async def test_a_copy_ends_with_its_end_of_file_block(samples):
    for form in FORMATS:
        copy = await got(RecordStream(file_content(samples.of(form)), selection(samples, form), "file"))
        assert copy.endswith(end_of(form))


async def test_a_table_of_nothing_has_columns(samples):
    wanted = Selection("BAM", [Region(reference_name="chr1", start=19_990)])
    table = pa.ipc.open_stream(await got(RecordStream(file_content(samples.bam), wanted))).read_all()
    assert (table.num_rows, table.num_columns) == (0, 13)
