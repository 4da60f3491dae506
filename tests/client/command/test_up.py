"""`scibus up`: a whole bus in one terminal."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from scibus.client import NoAnswer, connect
from scibus.sandbox import NatsServer
from tests.client.command.bench import Bench, alive, all_gone
from tests.client.command.commands import Command
from tests.client.command.conftest import CONTRACTS
from tests.client.command.inside import Inside, seen_by_this_process
from tests.client.command.installing import install, without
from tests.processes import TESTS
from tests.runtime.probe import Probe, Wait
from tests.waiting import free_port, read_page, until

Up = Callable[..., Awaitable[Bench]]
PROGRAMS = {
    "scibus.workers": {
        "probe": "tests.runtime.probe:worker",
        "refusing": "tests.client.command.refusing:worker",
    },
    "scibus.standins": {"probe": "tests.client.command.standin:main"},
}
WORKER, STAND_IN, NATS = "tests.runtime.probe", "tests.client.command.standin", "scibus.sandbox.nats"
FOREIGN = {"SCIBUS_NATS_URL": "nats://127.0.0.1:1", "SCIBUS_NATS_CREDS": "/nosuch"}


@pytest.fixture
def alone(python_path: str, tmp_path: Path) -> Command:
    """The command, with the probe's worker and stand-in installed, and no bus anywhere."""
    install(tmp_path / "installed", "scibus-test-programs", PROGRAMS)
    return Command({**os.environ, "PYTHONPATH": python_path, "TMPDIR": str(tmp_path)})


@pytest.fixture
async def up(alone: Command) -> AsyncIterator[Up]:
    """Start `scibus up`: `await up("--store", folder)`."""
    async with AsyncExitStack() as stack:

        async def start(*options: str, **settings: str) -> Bench:
            bench = await Bench.start(alone, *options, **settings)
            stack.push_async_callback(bench.clean)
            return bench

        yield start


@pytest.fixture(scope="module")
def http_port() -> int:
    return free_port()


@pytest.fixture(scope="module")
async def bench(tmp_path_factory: pytest.TempPathFactory, http_port: int) -> AsyncIterator[Bench]:
    """One that is ready, for all tests that leave it running. It was started where settings name another bus."""
    folder = tmp_path_factory.mktemp("up")
    for name, entry_points in (("scibus-tests", {"scibus.contracts": CONTRACTS}), ("scibus-test-programs", PROGRAMS)):
        install(folder / "installed", name, entry_points)
    python_path = os.pathsep.join([str(folder / "installed"), str(TESTS.parent)])
    clean = {name: value for name, value in os.environ.items() if not name.startswith("SCIBUS_")}
    scibus = Command({**clean, "PYTHONPATH": python_path, "TMPDIR": str(folder)}, folder)
    bench = await Bench.start(scibus, "--http-port-base", str(http_port), **FOREIGN)
    try:
        yield await bench.ready()
    finally:
        await bench.clean()


@asynccontextmanager
async def waiting(url: str, seconds: float) -> AsyncIterator[asyncio.Task[Wait]]:
    """A call that the worker has begun to answer."""
    async with connect(url, timeout=100) as bus:
        copies = await bus.connection.subscribe(Probe.wait.subject)
        answer = asyncio.ensure_future(bus.service(Probe).wait(seconds=seconds))
        await copies.next_msg(timeout=40)
        yield answer
        answer.cancel()


async def greeting_other_than(bench: Bench, before: str) -> None:
    async def changed() -> bool:
        try:
            return await bench.greeting() not in ("", before)
        except NoAnswer:
            return False

    await until(changed, 60)


async def test_ready_means_that_the_command_it_tells_works(bench: Bench) -> None:
    answer = await bench.call("echo", "--text", "hello")

    assert answer.json["text"].endswith("hello")
    assert f"nats-server at {bench.url}" in bench.said
    await bench.says(f"and a job: scibus --url {bench.url} submit probe --help")


async def test_a_stand_in_leads_its_worker_to_it(bench: Bench) -> None:
    assert await bench.greeting() == f"stand-in {bench.pids()[STAND_IN]}: "
    assert "probe stand-in at http://127.0.0.1:1/" in bench.said


async def test_settings_of_another_bus_do_not_keep_workers_away(bench: Bench) -> None:
    assert bench.url.startswith("nats://127.0.0.1:")
    assert bench.url != FOREIGN["SCIBUS_NATS_URL"]


async def test_workers_tell_their_health_on_ports_of_their_own(bench: Bench, http_port: int) -> None:
    assert await read_page(http_port, "/readyz")
    assert f"http://127.0.0.1:{http_port}" in bench.said


async def test_a_terminals_ctrl_c_reaches_nobody_but_up(bench: Bench) -> None:
    groups = {os.getpgid(pid) for pid in bench.pids().values()}

    assert os.getpgid(bench.process.pid) not in groups


async def test_a_killed_worker_is_said_and_started_again(bench: Bench) -> None:
    before, heard = bench.pids()[WORKER], len(bench.said)

    os.kill(before, signal.SIGKILL)
    await bench.says("probe was killed by SIGKILL: starting it again in 0.5 s", since=heard)
    await bench.says("operations=8", since=heard)

    assert bench.pids()[WORKER] != before
    assert await bench.greeting()


async def test_a_killed_stand_in_comes_back_and_its_worker_learns_where(bench: Bench) -> None:
    before = await bench.greeting()

    os.kill(bench.pids()[STAND_IN], signal.SIGKILL)
    await greeting_other_than(bench, before)

    assert await bench.greeting() == f"stand-in {bench.pids()[STAND_IN]}: "


