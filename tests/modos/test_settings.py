"""What is said at start about which deployment there is."""

from collections.abc import Callable
from pathlib import Path

import pytest

from scibus.modos.settings import ModosSettings
from scibus.runtime.settings import SettingsError, load_settings


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("URL", "SERVICES", "TOKEN_FILE"):
        monkeypatch.delenv(f"SCIBUS_MODOS_{name}", raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def refusal(monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    def refused(**settings: str) -> str:
        for name, value in settings.items():
            monkeypatch.setenv(f"SCIBUS_MODOS_{name}", value)
        with pytest.raises(SettingsError) as raised:
            load_settings(ModosSettings)
        assert "\n" not in str(raised.value)
        return str(raised.value)

    return refused


def test_without_a_deployment_the_worker_says_what_to_set(refusal: Callable[..., str]) -> None:
    assert "SCIBUS_MODOS_URL" in refusal()
    assert "SCIBUS_MODOS_SERVICES" in refusal()


def test_server_and_services_are_not_both_set(refusal: Callable[..., str]) -> None:
    assert "not both" in refusal(URL="http://modos.example/", SERVICES='{"s3": "http://s3.example"}')


@pytest.mark.parametrize("url", ["modos.example", "ftp://modos.example", "https://", "https://modos.example:0"])
def test_a_url_that_leads_nowhere_is_refused(refusal: Callable[..., str], url: str) -> None:
    assert refusal(URL=url) == "SCIBUS_MODOS_URL: must be an http or https URL"


@pytest.mark.parametrize(
    ("services", "told"),
    [
        ('{"s4": "http://s3.example"}', "there is no service s4: known are fuzon, htsget, kms, refget, s3"),
        ('{"htsget": "file:///data"}', "htsget: must be an http or https URL"),
        ("{}", "set SCIBUS_MODOS_URL"),
        ("http://s3.example", "no valid JSON"),
    ],
)
def test_services_that_cannot_be_are_refused(refusal: Callable[..., str], services: str, told: str) -> None:
    assert told in refusal(SERVICES=services)


def test_the_token_is_where_the_published_client_keeps_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SCIBUS_MODOS_URL", "http://modos.example")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

    assert load_settings(ModosSettings).token_file == tmp_path / "modos" / "token.jwt"


def test_an_unknown_setting_is_told(refusal: Callable[..., str]) -> None:
    assert "SCIBUS_MODOS_URLS" in refusal(URL="http://modos.example", URLS="x")
