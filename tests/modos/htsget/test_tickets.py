"""Tickets: what is asked for, what is taken for one, and what servers refuse with."""

import json

import pytest

from scibus.contracts.modos.slices import Region
from scibus.contracts.problems import (
    BackendUnavailable,
    BadBackendAnswer,
    Forbidden,
    InvalidRequest,
    NotFound,
    TooLarge,
    Unauthenticated,
    Unsupported,
)
from scibus.modos.htsget.addresses import HtsgetFile
from scibus.modos.htsget.tickets import Block, ByteRange, Inline, inline_data, read_ticket
from scibus.sandbox.standin import Fault, Response
from tests.modos.htsget.hosts import inline, part, ticket

FILE = HtsgetFile("ex/a", "BAM")
ONE = Region(reference_name="chr1", start=5, end=10)
TWO = Region(reference_name="chr2")
HERE = "http://blocks.example.org/1"


async def test_a_ticket_is_asked_for_with_the_bearer(server, tickets):
    tickets.says(ticket(HERE, inline(b"end"), md5="AB" * 16))

    got = await server.ticket(FILE, [ONE])

    assert got.blocks == (Block(HERE, {}, None), Inline(b"end"))
    assert got.md5 == "ab" * 16
    (asked,) = tickets.log.of("GET")
    assert asked.parameters["target"] == "/reads/ex/a?format=BAM&referenceName=chr1&start=5&end=10"
    assert asked.headers["authorization"].startswith("Bearer")


async def test_several_regions_are_posted(server, tickets):
    tickets.says(ticket(HERE))

    await server.ticket(FILE, [ONE, TWO])

    assert tickets.log.of("POST")[0].parameters["target"] == "/reads/ex/a"
    assert json.loads(tickets.bodies[0]) == {
        "format": "BAM",
        "regions": [{"referenceName": "chr1", "start": 5, "end": 10}, {"referenceName": "chr2"}],
    }


@pytest.mark.parametrize("status", [404, 405, 501])
async def test_a_server_without_post_takes_one_region_at_a_time(server, tickets, status):
    tickets.answers = [Response(b"nothing here", status, "text/plain")]
    with pytest.raises(Unsupported, match="one region at a time"):
        await server.ticket(FILE, [ONE, TWO])


async def test_a_posted_file_that_is_not_there_is_not_found(server, tickets):
    tickets.says({"htsget": {"error": "NotFound", "message": "no such file"}}, status=404)
    with pytest.raises(NotFound, match="no such file"):
        await server.ticket(FILE, [ONE, TWO])


@pytest.mark.parametrize(
    ("error", "status", "problem"),
    [
        ("InvalidAuthentication", 401, Unauthenticated),
        ("PermissionDenied", 403, Forbidden),
        ("NotFound", 404, NotFound),
        ("PayloadTooLarge", 413, TooLarge),
        ("UnsupportedFormat", 400, Unsupported),
        ("InvalidInput", 400, InvalidRequest),
        ("InvalidRange", 400, InvalidRequest),
        ("SomethingNew", 400, BadBackendAnswer),
    ],
)
async def test_errors_are_told_by_their_names(server, tickets, error, status, problem):
    tickets.says({"htsget": {"error": error, "message": "so it is"}}, status=status)
    with pytest.raises(problem, match="so it is") as raised:
        await server.ticket(FILE)
    assert (raised.value.details.backend.status, raised.value.details.backend.code) == (status, error)


@pytest.mark.parametrize(
    ("status", "problem"),
    [(401, Unauthenticated), (403, Forbidden), (404, NotFound), (413, TooLarge), (400, BadBackendAnswer)],
)
async def test_errors_in_other_words_are_told_by_their_status(server, tickets, status, problem):
    tickets.answers = [Response.html("<html>no</html>", status)]
    with pytest.raises(problem):
        await server.ticket(FILE)


async def test_who_is_not_let_in_is_told_how_to_log_in(server, tickets):
    tickets.says({"htsget": {"error": "InvalidAuthentication", "message": "who are you?"}}, status=401)
    with pytest.raises(Unauthenticated, match="scibus submit modos login --follow"):
        await server.ticket(FILE)


async def test_a_server_that_is_down_for_a_moment_is_asked_again(server, tickets):
    tickets.says(ticket(HERE))
    tickets.faults.inject(Fault(status=503))
    assert (await server.ticket(FILE)).blocks


