"""The first second of a worker's process, in which it imports."""

import asyncio
import os
import signal
import sys

import pytest


def told_to_end():
    """SIGTERM is blocked, as in its image, and has come already."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    os.kill(os.getpid(), signal.SIGTERM)


@pytest.fixture
async def starting():
    """A worker that is told to end before it is anything, and lists what it imports."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-X", "importtime", "-m", "scibus.drms"),
        stderr=asyncio.subprocess.PIPE,
        preexec_fn=told_to_end,
    )
    yield process
    if process.returncode is None:
        process.kill()
        await process.communicate()


async def test_sigterm_ends_a_worker_before_it_has_imported_all(starting):
    async with asyncio.timeout(60):
        _, imported = await starting.communicate()

    assert starting.returncode == 0
    assert b"scibus.drms.worker" not in imported
