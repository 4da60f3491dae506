"""A wrong setting stops the worker at start, with one line that says which and why."""

import pytest

from scibus.contracts.problems import InternalError
from scibus.runtime.settings import SettingsError, WorkerSettings, load_settings
from tests.runtime.probe import Probe


@pytest.fixture
def refused(spawn_worker):
    async def refused(**settings):
        worker = await spawn_worker("probe", ready=False, **settings)
        assert await worker.wait() == 1
        assert worker.log_text().count("\n") == 1
        return worker.log_text()

    return refused


async def test_an_unknown_variable_of_the_service_is_named_with_those_that_are_known(refused):
    said = await refused(SCIBUS_PROBE_GREETNIG="hi")

    assert "unknown setting SCIBUS_PROBE_GREETNIG" in said
    assert "SCIBUS_PROBE_GREETING" in said


async def test_a_value_that_does_not_fit_is_named_and_not_repeated(refused):
    said = await refused(SCIBUS_PROBE_PASSWORD="hunter2")

    assert said.startswith("SCIBUS_PROBE_PASSWORD: ")
    assert "hunter2" not in said


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SCIBUS_CONCURRENCY", "0"),
        ("SCIBUS_GRACE_PERIOD", "soon"),
        ("SCIBUS_TOPOLOGY", "destroy"),
        ("SCIBUS_LOG_FORMAT", "xml"),
        ("SCIBUS_HTTP_PORT", "99999"),
        ("SCIBUS_NATS_CREDS", "/nowhere/user.creds"),
        ("SCIBUS_NATS_URL", ","),
        ("SCIBUS_NATS_URL", "nats://127.0.0.1:notaport"),
        ("SCIBUS_NATS_URL", "nats://[::1"),
        ("SCIBUS_NATS_URL", "http://127.0.0.1:4222"),
    ],
)
def test_bad_values_of_the_common_settings_are_refused(monkeypatch, tmp_path, name, value):
    """What is raised here is the line that the worker ends with."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(name, value)

    with pytest.raises(SettingsError) as raised:
        load_settings(WorkerSettings)

    assert str(raised.value).startswith(f"{name}: ")
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("name", ["SCIBUS_NATS_CREDS", "SCIBUS_NATS_TLS_CA"])
async def test_a_file_that_holds_something_else_is_refused(refused, tmp_path, name):
    (tmp_path / "file").write_text("nonsense")

    assert name[:15] in await refused(**{name: str(tmp_path / "file")})


async def test_an_env_file_that_is_no_utf8_is_refused(refused, tmp_path):
    (tmp_path / ".env").write_bytes(b"SCIBUS_LOG_LEVEL=\xe4\n")

    assert await refused() == ".env: is no UTF-8 text\n"


async def test_an_unknown_variable_in_the_env_file_is_refused_too(refused, tmp_path):
    (tmp_path / ".env").write_text("SCIBUS_PROBE_NOPE=1\n")

    assert "SCIBUS_PROBE_NOPE" in await refused()


async def test_settings_come_from_the_env_file_and_the_environment_wins(bus, spawn_worker, tmp_path):
    (tmp_path / ".env").write_text("SCIBUS_LOG_LEVEL=warning\nSCIBUS_CONCURRENCY=7\n")
    worker = await spawn_worker("probe", SCIBUS_LOG_LEVEL="info", SCIBUS_PROBE_GREETING="hello ")

    assert (await worker.logged("ready"))["concurrency"] == 7
    assert (await bus.service(Probe).echo(text="you")).text == "hello you"


async def test_an_empty_variable_counts_as_unset(bus, spawn_worker):
    assert await spawn_worker("probe", SCIBUS_HTTP_PORT="", SCIBUS_CONCURRENCY="")


async def test_no_secret_setting_stands_in_the_log(bus, spawn_worker):
    worker = await spawn_worker("probe", SCIBUS_PROBE_TOKEN="hunter2")
    with pytest.raises(InternalError):
        await bus.service(Probe).fail(text="boom")

    line = await worker.logged("a handler failed")

    assert "password=<secret>" in line["exception"]
    assert "hunter2" not in worker.log_text()
