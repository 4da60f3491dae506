"""The parser hands on the same messages as nats-py's own, wherever the stream of bytes is cut."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from nats.protocol.parser import Parser

from scibus.bus.wire_parser import WORTH_GATHERING, WireParser

HEADERS = b"NATS/1.0\r\nName: value\r\n\r\n"
SIZES = [0, 1, 500, *range(WORTH_GATHERING - 3, WORTH_GATHERING + 4), 3 * WORTH_GATHERING]


class Heard:
    """What a parser handed on."""

    def __init__(self, kind):
        self.messages = []
        self.pings = 0
        self.parser = kind(self)

    async def _process_msg(self, *message):
        self.messages.append(message)

    async def _process_ping(self):
        self.pings += 1


def _written(number, size, headers):
    payload = bytes([number]) * size
    if headers:
        return b"HMSG a.%d 7 %d %d\r\n%s%s\r\n" % (number, len(HEADERS), len(HEADERS) + size, HEADERS, payload)
    return b"MSG a.%d 7 reply.%d %d\r\n%s\r\nPING\r\n" % (number, number, size, payload)


@settings(max_examples=150)
@given(
    st.lists(st.tuples(st.sampled_from(SIZES), st.booleans()), min_size=1, max_size=4),
    st.lists(st.floats(0, 1), max_size=12),
)
async def test_as_nats_pys_own_however_the_bytes_are_cut(messages, cuts):
    wire = b"".join(_written(number, *message) for number, message in enumerate(messages))
    # Also just at the end of a message, where its line end is cut in two.
    places = sorted({0, len(wire), len(wire) - 1, *(int(cut * len(wire)) for cut in cuts)})
    ours, theirs = Heard(WireParser), Heard(Parser)

    for begin, end in pairwise(places):
        await ours.parser.parse(wire[begin:end])
    await theirs.parser.parse(wire)

    assert (ours.messages, ours.pings) == (theirs.messages, theirs.pings)
    assert len(ours.messages) == len(messages)


async def test_a_new_connection_begins_afresh():
    heard = Heard(WireParser)
    whole = _written(1, 3 * WORTH_GATHERING, headers=False)
    await heard.parser.parse(whole[:1000])

    heard.parser.reset()
    await heard.parser.parse(whole)

    assert len(heard.messages) == 1
    assert len(heard.messages[0][3]) == 3 * WORTH_GATHERING
