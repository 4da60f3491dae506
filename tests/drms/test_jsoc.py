"""The eight questions of the published client, asked of the stand-in."""

import asyncio

import pytest

from scibus.contracts.drms import AddressQuery, ExportRequest, RecordSetQuery
from scibus.contracts.problems import InvalidRequest, NotFound, Overloaded, TooLarge, Unsupported
from scibus.drms.jsoc import Jsoc, series_name
from scibus.drms.servers import ServerConfig
from scibus.drms.settings import DrmsSettings
from scibus.sandbox.standin import Fault

FOUR_RECORDS = "hmi.v_45s[2013.07.03_08:42_TAI/3m]"
ADDRESS = "user@example.com"


def order(**changes):
    return ExportRequest(**({"ds": FOUR_RECORDS, "notify": ADDRESS} | changes))


async def test_records_are_counted(archive):
    assert await archive.rs_summary(FOUR_RECORDS) == 4


async def test_values_come_as_jsoc_prints_them(archive):
    listed = await archive.rs_list(RecordSetQuery(ds=FOUR_RECORDS, key="T_REC,QUALITY,*recnum*", seg="Dopplergram"))

    assert listed.count == 4
    assert listed.keywords[0].values[0] == "2013.07.03_08:42:00_TAI"
    assert listed.keywords[1].values[0] == "0x00000000"
    assert isinstance(listed.keywords[2].values[0], int)
    assert listed.segments[0].values[0].startswith("/SUM")


async def test_record_names_come_on_demand(archive):
    listed = await archive.rs_list(RecordSetQuery(ds=FOUR_RECORDS, key="T_REC", recinfo=True))

    assert listed.recinfo[0].name == "hmi.V_45s[2013.07.03_08:42:00_TAI][2]"


@pytest.mark.parametrize(("n", "first"), [(1, "2013.07.03_08:42:00_TAI"), (-1, "2013.07.03_08:44:15_TAI")])
async def test_the_first_or_last_records_are_listed(archive, n, first):
    listed = await archive.rs_list(RecordSetQuery(ds=FOUR_RECORDS, key="T_REC", n=n))

    assert listed.keywords[0].values == [first]


async def test_a_record_set_without_records_is_empty(archive):
    listed = await archive.rs_list(RecordSetQuery(ds="hmi.v_45s[1999.01.01_TAI/3m]", key="T_REC", seg="Dopplergram"))

    assert (listed.count, listed.keywords[0].values, listed.segments[0].name) == (0, [], "Dopplergram")


async def test_a_series_is_described_with_all_its_notes(archive):
    structure = await archive.series_struct("hmi.v_45s")

    assert structure.primekeys == ["T_REC", "CAMERA"]
    assert structure.primekeysinfo[0].step == 45.0
    assert structure.Interval.FirstRecord == "hmi.V_45s[2010.05.01_00:00:00_TAI][2]"
    assert "Å" in "".join(keyword.note or "" for keyword in structure.keywords)


async def test_a_series_is_asked_for_once(archive, jsoc):
    await archive.series_struct("hmi.v_45s")
    await archive.series_struct("HMI.V_45s[2013.07.03_TAI]{Dopplergram}")

    assert jsoc.log.count("series_struct") == 1


async def test_a_series_is_asked_for_again_when_its_description_is_old(open_jsoc, jsoc):
    forgetful = open_jsoc(structure_seconds=0)
    await forgetful.series_struct("hmi.v_45s")
    await forgetful.series_struct("hmi.v_45s")

    assert jsoc.log.count("series_struct") == 2


async def test_series_without_prime_keys_or_records_are_described(archive):
    assert (await archive.series_struct("su_standin.empty")).Interval.FirstRecord is None


async def test_series_are_found_by_expression(archive):
    listed = await archive.show_series(r"^hmi\.[mv]_45s$")

    assert [entry.name for entry in listed.names] == ["hmi.M_45s", "hmi.V_45s"]
    assert listed.names[0].primekeys == ["T_REC", "CAMERA"]


