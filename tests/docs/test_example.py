"""The worker that the pages build is installed, and its own tests pass."""

import sys

from tests.tools import ROOT, run


def test_its_own_tests_pass(installed_example, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(installed_example))
    folder = ROOT / "docs" / "examples" / "telescope"

    tested = run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"], cwd=folder)

    assert tested.returncode == 0, tested.stdout
    assert "4 passed" in tested.stdout
