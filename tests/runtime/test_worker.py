"""Mistakes of whoever writes a worker are said before anything runs."""

import pytest
from pydantic_settings import BaseSettings

from scibus.contracts.problems import NotFound
from scibus.runtime import Worker, WorkerSettings
from tests.runtime.probe import Probe, Text


class Settings(BaseSettings):
    pass


def test_a_handler_that_asks_for_what_no_resource_gives_is_refused():
    worker = Worker(Probe, Settings)

    with pytest.raises(TypeError, match=r"echo: no resource gives error.*there are .*Call"):

        @worker.handles(Probe.echo)
        async def echo(body: Text, error: NotFound) -> Text:
            return body


def test_an_operation_without_a_handler_is_refused_at_start():
    worker = Worker(Probe, Settings)

    with pytest.raises(TypeError, match="no handler for echo, repeat"):
        worker.prepare(WorkerSettings(), Settings(), "probe-1")


def test_a_plain_subscriber_may_stand_beside_our_operations():
    worker = Worker(Probe, Settings)

    @worker.broker.subscriber("any.subject")
    async def beside(body: str) -> None:
        """A subscriber of FastStream's own."""

    assert len(worker.broker.subscribers) == 1
