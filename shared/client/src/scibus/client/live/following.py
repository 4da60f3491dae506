"""Subscribes, and opens the reader that belongs to what was asked."""

from typing import Any

from nats.aio.client import Client

from scibus.bus.blobs import Blobs
from scibus.client.live.consumers import DurableConsumer, PassingConsumer, ReaderConsumer
from scibus.client.live.reader import Reader
from scibus.client.live.subscribed import Subscribed
from scibus.contracts.calls import Caller, CallOptions
from scibus.contracts.live import MessageCallback, SubscribeOperation, SubscribeOrder, SubscriptionState
from scibus.contracts.subjects import check_job_id


async def follow(
    caller: Caller,
    connection: Client,
    blobs: Blobs,
    operation: SubscribeOperation[Any],
    order: SubscribeOrder,
    options: CallOptions,
    callback: MessageCallback | None,
    name: str | None,
) -> Subscribed:
    """Subscribe, and return a reader.

    Raises:
        ValueError: `name` cannot be a reader's.
        Problem: what the worker answered instead, or `NoAnswer`.
    """
    if name is not None:
        _check_name(name)
    state = await caller.request(operation, order, options)
    reader = Reader(
        connection,
        blobs,
        state.id,
        _consumer(connection, operation.service, state, name),
        **_beginning(order, state),
    )
    await reader.open()
    return Subscribed(caller, operation, state, reader, options, callback)


def _check_name(name: str) -> None:
    try:
        check_job_id(name)
    except ValueError:
        raise ValueError(f"{name[:80]!r} cannot name a reader: use 1 to 64 of A-Z a-z 0-9 _ -") from None


def _consumer(connection: Client, service: str, state: SubscriptionState, name: str | None) -> ReaderConsumer:
    if name is None:
        return PassingConsumer(connection, state.subject)
    return DurableConsumer(connection, state.subject, f"{service}={state.id}={name}")


def _beginning(order: SubscribeOrder, state: SubscriptionState) -> dict[str, Any]:
    """Where a reader begins that has no place of its own: as asked, as far as the epoch has it."""
    epoch = {"after": state.begins_after, "least_epoch": state.epoch}
    if not state.existing:
        return epoch
    if order.sequence is not None:
        return {**epoch, "least_sequence": order.sequence}
    if order.time is not None:
        return {**epoch, "least_time": order.time}
    return epoch if order.offset == "begin" else {"after": None}
