"""Slices over connections that break: whole and right, or not at all."""

import asyncio
import hashlib
from contextlib import suppress

import pytest

from scibus.contracts.problems import BackendUnavailable, BadBackendAnswer, NotFound
from scibus.modos.htsget.addresses import HtsgetFile
from scibus.modos.htsget.formats import BGZF_END
from scibus.modos.htsget.slicing import SliceOf
from scibus.runtime.http.resuming import StartAgain
from scibus.sandbox.standin import Fault, Response
from tests.modos.htsget.hosts import inline, part, ticket
from tests.waiting import until

FILE = SliceOf(HtsgetFile("ex/a", "BAM"))


async def collect(_stream, content):
    return b"".join([piece async for piece in content])


async def got(slices, wanted=FILE):
    return await slices.fetch(wanted, collect)


def md5(data):
    return hashlib.md5(data).hexdigest()


def in_parts(url, data, size=20_000):
    return [part(url, at, min(at + size, len(data)) - 1) for at in range(0, len(data), size)]


async def test_blocks_come_side_by_side_and_in_order(slices, tickets, blocks, bam):
    url = blocks.holds("s.bam", bam)
    tickets.says(ticket(*in_parts(url, bam, 5000), md5=md5(bam)))
    blocks.faults.inject(Fault(delay=0.1))

    assert await got(slices) == bam
    assert blocks.count("block") == -(-len(bam) // 5000)


async def test_blocks_of_many_kinds_are_one_file(slices, tickets, blocks, elsewhere, bam):
    first = blocks.holds("1", bam[1000:3000])
    rest = elsewhere.holds("2", b"junk" + bam[3000 : -len(BGZF_END)])
    tickets.says(
        ticket(
            inline(bam[:1000]), first, part(rest, 4, ""), "data:application/x," + "".join(f"%{b:02x}" for b in BGZF_END)
        )
    )
    assert await got(slices) == bam


async def test_the_bearer_never_reaches_a_block_host(slices, tickets, blocks, bam):
    tickets.says(ticket({"url": blocks.holds("1", bam), "headers": {"X-Ticket": "yes"}}))
    await got(slices)

    assert "authorization" in tickets.log.of("GET")[0].headers
    (asked,) = blocks.log.of("block")
    assert "authorization" not in asked.headers
    assert asked.headers["x-ticket"] == "yes"
    assert asked.headers["accept-encoding"] == "identity"


async def test_headers_of_a_ticket_do_not_follow_to_another_host(slices, tickets, blocks, elsewhere, bam):
    blocks.moved = {"here": blocks.url + "there", "there": elsewhere.holds("data", bam)}
    url = blocks.url + "here"
    tickets.says(ticket(part(url, 0, 9999, Authorization="of-the-ticket"), part(url, 10_000, len(bam) - 1)))

    assert await got(slices) == bam
    kept = [
        request.headers.get("authorization") for request in blocks.log.of("block") if "authorization" in request.headers
    ]
    assert kept == ["of-the-ticket"] * 2
    assert all("authorization" not in request.headers for request in elsewhere.log.of("block"))
    assert {request.headers["range"] for request in elsewhere.log.of("block")} == {
        "bytes=0-9999",
        f"bytes=10000-{len(bam) - 1}",
    }


async def test_redirects_without_end_are_left(slices, tickets, blocks):
    blocks.moved = {"here": blocks.url + "here"}
    tickets.says(ticket(blocks.url + "here"))
    with pytest.raises(BadBackendAnswer, match="redirects more than"):
        await got(slices)


async def test_a_redirect_into_the_file_system_is_not_followed(slices, tickets, blocks):
    blocks.moved = {"here": "file:///etc/passwd"}
    tickets.says(ticket(blocks.url + "here"))
    with pytest.raises(BadBackendAnswer, match="unsafe"):
        await got(slices)


async def test_an_error_page_is_never_taken_for_data(slices, tickets, blocks, bam):
    tickets.says(ticket(blocks.holds("1", bam[:1000]), blocks.url + "gone"))
    with pytest.raises(BadBackendAnswer, match="HTTP 404 for block 2"):
        await got(slices)
    assert tickets.count("GET") == 3  # new tickets did not help


async def test_a_page_with_status_200_is_no_bam(slices, tickets, blocks):
    tickets.says(ticket(blocks.holds("1", b"<html>please log in</html>")))
    with pytest.raises(BadBackendAnswer, match="no whole BAM"):
        await got(slices)


async def test_a_block_that_breaks_off_is_gone_on_with(slices, tickets, blocks, bam):
    tickets.says(ticket(part(blocks.holds("1", b"x" * 7 + bam), 7, len(bam) + 6)))
    blocks.faults.inject(Fault(cut_after=5000, times=3))

    assert await got(slices) == bam
    asked = blocks.log.of("block")
    assert [request.headers["range"] for request in asked] == [
        f"bytes={at + 7}-{len(bam) + 6}" for at in (0, 5000, 10_000, 15_000)
    ]
    assert asked[1].headers["if-range"].startswith('"')


async def test_a_host_that_is_away_for_a_moment_is_asked_again(slices, tickets, blocks, bam):
    tickets.says(ticket(blocks.holds("1", bam)))
    blocks.faults.inject(Fault(status=503, times=2))
    blocks.faults.inject(Fault(close="before"))
    assert await got(slices) == bam


async def test_a_host_that_stays_away_is_told(slices, tickets, blocks, bam):
    tickets.says(ticket(blocks.holds("1", bam)))
    blocks.faults.inject(Fault(cut_after=0, times=None))
    with pytest.raises(BackendUnavailable, match=f"0 of {len(bam)} bytes") as raised:
        await got(slices)
    assert raised.value.details.retryable


async def test_without_a_tag_it_starts_again_rather_than_mix(slices, tickets, blocks, bam):
    tickets.says(ticket(blocks.holds("1", bam)))
    blocks.without_tag = {"1"}
    blocks.faults.inject(Fault(cut_after=5000))

    assert await got(slices) == bam
    assert [request.headers.get("range") for request in blocks.log.of("block")] == [None, None]


async def test_a_file_that_changes_meanwhile_is_fetched_anew(slices, tickets, blocks, bam, samples):
    blocks.holds("1", b"\x1f\x8b\x08\x04" + bam[4:])
    tickets.says(ticket(blocks.url + "1"))
    blocks.faults.inject(Fault(cut_after=30_000))
    streams = []

    async def store(stream, content):
        streams.append(stream)
        data = b""
        async for piece in content:
            data += piece
            blocks.holds("1", bam + BGZF_END)
        return data

    assert await slices.fetch(FILE, store) == bam + BGZF_END
    assert len(streams) == 2


async def test_a_slice_by_hand_says_that_it_must_start_again(slices, tickets, blocks, bam):
    tickets.says(ticket(blocks.holds("1", bam)))
    blocks.without_tag = {"1"}
    blocks.faults.inject(Fault(cut_after=30_000))
    stream = await slices.open(FILE)
    with pytest.raises(StartAgain):
        await collect(stream, stream.content())


async def test_expired_urls_are_replaced_and_it_goes_on(slices, tickets, blocks, bam):
    old, new = blocks.holds("old", bam), blocks.holds("new", bam)
    tickets.says(ticket(*in_parts(old, bam), md5=md5(bam)), ticket(*in_parts(new, bam), md5=md5(bam)))
    blocks.faults.inject(Fault(path="/old", cut_after=7000, times=1))
    blocks.faults.inject(Fault(path="/old", status=403, body="<Error>Request has expired</Error>", times=None))

    assert await got(slices) == bam
    assert tickets.count("GET") == 2
    resumed = [request for request in blocks.log.of("block") if "if-range" in request.headers]
    assert resumed[-1].path == "/new"


async def test_a_new_ticket_for_something_else_starts_again(slices, tickets, blocks, bam):
    whole = blocks.holds("whole", bam)
    tickets.says(ticket(blocks.holds("1", bam[:9000]), blocks.url + "expired"), ticket(whole))
    assert await got(slices) == bam
    assert tickets.count("GET") == 3


async def test_a_new_ticket_that_is_refused_is_told(slices, tickets, blocks):
    tickets.says(ticket(blocks.url + "expired"))
    tickets.answers.append(Response(b'{"htsget": {"error": "NotFound", "message": "deleted"}}', 404))
    with pytest.raises(NotFound, match="deleted"):
        await got(slices)


async def test_a_wrong_checksum_spoils_all_before_the_end(slices, tickets, blocks, bam):
    tickets.says(ticket(blocks.holds("1", bam), md5="0" * 32))
    came = 0

    async def store(_stream, content):
        nonlocal came
        async for piece in content:
            came += len(piece)
        raise AssertionError("it came to its end")

    with pytest.raises(BadBackendAnswer, match="checksum"):
        await slices.fetch(FILE, store)
    assert came == len(bam)


async def test_a_short_file_behind_a_range_is_found(slices, tickets, blocks, bam):
    tickets.says(ticket(part(blocks.holds("1", bam[:9000]), 0, 8_999), part(blocks.url + "1", 9000, len(bam) - 1)))
    with pytest.raises(BadBackendAnswer, match="no such bytes"):
        await got(slices)


async def test_a_host_that_does_not_heed_ranges_is_found(slices, tickets, blocks, bam):
    tickets.says(ticket(part(blocks.holds("1", bam), 0, 8_999), part(blocks.url + "1", 9000, len(bam) - 1)))
    blocks.ignores_ranges = True
    with pytest.raises(BadBackendAnswer, match="heed the Range"):
        await got(slices)


async def test_a_range_to_the_end_may_be_longer_than_the_file(slices, tickets, blocks, bam):
    tickets.says(ticket(part(blocks.holds("1", bam), 0, len(bam) + 100)))
    assert await got(slices) == bam


async def test_a_body_of_unknown_length_is_not_trusted(slices, tickets, bam):
    async def careless(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + bam)
        writer.close()

    host = await asyncio.start_server(careless, "127.0.0.1", 0)
    async with host:
        tickets.says(ticket(f"http://127.0.0.1:{host.sockets[0].getsockname()[1]}/x"))
        with pytest.raises(BadBackendAnswer, match="length"):
            await got(slices)


async def test_a_forgotten_end_is_added(slices, tickets, blocks, bam):
    tickets.says(ticket(blocks.holds("1", bam[: -len(BGZF_END)])))
    stream = await slices.open(FILE)
    assert await collect(stream, stream.content()) == bam
    assert stream.is_mended


async def test_a_slice_says_what_it_is(slices, tickets, blocks, bam):
    tickets.says(ticket(*in_parts(blocks.holds("1", bam), bam, 30_000), inline(b"")))
    stream = await slices.open(FILE)
    assert (stream.format, stream.blocks) == ("BAM", -(-len(bam) // 30_000) + 1)
    assert await collect(stream, stream.content()) == bam
    assert not stream.is_mended


async def test_whoever_leaves_early_leaves_no_connection(slices, tickets, blocks, bam):
    tickets.says(ticket(*in_parts(blocks.holds("1", bam), bam, 5000)))
    blocks.faults.inject(Fault(bytes_per_second=2000, times=None))
    content = (await slices.open(FILE)).content()
    async with asyncio.timeout(30):
        reading = asyncio.create_task(anext(content))
        await blocks.received("block", 4)
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        await content.aclose()

    async def is_alone():
        return not blocks.open_connections

    await until(is_alone)


async def test_what_is_under_way_is_bounded(slices, tickets, bam):
    """Blocks of many MB each, not read: their hosts are held up, and no more than a few are asked."""
    piece = bam[: -len(BGZF_END)]
    asked, sent = 0, 0

    async def generous(reader, writer):
        nonlocal asked, sent
        asked += 1
        with suppress(ConnectionError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (len(piece) * 1000))
            for _ in range(1000):
                writer.write(piece)
                await writer.drain()
                sent += len(piece)
        writer.close()

    host = await asyncio.start_server(generous, "127.0.0.1", 0)
    tickets.says(ticket(*[f"http://127.0.0.1:{host.sockets[0].getsockname()[1]}/{number}" for number in range(12)]))
    content = (await slices.open(FILE)).content()
    await anext(content)
    await asyncio.sleep(1)
    held_up = sent
    await content.aclose()
    host.close()

    assert len(piece) * 1000 > 40_000_000
    assert asked == 4
    assert held_up < 60_000_000
