"""`python -m tests.bench`: everything side by side in one run, as tables and as JSON in build/bench.json."""

import argparse
import asyncio
import json
from pathlib import Path

import uvloop

from tests.bench import blobs, jobs, live, metadata, objects, requests, slices, starting
from tests.bench.machine import described
from tests.bench.tables import as_text
from tests.processes import TESTS

PARTS = {
    "requests": requests,
    "jobs": jobs,
    "blobs": blobs,
    "live": live,
    "slices": slices,
    "objects": objects,
    "metadata": metadata,
    "starting": starting,
}
REPORT = TESTS.parent / "build" / "bench.json"


async def main(names: list[str], rounds: int, report: Path) -> None:
    told = {"machine": await described(), "rounds": rounds, "tables": []}
    print("\n".join(f"{name}: {value}" for name, value in told["machine"].items()))
    print(f"medians of {rounds} interleaved rounds; all on this machine, over the loopback", flush=True)
    for name in names:
        for table in await PARTS[name].measured(rounds):
            print(f"\n{as_text(table)}", flush=True)
            told["tables"].append({"title": table.title, "columns": table.columns, "rows": table.rows})
    report.parent.mkdir(parents=True, exist_ok=True)
    await asyncio.to_thread(report.write_text, json.dumps(told, indent=2) + "\n")
    print(f"\n{report}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--only", nargs="*", choices=PARTS, default=list(PARTS))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--report", type=Path, default=REPORT)
    chosen = parser.parse_args()
    uvloop.run(main(chosen.only, chosen.rounds, chosen.report))
