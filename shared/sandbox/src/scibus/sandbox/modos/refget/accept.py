"""Whether a client takes what there is."""

from __future__ import annotations

from scibus.sandbox.standin import Request

GENERIC = {"+plain": "text/plain", "+json": "application/json"}


def accepts(request: Request, content_type: str) -> bool:
    generic = next(name for suffix, name in GENERIC.items() if content_type.endswith(suffix))
    kind = content_type.partition("/")[0]
    allowed = {"*/*", f"{kind}/*", content_type, generic}
    wanted = request.headers.get("accept", "*/*").split(",")
    return any(one.partition(";")[0].strip() in allowed for one in wanted)
