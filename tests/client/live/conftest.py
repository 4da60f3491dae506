"""What the pages about readers have in common: a dataset that counts, one server and one worker for each page."""

import pytest

from tests import standing

nats_server, bus, folder, spawn_worker = standing.nats_server, standing.bus, standing.folder, standing.spawn_worker
dial, ticker, ticks = standing.dial, standing.ticker, standing.ticks


@pytest.fixture
def subscribe(ticks):
    return ticks.service.subscribe
