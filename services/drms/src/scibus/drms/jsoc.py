"""One DRMS server as Python sees it. Knows nothing of the bus."""

import asyncio
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, quote_plus, urlencode
from weakref import WeakValueDictionary

import cachetools

from scibus.contracts.drms import (
    AddressCheck,
    AddressQuery,
    ExportRequest,
    ExportState,
    ExternalSeriesList,
    RecordCount,
    RecordList,
    RecordSetQuery,
    SeriesList,
    SeriesStructure,
)
from scibus.contracts.model import split_names
from scibus.contracts.problems import BackendFault, BackendUnavailable, BadBackendAnswer
from scibus.drms import answers
from scibus.drms.connections import Connections
from scibus.drms.files.server import FileServer
from scibus.drms.orders import order_parameters
from scibus.drms.pending import read_pending
from scibus.drms.reading import (
    read_export,
    read_external_series,
    read_record_list,
    read_series_list,
    read_structure,
)
from scibus.drms.servers import Cgi, ServerConfig
from scibus.drms.settings import DrmsSettings
from scibus.drms.transport import Transport
from scibus.runtime.http import Observe, unobserved

MOST_STRUCTURES = 500
ORDERED = (0, 1, 2, 12)
"""States of an export that was accepted: done, processing, queued, queued in JSOC's test mode."""


