"""What every service with live data answers in the same way: who declares these operations need not write them."""

from collections.abc import Callable
from typing import Any

from scibus.contracts.live import (
    SeekOrder,
    SubscribeOrder,
    SubscriptionQuery,
    Subscriptions,
    SubscriptionsQuery,
    SubscriptionState,
    UnsubscribeOrder,
)
from scibus.runtime.live.live import LiveData


async def subscribe(order: SubscribeOrder, live: LiveData) -> SubscriptionState:
    return await live.subscribe(order)


async def seek(order: SeekOrder, live: LiveData) -> SubscriptionState:
    return await live.seek(order)


async def pause(query: SubscriptionQuery, live: LiveData) -> SubscriptionState:
    return await live.pause(query)


async def resume(query: SubscriptionQuery, live: LiveData) -> SubscriptionState:
    return await live.resume(query)


async def subscriptions(query: SubscriptionsQuery, live: LiveData) -> Subscriptions:
    return await live.subscriptions(query)


async def unsubscribe(order: UnsubscribeOrder, live: LiveData) -> SubscriptionState:
    return await live.unsubscribe(order)


HANDLERS: dict[str, Callable[..., Any]] = {
    one.__name__: one for one in (subscribe, seek, pause, resume, subscriptions, unsubscribe)
}
"""By the names that the operations have."""
