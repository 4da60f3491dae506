"""What a dataset holds, looked at without leaving a trace at the MDB."""

import time

from nats.errors import Error as NatsError

from scibus.autobahn.consumers import Consumers
from scibus.autobahn.datasets import Dataset
from scibus.autobahn.session import Session
from scibus.bus.header_lines import read_lines
from scibus.bus.pulling import Interrupted, Pull, Pulled
from scibus.bus.raw_messages import FIRST_LINE
from scibus.bus.stored import moment_of, parse_time
from scibus.bus.topology import SECOND
from scibus.contracts.live import DatasetInfo, DatasetMessage, DatasetMessages, Position, ReadOrder
from scibus.contracts.live.messages import encoded
from scibus.contracts.problems import BackendUnavailable

READ_BYTES = 8 * 1024 * 1024
PEEK_SECONDS = 2.0


async def read_messages(session: Session, dataset: Dataset, order: ReadOrder) -> DatasetMessages:
    """As many messages as are asked for and there are, in order; the oldest where no place is named.

    Raises:
        Forbidden: we may not read so.
        NotFound: there is no such dataset.
        BackendUnavailable: the MDB is out of reach.
    """
    place = order if order.places() else Position(offset="begin")
    found = await _pulled(session, dataset, place, order.limit, order.wait)
    return DatasetMessages(dataset=order.dataset, messages=[_told(one) for one in found])


async def describe(session: Session, dataset: Dataset) -> DatasetInfo:
    """What the MDB has of a dataset; where it does not show its streams, what can be found out by reading.

    Raises:
        Forbidden: we may not read it.
        NotFound: there is no such dataset.
        BackendUnavailable: the MDB is out of reach.
    """
    consumers = Consumers(session, dataset)
    told = await consumers.stream()
    if told is None:
        return await _found_out(session, dataset, consumers)
    state, kept = told["state"], told["config"].get("max_age") or None
    is_empty = not state["messages"]
    return DatasetInfo(
        dataset=dataset.slug,
        subject=dataset.subject,
        stream=dataset.stream,
        messages=state["messages"],
        bytes=state["bytes"],
        first_sequence=None if is_empty else state["first_seq"],
        first_time=None if is_empty else parse_time(state["first_ts"]),
        last_sequence=state["last_seq"] or None,
        last_time=None if is_empty else parse_time(state["last_ts"]),
        retention=kept / SECOND if kept else None,
    )


async def _found_out(session: Session, dataset: Dataset, consumers: Consumers) -> DatasetInfo:
    found = await _pulled(session, dataset, Position(offset="begin"), 1, 0)
    first = found[0] if found else None
    last_sequence = await consumers.last_sequence()
    last = None
    if first is not None:
        newest = await _pulled(session, dataset, Position(sequence=max(last_sequence, 1)), 1, 0)
        last = newest[0] if newest else None
    return DatasetInfo(
        dataset=dataset.slug,
        subject=dataset.subject,
        stream=dataset.stream,
        messages=first.pending + 1 if first else 0,
        first_sequence=first.sequence if first else None,
        first_time=moment_of(first.time) if first else None,
        last_sequence=last_sequence or None,
        last_time=moment_of(last.time) if last else None,
    )


async def _pulled(session: Session, dataset: Dataset, place: Position, limit: int, wait: float) -> list[Pulled]:
    """The first `limit` messages from `place` on; those that are not there yet are waited for up to `wait` seconds."""
    consumers = Consumers(session, dataset)
    await consumers.check_stream()
    name, standing = await consumers.make_passing(place)
    found: list[Pulled] = []
    due = min(standing.pending, limit)
    until = time.monotonic() + max(wait, PEEK_SECONDS if due else 0.0)
    size = 0
    try:
        async with Pull(session.connection, dataset.stream, name, batch=limit, most_bytes=lambda: READ_BYTES) as pull:
            while len(found) < limit and size < READ_BYTES:
                # What is there is waited for a little, what is not as long as was asked.
                seconds = until - time.monotonic()
                if (len(found) >= due and not wait) or seconds <= 0:
                    break
                some = await pull.next(seconds)
                found += some
                size += sum(len(one.message.data) for one in some)
    except (Interrupted, NatsError) as error:
        raise BackendUnavailable(f"reading {dataset.slug!r} was interrupted: {error}") from error
    finally:
        await consumers.remove(name)
    return found[:limit]


def _told(one: Pulled) -> DatasetMessage:
    message = one.message
    encoding, data = encoded(message.data)
    return DatasetMessage(
        sequence=one.sequence,
        time=moment_of(one.time),
        subject=message.subject.decode(errors="replace"),
        headers=read_lines(message.head[len(FIRST_LINE) :]) if message.head else {},
        encoding=encoding,
        data=data,
    )
