"""Autobahn's Mission Data Broker: live datasets. Facts: the published client `speedracer`, all its releases."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from scibus.contracts.live import (
    DatasetInfo,
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
    subscription,
)
from scibus.contracts.model import Contract
from scibus.contracts.operations import Service, request


class MdbSubscribeOrder(SubscribeOrder):
    """Which dataset of the MDB to forward, and by which cursor there."""

    cursor: Literal["own", "client"] = Field(
        default="own",
        description="`client`: take over the cursor of the published client under our name (CN), and its place.",
    )


class TokenQuery(Contract):
    """Whose token the worker has."""


class TokenState(Contract):
    """The worker's token for Autobahn's APIs."""

    cn: str = Field(description="Name of the caller, as its certificate says.")
    expires_at: datetime | None = Field(default=None, description="Absent where the token does not tell.")
    authorization: str | None = Field(
        default=None, description="Value of the `Authorization` header, where the worker may give it away."
    )


class Autobahn(Service):
    """Autobahn's Mission Data Broker: live datasets, followed on the bus."""

    subscribe = subscription(MdbSubscribeOrder, summary="Forward a dataset to a subject of the bus")
    seek = request(SeekOrder, SubscriptionState, summary="Let a subscription go on elsewhere in its dataset")
    pause = request(SubscriptionQuery, SubscriptionState, summary="Let a subscription forward nothing for now")
    resume = request(SubscriptionQuery, SubscriptionState, summary="Let a paused subscription go on")
    subscriptions = request(SubscriptionsQuery, Subscriptions, summary="Tell how the subscriptions stand")
    unsubscribe = request(UnsubscribeOrder, SubscriptionState, summary="End a subscription")
    read = request(ReadOrder, DatasetMessages, summary="Read some messages of a dataset without a subscription")
    info = request(DatasetQuery, DatasetInfo, summary="Tell what the broker has of a dataset")
    token = request(TokenQuery, TokenState, summary="Tell whose token the worker has, and until when")


__all__ = ["Autobahn", "MdbSubscribeOrder", "TokenQuery", "TokenState"]
