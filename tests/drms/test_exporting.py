"""An order on its way to the finished export, as a plain script would follow it."""

import asyncio
from itertools import pairwise

import pytest

from scibus.contracts.drms import ExportOrder, ExportRequest
from scibus.contracts.problems import (
    BackendUnavailable,
    BadBackendAnswer,
    DeadlineExceeded,
    InvalidRequest,
    NotFound,
    Problem,
    TooLarge,
    Unsupported,
)
from scibus.drms.exports.cancelling import cancel_export
from scibus.drms.exports.exporting import Exporting
from scibus.drms.exports.notes import OrderNotes
from scibus.drms.jsoc import Jsoc
from scibus.drms.servers import ServerConfig
from scibus.drms.settings import DrmsSettings
from scibus.sandbox.standin import Fault
from tests.drms.conftest import ADDRESS

TWO_MAGNETOGRAMS = "hmi.m_45s[2013.07.03_08:42_TAI/90s]{magnetogram}"
DOPPLERGRAMS = "hmi.v_45s[2013.07.03_08:42_TAI/3m]"
NAMES = {"filenamefmt": "hmi.m_45s.{T_REC:A}.{CAMERA}.{segment}"}
"""As `order` sends them, unless told otherwise."""
LOST = OrderNotes(sent=True)
HASH = '{"status":4,"error":"Cant save new export-request hash."}'


class Notebook:
    """Notes in memory, with all that was ever noted and told."""

    def __init__(self, order: OrderNotes | None = None) -> None:
        self.order = order or OrderNotes()
        self.noted: list[OrderNotes] = []
        self.told: list[str] = []

    async def note(self, order: OrderNotes) -> None:
        self.order = order
        self.noted.append(order)

    async def tell(self, message: str) -> None:
        self.told.append(message)


@pytest.fixture
def archive(open_jsoc):
    return open_jsoc(poll_shortest=0.02, poll_longest=0.05)


@pytest.fixture(autouse=True)
def _quick(jsoc):
    jsoc.configure({"wait": 0})


def order(ds=TWO_MAGNETOGRAMS, **changes):
    return ExportOrder(**{"ds": ds, "notify": ADDRESS, **changes})


def finished(archive, order_=None, notebook=None):
    return Exporting(archive, order_ or order(), notebook or Notebook()).finished()


async def foreign(archive, ds=DOPPLERGRAMS, **changes):
    """The id of an export that somebody orders for the same address."""
    return (
        await archive.exp_request(
            ExportRequest(**{"ds": ds, "notify": ADDRESS, "method": "url", "protocol": "fits", **changes})
        )
    ).requestid


@pytest.mark.parametrize(
    ("ds", "asked", "sent"),
    [
        (TWO_MAGNETOGRAMS, {}, "hmi.m_45s.{T_REC:A}.{CAMERA}.{segment}"),
        ("HMI.Sharp_cea_720s[377][2011.02.14_TAI]{Br}", {}, "hmi.sharp_cea_720s.{HARPNUM}.{T_REC:A}.{segment}"),
        ("su_standin.frames[:#7]", {}, "su_standin.frames.{recnum:%lld}.{segment}"),
        (TWO_MAGNETOGRAMS, {"filenamefmt": "{recnum:%d}.{segment}"}, "{recnum:%d}.{segment}"),
        (TWO_MAGNETOGRAMS, {"filenamefmt": False}, None),
        (TWO_MAGNETOGRAMS, {"method": "url_quick", "protocol": "as-is", "filenamefmt": "x.{segment}"}, None),
    ],
)
async def test_names_follow_the_template_of_the_published_client(archive, jsoc, ds, asked, sent):
    await finished(archive, order(ds, **asked))

    assert (await jsoc.received("exp_request")).parameters.get("filenamefmt") == sent


