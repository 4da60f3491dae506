"""Every operation that makes something, at once, each held midway; and what must come of all of them."""

import asyncio
import hashlib
from collections.abc import Mapping
from typing import Any

from scibus.sandbox.modos.samples.files import genome_files
from scibus.sandbox.modos.samples.modos import EX, Modo, ex_elements
from tests.modos.ground import BUCKET, MIB, SEQUENCES, Ground, Trap
from tests.waiting import until

MARK = "data.zarr/zarr.json"
FETCHED = {"a.txt": b"a", "large.bin": bytes(range(256)) * (24 * 1024), MARK: b"{}", "z.txt": b"z"}
STORED = {"big.bin": bytes(range(255, -1, -1)) * (48 * 1024), "a.txt": b"a", MARK: b"{}"}
READS, INDEX = b"BAM" + bytes(5000), b"an index"
BLOCKS_BEFORE = 3
"""Of each slice that is held."""


class Everything:
    """One job of each operation that makes something, on objects below `prefix`; publishes a sequence of that name."""

    def __init__(self, ground: Ground, prefix: str) -> None:
        self.ground = ground
        self.prefix = prefix
        self.jobs: dict[str, Any] = {}
        self._letters = (
            hashlib.sha512(prefix.encode()).hexdigest().translate(str.maketrans("0123456789abcdef", "ACGT" * 4))
        )

    def path(self, name: str) -> str:
        """Of the object that the job `name` is about."""
        return f"s3://{BUCKET}/{self.prefix}/{name}"

    async def prepare(self) -> None:
        """Let the objects be there that the jobs find."""
        there = ex_elements()
        linked = {**there, "assay/assay1": {**there["assay/assay1"], "has_data": ["data/demo1"]}}
        unnamed = {name: element for name, element in there.items() if not name.startswith("sequence/")}
        files = {"demo1.cram": READS, "demo1.cram.crai": INDEX}
        bam = {"demo1.bam": (await asyncio.to_thread(genome_files))["demo1.bam"]}
        found = {
            **{f"{self.prefix}/download/{name}": content for name, content in FETCHED.items()},
            **Modo(f"{self.prefix}/add", EX, there, {}).contents(),
            **Modo(f"{self.prefix}/remove", EX, linked, files).contents(),
            **Modo(f"{self.prefix}/update", EX, there, {}).contents(),
            **Modo(f"{self.prefix}/enrich", EX, unnamed, bam).contents(),
        }
        await self.ground.stand_in.buckets.write(BUCKET, found)

    async def submit(self) -> None:
        """Submit all of them."""
        modos, blob = self.ground.bus.modos, self.ground.blob
        reads, index = await blob(READS, "new.bam"), await blob(INDEX, "new.bam.bai")
        data = {
            "id": "new",
            "type": "DataEntity",
            "attributes": {"data_format": "BAM"},
            "source": reads,
            "index": index,
        }
        assay = {"id": "newest", "type": "Assay", "attributes": {"omics_type": "GENOMICS"}}
        elements = [assay, {**data, "part_of": "newest"}]
        files = [{"name": name, "blob": await blob(content, name)} for name, content in STORED.items()]
        fasta = await blob(f">{self.prefix}\n{self._letters}\n".encode(), "new.fa")
        bam = {"modo": f"s3://{BUCKET}/ex", "file": "demo1.bam"}
        self.jobs = {
            "stream": await modos.stream.submit(**bam),
            "records": await modos.records.submit(**bam),
            "download": await modos.download.submit(modo=self.path("download")),
            "upload": await modos.upload.submit(path=self.path("upload"), files=files),
            "create": await modos.create.submit(path=self.path("create"), elements=elements),
            "add": await modos.add.submit(modo=self.path("add"), elements=elements),
            "remove": await modos.remove.submit(modo=self.path("remove"), element="data/demo1"),
            "update": await modos.update.submit(
                modo=self.path("update"),
                element="sample/sample1",
                attributes={"sex": None, "collector": "Foo university"},
            ),
            "enrich": await modos.enrich.submit(modo=self.path("enrich"), elements=["data/demo1-bam"]),
            "publish": await modos.publish.submit(blob=fasta),
        }

    async def begun(self) -> None:
        """Wait until a worker has taken each of them."""

        async def taken() -> bool:
            states = [(await job.status()).state for job in self.jobs.values()]
            return all(state == "running" for state in states)

        await until(taken, 30)

    async def made(self, seconds: float) -> dict[str, object]:
        """What has come of each, without the prefix: the same for all prefixes.

        Raises:
            Problem: one of them has failed.
        """
        found = await asyncio.gather(*(job.result(timeout=seconds) for job in self.jobs.values()))
        results: dict[str, Any] = dict(zip(self.jobs, found, strict=True))
        content = self.ground.content
        made: dict[str, object] = {
            "stream": await content(results["stream"].blob),
            "records": (results["records"].count, await content(results["records"].blob)),
            "download": (
                [(one.name, await content(one.blob)) for one in results["download"].files],
                results["download"].checksum,
            ),
            "upload": ([(one.name, one.sha256) for one in results["upload"].files], await self._contents("upload")),
            "publish": await self._published(results["publish"].sequences),
        }
        for name in ("create", "add", "remove", "update", "enrich"):
            made[name] = (results[name].meta, results[name].changed, await self._contents(name))
        return made

    async def _contents(self, name: str) -> dict[str, bytes]:
        return await self.ground.object_contents(f"{self.prefix}/{name}")

    async def _published(self, sequences: list[Any]) -> list[tuple[int, list[bool], list[bool]]]:
        read, letters = self.ground.stand_in.buckets.read, self._letters.encode()
        return [
            (
                one.length,
                [await read(SEQUENCES, f"sequence/{name}") == letters for name in (one.md5, one.ga4gh, one.trunc512)],
                [
                    bool(await read(SEQUENCES, f"metadata/json/{name}.json"))
                    for name in (one.md5, one.ga4gh, one.trunc512)
                ],
            )
            for one in sequences
        ]

    def traps(self, moment: str) -> Mapping[str, Trap]:
        """Where the jobs are held, by what they are: "early", before what counts is done; "late", before it is told."""
        here = f"/{BUCKET}/{self.prefix}"
        if moment == "early":
            return {
                "download": Trap(f"GET {here}/download/large.bin", after=2 * MIB),
                "upload": Trap(f"PUT {here}/upload/big.bin.*partNumber=2"),
                "create": Trap(f"PUT {here}/create/{MARK}"),
                "add": Trap(f"PUT {here}/add/{MARK}", after=0),
                "remove": Trap(rf"POST /{BUCKET}\?delete"),
                "update": Trap(f"PUT {here}/update/{MARK}"),
                "enrich": Trap(f"PUT {here}/enrich/{MARK}"),
                "publish": Trap(f"PUT /{SEQUENCES}/sequence/", skip=2),
            }
        return {
            "download": Trap(f"GET {here}/download/z.txt", after=0),
            "upload": Trap(f"POST {here}/upload/big.bin.*uploadId", after=0),
            "create": Trap(f"PUT {here}/create/{MARK}", after=0),
            "add": Trap(f"PUT {here}/add/{MARK}"),
            "remove": Trap(f"PUT {here}/remove/{MARK}", after=0),
            "update": Trap(f"PUT {here}/update/{MARK}", after=0),
            "enrich": Trap(f"PUT {here}/enrich/{MARK}", after=0),
            "publish": Trap(f"PUT /{SEQUENCES}/metadata/", skip=2, after=0),
        }
