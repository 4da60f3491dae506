"""Live data: datasets of a backend, forwarded to subjects of the bus in the source's order, each message once."""

from scibus.contracts.live.blocking import BlockingSubscription
from scibus.contracts.live.calls import LiveSubscription, MessageCallback, Place
from scibus.contracts.live.messages import Gap, LiveMessage
from scibus.contracts.live.operation import SubscribeOperation, subscription
from scibus.contracts.live.positions import BEGIN, NOW, Offset, Position
from scibus.contracts.live.subscriptions import (
    DatasetInfo,
    DatasetMessage,
    DatasetMessages,
    DatasetQuery,
    ReadOrder,
    SeekOrder,
    SubscribeOrder,
    SubscriptionQuery,
    Subscriptions,
    SubscriptionsQuery,
    SubscriptionState,
    UnsubscribeOrder,
)

__all__ = [
    "BEGIN",
    "NOW",
    "BlockingSubscription",
    "DatasetInfo",
    "DatasetMessage",
    "DatasetMessages",
    "DatasetQuery",
    "Gap",
    "LiveMessage",
    "LiveSubscription",
    "MessageCallback",
    "Offset",
    "Place",
    "Position",
    "ReadOrder",
    "SeekOrder",
    "SubscribeOperation",
    "SubscribeOrder",
    "SubscriptionQuery",
    "SubscriptionState",
    "Subscriptions",
    "SubscriptionsQuery",
    "UnsubscribeOrder",
    "subscription",
]
