"""The image that the builds begin with: the published one, or Debian made here where no registry is reachable."""

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.images.engine import Engine, EngineError, called
from tests.tools import ROOT

CACHE = ROOT / ".tools" / "images"
RELEASE = "bookworm"
PACKAGES = "python3,python3-venv,ca-certificates"
MAKE_SECONDS = 1800
BUNDLE = "/etc/ssl/certs/scibus-images.crt"


def published_base() -> str:
    """The base that the Containerfiles name."""
    found = re.search(
        r"^ARG BASE=(.+)$", (ROOT / "services/drms/Containerfile").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert found is not None
    return found[1]


def prepare_base(engine: Engine, chosen: str | None, bundle: Path | None, made: str, trusting: str) -> str:
    """The name of an image to build on.

    Args:
        engine: that is to have it.
        chosen: an image that is to be used; by default the published one, or Debian where that cannot be had.
        bundle: certificates that a build must trust to reach the package index.
        made: the name of a base that is made here.
        trusting: the name of a base with those certificates.

    Raises:
        EngineError: there is no base.
    """
    base = chosen or published_base()
    if not engine.has_or_fetches(base):
        if chosen:
            raise EngineError(f"there is no image {chosen}")
        engine.call("import", str(_debian()), made, seconds=MAKE_SECONDS)
        base = made
    if bundle is None:
        return base
    _build_trusting(engine, base, bundle, trusting)
    return trusting


def _build_trusting(engine: Engine, base: str, bundle: Path, tag: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        context = Path(folder)
        shutil.copy(bundle, context / "bundle.crt")
        (context / "Containerfile").write_text(
            f"FROM {base}\nCOPY bundle.crt {BUNDLE}\nENV SSL_CERT_FILE={BUNDLE} PIP_CERT={BUNDLE}\n", encoding="utf-8"
        )
        engine.build(context / "Containerfile", tag, context)


def _debian() -> Path:
    """A root file system with Python, made once and kept."""
    kept = CACHE / f"{RELEASE}.tar"
    if kept.is_file():
        return kept
    if os.geteuid() != 0 or shutil.which("debootstrap") is None:
        raise EngineError(
            f"{published_base()} cannot be fetched: name another image by --base, or let a base be made here, "
            "as root with `apt-get install debootstrap`"
        )
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="scibus-images-") as folder:
        root = Path(folder) / "root"
        called(("debootstrap", "--variant=minbase", f"--include={PACKAGES}", RELEASE, str(root)), {}, MAKE_SECONDS)
        unfinished = kept.with_suffix(".unfinished")
        leftovers = ("--exclude=./var/cache/apt/archives/*", "--exclude=./var/lib/apt/lists/*")
        subprocess.run(["tar", "-C", root, *leftovers, "-cf", unfinished, "."], check=True)
        unfinished.rename(kept)
    return kept
