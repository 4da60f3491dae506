"""An export order as jsoc_fetch reads it."""

from collections.abc import Mapping

from scibus.contracts.drms.images import ImageOptions
from scibus.contracts.drms.orders import IMAGE_PROTOCOLS, ExportOrder, ExportRequest
from scibus.contracts.drms.processing import Step, Value, as_text


def request_of(order: ExportOrder, filenamefmt: str | None) -> ExportRequest:
    """`order` as it is sent, with its template of file names."""
    return ExportRequest(**order.model_dump(exclude={"filenamefmt"}), filenamefmt=filenamefmt)


def is_quick(order: ExportOrder | ExportRequest) -> bool:
    """Whether the files are handed out where they lie, at once and without a place in the queue."""
    return order.method == "url_quick" and order.protocol == "as-is"


def sent_method(order: ExportRequest) -> str:
    """The method that is asked for: JSOC cannot convert while somebody waits."""
    return "url" if order.method == "url_quick" and not is_quick(order) else order.method


def order_parameters(order: ExportRequest) -> dict[str, str]:
    """The parameters of `exp_request`, in the order in which the published client sends them."""
    parameters = {
        "op": "exp_request",
        "format": "json",
        "ds": order.ds,
        "notify": order.notify,
        "method": sent_method(order),
        "protocol": sent_protocol(order),
    }
    if order.filenamefmt:
        parameters["filenamefmt"] = order.filenamefmt
    parameters["process"] = _process(order.n, order.process)
    if order.sizeratio is not None:
        parameters["sizeratio"] = str(order.sizeratio)
    if order.requestor is not False:
        given = order.requestor if isinstance(order.requestor, str) else None
        # The server knows `requestor` only; the published client has sent `requester` since 0.7.
        parameters["requestor"] = given or order.notify.partition("@")[0]
    return parameters


def sent_protocol(order: ExportRequest) -> str:
    """The protocol with its arguments."""
    if order.protocol not in IMAGE_PROTOCOLS:
        return order.protocol
    options = order.protocol_args or ImageOptions()
    parts = [order.protocol, f"CT={options.ct}", f"scaling={options.scaling}", f"size={options.size}"]
    for name, limit in (("min", options.min), ("max", options.max)):
        if limit is not None:
            parts.append(f"{name}={limit:g}")
    return ",".join(parts)


def _process(n: int | None, process: Mapping[Step, Mapping[str, Value]] | None) -> str:
    steps = [f"n={n or 0}"]
    for step, arguments in (process or {}).items():
        steps.append(",".join([step, *(f"{name}={as_text(value)}" for name, value in arguments.items())]))
    return "|".join(steps)
