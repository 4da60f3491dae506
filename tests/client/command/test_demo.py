"""`scibus demo`: everything in half a minute."""

import signal
from pathlib import Path

from tests.client.command.bench import Bench, all_gone
from tests.client.command.commands import Command
from tests.client.command.installing import install


async def test_the_demo_shows_the_bus_and_a_table_and_leaves_nothing(scibus: Command, tmp_path: Path) -> None:
    """On a bus and stand-ins of its own, whatever is set: a real backend is never asked."""
    (tmp_path / "temporary").mkdir()
    (tmp_path / ".env").write_text("SCIBUS_DRMS_BASE_URL=http://127.0.0.1:1/\n")
    nowhere = {"SCIBUS_DRMS_BASE_URL": "http://127.0.0.1:1/", "SCIBUS_NATS_URL": "nats://127.0.0.1:1"}

    result = await scibus("demo", TMPDIR=f"{tmp_path}/temporary", **nowhere)

    assert (result.code, "Traceback" in result.err) == (0, False)
    assert "drms" in result.text
    assert "2013.07.03_08:42:00_TAI" in result.text
    assert "scibus services" in result.err
    assert "scibus submit drms export --ds" in result.err
    assert " succeeded" in result.err
    assert "hmi.m_45s.20130703_084200_TAI.2.magnetogram.fits   23040" in result.text
    assert "scibus tail autobahn solar-wind" in result.err
    assert "604" in result.text
    assert "s3://modos-demo/ex               data/demo1        DataEntity" in result.text
    assert "demo1.cram   CRAM        34" in result.text
    assert not any((tmp_path / "temporary").iterdir())


async def test_a_demo_that_fails_says_why(scibus: Command, tmp_path: Path) -> None:
    broken = {"drms": "tests.client.command.nowhere:main"}
    install(tmp_path / "installed", "zz-broken", {"scibus.standins": broken})

    result = await scibus("demo")

    assert (result.code, result.out) == (1, b"")
    assert "the demo failed: drms stand-in ended with exit code 1" in result.err
    assert "nowhere" in result.err


async def test_ctrl_c_in_the_demo_leaves_nothing_running(scibus: Command) -> None:
    bench = Bench(scibus, await scibus.start("demo"))
    await bench.says("1. Start a bus")
    await bench.runs("scibus.drms.__main__")
    pids = bench.pids()

    code = await bench.ends_after(signal.SIGINT)

    assert code == 130
    await all_gone(pids)