async def test_a_killed_nats_server_comes_back_with_its_address_and_data(bench: Bench) -> None:
    heard = len(bench.said)
    async with connect(bench.url) as bus:
        await bus.connection.jetstream().add_stream(name="KEPT", subjects=["kept"])
        await bus.connection.jetstream().publish("kept", b"kept")

    os.kill(bench.pids()["nats-server"], signal.SIGKILL)
    await bench.says("NATS is back", since=heard)

    async with connect(bench.url) as bus:
        assert (await bus.connection.jetstream().stream_info("KEPT")).state.messages == 1
    assert await bench.greeting()


async def test_a_configured_backend_is_not_stood_in_for(up: Up) -> None:
    bench = await (await up(SCIBUS_PROBE_GREETING="real ")).ready()

    assert await bench.greeting() == "real "
    assert STAND_IN not in bench.pids()
    assert "configured by SCIBUS_PROBE_GREETING" in bench.said


async def test_a_backend_configured_in_a_dot_env_file_is_not_stood_in_for(up: Up, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("SCIBUS_PROBE_GREETING=mine\n")

    bench = await (await up()).ready()

    assert STAND_IN not in bench.pids()


async def test_stand_ins_can_be_left_out(up: Up) -> None:
    bench = await (await up("--no-stand-ins")).ready()

    assert await bench.greeting() == ""
    assert STAND_IN not in bench.pids()


async def test_ctrl_c_ends_everything_with_0_and_leaves_nothing(up: Up, tmp_path: Path) -> None:
    (tmp_path / "temporary").mkdir()
    bench = await (await up(TMPDIR=f"{tmp_path}/temporary")).ready()
    pids = bench.pids()

    code = await bench.ends_after(signal.SIGINT)

    assert code == 0
    assert {WORKER, STAND_IN, NATS, "nats-server"} <= pids.keys()
    assert not any(map(alive, pids.values()))
    assert not any((tmp_path / "temporary").iterdir())
    assert bench.process.stdout
    assert await bench.process.stdout.read() == b"", "on standard output nothing is said"


async def test_sigterm_ends_everything_with_0_and_data_in_a_store_outlives_it(up: Up, tmp_path: Path) -> None:
    first = await (await up("--store", f"{tmp_path}/store")).ready()
    pids = first.pids()
    async with connect(first.url) as bus:
        await bus.connection.jetstream().add_stream(name="KEPT", subjects=["kept"])
    code = await first.ends_after(signal.SIGTERM)

    assert code == 0
    assert not any(map(alive, pids.values()))

    second = await (await up("--store", f"{tmp_path}/store")).ready()

    async with connect(second.url) as bus:
        assert (await bus.connection.jetstream().stream_info("KEPT")).config.name == "KEPT"


async def test_a_worker_that_cannot_start_ends_everything_with_1(up: Up) -> None:
    bench = await up(service="refusing")
    await bench.says("nats-server at")
    pids = bench.pids()

    code = await bench.ends()

    assert code == 1
    assert "SCIBUS_REFUSING_PASSWORD must be a number" in bench.said
    assert "stopping: refusing ended with exit code 1, 5 times in a row" in bench.said
    assert not any(map(alive, pids.values()))


async def test_ctrl_c_while_it_starts_ends_everything_with_0(up: Up) -> None:
    bench = await up()
    await bench.says("nats-server at")
    pids = bench.pids()

    assert await bench.ends_after(signal.SIGINT) == 0
    assert not any(map(alive, pids.values()))


async def test_a_worker_finishes_what_it_holds(up: Up) -> None:
    bench = await (await up()).ready()

    async with waiting(bench.url, seconds=2) as answer:
        code = await bench.ends_after(signal.SIGINT)

        assert (code, await answer) == (0, Wait(seconds=2))


async def test_a_second_ctrl_c_hurries(up: Up) -> None:
    bench = await (await up()).ready()

    async with waiting(bench.url, seconds=60) as answer:
        bench.process.send_signal(signal.SIGINT)
        await bench.says("draining")
        async with asyncio.timeout(20):
            code = await bench.ends_after(signal.SIGINT)

        assert code == 0
        assert not answer.done() or answer.exception()


async def test_no_process_outlives_a_killed_up(up: Up) -> None:
    bench = await (await up()).ready()
    pids = bench.pids()

    bench.process.kill()

    await all_gone(pids)


async def test_a_port_that_is_taken_is_wrong_usage(alone: Command, nats_server: NatsServer, tmp_path: Path) -> None:
    with seen_by_this_process(tmp_path / "installed"):
        result = await Inside(nats_server.url)("up", "--port", str(nats_server.port))

    assert result.code == 2
    assert f"port {nats_server.port} is taken" in result.err


async def test_a_service_without_a_worker_is_wrong_usage_and_the_others_are_told(
    alone: Command, tmp_path: Path
) -> None:
    with seen_by_this_process(tmp_path / "installed"):
        result = await Inside("nats://127.0.0.1:1")("up", "--service", "nosuch")

    assert result.code == 2
    assert "no worker is installed for nosuch" in result.err
    assert "probe" in result.err


async def test_a_missing_sandbox_is_explained(alone: Command, tmp_path: Path) -> None:
    without(tmp_path / "installed", "scibus.sandbox")

    result = await alone("up", "--service", "probe")

    assert result.code == 2
    assert "pip install 'scibus[sandbox]'" in result.err
