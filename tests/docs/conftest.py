"""The example of the pages, installed as its reader would install it."""

import shutil
from pathlib import Path

import pytest

from tests.tools import ROOT, run


@pytest.fixture(scope="session")
def installed_example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder into which `docs/examples/telescope` is installed, with its entry points."""
    folder = tmp_path_factory.mktemp("installed")
    bundled = ROOT / ".tools" / "bin" / "uv"
    uv = str(bundled) if bundled.exists() else shutil.which("uv") or pytest.fail("there is no uv")
    installed = run(
        [uv, "pip", "install", "--offline", "--no-deps", "--target", str(folder), "docs/examples/telescope"]
    )
    assert installed.returncode == 0, installed.stderr
    return folder
