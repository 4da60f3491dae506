"""The stand-in for JSOC: its CGIs and files at one address."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
from typing import Any, ClassVar

from scibus.sandbox.standin import Operation, Request, Response, StandIn

from .catalogue import sample_archive
from .cgi.check_address import AddressBook, check_address
from .cgi.exp_request import OrderDesk
from .cgi.exp_status import StatusDesk
from .cgi.jsoc_fetch import JsocFetch
from .cgi.jsoc_info import JsocInfo
from .cgi.manage_request import manage_request
from .cgi.show_series import show_series, showextseries
from .exports.book import ExportBook, ExportSettings
from .files.warehouse import Warehouse
from .generation import Generation

CGI_PATH = "/cgi-bin/ajax/"
FILES_PATH = "/SUM"
REGISTERED_ADDRESS = "user@example.com"

NOT_FOUND = Response.html("<html><body><h1>Not Found</h1></body></html>\n", 404)


class JsocStandIn(StandIn):
    """Stanford's solar archive on a loopback port, with computed data.

    Attributes:
        settings: how exports fare.
    """

    name: ClassVar[str] = "jsoc"

    def __init__(self, port: int = 0, generation: Generation = "new", host: str = "127.0.0.1") -> None:
        super().__init__(port, host)
        self.settings = ExportSettings()
        archive = sample_archive()
        book = ExportBook(self.settings)
        self._addresses = AddressBook(REGISTERED_ADDRESS)
        self._warehouse = Warehouse(archive, book)
        info = _with_form(JsocInfo(archive).answer)
        self._queries = {"jsoc_info": info, "jsocextinfo": info}
        fetch = _with_form(
            JsocFetch(
                archive,
                OrderDesk(archive, self._addresses, book, self.settings, generation),
                StatusDesk(book, self.settings, generation),
            ).answer
        )
        self._cgis: dict[str, Callable[[Request], Response]] = {
            "show_series": partial(show_series, archive),
            "showextseries": partial(showextseries, archive),
            "jsoc_fetch": fetch,
            "jsocextfetch": fetch,
            "checkAddress.sh": _with_form(partial(check_address, self._addresses)),
            "manage-request.sh": _with_form(partial(manage_request, book)),
        }

    @property
    def cgi_url(self) -> str:
        """Base of the CGIs."""
        return self.url + CGI_PATH.removeprefix("/")

    @property
    def download_url(self) -> str:
        """Base of the files."""
        return self.url

    def addresses(self) -> dict[str, Any]:
        settings = {"SCIBUS_DRMS_BASE_URL": self.cgi_url, "SCIBUS_DRMS_DOWNLOAD_URL": self.download_url}
        return {
            **super().addresses(),
            "cgi_url": self.cgi_url,
            "download_url": self.download_url,
            "settings": settings,
        }

    def registered(self, address: str) -> None:
        """Let `address` order exports."""
        self._addresses.register(address)

    def pending_for(self, polls: int) -> None:
        """Let exp_status say "pending" so many times of every request before it is done."""
        self.settings.pending_polls = polls

    def configure(self, settings: Mapping[str, Any]) -> Mapping[str, Any]:
        """Change the fields of ExportSettings; `registered` is an address that may order exports from now on."""
        changes = dict(settings)
        address = changes.pop("registered", None)
        unknown = changes.keys() - asdict(self.settings).keys()
        if unknown:
            raise ValueError(f"there is no setting {', '.join(sorted(unknown))}")
        if address is not None:
            self.registered(address)
        for name, value in changes.items():
            setattr(self.settings, name, value)
        return asdict(self.settings)

    def operation(self, request: Request) -> Operation:
        """The `op` of jsoc_info and jsoc_fetch, the name of another CGI without its suffix, or "download"."""
        if not request.path.startswith(CGI_PATH):
            return Operation("download" if request.path.startswith(FILES_PATH) else request.path)
        program = request.path.removeprefix(CGI_PATH).removesuffix(".sh")
        return Operation(request.form.get("op", program), request.form)

    async def answer(self, request: Request) -> Response:
        """The answer; queries and files, which may take long but change nothing, are left to threads."""
        if request.path.startswith(FILES_PATH):
            return await asyncio.to_thread(self._download, request)
        program = request.path.removeprefix(CGI_PATH)
        if program in self._queries:
            return await asyncio.to_thread(self._queries[program], request)
        return self._cgis[program](request) if program in self._cgis else NOT_FOUND

    def _download(self, request: Request) -> Response:
        file = self._warehouse.file(request.path)
        return NOT_FOUND if file is None else file.response(request)


def _with_form(program: Callable[[Mapping[str, str]], Response]) -> Callable[[Request], Response]:
    return lambda request: program(request.form)
