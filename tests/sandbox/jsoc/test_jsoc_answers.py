"""The bytes of the answers, as JSOC writes them."""

import json
import re

FOUR_DOPPLERGRAMS = "hmi.v_45s[2013.07.03_08:42_TAI/3m]"


async def test_rs_summary_is_indented_by_tabs(ask):
    text = await ask.text("jsoc_info", op="rs_summary", ds=FOUR_DOPPLERGRAMS)

    assert re.fullmatch(r'\{\n\t"count": 4,\n\t"runtime": \d+\.\d{3},\n\t"status": 0\n\}\n', text)


async def test_series_struct_breaks_the_line_after_every_comma_and_keeps_latin_1(ask):
    text = await ask.text("jsoc_info", op="series_struct", ds="hmi.v_45s")

    assert text.startswith('{\n\t"note": "Dopplergrams with a cadence of 45 seconds.",\n\t"retention": 60,\n')
    assert '\t"primekeys": ["T_REC",\n\t"CAMERA"],\n\t"primekeysinfo": [{\n\t\t"name": "T_REC",\n' in text
    assert '"step": "45.000000"\n\t},\n\t{\n\t\t"name": "CAMERA",\n\t\t"slotted": 0\n\t}],' in text
    assert "wavelengths in \u00c5" in text
    assert '"units": "m\\/s"' in text


async def test_series_struct_keeps_the_order_of_its_members(ask):
    assert list(await ask.json("jsoc_info", op="series_struct", ds="hmi.v_45s")) == [
        "note",
        "retention",
        "stagingretention",
        "unitsize",
        "archive",
        "tapegroup",
        "primekeys",
        "primekeysinfo",
        "dbindex",
        "keywords",
        "segments",
        "links",
        "Interval",
        "runtime",
        "status",
    ]


async def test_a_series_has_keywords_of_every_type_and_scope(ask):
    struct = await ask.json("jsoc_info", op="series_struct", ds="hmi.b_720s")

    assert {keyword["type"] for keyword in struct["keywords"]} == {
        *("char", "short", "int", "longlong", "float", "double", "time", "string")
    }
    assert {keyword["recscope"] for keyword in struct["keywords"]} == {"variable", "constant", "segment"}
    assert [keyword["name"] for keyword in struct["keywords"]].count("SEGMEAN") == 1


async def test_series_without_prime_keys_or_records_have_shapes_of_their_own(ask):
    unkeyed = await ask.json("jsoc_info", op="series_struct", ds="su_standin.frames")
    empty = await ask.json("jsoc_info", op="series_struct", ds="su_standin.empty")

    assert (unkeyed["primekeys"], unkeyed["primekeysinfo"], unkeyed["dbindex"]) == ([None], [None], [None])
    assert unkeyed["Interval"]["LastRecord"] == "su_standin.frames[:#500]"
    assert empty["Interval"] == {
        "FirstRecord": "NA",
        "FirstRecnum": "NA",
        "LastRecord": "NA",
        "LastRecnum": "NA",
        "MaxRecnum": 0,
    }


async def test_linked_keywords_and_segments_say_where_they_lead(ask):
    struct = await ask.json("jsoc_info", op="series_struct", ds="hmi.b_720s")
    followed = await ask.json("jsoc_info", op="series_struct", ds="hmi.b_720s", l=1)
    broken = await ask.json("jsoc_info", op="series_struct", ds="su_standin.broken_links")

    assert {"linkinfo": "MDATA->QUALITY", "type": "int"}.items() <= struct["keywords"][-1].items()
    assert {"units": None, "protocol": "link via MDATA", "dims": None}.items() <= struct["segments"][-1].items()
    assert {"units": "cm/s", "protocol": "fits", "dims": "4096x4096"}.items() <= followed["segments"][-1].items()
    assert [keyword["type"] for keyword in broken["keywords"]][:2] == ["time", "link"]


async def test_rs_list_is_one_line_of_columns_with_texts_for_values(ask):
    text = await ask.text(
        "jsoc_info", op="rs_list", ds="hmi.v_45s[2013.07.03_08:42_TAI]", key="T_REC,quality,*recnum*", R=1
    )

    assert re.sub(r'"runtime":\d+\.\d{3}', '"runtime":0.000', text) == (
        '{"recinfo":[{"name":"hmi.V_45s[2013.07.03_08:42:00_TAI][2]","online":0}],'
        '"keywords":[{"name":"T_REC","values":["2013.07.03_08:42:00_TAI"]},'
        '{"name":"quality","values":["0x00000000"]},{"name":"*recnum*","values":[35291704]}],'
        '"segments":[],"links":[],"count":1,"runtime":0.000,"status":0}\n'
    )