async def test_what_is_about_to_be_sent_is_noted_before_and_what_came_of_it_after(archive):
    notebook = Notebook()

    export = await finished(archive, notebook=notebook)

    assert notebook.noted == [
        OrderNotes(sent=True),
        OrderNotes(sent=True, requestid=export.requestid),
        OrderNotes(sent=True, requestid=export.requestid, finished=True),
    ]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"ds": "hmi.no_such_series[$]"}, NotFound),
        ({"ds": "hmi.v_45s[2013.07.03_TAI/10d]"}, TooLarge),
        ({"notify": "new@example.com"}, InvalidRequest),
    ],
)
async def test_what_jsoc_refuses_leaves_nothing_to_adopt(archive, changes, problem):
    notebook = Notebook()
    with pytest.raises(problem) as raised:
        await finished(archive, order(**changes), notebook)

    assert not raised.value.details.retryable
    assert notebook.order == OrderNotes()


async def test_a_server_without_downloads_gets_no_order(jsoc):
    server = ServerConfig(name="bare", cgi_baseurl=jsoc.cgi_url, cgi_jsoc_info="jsoc_info", cgi_jsoc_fetch="jsoc_fetch")
    archive = Jsoc(server, DrmsSettings())

    with pytest.raises(Unsupported, match="'bare' has no downloads"):
        await finished(archive)

    assert jsoc.count("exp_request") == 0


async def test_processing_that_jsoc_ignored_is_no_success(archive):
    with pytest.raises(BadBackendAnswer, match="ignored the processing"):
        await finished(archive, order(protocol="as-is", process={"rebin": {"scale": 0.5}}))


async def test_an_export_that_is_not_known_at_once_is_asked_for_again(archive, jsoc):
    jsoc.configure({"unknown_polls": 4})

    assert (await finished(archive)).status == 0


async def test_an_export_that_stays_unknown_is_ordered_anew_by_the_next_attempt(archive, jsoc):
    jsoc.configure({"unknown_polls": 1000})
    notebook = Notebook()

    with pytest.raises(NotFound) as raised:
        await finished(archive, notebook=notebook)

    assert raised.value.details.retryable
    assert notebook.order == OrderNotes()


@pytest.mark.parametrize(
    ("status", "problem", "retryable"), [(4, InvalidRequest, False), (-1, BackendUnavailable, True)]
)
async def test_an_export_that_fails_at_jsoc_tells_why(archive, jsoc, status, problem, retryable):
    jsoc.configure({"export_status": status, "export_error": "it broke"})

    with pytest.raises(problem, match="it broke") as raised:
        await finished(archive)

    assert raised.value.details.retryable is retryable


async def test_a_wait_of_nothing_is_no_reason_to_ask_all_the_time(open_jsoc, jsoc):
    jsoc.configure({"wait": -5})
    jsoc.pending_for(polls=1000)
    running = asyncio.create_task(finished(open_jsoc(poll_shortest=0.2, poll_longest=0.2)))
    await jsoc.received("exp_status", 4, timeout=30)
    running.cancel()

    asked = [request.time for request in jsoc.log.of("exp_status")]
    assert min(later - sooner for sooner, later in pairwise(asked)) > 0.15


async def test_an_export_that_takes_too_long_is_left_for_a_later_attempt(open_jsoc, jsoc):
    jsoc.pending_for(polls=1000)
    notebook = Notebook()

    with pytest.raises(DeadlineExceeded, match=r"has not finished JSOC_\d+_001 within") as raised:
        await finished(open_jsoc(poll_shortest=0.5, export_timeout=3), notebook=notebook)

    assert raised.value.details.retryable
    assert notebook.order.requestid.endswith("_001")


async def test_an_order_that_jsoc_could_not_note_is_repeated(archive, jsoc):
    jsoc.faults.inject(Fault(operation="exp_request", body=HASH, times=2))

    assert (await finished(archive)).status == 0
    assert jsoc.count("exp_request") == 3


async def test_an_order_that_jsoc_can_never_note_ends_the_attempt(archive, jsoc):
    jsoc.faults.inject(Fault(operation="exp_request", body=HASH, times=None))

    with pytest.raises(BackendUnavailable, match="export-request hash"):
        await finished(archive)

    assert jsoc.count("exp_request") == 3