async def test_a_blank_in_an_expression_arrives_as_a_blank(archive):
    everything_else = await archive.show_series("NOT ^hmi")

    assert [entry.name for entry in everything_else.names if entry.name.startswith("hmi")] == []
    assert len(everything_else.names) > 0


async def test_all_series_are_listed_with_descriptions_on_demand(archive):
    bare = await archive.show_series_wrapper("^hmi")
    told = await archive.show_series_wrapper("^hmi", info=True)

    assert [entry.name for entry in bare.seriesList] == [entry.name for entry in told.seriesList]
    assert bare.seriesList[0].description is None
    assert told.seriesList[0].description


async def test_a_broken_expression_is_an_invalid_request(archive):
    with pytest.raises(InvalidRequest, match="Series filter format error"):
        await archive.show_series("((")


@pytest.mark.parametrize(("email", "status"), [(ADDRESS, 2), ("new@example.com", 4), ("nobody", -2)])
async def test_addresses_are_checked(archive, email, status):
    assert (await archive.check_address(AddressQuery(email=email))).status == status


async def test_an_address_with_a_plus_arrives_as_it_is(archive, jsoc):
    jsoc.registered("first+last@example.org")

    assert (await archive.check_address(AddressQuery(email="first+last@example.org"))).status == 2


async def test_an_export_is_ordered_and_followed_to_its_files(archive, jsoc):
    jsoc.pending_for(polls=1)
    ticket = await archive.exp_request(order(method="url", protocol="fits"))
    pending = await archive.exp_status(ticket.requestid)
    done = await archive.exp_status(ticket.requestid)

    assert (ticket.status, pending.status, done.status) == (2, 1, 0)
    assert done.count == 4
    assert len(done.data) == 4
    assert done.data[0].record.startswith("hmi.V_45s[2013.07.03_08:42:00_TAI][2]")


async def test_a_quick_order_lists_its_files_at_once(archive):
    ticket = await archive.exp_request(order())

    assert (ticket.status, ticket.requestid) == (0, None)
    assert ticket.data[0].filename.startswith("/SUM")


async def test_a_quick_order_in_another_protocol_is_queued(archive, jsoc):
    await archive.exp_request(order(protocol="fits"))

    sent = await jsoc.log.received("exp_request")
    assert sent.parameters["method"] == "url"


async def test_an_order_travels_as_jsoc_reads_it(archive, jsoc):
    await archive.exp_request(
        order(
            method="url",
            protocol="fits",
            filenamefmt="{seriesname}.{T_REC:A}.{segment}",
            process={"im_patch": {"t": False, "x": -517.2, "locunits": "arcsec"}},
            n=2,
        )
    )

    sent = (await jsoc.log.received("exp_request")).parameters
    assert sent["process"] == "n=2|im_patch,t=0,x=-517.2,locunits=arcsec"
    assert sent["requestor"] == "user"
    assert sent["filenamefmt"] == "{seriesname}.{T_REC:A}.{segment}"


async def test_image_arguments_travel_in_the_protocol(archive, jsoc):
    await archive.exp_request(
        order(method="url", protocol="jpg", protocol_args={"ct": "heat.sao", "scaling": "log", "max": 3000})
    )

    sent = (await jsoc.log.received("exp_request")).parameters
    assert sent["protocol"] == "jpg,CT=heat.sao,scaling=LOG,size=1,max=3000"


async def test_processed_records_are_named_as_such(archive, jsoc):
    jsoc.pending_for(polls=0)
    ticket = await archive.exp_request(order(method="url", protocol="fits", process={"rebin": {"scale": 0.5}}))

    done = await archive.exp_status(ticket.requestid)

    assert done.data[0].record.startswith("hmi.V_45s_mod[")


async def test_an_address_that_may_not_order_is_an_invalid_request(archive):
    with pytest.raises(InvalidRequest, match="neither validated nor registered"):
        await archive.exp_request(order(notify="new@example.com"))


async def test_a_second_order_while_one_is_pending_names_the_first(archive, jsoc):
    jsoc.pending_for(polls=10)
    first = await archive.exp_request(order(method="url", protocol="fits"))

    with pytest.raises(Overloaded, match=first.requestid) as raised:
        await archive.exp_request(order(ds="hmi.m_45s[2013.07.03_TAI]", method="url", protocol="fits"))

    assert ADDRESS not in raised.value.details.model_dump_json()


