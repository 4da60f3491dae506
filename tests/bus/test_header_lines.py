"""Headers are read and written as nats-py does it."""

import asyncio

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from nats.aio.client import Client
from nats.errors import BadHeaderError

from scibus.bus.header_lines import read_lines, written_lines
from scibus.bus.raw_messages import FIRST_LINE, RawMessage
from scibus.bus.sturdy import SturdyClient

ODD = [
    b"\r\n",
    b":",
    b" ",
    b"\t",
    b"\x0b",
    b"\x1c",
    b"\x1f",
    b"\xc3\xa9",
    b"\xff",
    b"\r",
    b"\n",
    b"Nats-Sequence: 1",
    b"",
]
blocks = st.lists(st.one_of(st.sampled_from(ODD), st.binary(max_size=6), st.just(b"a: b\r\n")), max_size=12).map(
    b"".join
)
names = st.one_of(
    st.sampled_from(["Nats-Msg-Id", " padded ", "", " ", "ce-id", "no good", "é", "a:b"]), st.text(max_size=4)
)
values = st.one_of(st.text(max_size=10), st.sampled_from(["a\r\nb", " x ", "\x1f", "\u2028y\u00a0"]))


@given(blocks)
@example(b"ce-id: 1\r\nce-id:  2 \r\n\r\n")
@example(b"name\x1f: value\x1f\r\n")
@example("name: é\r\n".encode())
def test_headers_are_read_as_nats_py_reads_them(block):
    assert read_lines(block) == Client._parse_header_lines(block)


@given(st.dictionaries(names, values, max_size=5))
def test_headers_are_written_as_nats_py_writes_them(headers):
    assert _sent(SturdyClient(), headers) == _sent(Client(), headers)


@given(st.binary(max_size=20), st.sampled_from([b"404", b"503", b"100", b"  1", b"20"]), blocks)
def test_what_the_server_says_itself_is_read_as_nats_py_reads_it(text, status, block):
    head = b"NATS/1.0 " + status + b" " + text + b"\r\n" + block + b"\r\n\r\n"

    assert _told(SturdyClient(), head) == _told(Client(), head)


def test_a_name_that_no_header_may_have_is_refused():
    with pytest.raises(BadHeaderError):
        written_lines({"no good": "x"})


def test_of_headers_of_one_name_the_last_one_is_the_servers():
    head = FIRST_LINE + b"Nats-Sequence: 7\r\nX-Nats-Sequence: 8\r\nNats-Sequence: 9\r\nZ-Nats-Sequence: 10\r\n\r\n"

    message = RawMessage(b"a", b"", b"", head)

    assert message.last(b"Nats-Sequence") == message.headers["Nats-Sequence"].encode() == b"9"
    assert message.last(b"Nats-Subject") == RawMessage(b"a", b"", b"", b"").last(b"Nats-Sequence") == b""


def _sent(client, headers):
    """The bytes that leave the client, or why none do."""
    commands = []

    async def send(command):
        commands.append(command)

    client._send_command = send
    try:
        asyncio.run(client._send_publish("subject", "reply", b"body", 4, headers))
    except (BadHeaderError, UnicodeEncodeError) as error:
        return repr(error)
    return commands, client.stats


def _told(client, head):
    try:
        return asyncio.run(client._process_headers(head))
    except ValueError as error:
        return repr(error)