async def test_an_export_of_somebody_else_is_waited_for(archive, jsoc):
    jsoc.pending_for(polls=4)
    other = await foreign(archive)
    notebook = Notebook()

    export = await finished(archive, notebook=notebook)

    assert export.requestid != other
    assert notebook.told[0] == f"waiting for {other}, pending at jsoc for the same address"
    assert notebook.told[-1] == f"queued at jsoc as {export.requestid}"


async def test_pending_exports_that_the_refusal_does_not_name_are_asked_for(archive, jsoc):
    jsoc.pending_for(polls=2)
    other = await foreign(archive)
    many = '{"status":7,"error":"There are too many requests from user@example.com; please wait."}'
    jsoc.faults.inject(Fault(operation="exp_request", body=many))
    notebook = Notebook()

    await finished(archive, notebook=notebook)

    assert other in notebook.told[0]


async def test_an_export_of_somebody_else_that_never_ends_is_not_waited_for_without_end(open_jsoc, jsoc):
    jsoc.pending_for(polls=1000)
    archive = open_jsoc(poll_shortest=0.02, export_timeout=0.4)
    await foreign(archive)

    with pytest.raises(DeadlineExceeded) as raised:
        await finished(archive)

    assert raised.value.details.retryable


async def test_a_known_export_is_gone_on_with(archive, jsoc):
    requestid = await foreign(archive, TWO_MAGNETOGRAMS)

    export = await finished(archive, notebook=Notebook(OrderNotes(sent=True, requestid=requestid)))

    assert export.requestid == requestid
    assert jsoc.count("exp_request") == 1


@pytest.mark.parametrize("changes", [{}, {"protocol": "jpg"}, {"method": "url-tar"}, {"n": -1}, {"protocol": "as-is"}])
async def test_an_order_whose_answer_was_lost_is_found_pending_and_adopted(archive, jsoc, changes):
    jsoc.pending_for(polls=4)
    requestid = await foreign(archive, TWO_MAGNETOGRAMS, **NAMES, **changes)

    export = await finished(archive, order(**changes), Notebook(LOST))

    assert export.requestid == requestid
    assert jsoc.count("exp_request") == 1


async def test_an_order_for_records_without_images_is_adopted_too(archive, jsoc):
    without = "hmi.v_45s[2010.05.01_06:14_TAI/135s]"
    jsoc.pending_for(polls=4)
    requestid = await foreign(archive, without, filenamefmt="hmi.v_45s.{T_REC:A}.{CAMERA}.{segment}")

    assert (await finished(archive, order(without), Notebook(LOST))).requestid == requestid
    assert jsoc.count("exp_request") == 1


async def test_a_processed_export_is_adopted_too(archive, jsoc):
    jsoc.pending_for(polls=4)
    process = {"rebin": {"scale": 0.5}}
    requestid = await foreign(archive, TWO_MAGNETOGRAMS, **NAMES, process=process)

    assert (await finished(archive, order(process=process), Notebook(LOST))).requestid == requestid


@pytest.mark.parametrize(
    ("ds", "changes"),
    [
        (DOPPLERGRAMS, {}),
        (TWO_MAGNETOGRAMS, {"protocol": "jpg"}),
        (TWO_MAGNETOGRAMS, {"method": "url-tar"}),
        (TWO_MAGNETOGRAMS, {"process": {"rebin": {"scale": 0.5}}}),
        ("hmi.m_45s[2013.07.03_08:42_TAI]", {}),
        ("hmi.m_45s[2013.07.03_08:42_TAI/3m]", {}),
    ],
)
async def test_what_somebody_else_has_pending_is_not_taken_for_the_lost_order(archive, jsoc, ds, changes):
    jsoc.pending_for(polls=3)
    other = await foreign(archive, ds, **NAMES, **changes)

    export = await finished(archive, notebook=Notebook(LOST))

    assert export.requestid != other
    assert len(export.data) == 2
    assert jsoc.count("exp_request") == 2


