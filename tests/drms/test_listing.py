"""What an export lists: files and their names, and rows that have none."""

import pytest

from scibus.contracts.drms import ExportFile, ExportState, MissingFile
from scibus.drms.files.filenames import media_type, name_of_record, safe_name
from scibus.drms.files.listing import WantedFile, listed
from scibus.drms.pending import request_ids


def export(*rows, **members):
    data = [ExportFile(record=record, filename=filename) for record, filename in rows]
    return ExportState(**{"status": 0, "requestid": "JSOC_20261123_001", "method": "url", "data": data, **members})


def test_files_lie_in_the_folder_of_the_export():
    wanted, missing = listed(export(("a[1]", "a.1.fits"), dir="/SUM1/D1/S00000"))

    assert wanted == [WantedFile("a[1]", "a.1.fits", "/SUM1/D1/S00000/a.1.fits")]
    assert missing == []


def test_without_a_folder_the_names_are_paths_and_users_get_names_by_record():
    wanted, _ = listed(
        export(("hmi.M_45s[2013.07.03_08:42:00_TAI][2]{magnetogram}", "/SUM1/D1/S00000/magnetogram.fits"))
    )

    assert wanted[0].path == "/SUM1/D1/S00000/magnetogram.fits"
    assert wanted[0].filename == "hmi.m_45s.20130703_084200_TAI.2.magnetogram.fits"


@pytest.mark.parametrize(
    ("row", "lost"),
    [
        (("a[1]", "NoDataFile"), MissingFile(record="a[1]", reason="the archive has no file for this record")),
        (("a[1]", ""), MissingFile(record="a[1]", reason="the archive has no file for this record")),
        (("warning=No FITS files were exported.", ""), MissingFile(record=None, reason="No FITS files were exported.")),
    ],
)
def test_rows_without_a_file_are_told(row, lost):
    assert listed(export(row, dir="/d")) == ([], [lost])


def test_a_tar_is_one_file_and_its_missing_rows_are_told_all_the_same():
    wanted, missing = listed(
        export(("a[1]", "a.fits"), ("a[2]", "NoDataFile"), dir="/d", method="url-tar", tarfile="/d/JSOC_1.tar")
    )

    assert wanted == [WantedFile(None, "JSOC_1.tar", "/d/JSOC_1.tar")]
    assert [lost.record for lost in missing] == ["a[2]"]


def test_a_movie_is_of_no_record():
    wanted, _ = listed(export(("movie of the following data", "m.mpg"), ("a[1]", "1.jpg"), dir="/d"))

    assert [file.record for file in wanted] == [None, "a[1]"]


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("a.fits", "a.fits"),
        ("sub/../../etc/passwd", "passwd"),
        ("..", "file"),
        ("a\\b:c\n.fits", "b_c_.fits"),
        ("x" * 300 + ".fits", "x" * 195 + ".fits"),
    ],
)
def test_no_name_leads_anywhere_else(path, name):
    assert safe_name(path) == name


@pytest.mark.parametrize(
    ("record", "name"),
    [
        ("aia.lev1[2013-07-03T00:00:00Z][171]{image_lev1}", "aia.lev1.20130703T000000Z.171.image_lev1.fits"),
        ("su_x.frames[:#17]{frame}", "su_x.frames.17.frame.fits"),
        ("no record at all", "d.fits"),
    ],
)
def test_names_are_made_of_records(record, name):
    assert name_of_record(record, "/SUM1/D1/S00000/d.fits") == name


@pytest.mark.parametrize(
    ("filename", "kind"), [("a.FITS", "application/fits"), ("a.mp4", "video/mp4"), ("a.gz", "application/octet-stream")]
)
def test_the_kind_of_a_file_is_told_by_its_name(filename, kind):
    assert media_type(filename) == kind


def test_ids_are_found_in_what_jsoc_says():
    said = "User E has 2 pending export requests (JSOC_20261123_001,JSOC_20261123_003607_X_IN); JSOC_20261123_001"

    assert request_ids(said) == ["JSOC_20261123_001", "JSOC_20261123_003607_X_IN"]
    assert request_ids(None) == []
