"""The gateway's token: kept, renewed in time, by one request for all."""

import asyncio
import logging
import time

import pytest

from scibus.autobahn.datasets import Dataset
from scibus.autobahn.tokens import read_token
from scibus.contracts.problems import BackendUnavailable, BadBackendAnswer, Forbidden, Unauthenticated
from scibus.sandbox.standin import Fault
from tests.autobahn.forging import answers, token


@pytest.fixture(params=["UTC", "Asia/Tokyo", "America/New_York"])
def time_zone(request, monkeypatch):
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield request.param
    monkeypatch.undo()
    time.tzset()


def test_a_token_is_renewed_five_minutes_before_its_end_or_when_a_third_of_a_short_life_is_left(monkeypatch):
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now)

    long, short = (read_token(token(exp=now + seconds), "x", 300) for seconds in (3600, 15))

    assert long.renew_at == long.expires_at - 300
    assert short.renew_at == pytest.approx(now + 10, abs=0.5)


async def test_it_says_whom_it_was_issued_to_and_lets_requests_in(mdb, stand_in):
    held = await mdb.gateway_token.get()

    assert held.cn == "alice"
    assert held.headers() == {"Authorization": f"Bearer {held.text}"}
    assert held.expires_at == pytest.approx(time.time() + 3600, abs=5)
    assert held.text == held.text.strip()


async def test_it_is_kept_for_its_life_and_no_longer_in_any_time_zone(mdb, stand_in, time_zone, later):
    first = await mdb.gateway_token.get()
    later(3200)
    assert await mdb.gateway_token.get() is first
    later(200)
    second = await mdb.gateway_token.get()
    assert await mdb.gateway_token.get() is second

    assert second is not first
    assert second.expires_at == pytest.approx(first.expires_at + 3400, abs=5)
    assert stand_in.count("getjwt") == 2


async def test_a_hundred_who_want_it_at_once_cost_one_request(mdb, stand_in):
    stand_in.faults.inject(Fault(operation="getjwt", delay=0.2, times=None))

    tokens = await asyncio.gather(*(mdb.gateway_token.get() for _ in range(100)))

    assert len({id(held) for held in tokens}) == 1
    assert (stand_in.count("getjwt"), stand_in.count("config")) == (1, 1)


async def test_a_hundred_who_are_told_that_it_is_refused_cost_one_more(mdb, stand_in):
    old = await mdb.gateway_token.get()

    tokens = await asyncio.gather(*(mdb.gateway_token.newer(old) for _ in range(100)))

    assert len({id(held) for held in tokens}) == 1
    assert tokens[0] is not old
    assert stand_in.count("getjwt") == 2


async def test_who_goes_away_while_waiting_does_not_take_it_from_the_others(mdb, stand_in):
    stand_in.faults.inject(Fault(operation="getjwt", delay=0.2))
    first = asyncio.create_task(mdb.gateway_token.get())
    second = asyncio.create_task(mdb.gateway_token.get())
    await stand_in.received("getjwt")

    first.cancel()

    assert (await second).cn == "alice"
    assert stand_in.count("getjwt") == 1


async def test_while_it_is_renewed_the_old_one_is_given_to_whoever_comes(mdb, stand_in, later):
    old = await mdb.gateway_token.get()
    stand_in.faults.inject(Fault(operation="getjwt", delay=0.3))
    later(3400)

    renewing = asyncio.create_task(mdb.gateway_token.get())
    await stand_in.received("getjwt", 2)
    meanwhile = await asyncio.gather(*(mdb.gateway_token.get() for _ in range(100)))

    assert set(map(id, meanwhile)) == {id(old)}
    assert await renewing is not old


async def test_while_the_gateway_fails_the_old_one_does_until_its_end(open_mdb, stand_in, later):
    mdb = open_mdb(attempts=1)
    old = await mdb.gateway_token.get()
    stand_in.faults.inject(Fault(operation="getjwt", status=503, times=None))

    later(3400)
    assert [await mdb.gateway_token.get() for _ in range(5)] == [old] * 5
    assert stand_in.count("getjwt") == 2

    later(300)
    with pytest.raises(BackendUnavailable, match="HTTP 503"):
        await mdb.gateway_token.get()


async def test_one_without_an_end_is_kept(mdb, stand_in):
    stand_in.configure({"gateway_token_seconds": None})

    held = [await mdb.gateway_token.get() for _ in range(3)]

    assert (held[0].expires_at, len(set(map(id, held))), stand_in.count("getjwt")) == (None, 1, 1)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("s3cr3t", "something that is no token"),
        ("", "something that is no token"),
        ("e30.s3cr3t.x", "something that is no token"),
        (token(sub="s3cr3t"), "does not say whom it was issued to"),
        (token(CN=""), "does not say whom it was issued to"),
        (token(CN="alice", exp=1), "is the clock of this machine right"),
        (token(CN="alice", exp=True), "does not say when it ends"),
        ("x" * 70_000, "more than 64 KiB"),
    ],
)
async def test_an_answer_that_is_no_token_is_told_without_repeating_it(mdb, stand_in, body, told):
    stand_in.faults.inject(answers("getjwt", body))

    with pytest.raises(BadBackendAnswer, match=told) as raised:
        await mdb.gateway_token.get()

    assert "s3cr3t" not in repr(raised.value)


@pytest.mark.parametrize(
    "fault",
    [
        Fault(status=500, times=None),
        Fault(status=429, times=None),
        Fault(body="<html>Sign in</html>", times=None),
        Fault(cut_after=10, times=None),
        Fault(close="before", times=None),
        Fault(delay=30, times=None),
        Fault(bytes_per_second=20, times=None),
    ],
)
async def test_a_gateway_that_is_down_may_be_asked_again(open_mdb, stand_in, fault):
    mdb = open_mdb(attempts=1, connect_timeout=3, read_timeout=3)
    await mdb.account_server.places()
    stand_in.faults.inject(fault)

    with pytest.raises(BackendUnavailable, match="the gateway localhost") as raised:
        await mdb.gateway_token.get()

    assert raised.value.details.retryable


async def test_a_hiccup_of_the_gateway_is_not_noticed(mdb, stand_in):
    stand_in.faults.inject(Fault(operation="getjwt", status=503, times=2))

    assert (await mdb.gateway_token.get()).cn == "alice"


@pytest.mark.parametrize(("status", "problem"), [(401, Unauthenticated), (403, Forbidden)])
async def test_a_gateway_that_knows_us_and_refuses_is_asked_once(mdb, stand_in, status, problem):
    stand_in.faults.inject(Fault(operation="getjwt", status=status, times=None))

    with pytest.raises(problem, match=r"the client certificate /\S*alice.crt"):
        await mdb.gateway_token.get()

    assert stand_in.count("getjwt") == 1


async def test_no_log_and_no_text_shows_a_token(mdb, stand_in, caplog):
    caplog.set_level(logging.DEBUG)

    async with mdb.sessions.of("weather"):
        held = await mdb.gateway_token.get()
        user = mdb.user_tokens.of(Dataset.named("weather")).current

    texts = [caplog.text, repr(held), str(held), repr(user), repr(mdb.gateway_token)]
    assert caplog.records
    assert not [text for text in texts if held.text in text or user.text in text]