async def test_a_server_that_is_down_is_told(server, tickets):
    tickets.faults.inject(Fault(status=503, times=None))
    with pytest.raises(BackendUnavailable):
        await server.ticket(FILE)


async def test_what_is_no_json_is_told(server, tickets):
    tickets.answers = [Response(b"ok")]
    with pytest.raises(BadBackendAnswer, match="not JSON"):
        await server.ticket(FILE)


@pytest.mark.parametrize(
    "told",
    [
        [],
        {},
        {"htsget": []},
        {"htsget": {"format": "BAM"}},
        {"htsget": {"format": "BAM", "urls": []}},
        {"htsget": {"format": "BAM", "urls": ["x"]}},
        {"htsget": {"format": "BAM", "urls": [{}]}},
        {"htsget": {"format": 5, "urls": [{"url": HERE}]}},
        ticket(HERE, form="CRAM"),
        ticket(HERE, md5="xyz"),
        ticket("ftp://h/x"),
        ticket("file:///etc/passwd"),
        ticket("/relative"),
        ticket("data:;base64,A?"),
        ticket("data:nothing"),
        ticket({"url": HERE, "class": "header"}, HERE),
        ticket({"url": HERE, "class": "footer"}),
        ticket({"url": HERE, "headers": ["x"]}),
        ticket({"url": HERE, "headers": {"x": 5}}),
        ticket({"url": HERE, "headers": {"x": "a\r\nb: c"}}),
        ticket({"url": HERE, "headers": {"a b": "c"}}),
        ticket(part(HERE, 9, 5)),
        ticket({"url": HERE, "headers": {"Range": "bytes=1-2,5-6"}}),
        ticket(*[inline(bytes(9_000_000))] * 2),
    ],
)
def test_what_is_no_ticket_is_refused(told):
    with pytest.raises(BadBackendAnswer, match="no htsget ticket"):
        read_ticket(told, "BAM", "htsget")


def test_ranges_are_read_and_hop_by_hop_headers_are_left_out():
    told = ticket({"url": HERE, "headers": {"range": "bytes=3-7", "Host": "evil", "X-Sig": "s"}}, part(HERE, 8, ""))
    blocks = read_ticket(told, "BAM", "htsget").blocks
    assert blocks == (Block(HERE, {"X-Sig": "s"}, ByteRange(3, 7)), Block(HERE, {}, ByteRange(8, None)))


def test_of_a_header_only_the_header_is_taken():
    told = ticket({"url": inline(b"h"), "class": "header"}, {"url": HERE, "class": "body"}, md5="0" * 32)
    got = read_ticket(told, "BAM", "htsget", header_only=True)
    assert (got.blocks, got.md5) == ((Inline(b"h"),), None)


def test_secrets_do_not_show():
    told = ticket({"url": HERE + "?Signature=secret", "headers": {"Authorization": "secret"}})
    assert "secret" not in repr(read_ticket(told, "BAM", "htsget"))


@pytest.mark.parametrize(
    ("uri", "data"),
    [
        ("data:;base64,QUJD", b"ABC"),
        ("data:application/octet-stream;base64,QUI=", b"AB"),
        ("DATA:text/plain;charset=utf-8;BASE64,QUI", b"AB"),
        ("data:;base64,QU%49%3D", b"AB"),
        ("data:;base64,_-8=", b"\xff\xef"),
        ("data:,a%20b%00%ff", b"a b\x00\xff"),
        ("data:text/x;base64,", b""),
    ],
)
def test_data_in_the_ticket(uri, data):
    assert inline_data(uri) == data


async def test_what_a_server_tells_about_itself(server, tickets):
    tickets.says({"id": "org.example", "htsget": {"datatype": "reads"}})
    assert (await server.service_info("reads"))["id"] == "org.example"
    assert tickets.log.of("GET")[0].path == "/reads/service-info"


async def test_it_may_tell_it_in_one_place_only(server, tickets):
    tickets.answers = [Response(b"{}", 404), Response(b'{"id": "x"}')]
    assert await server.service_info("variants") == {"id": "x"}
    assert tickets.log.of("GET")[1].path == "/service-info"


async def test_it_may_tell_nothing(server, tickets):
    tickets.answers = [Response(b"{}", 404)]
    with pytest.raises(Unsupported):
        await server.service_info("variants")
