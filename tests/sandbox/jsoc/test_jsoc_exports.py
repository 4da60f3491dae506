"""Orders of exports and what becomes of them."""

import asyncio
import json
import re

import pytest

ADDRESS = "user@example.com"
TWO_MAGNETOGRAMS = "hmi.m_45s[2013.07.03_08:42_TAI/90s]"
ON_TAPE = "mdi.fd_m_96m_lev182[^]"
IMAGELESS = "hmi.v_45s[:#33066228]"


async def test_a_quick_order_is_answered_at_once(ask):
    text = await ask.text(
        "jsoc_fetch",
        op="exp_request",
        ds="hmi.v_45s[2013.07.03_08:42_TAI]",
        notify=ADDRESS,
        method="url_quick",
        protocol="as-is",
    )

    assert text == (
        '{"rcount":1,"count":1,"size":16,"dir":"",'
        '"data":[{"record":"hmi.V_45s[2013.07.03_08:42:00_TAI][2]{Dopplergram}",'
        '"filename":"\\/SUM1\\/D100069561\\/S00024\\/Dopplergram.fits"}],'
        '"requestid":"","method":"url_quick","protocol":"as-is","wait":0,"status":0}\n'
    )


async def test_an_order_is_queued_polled_and_done(ask, jsoc):
    jsoc.pending_for(polls=2)
    order = await ask.order(TWO_MAGNETOGRAMS)
    answers = [await ask.status(order["requestid"]) for _ in range(3)]

    assert list(order.items())[2:] == [
        ("method", "url"),
        ("protocol", "fits"),
        ("wait", 10),
        ("rcount", 2),
        ("size", 30),
    ]
    assert re.fullmatch(r"JSOC_\d{8}_001", order["requestid"])
    assert [answer["status"] for answer in answers] == [2, 1, "0"]
    assert answers[0]["rcount"] == 0
    assert answers[2]["count"] == "2"


async def test_a_finished_export_is_an_indented_document_of_texts(ask, jsoc):
    jsoc.pending_for(polls=0)
    order = await ask.order("hmi.v_45s[2013.07.03_08:42_TAI]", method="url-tar")
    text = await ask.text("jsoc_fetch", op="exp_status", requestid=order["requestid"])

    assert re.sub(r"\d{4}\.\d\d\.\d\d_\d\d:\d\d:\d\d_UTC", "TIME", text).replace(order["requestid"], "ID") == (
        '{\n\t"version": "0.5",\n\t"requestid": "ID",\n\t"method": "url-tar",\n\t"protocol": "fits",\n'
        '\t"count": "1",\n\t"size": "16",\n\t"exptime": "TIME",\n\t"dir": "\\/SUM12\\/D1900000001\\/S00000",\n'
        '\t"status": "0",\n\t"keywords": "**IN FITS FILES**",\n'
        '\t"tarfile": "\\/SUM12\\/D1900000001\\/S00000\\/ID.tar",\n'
        '\t"data": [{\n\t\t"record": "hmi.V_45s[2013.07.03_08:42:00_TAI][2]",\n'
        '\t\t"filename": "hmi.V_45s.35291704.Dopplergram.fits"\n\t}]\n}\n'
    )


async def test_an_image_export_has_reqid_and_its_keywords_twice(ask, jsoc):
    jsoc.pending_for(polls=0)
    order = await ask.order(TWO_MAGNETOGRAMS, protocol="mpg,CT=grey.sao,scaling=MINMAX,size=1", method="url-tar")
    text = await ask.text("jsoc_fetch", op="exp_status", requestid=order["requestid"])
    index = json.loads(text)

    assert index["reqid"] == order["requestid"]
    assert "requestid" not in index
    assert text.count('\t"keywords": ') == 2
    assert index["size"] == "0.007"
    assert index["tarfile"].endswith("/.tar")
    assert index["data"][0] == {"record": "movie of the following data", "filename": "hmi.M_45s.mpg"}


