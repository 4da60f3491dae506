"""A stand-in for MODOS and somebody who asks its services."""

import base64

import httpx
import pysam
import pytest

from scibus.sandbox.modos import ModosStandIn
from scibus.sandbox.modos.settings import ModosSettings

SUFFIXES = {"BAM": ".bam", "CRAM": ".cram", "VCF": ".vcf.gz", "BCF": ".bcf"}


class Asker:
    """Asks over real sockets, and does what a ticket says."""

    def __init__(self, modos, http, folder):
        self.http = http
        self.folder = folder
        self._modos = modos

    async def get(self, path, headers=None, **arguments):
        """`path` goes below the stand-in's URL as it is."""
        return await self.http.get(self._modos.url + path, params=arguments or None, headers=headers)

    async def json(self, path, **arguments):
        return (await self.get(path, **arguments)).json()

    async def ticket(self, identifier, **arguments):
        answer = await self.get(f"htsget/{identifier}", **arguments)
        return answer.raise_for_status().json()["htsget"]

    async def posted(self, identifier, **body):
        answer = await self.http.post(f"{self._modos.url}htsget/{identifier}", json=body)
        return answer.raise_for_status().json()["htsget"]

    async def blocks(self, ticket):
        """The bytes that each URL stands for."""
        return [await self._block(entry) for entry in ticket["urls"]]

    async def content(self, ticket):
        return b"".join(await self.blocks(ticket))

    async def _block(self, entry):
        if entry["url"].startswith("data:"):
            return base64.b64decode(entry["url"].partition(",")[2])
        answer = await self.http.get(entry["url"], headers=entry["headers"])
        assert answer.status_code == 206
        return answer.content

    def local(self, identifier, form):
        """The file that a ticket is about."""
        name = identifier.partition("/")[2] + SUFFIXES[form]
        return self._modos.buckets.place.folder / "modos-demo" / name

    async def saved(self, ticket):
        """The bytes of the ticket as a file."""
        file = self.folder / f"fetched{SUFFIXES[ticket['format']]}"
        file.write_bytes(await self.content(ticket))
        return file

    def opened(self, file):
        if file.name.endswith((".bam", ".cram")):
            reference = self._modos.buckets.place.folder / "modos-demo" / "ex" / "reference.fa"
            return pysam.AlignmentFile(str(file), reference_filename=str(reference))
        return pysam.VariantFile(str(file))


@pytest.fixture(scope="module")
async def modos():
    async with ModosStandIn() as stand_in:
        yield stand_in


@pytest.fixture(autouse=True)
def in_order(modos):
    """After each test the stand-in does what it should, and has forgotten what it was asked."""
    yield
    modos.faults.clear()
    modos.log.clear()
    modos.configure(vars(ModosSettings()))


@pytest.fixture(scope="module")
async def http():
    async with httpx.AsyncClient(timeout=60) as client:
        yield client


@pytest.fixture
def ask(modos, http, tmp_path):
    return Asker(modos, http, tmp_path)
