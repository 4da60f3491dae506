"""The files behind the answers."""

import io
import struct
import tarfile

import pytest

DOPPLERGRAM = "/SUM1/D100069561/S00024/Dopplergram.fits"


@pytest.fixture
async def exported(ask, jsoc):
    """index.json of a finished tar export of two vector magnetograms."""
    jsoc.pending_for(polls=0)
    order = await ask.order("hmi.b_720s[2013.07.03_09:00_TAI/24m]{field,disambig}", method="url-tar")
    return await ask.status(order["requestid"])


async def test_a_segment_is_a_fits_file_of_its_record(ask):
    answer = await ask.file(DOPPLERGRAM)
    content = answer.content
    cards = [content[start : start + 80].decode("ascii") for start in range(0, 2880, 80)]

    assert answer.headers["content-type"] == "application/fits"
    assert len(content) % 2880 == 0
    assert cards[:2] == ["SIMPLE  =                    T".ljust(80), "BITPIX  =                   32".ljust(80)]
    assert "T_REC   = '2013.07.03_08:42:00_TAI'".ljust(80) in cards
    assert "DATE-OBS= '2013-07-03T08:40:59.82Z'".ljust(80) in cards
    assert b"QUALITY =                    0" in content


async def test_pixels_are_big_endian_and_blank_off_the_limb(ask):
    content = (await ask.file(DOPPLERGRAM)).content
    pixels = content[len(content) - 17280 :]
    middle = struct.unpack_from(">i", pixels, 4 * (32 * 64 + 32))[0]

    assert struct.unpack_from(">i", pixels)[0] == -2_147_483_648
    assert 0 < middle < 13_000


async def test_a_file_is_the_same_every_time_and_differs_from_its_neighbour(ask):
    first, again = await ask.file(DOPPLERGRAM), await ask.file(DOPPLERGRAM)
    neighbour = await ask.file(DOPPLERGRAM.replace("S00024", "S00025"))

    assert first.content == again.content
    assert first.headers["etag"] == again.headers["etag"] != neighbour.headers["etag"]


async def test_a_download_can_be_resumed(ask):
    whole = await ask.file(DOPPLERGRAM)
    rest = await ask.file(DOPPLERGRAM, Range="bytes=1000-", **{"If-Range": whole.headers["etag"]})
    changed = await ask.file(DOPPLERGRAM, Range="bytes=1000-", **{"If-Range": '"another"'})

    assert rest.status_code == 206
    assert rest.content == whole.content[1000:]
    assert rest.headers["content-range"] == f"bytes 1000-{len(whole.content) - 1}/{len(whole.content)}"
    assert (changed.status_code, changed.content) == (200, whole.content)


async def test_ranges_have_ends_and_limits(ask):
    whole = (await ask.file(DOPPLERGRAM)).content

    assert (await ask.file(DOPPLERGRAM, Range="bytes=0-9")).content == whole[:10]
    assert (await ask.file(DOPPLERGRAM, Range="bytes=-10")).content == whole[-10:]
    beyond = await ask.file(DOPPLERGRAM, Range="bytes=999999-")
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{len(whole)}")


async def test_head_tells_the_size_without_the_file(jsoc, http):
    answer = await http.head(jsoc.download_url + DOPPLERGRAM.lstrip("/"))

    assert answer.headers["content-length"] == "23040"
    assert answer.content == b""


async def test_exported_files_lie_in_the_directory_of_the_export(ask, exported):
    field = await ask.file(f"{exported['dir']}/{exported['data'][0]['filename']}")
    bits = await ask.file(f"{exported['dir']}/{exported['data'][1]['filename']}")

    assert b"BUNIT   = 'Mx/cm^2 '" in field.content
    assert b"BITPIX  =                    8" in bits.content


async def test_a_tar_file_holds_what_is_listed(ask, exported):
    content = (await ask.file(exported["tarfile"])).content
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        names = tar.getnames()

    assert names[:4] == [row["filename"] for row in exported["data"]]
    assert names[4:] == [f"{exported['requestid']}.keywords.txt", "index.json"]


async def test_the_keywords_file_has_a_line_for_every_record(ask, exported):
    content = (await ask.file(f"{exported['dir']}/{exported['requestid']}.keywords.txt")).content
    header, *lines = content.decode("latin-1").splitlines()

    assert header.split("\t")[:3] == ["record", "T_REC", "CAMERA"]
    assert [line.split("\t")[1] for line in lines] == ["2013.07.03_09:00:00_TAI", "2013.07.03_09:12:00_TAI"]


@pytest.mark.parametrize(
    "path",
    [
        "/SUM1/D100069561/S00024/nothing.fits",
        "/SUM1/D100069561/S00099/Dopplergram.fits",
        "/SUM9/D999999999999/S00000/Dopplergram.fits",
        "/SUM0/D900000000/S00000/data.fits",
        "/SUM12/D1900000009/S00000/index.json",
        "/nowhere",
    ],
)
async def test_there_is_no_file_where_none_is_kept(ask, path):
    assert (await ask.file(path)).status_code == 404


async def test_files_of_a_pending_export_do_not_exist_yet(ask):
    await ask.order("hmi.v_45s[2013.07.03_08:42_TAI]")

    assert (await ask.file("/SUM12/D1900000001/S00000/hmi.V_45s.35291704.Dopplergram.fits")).status_code == 404
