"""Ctrl-C while the command's loop is at work."""

import asyncio
import os
import signal

import pytest

from scibus.client.command.interrupting import run


def test_ctrl_c_in_the_middle_of_a_callback_lets_it_finish() -> None:
    complaints = []

    def answer(waiting: asyncio.Future[None]) -> None:
        if not waiting.done():
            os.kill(os.getpid(), signal.SIGINT)
            waiting.set_result(None)

    async def asks() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, told: complaints.append(told))
        waiting = loop.create_future()
        loop.call_soon(answer, waiting)
        await waiting
        await asyncio.sleep(60)

    with pytest.raises(KeyboardInterrupt):
        run(asks())

    assert complaints == []
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_second_ctrl_c_does_not_wait() -> None:
    async def is_slow_to_end() -> None:
        loop = asyncio.get_running_loop()
        loop.call_soon(os.kill, os.getpid(), signal.SIGINT)
        try:
            await asyncio.sleep(60)
        finally:
            os.kill(os.getpid(), signal.SIGINT)
            await asyncio.sleep(60)

    with pytest.raises(KeyboardInterrupt):
        run(is_slow_to_end())


def test_a_cancellation_of_another_kind_stays_one() -> None:
    async def gives_up() -> None:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        run(gives_up())