async def test_an_as_is_export_names_its_keywords_file(ask, jsoc):
    jsoc.pending_for(polls=0)
    order = await ask.order(TWO_MAGNETOGRAMS, protocol="as-is")
    index = await ask.status(order["requestid"])

    assert (index["version"], index["wait"]) == ("1", "0")
    assert index["keywords"] == f"{index['dir']}/{order['requestid']}.keywords.txt"


async def test_file_names_follow_the_format(ask, jsoc):
    jsoc.pending_for(polls=0)
    template = "{seriesname}.{T_REC:A}.{T_REC:D}.{CAMERA}.{recnum:%08d}.{#:%03d}.{segment}"
    order = await ask.order("hmi.v_45s[2013.07.03_08:42_TAI]", filenamefmt=template)
    index = await ask.status(order["requestid"])

    assert index["data"][0]["filename"] == ("hmi.V_45s.20130703_084200_TAI.20130703.2.35291704.000.Dopplergram.fits")


@pytest.mark.parametrize(
    ("process", "series"),
    [
        ({"process": "n=0|im_patch,x=0,y=0,width=10,height=10"}, "hmi.V_45s_mod"),
        ({"process=n": "0|rebin,method=boxcar,scale=0.25"}, "hmi.V_45s_mod"),
        ({"process": "n=0|no_op"}, "hmi.V_45s"),
        ({"process=n": "0|im_patch,colour=red"}, "hmi.V_45s"),
    ],
)
async def test_processed_records_belong_to_the_mod_series(ask, jsoc, process, series):
    jsoc.pending_for(polls=0)
    order = await ask.order("hmi.v_45s[2013.07.03_08:42_TAI]", **process)
    index = await ask.status(order["requestid"])

    assert index["data"][0]["record"] == f"{series}[2013.07.03_08:42:00_TAI][2]"


@pytest.mark.parametrize("process", [{"process": "n=-1|no_op"}, {"process=n": "-1"}])
async def test_n_of_the_process_limits_the_records(ask, process):
    assert (await ask.order(TWO_MAGNETOGRAMS, **process))["rcount"] == 1


async def test_one_order_at_a_time_and_the_other_is_named(ask):
    first = await ask.order(TWO_MAGNETOGRAMS)
    second = await ask.order("hmi.v_45s[$]")

    assert second == {
        "status": 7,
        "error": f"User {ADDRESS} has 1 pending export requests ({first['requestid']}); please wait until at least "
        "one request has completed before submitting a new one.",
    }


async def test_orders_given_at_the_same_moment_do_not_slip_past_the_limit(ask):
    answers = await asyncio.gather(*(ask.order(f"hmi.v_45s[2013.07.03_0{hour}:00_TAI]") for hour in range(8)))

    assert sorted(answer["status"] for answer in answers) == [2, 7, 7, 7, 7, 7, 7, 7]


async def test_the_same_order_within_a_day_is_the_same_request(ask, jsoc):
    jsoc.pending_for(polls=0)
    first = await ask.order(TWO_MAGNETOGRAMS)
    again = await ask.order(TWO_MAGNETOGRAMS)
    other = await ask.order(TWO_MAGNETOGRAMS, protocol="as-is")

    assert (again["status"], again["requestid"]) == (2, first["requestid"])
    assert other["requestid"] != first["requestid"]


async def test_a_cancelled_order_makes_room_and_is_not_given_again(ask):
    first = await ask.order(TWO_MAGNETOGRAMS)
    pending = await ask.json("manage-request.sh", address=ADDRESS, operation="check")
    cancelled = await ask.json("manage-request.sh", address=ADDRESS, operation="cancel")
    nothing = await ask.json("manage-request.sh", address=ADDRESS, operation="check")
    second = await ask.order(TWO_MAGNETOGRAMS)

    assert [pending["status"], cancelled["status"], nothing["status"]] == ["2", "3", "1"]
    assert (await ask.status(first["requestid"]))["status"] == -1
    assert second["status"] == 2
    assert second["requestid"] != first["requestid"]