async def test_no_records_leave_nothing_but_the_count(ask):
    assert list(await ask.json("jsoc_info", op="rs_list", ds="hmi.v_45s[2030.01.01]", key="T_REC", R=1)) == [
        "count",
        "runtime",
        "status",
    ]


async def test_what_cannot_be_found_has_a_word_of_its_own(ask):
    listed = await ask.json(
        "jsoc_info",
        op="rs_list",
        ds="su_standin.broken_links[2012.01.01_TAI]",
        key="foo,LOST",
        seg="image,lost,baz",
        link="GONE,bar",
        R=1,
    )

    assert [column["values"] for column in listed["keywords"]] == [["Invalid KeyLink"], ["Invalid KeyLink"]]
    assert [column["values"] for column in listed["segments"]][1:] == [["BadSegLink"], ["InvalidSegName"]]
    assert listed["segments"][2]["dims"] == ["NA"]
    assert [column["values"] for column in listed["links"]] == [["Invalid_Link"], ["Invalid_Link"]]


async def test_links_are_record_names_when_dynamic_and_record_numbers_when_static(ask):
    dynamic = await ask.json("jsoc_info", op="rs_list", ds="hmi.b_720s[2013.07.03_09:00_TAI]", link="**ALL**")
    static = await ask.json("jsoc_info", op="rs_list", ds="hmi.sharp_cea_720s[1][^]", link="HARP")

    assert dynamic["links"][0]["values"] == ["hmi.ME_720s_fd10[2013.07.03_09:00:00_TAI][3]"]
    assert static["links"][0]["values"] == ["hmi.mharp_720s_nrt[:#700000]"]


async def test_a_record_without_an_image_lacks_values_and_packing(ask):
    imageless = "hmi.v_45s[:#33066228]"
    columns = await ask.list(imageless, "T_OBS,TOTVALS,DATAMEAN,QUALITY,*online*,*size*,*sunum*")
    listed = await ask.json("jsoc_info", op="rs_list", ds="hmi.v_45s[:#33066227-#33066229]", seg="Dopplergram", R=1)
    (segment,) = listed["segments"]

    assert columns == {
        "T_OBS": ["MISSING"],
        "TOTVALS": ["MISSING"],
        "DATAMEAN": ["MISSING"],
        "QUALITY": ["0x80000000"],
        "*online*": ["NA"],
        "*size*": ["NA"],
        "*sunum*": [-1],
    }
    assert segment["values"][1] == "NoDataDirectory"
    assert (len(segment["values"]), len(segment["bzeros"]), len(segment["cparms"])) == (3, 2, 2)
    assert [entry["online"] for entry in listed["recinfo"]] == [1, 0, 1]


async def test_records_on_tape_are_offline(ask):
    columns = await ask.list("mdi.fd_M_96m_lev182[^]", "*online*,*retain*,*recdir*,*logdir*")

    assert columns == {
        "*online*": ["N"],
        "*retain*": ["N/A"],
        "*recdir*": ["NoDataDirectory"],
        "*logdir*": ["NO LOG"],
    }


async def test_the_runtime_can_be_left_out(ask):
    assert await ask.text("jsoc_info", op="rs_list", ds="hmi.v_45s[$]", link="**NONE**", r=1) == (
        '{"keywords":[],"segments":[],"links":[],"count":1,"status":0}\n'
    )


async def test_a_list_of_millions_of_records_is_refused(ask):
    assert await ask.json("jsoc_info", op="rs_list", ds="hmi.v_45s", key="T_REC") == {
        "status": 1,
        "error": "problem with database query",
    }


async def test_all_and_none_stand_for_lists(ask):
    listed = await ask.json("jsoc_info", op="rs_list", ds="hmi.b_720s[$]", key="**NONE**", seg="**ALL**")

    assert listed["keywords"] == []
    assert len(listed["segments"]) == 5


