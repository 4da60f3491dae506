"""Cancelling an export that an order has begun."""

from scibus.contracts.drms import ExportOrder
from scibus.contracts.problems import NotFound
from scibus.drms.exports.notes import OrderNotes
from scibus.drms.jsoc import Jsoc
from scibus.drms.orders import is_quick, request_of, sent_method


async def cancel_export(jsoc: Jsoc, order: ExportOrder, notes: OrderNotes) -> None:
    """Cancel what came of `order`, if it is still pending; nobody else's export is touched.

    Raises:
        BackendUnavailable: the server is down, in maintenance or out of reach (retryable).
    """
    if not notes.sent or notes.finished or is_quick(order) or not jsoc.server.has("manage_request"):
        return
    pending = await jsoc.pending_exports(order.notify)
    if any([await _is_ours(jsoc, order, notes, requestid) for requestid in pending]):
        await jsoc.cancel_exports(order.notify)


async def _is_ours(jsoc: Jsoc, order: ExportOrder, notes: OrderNotes, requestid: str) -> bool:
    """Whether a pending export is the one that was ordered.

    Where the answer to the order was never heard, what is pending in the same form is taken for it: the server takes
    one order at a time for an address, and refuses every other.
    """
    if notes.requestid is not None and not notes.provisional:
        return requestid == notes.requestid
    try:
        state = await jsoc.exp_status(requestid)
    except NotFound:
        return False
    sent = request_of(order, None)
    kinds = [(protocol or "").partition(",")[0].lower() for protocol in (state.protocol, sent.protocol)]
    return (state.method or "").lower() == sent_method(sent) and kinds[0] == kinds[1]
