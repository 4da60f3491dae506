"""The schema gate: `python -m tests.gate` tells what breaks the promises of the last release, and exits with 1 then."""

import subprocess
import sys
import tarfile
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from scibus.contracts.compatibility import Breach, breaches
from tests.tools import ROOT

SCHEMAS = "shared/contracts/schemas/v1"


def since_last_release(repository: Path, schemas: str) -> tuple[str | None, list[Breach]]:
    """The tag of the last release in the history of `repository`, and what its folder `schemas` breaks of it."""
    tag = _git(repository, "describe", "--tags", "--abbrev=0", "--match", "v[0-9]*")
    if tag.returncode != 0:
        return None, []
    release = tag.stdout.decode().strip()
    archive = _git(repository, "archive", release, schemas)
    archive.check_returncode()
    with TemporaryDirectory() as folder, tarfile.open(fileobj=BytesIO(archive.stdout)) as content:
        content.extractall(folder, filter="data")
        return release, breaches(Path(folder) / schemas, repository / schemas)


def _git(repository: Path, *arguments: str) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(["git", *arguments], cwd=repository, capture_output=True, timeout=30, check=False)


def main() -> None:
    release, found = since_last_release(ROOT, SCHEMAS)
    for breach in found:
        print(breach)
    print(f"{len(found)} breaches since {release}" if release else "no release yet: nothing was promised")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