async def test_a_keyword_of_each_segment_is_asked_for_by_index(ask):
    columns = await ask.list("hmi.b_720s[2013.07.03_09:00_TAI]", "SEGMEAN[0],SEGMEAN_000,SEGMEAN")

    assert columns["SEGMEAN[0]"] == columns["SEGMEAN_000"] == ["18.210239"]
    assert columns["SEGMEAN"] == ["Invalid KeyLink"]


async def test_a_longlong_is_beyond_what_a_double_holds(ask):
    (text,) = (await ask.list("hmi.v_45s[2013.07.03_08:42_TAI]", "BIGCOUNT"))["BIGCOUNT"]

    assert int(text) == 2**53 + 1 + 2 * 35_291_704
    assert int(float(text)) != int(text)


async def test_an_unknown_operation_gets_an_empty_body(ask):
    assert await ask.text("jsoc_info", op="nonsense", ds="hmi.v_45s") == ""
    assert await ask.text("jsoc_fetch", op="nonsense") == ""


async def test_show_series_lists_a_series_a_line(ask):
    assert await ask.text("show_series", filter="^hmi.[VM]_45s") == (
        '{"status":0,\n "names":[\n'
        '  {"name":"hmi.M_45s","primekeys":"T_REC, CAMERA","note":"magnetograms with a cadence of 45 seconds."},\n'
        '  {"name":"hmi.V_45s","primekeys":"T_REC, CAMERA","note":"Dopplergrams with a cadence of 45 seconds."}],\n'
        '"n":2}\n'
    )


async def test_show_series_breaks_its_json_over_a_bad_filter(ask):
    assert await ask.text("show_series", filter="[") == '{"status":1,"errmsg":Series filter format error}\n'


async def test_show_series_decodes_percents_but_no_plus(jsoc, http):
    by_plus = await http.get(jsoc.cgi_url + "show_series?filter=NOT+hmi")
    by_percent = await http.get(jsoc.cgi_url + "show_series?filter=NOT%20hmi")

    assert by_plus.content == b'{"status":0,\n "names":[\n],\n"n":0}\n'
    assert json.loads(by_percent.content.decode("latin-1"))["n"] == 6


async def test_show_series_takes_whatever_follows_the_first_equals_sign(ask):
    assert (await ask.json("show_series", anything="MDI[.]"))["n"] == 1


async def test_showextseries_is_sorted_and_minds_the_case(ask):
    names = await ask.text("showextseries", dbhost="hmidb2", filter="45s$")
    notes = await ask.json("showextseries", dbhost="hmidb2", filter="hmi.V", info=1)
    wrong = await ask.json("showextseries", dbhost="hmidb2", filter="[")

    assert names == '{"errMsg": "", "seriesList": ["hmi.Ic_45s", "hmi.M_45s", "hmi.V_45s"]}\n'
    assert notes["seriesList"] == [{"hmi.V_45s": {"description": "Dopplergrams with a cadence of 45 seconds."}}]
    assert wrong["seriesList"] == []
    assert wrong["errMsg"] != ""


async def test_an_address_is_decoded_twice(ask, jsoc):
    jsoc.registered("a+b@example.com")

    assert await ask.text("checkAddress.sh", address="user%40example.com", checkonly=1) == (
        '{"status": 2, "msg": "Email address is valid and registered.", "user_id": 42}\n'
    )
    assert (await ask.json("checkAddress.sh", address="a%2Bb%40example.com", checkonly=1))["status"] == 2
    assert await ask.json("checkAddress.sh", address="new%40example.com", checkonly=1) == {
        "status": 4,
        "msg": "email address has been neither validated nor registered",
        "user_id": -1,
    }
    assert await ask.json("checkAddress.sh", address="nope", checkonly=1) == {
        "status": -2,
        "msg": "Not a valid email address.",
        "user_id": None,
    }


async def test_an_address_checked_without_checkonly_becomes_pending(ask):
    first = await ask.json("checkAddress.sh", address="new%40example.com")
    second = await ask.json("checkAddress.sh", address="new%40example.com")

    assert (first["status"], second["status"]) == (1, 3)


async def test_the_external_programs_answer_alike(ask):
    listed = await ask.json("jsocextinfo", op="rs_summary", ds=FOUR_DOPPLERGRAMS, dbhost="hmidb2")
    unknown = await ask.json("jsocextfetch", op="exp_status", requestid="JSOC_20200101_999", dbhost="hmidb2")

    assert listed["count"] == 4
    assert unknown["status"] == 4
