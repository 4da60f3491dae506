"""The example of the pages, installed as its reader would install it."""

from pathlib import Path

import pytest

from tests.tools import run, uv


@pytest.fixture(scope="session")
def installed_example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder into which `docs/examples/telescope` is installed, with its entry points."""
    folder = tmp_path_factory.mktemp("installed")
    installed = run(
        [uv(), "pip", "install", "--offline", "--no-deps", "--target", str(folder), "docs/examples/telescope"]
    )
    assert installed.returncode == 0, installed.stderr
    return folder
