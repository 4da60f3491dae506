"""The operation by which a service with live data is asked for a dataset."""

from typing import TYPE_CHECKING, Any, TypeVar, overload

from scibus.contracts.live.calls import BoundSubscribe
from scibus.contracts.live.subscriptions import SubscribeOrder, SubscriptionState
from scibus.contracts.operations import ATTEMPTS, REQUEST_LIMIT, Request, Service

if TYPE_CHECKING:
    from scibus.contracts.blocking import Blocking
    from scibus.contracts.live.blocking import BlockingSubscribe

Order = TypeVar("Order", bound=SubscribeOrder)


class SubscribeOperation(Request[..., Order, SubscriptionState]):
    """A request as others are; through a connected service it gives a reader of what is forwarded."""

    @overload  # type: ignore[override]
    def __get__(self, instance: None, owner: type[Service]) -> "SubscribeOperation[Order]": ...
    @overload
    def __get__(self, instance: "Blocking", owner: type[Service]) -> "BlockingSubscribe[Order]": ...
    @overload
    def __get__(self, instance: Service, owner: type[Service]) -> BoundSubscribe[Order]: ...
    def __get__(self, instance: Service | None, owner: type[Service]) -> Any:
        return self if instance is None else instance._bound_subscribe(self)


def subscription(model: type[Order], *, summary: str) -> SubscribeOperation[Order]:
    """Declare that a service has live data: by this request it forwards a dataset.

    Beside it the service declares the requests `seek`, `pause`, `resume`, `unsubscribe` and `subscriptions`, with the
    models of this package.
    """
    return SubscribeOperation(model, SubscriptionState, summary=summary, attempts=ATTEMPTS, time_limit=REQUEST_LIMIT)