@pytest.mark.parametrize(
    ("ds", "arguments", "error"),
    [
        (
            TWO_MAGNETOGRAMS,
            {"notify": "new@example.com"},
            "Cannot process your request. email address has been neither validated nor registered",
        ),
        (TWO_MAGNETOGRAMS, {"notify": ""}, "Email address for notification was not specfied. It is required."),
        ("hmi.gone[$]", {}, "Cannot export series 'hmi.gone' - it does not exist.\n"),
        ("hmi.v_45s[nonsense]", {}, "Bad record-set query 'hmi.v_45s[nonsense]'.\n"),
        ("hmi.v_45s[$],hmi.m_45s[$]", {}, "Cannot specify subsets of records from different series.\n"),
        ("hmi.v_45s[2030.01.01]", {}, "There are no files in this RecordSet"),
        (
            "hmi.m_45s[2013.07.03_TAI/30d]",
            {},
            "Can not open RecordSet, bad query or too many records: hmi.m_45s[2013.07.03_TAI/30d]",
        ),
    ],
)
async def test_an_order_that_cannot_be_taken_is_status_4(ask, ds, arguments, error):
    assert await ask.order(ds, **arguments) == {"status": 4, "error": error}


async def test_an_order_beyond_100_gigabytes_is_status_3(ask):
    answer = await ask.order("hmi.m_45s[2013.12.09_03:00_TAI/4d]")
    smaller = await ask.order("hmi.m_45s[2013.12.09_03:00_TAI/4d]", sizeratio="0.1")

    assert list(answer.items()) == [
        ("requestid", "VOID"),
        ("method", "url"),
        ("protocol", "fits"),
        ("wait", 0),
        ("status", 3),
        ("count", 7_672),
        ("size", 115_080),
        ("error", "Request exceeds max byte limit of 100000MB"),
    ]
    assert smaller["status"] == 2


async def test_files_on_tape_are_status_25_on_new_servers_only(ask, ask_old):
    new = await ask.order(ON_TAPE)
    old = await ask_old.order(ON_TAPE)

    assert new["status"] == 25
    assert re.search(r"and then you may try again; JSOC_\d{8}_001$", new["error"])
    assert old["status"] == 2


async def test_an_unknown_request_is_status_4_on_new_servers_and_6_on_old(ask, ask_old):
    new = await ask.text("jsoc_fetch", op="exp_status", requestid="JSOC_20200101_999")
    old = await ask_old.text("jsoc_fetch", op="exp_status", requestid="JSOC_20200101_999")

    assert new == '{"status":4,"error":"invalid export DRMS record for ID `%s`JSOC_20200101_999"}\n'
    assert old == '{"status":6,"error":"Cant locate export request: jsoc.export[JSOC_20200101_999]"}\n'


async def test_a_request_without_a_proper_id_is_refused(ask):
    assert (await ask.status(""))["error"] == "RequestID must be provided"
    assert (await ask.status("x"))["error"] == "Bad RequestID 'x' provided."


async def test_a_new_request_may_be_unknown_for_a_while(ask, jsoc):
    jsoc.configure({"unknown_polls": 1})
    order = await ask.order(TWO_MAGNETOGRAMS)
    statuses = [(await ask.status(order["requestid"]))["status"] for _ in range(3)]

    assert statuses == [6, 1, "0"]


async def test_an_export_may_fail_in_the_end(ask, jsoc):
    jsoc.configure({"export_status": 5, "export_error": "Request expired.", "pending_polls": 0})
    order = await ask.order(TWO_MAGNETOGRAMS)

    assert await ask.status(order["requestid"]) == {
        "status": 5,
        "requestid": order["requestid"],
        "method": "url",
        "protocol": "fits",
        "wait": 999999,
        "rcount": 0,
        "size": 30,
        "error": "Request expired.",
        "contact": "jsoc_help@jsoc.stanford.edu",
    }


