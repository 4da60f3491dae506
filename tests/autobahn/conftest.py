"""The way into the MDB as a plain script takes it, before the stand-in."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
import stamina

from scibus.autobahn import AutobahnSettings, Mdb
from scibus.sandbox.mdb import MdbStandIn

OpenMdb = Callable[..., Mdb]
ORDINARY = {"gateway_token_seconds": 3600, "nats_token_seconds": 3600, "strict": False}


@pytest.fixture(autouse=True)
def _no_pauses_between_tries():
    stamina.set_testing(True, attempts=3, cap=True)
    yield
    stamina.set_testing(False)


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Let time pass for whoever asks what time it is, the stand-in included: `later(3600)`."""
    now, passed = time.time, [0.0]
    monkeypatch.setattr(time, "time", lambda: now() + sum(passed))
    return passed.append


@pytest.fixture(scope="module")
async def shared_stand_in() -> AsyncIterator[MdbStandIn]:
    async with MdbStandIn() as stand_in:
        yield stand_in


@pytest.fixture
def stand_in(shared_stand_in: MdbStandIn) -> MdbStandIn:
    """The stand-in, as if it had just been started."""
    shared_stand_in.configure(ORDINARY)
    shared_stand_in.faults.clear()
    shared_stand_in.log.clear()
    return shared_stand_in


@pytest.fixture
async def open_mdb(stand_in: MdbStandIn) -> AsyncIterator[OpenMdb]:
    """The MDB for alice, with settings of its own: `open_mdb(websocket=False)`."""
    async with AsyncExitStack() as stack:

        def open_(**settings: Any) -> Mdb:
            cert, key = stand_in.certificates.client("alice")
            values = {"url": stand_in.url, "cert": cert, "key": key, "ca_bundle": stand_in.certificates.ca, **settings}
            mdb = Mdb(AutobahnSettings(**values))
            stack.push_async_callback(mdb.close)
            return mdb

        yield open_


@pytest.fixture
def mdb(open_mdb: OpenMdb) -> Mdb:
    return open_mdb()
