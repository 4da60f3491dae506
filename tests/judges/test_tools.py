"""A tool that does not run is never taken for one that found nothing."""

import pytest

from tests.tools import tool


def test_a_tool_that_is_not_installed_fails_its_test(monkeypatch):
    monkeypatch.delenv("SCIBUS_JUDGES", raising=False)

    with pytest.raises(pytest.fail.Exception, match="no_such_tool is not installed, run `make setup`"):
        tool("no_such_tool")


def test_tools_that_are_switched_off_are_told_as_not_run(monkeypatch):
    monkeypatch.setenv("SCIBUS_JUDGES", "off")

    with pytest.raises(pytest.skip.Exception, match="hadolint was not run"):
        tool("hadolint")
