"""A stand-in for JSOC and somebody who asks it."""

import json

import httpx
import pytest

from scibus.sandbox.jsoc import JsocStandIn


class Asker:
    """Asks CGIs and fetches files over real sockets."""

    def __init__(self, jsoc, http):
        self.http = http
        self._jsoc = jsoc

    async def text(self, cgi, **arguments):
        answer = await self.http.get(self._jsoc.cgi_url + cgi, params=arguments)
        return answer.content.decode("latin-1")

    async def json(self, cgi, **arguments):
        return json.loads(await self.text(cgi, **arguments))

    async def list(self, ds, key, **arguments):
        """Values of each keyword of a record set, by name."""
        listed = await self.json("jsoc_info", op="rs_list", ds=ds, key=key, **arguments)
        return {column["name"]: column["values"] for column in listed["keywords"]}

    async def count(self, ds):
        return (await self.json("jsoc_info", op="rs_summary", ds=ds))["count"]

    async def order(self, ds, **arguments):
        defaults = {"notify": "user@example.com", "method": "url", "protocol": "fits", "format": "json"}
        return await self.json("jsoc_fetch", op="exp_request", ds=ds, **{**defaults, **arguments})

    async def status(self, requestid):
        return await self.json("jsoc_fetch", op="exp_status", requestid=requestid)

    async def file(self, path, **headers):
        return await self.http.get(self._jsoc.download_url + path.lstrip("/"), headers=headers)


@pytest.fixture
async def http():
    async with httpx.AsyncClient(timeout=60) as client:
        yield client


@pytest.fixture
async def jsoc():
    async with JsocStandIn() as stand_in:
        yield stand_in


@pytest.fixture
async def old_jsoc():
    async with JsocStandIn(generation="old") as stand_in:
        yield stand_in


@pytest.fixture
def ask(jsoc, http):
    return Asker(jsoc, http)


@pytest.fixture
def ask_old(old_jsoc, http):
    return Asker(old_jsoc, http)
