"""What the account server tells, to whom, and what it refuses."""

import asyncio
import base64
import json
import ssl
import time

import httpx
import pytest

from scibus.sandbox.mdb import MdbStandIn
from scibus.sandbox.standin import MAINTENANCE_PAGE, Fault
from tests.sandbox.mdb.conftest import Reader


def claims(token):
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


async def test_anybody_is_told_where_everything_is(mdb, alice):
    answer = await alice.account_server("config")

    assert answer.json() == {
        "api_gateway_url": mdb.gateway_url,
        "mas_url": mdb.url.rstrip("/"),
        "nats_url": mdb.nats_url,
        "nats_websocket_url": mdb.nats_websocket_url,
    }


async def test_the_gateways_token_tells_the_name_in_the_certificate_and_ends(mdb, bob):
    mdb.configure({"gateway_token_seconds": 60})

    told = claims(await bob.gateway_token())

    assert told["CN"] == "bob"
    assert told["exp"] - time.time() == pytest.approx(60, abs=10)


async def test_a_token_without_an_end_can_be_had(mdb, alice):
    mdb.configure({"gateway_token_seconds": None, "nats_token_seconds": None})

    assert "exp" not in claims(await alice.gateway_token())
    assert "exp" not in claims(await alice.token("weather"))


async def test_the_brokers_token_is_the_whole_answer(alice):
    answer = await alice.let_in("user/jwt/weather")

    assert answer.text == answer.text.strip()
    assert claims(answer.text)["nats"]["bearer_token"] is True


async def test_a_slug_is_known_as_typed_and_as_an_address_has_it(alice):
    assert (await alice.let_in("user/jwt/Orbit.Ephemeris")).status_code == 200
    assert (await alice.let_in("user/jwt/Orbit%2EEphemeris")).status_code == 200
    assert (await alice.let_in("user/jwt/orbit.ephemeris")).status_code == 404


@pytest.mark.parametrize(
    ("path", "status"), [("user/jwt/secret", 403), ("user/jwt/nothing-of-the-kind", 404), ("nothing", 404)]
)
async def test_who_is_not_entitled_is_refused(alice, path, status):
    answer = await alice.let_in(path)

    assert (answer.status_code, list(answer.json())) == (status, ["message"])


async def test_entitlement_is_each_readers_own(bob):
    assert (await bob.let_in("user/jwt/weather")).status_code == 200
    assert (await bob.let_in("user/jwt/solar-wind")).status_code == 403
    assert (await bob.let_in("streamql/jwt")).status_code == 403


@pytest.mark.parametrize("path", ["user/jwt/weather", "user/jwt/secret", "streamql/jwt"])
@pytest.mark.parametrize("token", [None, "nonsense", "a.b.c"])
async def test_without_a_token_of_the_gateway_nobody_is_let_in(alice, path, token):
    assert (await alice.account_server(path, token)).status_code == 401


async def test_a_token_whose_name_was_changed_is_refused(alice):
    head, _, signature = (await alice.gateway_token()).split(".")
    forged = base64.urlsafe_b64encode(json.dumps({"CN": "root"}).encode()).rstrip(b"=").decode()

    assert (await alice.account_server("user/jwt/weather", f"{head}.{forged}.{signature}")).status_code == 401


async def test_a_token_of_another_gateway_is_refused(alice):
    async with MdbStandIn(datasets={}) as elsewhere:
        token = await Reader(elsewhere).gateway_token()

    assert (await alice.account_server("user/jwt/weather", token)).status_code == 401


async def test_an_expired_token_is_refused(mdb, alice):
    mdb.configure({"gateway_token_seconds": -1})

    answer = await alice.let_in("user/jwt/weather")

    assert (answer.status_code, answer.json()) == (401, {"message": "the token has expired"})


async def test_one_token_covers_all_standing_queries_of_a_reader(mdb, alice):
    await mdb.add_dataset("streamql-q2")
    await mdb.add_dataset("streamql-q3", readers=["bob"])

    allowed = claims((await alice.let_in("streamql/jwt")).text)["nats"]["pub"]["allow"]

    assert {"$JS.API.STREAM.INFO.streamql-q1", "$JS.API.STREAM.INFO.streamql-q2"} <= set(allowed)
    assert not [subject for subject in allowed if "streamql-q3" in subject]


async def test_nothing_but_questions_is_answered(mdb, alice):
    tls = ssl.create_default_context(cafile=mdb.certificates.ca)
    async with httpx.AsyncClient(verify=tls) as http:
        answer = await http.post(f"{mdb.url}api/v1/config")

    assert answer.status_code == 404


async def test_one_log_tells_what_both_servers_were_asked(mdb, alice):
    await alice.account_server("config")
    await alice.token("weather")
    await alice.let_in("streamql/jwt")

    assert [entry.op for entry in mdb.log] == ["config", "getjwt", "user_jwt", "getjwt", "streamql_jwt"]
    assert (await mdb.received("user_jwt")).parameters == {"dataset": "weather"}


@pytest.mark.parametrize("operation", ["config", "getjwt", "user_jwt", "streamql_jwt"])
async def test_each_operation_can_be_in_maintenance(mdb, alice, operation):
    mdb.faults.inject(Fault(operation=operation, status=503))

    answer = await ask_for(alice, operation)

    assert (answer.status_code, answer.text) == (503, MAINTENANCE_PAGE)
    assert (await ask_for(alice, operation)).status_code == 200


async def ask_for(reader, operation):
    """The answer for `operation`, or the refusal on the way to it."""
    if operation == "config":
        return await reader.account_server("config")
    if operation == "getjwt":
        return await reader.ask(reader.mdb.gateway_url, reader.mdb.certificates.client("alice"))
    return await reader.let_in({"user_jwt": "user/jwt/weather", "streamql_jwt": "streamql/jwt"}[operation])


@pytest.mark.parametrize("operation", ["config", "getjwt"])
async def test_a_connection_may_close_without_an_answer(mdb, alice, operation):
    mdb.faults.inject(Fault(operation=operation, close="before"))

    with pytest.raises(httpx.RemoteProtocolError):
        await ask_for(alice, operation)


async def test_a_cut_connection_promises_more_than_it_brings(mdb, alice):
    mdb.faults.inject(Fault(operation="user_jwt", cut_after=100))

    with pytest.raises(httpx.RemoteProtocolError, match="received 100 bytes"):
        await alice.token("weather")


async def test_a_delay_holds_up_one_request_and_no_other(mdb, alice):
    mdb.faults.inject(Fault(operation="user_jwt", delay=30))
    delayed = asyncio.create_task(alice.token("weather"))
    await mdb.received("user_jwt")

    assert (await alice.account_server("config")).status_code == 200
    assert not delayed.done()
    delayed.cancel()
