"""One htsget server: what it says about files."""

import json
from collections.abc import Sequence
from typing import Any, NoReturn

from scibus.contracts.modos.slices import Region
from scibus.contracts.problems import BackendFault, BadBackendAnswer, Unsupported
from scibus.modos.htsget.addresses import HtsgetFile, Kind
from scibus.modos.htsget.refusals import STATUSES, htsget_error, refusal
from scibus.modos.htsget.tickets import LARGEST_INLINE, Ticket, read_ticket
from scibus.runtime.http.web_service import Answer, WebService

LARGEST_TICKET = 2 * LARGEST_INLINE
MEDIA_TYPE = "application/vnd.ga4gh.htsget.v1.3.0+json, application/json;q=0.9, */*;q=0.1"
NO_POST = frozenset({404, 405, 501})


class HtsgetServer:
    """Tickets and what the server tells about itself.

    Args:
        web: the connection, with whatever login it adds; blocks are never fetched through it.
        base: URL of the server, to which `/reads` and `/variants` are joined.
        name: what it is called in problems.
    """

    def __init__(self, web: WebService, base: str, name: str = "htsget") -> None:
        self._web = web
        self.base = base.rstrip("/")
        self.name = name

    async def ticket(self, file: HtsgetFile, regions: Sequence[Region] = (), *, header_only: bool = False) -> Ticket:
        """The blocks that hold `regions` of `file`, or all of it, or its header.

        Raises:
            Unauthenticated, Forbidden: the server wants another login.
            NotFound: there is no such file, or no such sequence in it.
            InvalidRequest: the server does not take the regions.
            TooLarge: the slice would be too large for the server.
            Unsupported: the server does not have the file in that format, or takes one region at a time.
            BadBackendAnswer: its answer is no ticket.
            BackendUnavailable: the server is down or out of reach (retryable).
        """
        if len(regions) > 1:
            answer = await self._posted(file, regions)
        else:
            url = file.ticket_url(self.base, regions[0] if regions else None, header_only=header_only)
            answer = await self._ask(url, f"{{htsget}}/{file.kind}/{{id}}")
        if answer.status != 200:
            raise refusal(answer, _told(file, regions))
        return read_ticket(answer.json(), file.format, self.name, header_only=header_only)

    async def service_info(self, kind: Kind) -> dict[str, Any]:
        """What the server tells about itself (GA4GH service-info).

        Raises:
            Unsupported: it tells nothing.
            BadBackendAnswer, BackendUnavailable: as for a ticket.
        """
        for url in (f"{self.base}/{kind}/service-info", f"{self.base}/service-info"):
            answer = await self._ask(url, f"{{htsget}}/{kind}/service-info")
            if answer.status not in (404, 405):
                break
        else:
            fault = BackendFault(name=self.name, status=answer.status)
            raise Unsupported(f"{self.name} tells nothing about itself", backend=fault)
        if answer.status != 200:
            raise refusal(answer, "its service-info")
        told = answer.json()
        if not isinstance(told, dict):
            raise BadBackendAnswer(f"the service-info of {self.name} is no object", backend=answer.fault)
        return told

    async def _ask(self, url: str, template: str, content: bytes | None = None) -> Answer:
        return await self._web.ask(
            self.name,
            url,
            template,
            method="GET" if content is None else "POST",
            content=content,
            headers={"Accept": MEDIA_TYPE} | ({} if content is None else {"Content-Type": "application/json"}),
            understood=STATUSES | {200},
            largest=LARGEST_TICKET,
        )

    async def _posted(self, file: HtsgetFile, regions: Sequence[Region]) -> Answer:
        """Several regions at once: asked one by one, each would be a file with a header of its own."""
        asked = {
            "format": file.format,
            "regions": [
                {"referenceName": region.reference_name}
                | {name: at for name, at in (("start", region.start), ("end", region.end)) if at is not None}
                for region in regions
            ],
        }
        answer = await self._ask(file.url(self.base), f"{{htsget}}/{file.kind}/{{id}}", json.dumps(asked).encode())
        if answer.status in NO_POST and htsget_error(answer)[0] is None:
            self._takes_one(answer)
        return answer

    def _takes_one(self, answer: Answer) -> NoReturn:
        raise Unsupported(
            f"{self.name} takes one region at a time (HTTP {answer.status} to several): ask for each region by itself, "
            "or for the whole file",
            backend=answer.fault,
        )


def _told(file: HtsgetFile, regions: Sequence[Region]) -> str:
    where = f" at {', '.join(map(str, regions[:3]))}{' …' if len(regions) > 3 else ''}" if regions else ""
    return f"{file.kind}/{file.id}{where}"
