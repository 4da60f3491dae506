"""The first second of a worker's process, in which it imports."""

import asyncio
import signal
import sys

import pytest


@pytest.fixture
async def starting():
    """A worker that starts with SIGTERM blocked, as in its image, and lists what it imports."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-X", "importtime", "-m", "scibus.drms"),
        stderr=asyncio.subprocess.PIPE,
        preexec_fn=lambda: signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM}),
    )
    yield process
    if process.returncode is None:
        process.kill()
        await process.communicate()


async def test_sigterm_ends_a_worker_before_it_has_imported_all(starting):
    starting.terminate()
    _, imported = await asyncio.wait_for(starting.communicate(), 20)

    assert starting.returncode == 0
    assert b"scibus.drms.worker" not in imported