async def test_joined_subsets_are_taken_but_fail_in_processing(ask, jsoc):
    jsoc.pending_for(polls=0)
    order = await ask.order("hmi.v_45s[$],hmi.v_45s[^]")

    assert order["status"] == 2
    assert (await ask.status(order["requestid"]))["status"] == 4


async def test_records_without_an_image_are_left_out_unless_asked_for(ask, jsoc):
    jsoc.pending_for(polls=0)
    three = "hmi.v_45s[:#33066227-#33066229]"
    filtered = await ask.order(three)
    unfiltered = await ask.order(three, q=1)
    index = await ask.status(unfiltered["requestid"])

    assert (filtered["rcount"], unfiltered["rcount"]) == (2, 3)
    assert index["data"][1]["filename"] == "NoDataFile"


async def test_an_export_without_any_file_says_so_in_its_only_row(ask, jsoc):
    jsoc.pending_for(polls=0)
    order = await ask.order(IMAGELESS, q=1)
    index = await ask.status(order["requestid"])

    assert index["data"] == [
        {
            "record": "warning=No FITS files were exported. The requested FITS files no longer exist.",
            "filename": "",
        }
    ]


async def test_test_mode_gives_status_12_and_no_export(ask):
    order = await ask.order(TWO_MAGNETOGRAMS, t=1)

    assert order["status"] == 12
    assert (await ask.status(order["requestid"]))["status"] == 4


async def test_a_semicolon_is_refused_and_a_second_document_follows(ask):
    text = await ask.text("jsoc_fetch", op="exp_status", requestid="JSOC_20200101_999;")

    assert text == (
        '{"status":4,"error":"Illegal text in arg: \';\' not allowed"}\n'
        '{"status":4,"error":"invalid export DRMS record for ID `%s`JSOC_20200101_999"}\n'
    )


async def test_single_quotes_reach_the_query_as_double_quotes(ask):
    order = await ask.order(f"{TWO_MAGNETOGRAMS}[? INSTRUME = 'HMI_FRONT2' ?]")

    assert order["rcount"] == 2


async def test_an_order_by_post_is_an_order(jsoc, http):
    order = {"op": "exp_request", "ds": TWO_MAGNETOGRAMS, "notify": ADDRESS, "method": "url", "protocol": "fits"}
    answer = await http.post(jsoc.cgi_url + "jsoc_fetch", data=order)

    assert answer.json()["status"] == 2


async def test_repeating_an_export_is_disabled(ask):
    answer = await ask.json("jsoc_fetch", op="exp_repeat", requestid="JSOC_20200101_999")

    assert answer == {"status": 4, "error": "Re-Export requests temporarily disabled."}


async def test_storage_units_are_listed_or_keyed_by_number(ask):
    listed = await ask.json("jsoc_fetch", op="exp_su", sunum="100069561,5")
    keyed = await ask.text("jsoc_fetch", op="exp_su", ds="hmi.v_45s[2013.07.03_08:42_TAI]", formatvar="dataobj")
    wrong = await ask.text("jsoc_fetch", op="exp_su", sunum="no")

    assert listed["data"][1] == {"sunum": "5", "series": "NA", "path": "NA", "sustatus": "I", "susize": "0"}
    assert keyed == (
        '{"count":1,"size":536870912,"dir":"","data":{"100069561":{"sunum":"100069561","series":"hmi.V_45s",'
        '"path":"\\/SUM1\\/D100069561","sustatus":"Y","susize":"536870912"}},'
        '"requestid":"","method":"url_quick","protocol":"as-is","wait":0,"status":0}\n'
    )
    assert wrong == '{"status":4,"error":"Invalid argument on entry, \'sunum=no\'.\\n"}\n'
