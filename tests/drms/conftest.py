"""`Jsoc` as a plain script uses it, before the stand-in."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
import stamina

from scibus.drms.jsoc import Jsoc
from scibus.drms.settings import DrmsSettings
from scibus.sandbox.jsoc import JsocStandIn

OpenJsoc = Callable[..., Jsoc]


@pytest.fixture(autouse=True)
def _no_pauses_between_tries():
    stamina.set_testing(True, attempts=3, cap=True)
    yield
    stamina.set_testing(False)


@pytest.fixture
async def open_jsoc(jsoc: JsocStandIn) -> AsyncIterator[OpenJsoc]:
    """A client of the stand-in with settings of its own: `open_jsoc(attempts=1)`."""
    async with AsyncExitStack() as stack:

        def open_(**settings: Any) -> Jsoc:
            values = {"base_url": jsoc.cgi_url, "download_url": jsoc.download_url, **settings}
            known = DrmsSettings(**values)
            archive = Jsoc(known.known_servers()[0], known)
            stack.push_async_callback(archive.close)
            return archive

        yield open_


@pytest.fixture
def archive(open_jsoc: OpenJsoc) -> Jsoc:
    return open_jsoc()