FIELD = {"ds": "hmi.b_720s[2013.07.03_09:00_TAI]{field}"}


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        (FIELD, {"ds": "hmi.b_720s[2013.07.03_09:00_TAI]{disambig}"}),
        ({"filenamefmt": "mine.{T_REC:A}.{segment}"}, {"filenamefmt": "theirs.{T_REC:A}.{segment}"}),
        ({"protocol": "jpg", "protocol_args": {"ct": "HMI_mag.lut"}}, {"protocol": "jpg"}),
        ({"n": 2}, {"n": 1}),
        ({"n": -1}, {"n": 1}),
    ],
    ids=["segment", "names", "colours", "fewer records", "other records"],
)
async def test_a_pending_export_of_the_same_kind_is_not_taken_for_the_lost_order(archive, jsoc, mine, theirs):
    jsoc.pending_for(polls=3)
    other = await foreign(archive, **{"ds": TWO_MAGNETOGRAMS, **theirs})

    assert (await finished(archive, order(**mine), Notebook(LOST))).requestid != other


async def test_a_lost_order_that_is_finished_meanwhile_gives_the_same_export_again(archive, jsoc):
    lost = (await finished(archive)).requestid

    assert (await finished(archive, notebook=Notebook(LOST))).requestid == lost


async def test_a_lost_answer_leaves_the_order_to_be_found(archive, jsoc):
    jsoc.pending_for(polls=3)
    jsoc.faults.inject(Fault(operation="exp_request", close="after"))
    notebook = Notebook()
    with pytest.raises(BackendUnavailable):
        await finished(archive, notebook=notebook)

    assert notebook.order == LOST
    assert (await finished(archive, notebook=notebook)).requestid.endswith("_001")
    assert jsoc.count("exp_request") == 1


async def test_an_answer_that_comes_while_the_order_is_stopped_is_noted(archive, jsoc):
    jsoc.faults.inject(Fault(operation="exp_request", delay=0.3))
    notebook = Notebook()
    running = asyncio.create_task(finished(archive, notebook=notebook))
    await jsoc.received("exp_request")

    running.cancel()
    await asyncio.wait([running])

    assert running.cancelled()
    assert notebook.order.requestid.endswith("_001")


async def test_cancelling_reaches_jsoc(archive, jsoc):
    jsoc.pending_for(polls=1000)
    requestid = await foreign(archive, TWO_MAGNETOGRAMS)

    await cancel_export(archive, order(), OrderNotes(sent=True, requestid=requestid))

    assert await archive.pending_exports(ADDRESS) == []


@pytest.mark.parametrize("provisional", [False, True])
async def test_what_may_be_somebody_elses_export_is_told_and_not_cancelled(archive, jsoc, provisional):
    jsoc.pending_for(polls=1000)
    other = await foreign(archive, TWO_MAGNETOGRAMS)
    notes = OrderNotes(sent=True, requestid=other, provisional=True) if provisional else LOST

    with pytest.raises(BadBackendAnswer, match=other):
        await cancel_export(archive, order(), notes)

    assert await archive.pending_exports(ADDRESS) == [other]


@pytest.mark.parametrize(
    "notes",
    [OrderNotes(), OrderNotes(sent=True, requestid="JSOC_20200101_001")],
    ids=["not ordered", "another id"],
)
async def test_nobody_elses_export_is_cancelled(archive, jsoc, notes):
    jsoc.pending_for(polls=1000)
    other = await foreign(archive, protocol="as-is")

    await cancel_export(archive, order(), notes)

    assert await archive.pending_exports(ADDRESS) == [other]


async def test_a_check_that_the_server_cannot_make_is_told(archive, jsoc):
    jsoc.faults.inject(Fault(operation="manage-request", body='{"status":"-1","msg":"no database"}'))
    with pytest.raises(Problem, match="no database"):
        await archive.pending_exports(ADDRESS)
