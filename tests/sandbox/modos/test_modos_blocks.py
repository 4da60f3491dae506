"""Where tickets point: signed URLs of another address."""

import base64
from urllib.parse import urlsplit

import pytest

from scibus.sandbox.standin import Fault


@pytest.fixture
async def entry(ask):
    """The first URL of a ticket, and its headers."""
    return (await ask.ticket("reads/ex/demo1", format="CRAM"))["urls"][0]


def code(answer):
    return answer.text.partition("<Code>")[2].partition("</Code>")[0]


async def test_a_block_is_a_part_of_a_file_at_another_address(modos, http, entry, ask):
    answer = await http.get(entry["url"], headers=entry["headers"])

    size = ask.local("reads/ex/demo1", "CRAM").stat().st_size
    last = len(answer.content) - 1
    assert entry["headers"] == {"Range": f"bytes=0-{last}"}
    assert (answer.status_code, answer.headers["content-range"]) == (206, f"bytes 0-{last}/{size}")
    assert urlsplit(entry["url"]).port != urlsplit(modos.url).port


async def test_without_a_range_the_whole_file_comes(http, entry, ask):
    answer = await http.get(entry["url"])

    assert (answer.status_code, answer.content) == (200, ask.local("reads/ex/demo1", "CRAM").read_bytes())


async def test_nothing_is_behind_the_end(http, entry):
    answer = await http.get(entry["url"], headers={"Range": "bytes=99999999-"})

    assert (answer.status_code, code(answer)) == (416, "InvalidRange")


async def test_the_requests_are_in_the_log_with_their_headers(modos, http, entry):
    await http.get(entry["url"], headers=entry["headers"])

    (received,) = modos.log.of("block")
    assert received.headers["range"] == entry["headers"]["Range"]
    assert "authorization" not in received.headers


async def test_a_bearer_token_has_no_business_here(modos, http, entry):
    answer = await http.get(entry["url"], headers={**entry["headers"], "Authorization": "Bearer secret"})

    assert (answer.status_code, code(answer)) == (400, "InvalidArgument")
    assert modos.log.of("block")[0].headers["authorization"] == "Bearer secret"


@pytest.mark.parametrize("change", ["Signature=", "Expires=9", "/demo1.cram?"])
async def test_another_url_has_no_signature(http, entry, change):
    changed = {"Signature=": "Signature=0", "Expires=9": "Expires=99", "/demo1.cram?": "/reference.fa?"}[change]
    url = entry["url"].replace("Expires=1", "Expires=9").replace(change, changed)

    answer = await http.get(url, headers=entry["headers"])

    assert (answer.status_code, code(answer)) == (403, "SignatureDoesNotMatch")
    assert answer.headers["content-type"] == "application/xml"


async def test_urls_expire(modos, http, ask):
    modos.configure({"block_seconds": -1})
    entry = (await ask.ticket("reads/ex/demo1"))["urls"][0]
    answer = await http.get(entry["url"], headers=entry["headers"])

    assert (answer.status_code, code(answer)) == (403, "AccessDenied")
    assert "Request has expired" in answer.text


async def test_urls_that_were_good_can_be_made_to_expire(modos, http, ask, entry):
    before = await http.get(entry["url"], headers=entry["headers"])
    await modos.actions()["expire_blocks"]()
    after = await http.get(entry["url"], headers=entry["headers"])

    assert (before.status_code, after.status_code) == (206, 403)
    assert await ask.content(await ask.ticket("reads/ex/demo1", format="CRAM"))


async def test_a_file_that_has_gone_is_not_found(modos, http, ask):
    await modos.buckets.write("modos-demo", {"ex/fleeting.bam": ask.local("reads/ex/demo1", "BAM").read_bytes()})
    entry = (await ask.ticket("reads/ex/fleeting"))["urls"][0]
    await modos.buckets.delete("modos-demo", "ex/fleeting.bam")
    answer = await http.get(entry["url"], headers=entry["headers"])

    assert (answer.status_code, code(answer)) == (404, "NoSuchKey")


async def test_a_block_in_the_middle_may_have_a_wrong_byte(modos, ask):
    modos.configure({"block_size": 100_000})
    ticket = await ask.ticket("reads/ex/demo1")
    good = await ask.blocks(ticket)
    modos.faults.inject(Fault(operation="block", skip=2, flip=17))
    spoilt = await ask.blocks(ticket)

    assert [one == other for one, other in zip(good, spoilt, strict=True)].count(False) == 1
    assert good[2][:17] + bytes([good[2][17] ^ 0xFF]) + good[2][18:] == spoilt[2]


async def test_data_uris_have_no_media_type(ask):
    last = (await ask.ticket("reads/ex/demo1"))["urls"][-1]["url"]

    assert len(base64.b64decode(last.removeprefix("data:;base64,"))) == 28