class Jsoc:
    """The CGIs of one DRMS server.

    Bodies are latin-1 and come with HTTP 200 even for errors; `answers.py` says what JSOC really sends. All methods
    raise BackendUnavailable when the server is down, in maintenance or refused the connection (retryable),
    BadBackendAnswer when it sent nonsense, and Unsupported when it has no such CGI.
    """

    def __init__(self, server: ServerConfig, settings: DrmsSettings, observe: Observe = unobserved) -> None:
        self.server = server
        self.records_per_answer = settings.records_per_answer
        self.settings = settings
        self._connections = Connections(server, settings)
        self._transport = Transport(server, settings, self._connections, observe)
        self.files = FileServer(server, settings, self._connections, observe)
        self._structures: cachetools.TTLCache[str, SeriesStructure] = cachetools.TTLCache(
            MOST_STRUCTURES, ttl=settings.structure_seconds
        )
        self._structure_locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def close(self) -> None:
        """Close the connections."""
        await self._connections.close()

    async def show_series(self, ds_filter: str | None = None) -> SeriesList:
        """Series of the server itself whose names match the POSIX regular expression `ds_filter`.

        Raises:
            InvalidRequest: the server cannot read the expression.
        """
        # The CGI reads all that follows the first '=', and does not turn '+' back into a blank.
        query = f"filter={quote(ds_filter, safe='')}" if ds_filter else ""
        return read_series_list(await self._ask("show_series", "show_series", query))

    async def show_series_wrapper(self, ds_filter: str | None = None, info: bool = False) -> ExternalSeriesList:
        """All series, those of the internal database included.

        Raises:
            InvalidRequest: the server reports an error, which it does for a bad expression.
        """
        query = {"dbhost": self.server.show_series_wrapper_dbhost or ""}
        if ds_filter:
            query["filter"] = ds_filter
        if info:
            query["info"] = "1"
        # This CGI alone tells no status.
        answer = await self._transport.ask("show_series_wrapper", "show_series_wrapper", query)
        if answer.get("errMsg") or "seriesList" not in answer:
            raise answers.problem({"status": 1} | answer, self.server.name)
        return read_external_series(answer)

    async def series_struct(self, ds: str) -> SeriesStructure:
        """What the series `ds` is made of; kept for a while.

        Raises:
            NotFound: the series does not exist.
        """
        name = series_name(ds)
        async with self._structure_locks.setdefault(name, asyncio.Lock()):
            structure = self._structures.get(name)
            if structure is None:
                answer = await self._ask("jsoc_info", "series_struct", {"op": "series_struct", "ds": name})
                structure = self._structures[name] = read_structure(answer)
            return structure

    async def rs_summary(self, ds: str) -> int:
        """Number of records in the record set `ds`.

        Raises:
            NotFound: the series does not exist.
            InvalidRequest: JSOC cannot parse `ds`.
        """
        return (await self.count(ds)).count

    async def count(self, ds: str) -> RecordCount:
        """Number of records in the record set `ds`, as JSOC answers it. Raises what `rs_summary` raises."""
        answer = await self._ask("jsoc_info", "rs_summary", {"op": "rs_summary", "ds": ds})
        count = answers.integer(answer.get("count"))
        if count is None:
            raise BadBackendAnswer(f"{self.server.name} told no count for the record set")
        return RecordCount(count=count, runtime=answers.real(answer.get("runtime")))

    async def rs_list(self, query: RecordSetQuery) -> RecordList:
        """Values of keywords, segments and links of a record set, in JSOC's own text form.

        Raises:
            NotFound: the series does not exist.
            InvalidRequest: JSOC cannot parse the record set.
        """
        parameters = {"op": "rs_list", "ds": query.ds}
        for name, names in (("key", query.key), ("seg", query.seg), ("link", query.link)):
            if asked := split_names(names):
                parameters[name] = ",".join(asked)
        if query.recinfo:
            parameters["R"] = "1"
        if query.n is not None:
            parameters["n"] = str(query.n)
        if query.uid:
            parameters["userhandle"] = query.uid
        answer = await self._ask("jsoc_info", "rs_list", parameters)
        return await asyncio.to_thread(read_record_list, answer, query)

    async def check_address(self, query: AddressQuery) -> AddressCheck:
        """JSOC's word on an e-mail address: status 2 registered, 4 not registered, -2 no valid address."""
        # The CGI unquotes the address once more than other CGIs do.
        parameters = urlencode({"address": quote_plus(query.email), "checkonly": "1"})
        answer = await self._transport.ask("check_address", "check_address", parameters)
        code, said = answers.status(answer, self.server.name), answers.message(answer)
        if code in (-5, -6):
            fault = BackendFault(name=self.server.name, code=code, message=said)
            raise BackendUnavailable(f"{self.server.name} cannot look up addresses now", backend=fault)
        return AddressCheck(status=code, msg=said, user_id=answers.integer(answer.get("user_id")))

    async def exp_request(self, order: ExportRequest) -> ExportState:
        """Order an export; sent once, and again only when it surely was not received.

        Raises:
            InvalidRequest: JSOC refuses the order; its reason is told.
            TooLarge: more than JSOC exports at once.
            Overloaded: the address has an export pending; its id is told (retryable).
        """
        answer = await self._transport.ask(
            "jsoc_fetch", "exp_request", urlencode(order_parameters(order)), repeat=False
        )
        if answers.status(answer, self.server.name) not in ORDERED:
            raise answers.problem(answer, self.server.name)
        return read_export(answer, self.server.name)

    async def exp_status(self, requestid: str) -> ExportState:
        """How an export stands; a failed one is an answer too, with its `status` and `error`.

        Raises:
            NotFound: JSOC knows no export of that id (yet).
        """
        query = {"op": "exp_status", "requestid": requestid}
        answer = await self._transport.ask("jsoc_fetch", "exp_status", query)
        told = answer.get("requestid") or answer.get("reqid")
        code = answers.status(answer, self.server.name)
        if code not in ORDERED and (not told or code == 6):
            raise answers.problem(answer, self.server.name)
        return read_export(answer, self.server.name)

    async def pending_exports(self, address: str) -> list[str]:
        """The ids of the exports that are pending for an e-mail address."""
        return await self._manage("check", address)

    async def cancel_exports(self, address: str) -> list[str]:
        """Cancel what is pending for an e-mail address; the ids that were cancelled."""
        return await self._manage("cancel", address)

    async def _manage(self, operation: str, address: str) -> list[str]:
        query = {"address": address, "operation": operation}
        answer = await self._transport.ask("manage_request", f"manage_request_{operation}", query)
        return read_pending(answer, self.server.name)

    async def _ask(self, cgi: Cgi, operation: str, query: Mapping[str, str] | str) -> dict[str, Any]:
        """An answer whose status is 0.

        Raises:
            Problem: what another status tells.
        """
        answer = await self._transport.ask(cgi, operation, query)
        if answers.status(answer, self.server.name) != 0:
            raise answers.problem(answer, self.server.name)
        return answer


def series_name(ds: str) -> str:
    """Name of the series in a record set query, in lower case: DRMS does not tell cases apart."""
    name = ds.strip()
    for end in "[{":
        name = name.partition(end)[0]
    return name.strip().lower()