async def test_an_order_that_is_too_large_says_what_to_do(archive):
    with pytest.raises(TooLarge, match="narrow the record set"):
        await archive.exp_request(order(ds="hmi.v_45s[2013.07.03_TAI/10d]", method="url", protocol="fits"))


@pytest.mark.parametrize("unknown", ["JSOC_20200101_999", "JSOC_20200101_998"])
async def test_an_unknown_export_is_not_found(archive, unknown):
    with pytest.raises(NotFound):
        await archive.exp_status(unknown)


async def test_a_failed_export_is_an_answer(archive, jsoc):
    jsoc.configure({"pending_polls": 0, "export_status": 4, "export_error": "it did not work"})
    ticket = await archive.exp_request(order(method="url", protocol="fits"))

    state = await archive.exp_status(ticket.requestid)

    assert (state.status, state.error) == (4, "it did not work")


@pytest.mark.parametrize("ds", ["nope.v_45s[$]", "nope.v_45s"])
async def test_a_series_that_does_not_exist_is_not_found(archive, ds):
    with pytest.raises(NotFound, match="series not found"):
        await archive.rs_list(RecordSetQuery(ds=ds, key="T_REC"))


async def test_a_record_set_that_cannot_be_parsed_is_an_invalid_request(archive):
    with pytest.raises(InvalidRequest, match="invalid record-set specification"):
        await archive.rs_summary("hmi.v_45s[[[")


async def test_a_record_set_too_long_for_a_line_is_posted(archive, jsoc):
    many = ",".join(f"2013.07.03_{hour:02}:{minute:02}_TAI" for hour in range(6) for minute in range(0, 60, 3))
    listed = await archive.rs_list(RecordSetQuery(ds=f"hmi.v_45s[{many}]", key="T_REC", recinfo=True))

    assert listed.count > 50
    assert (await jsoc.log.received("rs_list")).method == "GET"

    longer = ",".join(f"2013.07.{day:02}_{hour:02}:00:00_TAI" for day in range(3, 15) for hour in range(24))
    await archive.rs_list(RecordSetQuery(ds=f"hmi.v_45s[{longer}]", key="T_REC"))
    assert (await jsoc.log.received("rs_list", count=2)).method == "POST"


async def test_a_server_without_exports_says_so():
    kis = ServerConfig(name="kis", cgi_baseurl="http://127.0.0.1:1/", cgi_jsoc_info="jsoc_info")
    archive = Jsoc(kis, DrmsSettings())

    with pytest.raises(Unsupported, match="'kis' has no jsoc_fetch"):
        await archive.exp_request(order())
    await archive.close()


@pytest.mark.parametrize(
    "ds", ["hmi.V_45s", "hmi.v_45s[2013.07.03_TAI]{a}", " HMI.v_45s [$]", "hmi.v_45s{Dopplergram}"]
)
def test_the_series_of_a_record_set_is_its_first_word(ds):
    assert series_name(ds) == "hmi.v_45s"


async def test_an_address_with_a_percent_sign_arrives_as_it_is(archive, jsoc):
    jsoc.registered("first%41last@example.org")

    assert (await archive.check_address(AddressQuery(email="first%41last@example.org"))).status == 2


async def test_an_export_that_is_not_there_yet_is_not_found_and_retryable(archive, jsoc):
    body = '{"status":6,"requestid":"JSOC_20261123_001","error":"Cant locate export request"}'
    jsoc.faults.inject(Fault(operation="exp_status", body=body))

    with pytest.raises(NotFound) as raised:
        await archive.exp_status("JSOC_20261123_001")

    assert raised.value.details.retryable


async def test_a_series_is_asked_for_once_also_by_many_at_a_time(archive, jsoc):
    await asyncio.gather(*(archive.series_struct("hmi.v_45s") for _ in range(5)))

    assert jsoc.log.count("series_struct") == 1
