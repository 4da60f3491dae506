"""Questions to JSOC are checked before anything is sent."""

import pytest
from pydantic import ValidationError

from scibus.contracts.drms import ExportRequest, ExportStatusQuery, ImageOptions, RecordList, RecordSetQuery, TableQuery
from scibus.contracts.model import split_names

ORDER = {"ds": "hmi.m_45s[$]", "notify": "user@example.com"}


def test_names_come_as_list_or_as_text():
    assert split_names("T_REC, QUALITY  CAMERA,") == ["T_REC", "QUALITY", "CAMERA"]
    assert split_names(["T_REC", "", "QUALITY"]) == ["T_REC", "QUALITY"]


def test_null_stands_for_no_names():
    assert RecordSetQuery.model_validate({"ds": "a", "key": "T_REC", "seg": None}).seg == ()


@pytest.mark.parametrize("model", [RecordSetQuery, TableQuery])
def test_a_listing_of_nothing_is_refused(model):
    with pytest.raises(ValidationError, match="name at least one of key, seg and link"):
        model(ds="hmi.m_45s[$]")


@pytest.mark.parametrize("ds", ["", "a;b", "a\nb", "x" * 8193])
def test_what_jsoc_cannot_take_is_not_sent(ds):
    with pytest.raises(ValidationError):
        RecordSetQuery(ds=ds, key="T_REC")


def test_methods_and_protocols_are_taken_in_any_case():
    order = ExportRequest(**ORDER, method="URL-tar", protocol="FITS,compress rice")

    assert (order.method, order.protocol) == ("url-tar", "fits,compress Rice")


@pytest.mark.parametrize("wrong", [{"method": "post"}, {"protocol": "png"}, {"protocol": "jpg,CT=x"}, {"notify": ""}])
def test_orders_that_jsoc_does_not_know_are_refused(wrong):
    with pytest.raises(ValidationError):
        ExportRequest(**(ORDER | wrong))


def test_image_arguments_are_taken_in_any_case():
    options = ImageOptions.model_validate({"CT": "AIA_171.LUT", "Scaling": "log"})

    assert (options.ct, options.scaling, options.size) == ("aia_171.lut", "LOG", 1)


def test_image_arguments_go_with_images_only():
    with pytest.raises(ValidationError, match="protocol_args goes with"):
        ExportRequest(**ORDER, protocol="fits", protocol_args=ImageOptions())


@pytest.mark.parametrize(
    ("process", "told"),
    [
        ({"im_pach": {}}, "im_patch"),
        ({"rebin": {"scal": 0.5}}, "rebin has no argument 'scal'"),
        ({"rebin": {"method": "cubic"}}, "must be one of nearest, boxcar, gaussian"),
        ({"im_patch": {"x": "wide"}}, "must be a number"),
        ({"im_patch": {"t": 2}}, "must be one of 0, 1"),
        ({"im_patch": {"t_ref": "2015|n=0"}}, "may hold none of"),
    ],
)
def test_processing_that_jsoc_would_silently_ignore_is_refused(process, told):
    with pytest.raises(ValidationError, match=told):
        ExportRequest.model_validate(ORDER | {"process": process})


def test_processing_steps_keep_their_order():
    order = ExportRequest(**ORDER, process={"resize": {"rescale": True}, "im_patch": {"x": -517.2}})

    assert list(order.process or {}) == ["resize", "im_patch"]


@pytest.mark.parametrize("requestid", ["JSOC_20261123_001", "JSOC_20261123_003607", "JSOC_20261123_001_X_IN"])
def test_all_forms_of_request_ids_are_taken(requestid):
    assert ExportStatusQuery(requestid=requestid).requestid == requestid


@pytest.mark.parametrize("requestid", ["", "JSOC_2026_1", "JSOC_20261123_001&op=exp_repeat"])
def test_what_is_no_request_id_is_refused(requestid):
    with pytest.raises(ValidationError):
        ExportStatusQuery(requestid=requestid)


def test_a_record_list_has_a_row_per_record():
    records = RecordList.model_validate(
        {
            "count": 2,
            "keywords": [{"name": "QUALITY", "values": ["0x0", "0x1"]}],
            "recinfo": [{"name": "a[1]", "online": 1}, {"name": "a[2]", "online": 0}],
        }
    )

    assert records.rows() == [{"record": "a[1]", "QUALITY": "0x0"}, {"record": "a[2]", "QUALITY": "0x1"}]
