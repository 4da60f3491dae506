"""Cancelling an export that an order has begun."""

from scibus.contracts.drms import ExportOrder
from scibus.contracts.problems import BadBackendAnswer
from scibus.drms.exports.notes import OrderNotes
from scibus.drms.jsoc import Jsoc
from scibus.drms.orders import is_quick


async def cancel_export(jsoc: Jsoc, order: ExportOrder, notes: OrderNotes) -> None:
    """Cancel what came of `order`, if it is still pending; nobody else's export is touched.

    Raises:
        BackendUnavailable: the server is down, in maintenance or out of reach (retryable).
        BadBackendAnswer: something is pending of which nobody can tell whose it is; it is named.
    """
    if not notes.sent or notes.finished or is_quick(order) or not jsoc.server.has("manage_request"):
        return
    pending = await jsoc.pending_exports(order.notify)
    if notes.requestid is not None and not notes.provisional:
        if notes.requestid in pending:
            await jsoc.cancel_exports(order.notify)
    elif pending:
        raise BadBackendAnswer(
            f"{jsoc.server.name} has {', '.join(pending)} pending for the address: if that is this job's export, "
            "cancel it there; the answer to the order was never heard, so nobody here can tell"
        )
