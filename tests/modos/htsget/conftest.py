"""An htsget server and two hosts of blocks, and our side of them."""

from collections.abc import AsyncIterator, Mapping

import httpx
import pytest

from scibus.modos.htsget import slicing
from scibus.modos.htsget.blocks import block_client
from scibus.modos.htsget.server import HtsgetServer
from scibus.modos.htsget.slicing import Slices
from scibus.runtime.http import resuming, unobserved
from scibus.runtime.http.web_service import WebService
from tests.modos.genomics.samples import Samples, make_samples
from tests.modos.htsget.hosts import BlockHost, TicketHost

BEARER = "Bearer of-the-deployment"


@pytest.fixture(scope="session")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Samples:
    return make_samples(tmp_path_factory.mktemp("genome"))


@pytest.fixture(scope="session")
def bam(samples: Samples) -> bytes:
    return samples.bam.read_bytes()


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resuming, "FIRST_PAUSE", 0.005)
    monkeypatch.setattr(slicing, "PAUSE", 0.005)


@pytest.fixture
async def tickets() -> AsyncIterator[TicketHost]:
    async with TicketHost() as host:
        yield host


@pytest.fixture
async def blocks() -> AsyncIterator[BlockHost]:
    async with BlockHost() as host:
        yield host


@pytest.fixture
async def elsewhere() -> AsyncIterator[BlockHost]:
    async with BlockHost() as host:
        yield host


@pytest.fixture
async def server(tickets: TicketHost) -> AsyncIterator[HtsgetServer]:
    async def login(_url: str) -> Mapping[str, str]:
        return {"Authorization": BEARER}

    async with httpx.AsyncClient() as http:
        yield HtsgetServer(WebService(http, unobserved, attempts=2, headers=login), tickets.url)


@pytest.fixture
async def slices(server: HtsgetServer) -> AsyncIterator[Slices]:
    async with block_client() as http:
        yield Slices(server, http)
