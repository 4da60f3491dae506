"""What the account server is asked, and what becomes of its answers."""

import asyncio
import json
import time

import pytest

from scibus.autobahn.datasets import Dataset
from scibus.contracts.problems import BackendUnavailable, BadBackendAnswer, Forbidden, NotFound, Unauthenticated
from scibus.sandbox.standin import Fault
from tests.autobahn.forging import answers, token

WEATHER = Dataset.named("weather")


def user_token(mdb, dataset=WEATHER):
    return mdb.account_server.user_token(dataset, mdb.gateway_token)


async def test_the_places_are_asked_for_once_at_the_origin_of_the_url_with_its_query(open_mdb, stand_in):
    mdb = open_mdb(url=f"{stand_in.url}some/page?tenant=a%20b#part")

    places = await asyncio.gather(*(mdb.account_server.places() for _ in range(10)))

    assert (places[0].api_gateway_url, places[0].nats_url) == (stand_in.gateway_url, stand_in.nats_url)
    assert [entry.path for entry in stand_in.log] == ["/api/v1/config"]
    assert stand_in.count("config") == 1


async def test_old_places_do_while_the_account_server_is_down(open_mdb, stand_in, monkeypatch):
    monkeypatch.setattr("scibus.autobahn.account_server.CONFIG_SECONDS", 0.0)
    mdb = open_mdb(attempts=1)
    known = await mdb.account_server.places()
    stand_in.faults.inject(Fault(operation="config", status=503, times=None))

    assert await mdb.account_server.places() == known
    assert stand_in.count("config") == 2


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("no JSON", "Invalid JSON"),
        ("[]", "does not tell where the MDB is"),
        ("{}", "api_gateway_url: Field required; mas_url: Field required"),
        (json.dumps({"api_gateway_url": "file:///etc", "mas_url": "https://x"}), "must be a URL with https or http"),
    ],
)
async def test_an_answer_that_tells_no_places_is_told(mdb, stand_in, body, told):
    stand_in.faults.inject(answers("config", body))

    with pytest.raises(BadBackendAnswer, match=told):
        await mdb.account_server.places()


async def test_a_url_of_something_else_is_told_with_the_setting(mdb, stand_in):
    stand_in.faults.inject(Fault(operation="config", status=404))

    with pytest.raises(BackendUnavailable, match="is SCIBUS_AUTOBAHN_URL the MDB account server's") as raised:
        await mdb.account_server.places()

    assert not raised.value.details.retryable


@pytest.mark.parametrize(
    "fault",
    [
        Fault(status=502, times=None),
        Fault(body="<html>Maintenance</html>", times=None),
        Fault(cut_after=10, times=None),
        Fault(close="before", times=None),
        Fault(delay=30, times=None),
    ],
)
async def test_an_account_server_that_is_down_may_be_asked_again(open_mdb, stand_in, fault):
    mdb = open_mdb(attempts=1, connect_timeout=3, read_timeout=3)
    await mdb.gateway_token.get()
    stand_in.faults.inject(fault)

    with pytest.raises(BackendUnavailable, match="the account server localhost") as raised:
        await user_token(mdb)

    assert raised.value.details.retryable


async def test_nobody_there_is_told(open_mdb):
    with pytest.raises(BackendUnavailable, match="the account server localhost:1 is out of reach"):
        await open_mdb(url="https://localhost:1", attempts=1).account_server.places()


async def test_a_token_is_asked_for_by_the_slug_as_typed(mdb, stand_in):
    held = await user_token(mdb, Dataset.named("Orbit.Ephemeris"))

    assert held.claims["nats"]["bearer_token"] is True
    assert (await stand_in.received("user_jwt")).path == "/api/v1/user/jwt/Orbit.Ephemeris"


async def test_a_slug_is_escaped_in_the_url(mdb, stand_in):
    with pytest.raises(NotFound, match=r"no dataset 'a\?b%2Fc'"):
        await user_token(mdb, Dataset.named("a?b%2Fc"))

    assert (await stand_in.received("user_jwt")).path == "/api/v1/user/jwt/a%3Fb%252Fc"


async def test_all_standing_queries_have_one_token(mdb, stand_in):
    await user_token(mdb, Dataset.named("streamql-q1"))

    assert (stand_in.count("streamql_jwt"), stand_in.count("user_jwt")) == (1, 0)


async def test_white_space_around_a_token_is_no_part_of_it(mdb, stand_in):
    stand_in.faults.inject(answers("user_jwt", f"\n {token(sub='U')} \r\n"))

    assert (await user_token(mdb)).text == token(sub="U")


async def test_when_the_gateways_token_is_refused_a_new_one_is_tried_once(mdb, stand_in):
    stand_in.faults.inject(Fault(operation="user_jwt", status=401))

    held = await user_token(mdb)

    assert held.expires_at == pytest.approx(time.time() + 3600, abs=5)
    assert (stand_in.count("user_jwt"), stand_in.count("getjwt")) == (2, 2)


async def test_when_the_new_one_is_refused_too_it_is_told(mdb, stand_in):
    stand_in.faults.inject(Fault(operation="user_jwt", status=401, times=None))

    with pytest.raises(Unauthenticated, match="does not accept a new token of the gateway either"):
        await user_token(mdb)

    assert (stand_in.count("user_jwt"), stand_in.count("getjwt")) == (2, 2)


async def test_a_dataset_that_is_not_open_to_us_is_told_with_both_names(mdb, stand_in):
    with pytest.raises(Forbidden, match="alice is not entitled to the dataset 'secret'"):
        await user_token(mdb, Dataset.named("secret"))

    assert stand_in.count("user_jwt") == 1


async def test_a_dataset_that_is_not_there_is_told(mdb):
    with pytest.raises(NotFound, match="no dataset 'nowhere'"):
        await user_token(mdb, Dataset.named("nowhere"))


async def test_an_answer_that_is_no_token_is_told_without_repeating_it(mdb, stand_in):
    stand_in.faults.inject(answers("user_jwt", "s3cr3t"))

    with pytest.raises(BadBackendAnswer, match="something that is no token") as raised:
        await user_token(mdb)

    assert "s3cr3t" not in repr(raised.value)


async def test_tokens_are_kept_for_each_dataset(mdb, stand_in):
    for slug in ("weather", "solar-wind", "weather", "streamql-q1", "streamql-q2"):
        await mdb.user_tokens.of(Dataset.named(slug)).get()

    assert (stand_in.count("user_jwt"), stand_in.count("streamql_jwt")) == (2, 1)


async def test_a_token_is_not_kept_when_the_dataset_is_closed_to_us(mdb, stand_in, later):
    kept = mdb.user_tokens.of(WEATHER)
    await kept.get()
    stand_in.faults.inject(Fault(operation="user_jwt", status=403))
    later(3400)

    with pytest.raises(Forbidden):
        await kept.get()

    assert kept.current is None
