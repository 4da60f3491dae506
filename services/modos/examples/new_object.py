"""A new object, an element more, and one less: links lead to elements that are there, always."""

import asyncio

from scibus.client import connect


async def main() -> None:
    path = "s3://modos-demo/mine"
    async with connect() as bus:
        await (await bus.modos.create.submit(path=path, attributes={"description": "An object of mine"})).result()
        sample = {"id": "blood1", "type": "Sample", "attributes": {"name": "Blood 1"}}
        about = {"name": "Reads 1", "data_format": "CRAM", "data_path": "reads1.cram", "has_sample": "blood1"}
        reads = {"id": "reads1", "type": "DataEntity", "attributes": about}
        added = await (await bus.modos.add.submit(modo=path, elements=[sample, reads])).result()
        print(added.meta["data/reads1"]["has_sample"])
        removed = await (await bus.modos.remove.submit(modo=path, element="sample/blood1")).result()
        print(removed.changed, "has_sample" in removed.meta["data/reads1"])


asyncio.run(main())
