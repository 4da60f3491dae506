"""Misbehaviour by operation, and what the log says."""

import httpx
import pytest

from scibus.sandbox.standin import Fault

REQUESTS = {
    "root": "",
    "list": "list",
    "meta": "meta",
    "get": "get?query=ex",
    "ticket": "htsget/reads/ex/demo1",
    "service_info": "htsget/reads/service-info",
    "refget": "refget/service-info",
    "fuzon": "fuzon/collections",
    "kms": "kms/create",
    "openid": "auth/application/o/modos/.well-known/openid-configuration",
    "jwks": "auth/application/o/modos/jwks/",
}


@pytest.mark.parametrize(("operation", "path"), REQUESTS.items())
async def test_each_service_has_its_word(modos, ask, operation, path):
    modos.faults.inject(Fault(operation=operation, status=503))
    answers = [await ask.get(path), await ask.get(path)]

    assert answers[0].status_code == 503
    assert answers[1].status_code != 503
    assert [entry.op for entry in modos.log] == [operation] * 2


@pytest.mark.parametrize(("operation", "name"), [("device", "device"), ("token", "token")])
async def test_so_have_the_ends_of_the_login(modos, http, operation, name):
    modos.configure({"login": True})
    await http.post(f"{modos.url}auth/application/o/{name}/", data={"client_id": "x"})

    assert [entry.op for entry in modos.log] == [operation]


async def test_a_block_may_be_a_page(modos, http, ask):
    entry = (await ask.ticket("reads/ex/demo1"))["urls"][0]
    modos.faults.inject(Fault(operation="block", status=404, body="<html>gone</html>"))
    answer = await http.get(entry["url"], headers=entry["headers"])

    assert (answer.status_code, answer.text) == (404, "<html>gone</html>")


@pytest.mark.parametrize("fault", [Fault(operation="block", close="after"), Fault(operation="block", cut_after=100)])
async def test_a_block_may_end_early(modos, http, ask, fault):
    entry = (await ask.ticket("reads/ex/demo1"))["urls"][0]
    modos.faults.inject(fault)

    with pytest.raises(httpx.RemoteProtocolError):
        await http.get(entry["url"], headers=entry["headers"])


async def test_a_fault_waits_for_its_turn(modos, ask):
    modos.faults.inject(Fault(operation="list", skip=2, times=2, status=500))

    assert [(await ask.get("list")).status_code for _ in range(5)] == [200, 200, 500, 500, 200]


async def test_a_byte_behind_the_end_cannot_be_flipped(modos, ask):
    good = (await ask.get("list")).content
    modos.faults.inject(Fault(operation="list", flip=9999))

    assert (await ask.get("list")).content == good


async def test_requests_are_noted_with_what_they_asked_for(modos, ask):
    await ask.get("htsget/reads/ex/demo1", {"Authorization": "Bearer token"}, referenceName="chr1", start=5)

    (received,) = modos.log.of("ticket")
    assert received.path == "/htsget/reads/ex/demo1"
    assert received.parameters == {"referenceName": "chr1", "start": "5"}
    assert received.headers["authorization"] == "Bearer token"


@pytest.mark.parametrize(
    ("settings", "why"),
    [({"colour": "red"}, "no setting colour"), ({"generation": "0.4"}, "generation is one of head, 0.3.5")],
)
def test_settings_that_are_none_are_refused(modos, settings, why):
    with pytest.raises(ValueError, match=why):
        modos.configure(settings)
