"""Who trusts whom: certificates of clients at the gateway, and of the servers."""

import ssl

import httpx
import pytest

from scibus.sandbox.mdb import MdbStandIn
from tests.sandbox.mdb.conftest import Reader


async def refusal_at_the_gateway(mdb, certificate, version=ssl.TLSVersion.TLSv1_3):
    """Why the handshake ends."""
    tls = ssl.create_default_context(cafile=mdb.certificates.ca)
    tls.maximum_version = version
    if certificate:
        tls.load_cert_chain(*certificate)
    # With TLS 1.3 the refusal comes when the client has finished, and httpx does not translate what it then reads.
    with pytest.raises((ssl.SSLError, httpx.ConnectError)) as refusal:
        async with httpx.AsyncClient(verify=tls) as http:
            await http.get(mdb.gateway_url)
    return str(refusal.value)


async def test_the_gateway_lets_in_who_shows_a_certificate(mdb, alice):
    answer = await alice.ask(mdb.gateway_url, mdb.certificates.client("alice"))

    assert answer.status_code == 200


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_the_gateway_tells_who_shows_a_bad_certificate_what_is_wrong(mdb, version):
    expired = await refusal_at_the_gateway(mdb, mdb.certificates.expired("alice"), version)
    foreign = await refusal_at_the_gateway(mdb, mdb.certificates.foreign("alice"), version)

    assert "alert certificate expired" in expired
    assert "alert unknown ca" in foreign


async def test_the_gateway_tells_who_shows_no_certificate_that_it_wants_one(mdb):
    assert "alert certificate required" in await refusal_at_the_gateway(mdb, None)


async def test_a_refused_client_has_asked_nothing(mdb):
    await refusal_at_the_gateway(mdb, mdb.certificates.foreign("alice"))

    assert mdb.count("getjwt") == 0


async def test_the_account_server_wants_no_certificate_and_gives_no_token_for_one(mdb, alice):
    answer = await alice.ask(mdb.url + "getjwt", mdb.certificates.client("alice"))

    assert answer.status_code == 404


async def test_the_gateway_answers_nothing_else(mdb, alice):
    answer = await alice.ask(mdb.gateway_url.replace("/getjwt", "/api/v1/config"), mdb.certificates.client("alice"))

    assert answer.status_code == 404


async def test_a_key_of_another_certificate_cannot_be_loaded(mdb):
    with pytest.raises(ssl.SSLError, match="KEY_VALUES_MISMATCH"):
        ssl.create_default_context().load_cert_chain(*mdb.certificates.mismatched("alice"))


async def test_who_does_not_know_the_authority_does_not_trust_the_servers(mdb, alice):
    async with httpx.AsyncClient() as http:
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            await http.get(mdb.url)


async def test_servers_may_be_somebody_else():
    async with MdbStandIn(datasets={"empty": ["alice"]}, host_name="elsewhere.example") as mdb:
        with pytest.raises(httpx.ConnectError, match="Hostname mismatch"):
            await Reader(mdb).account_server("config")


async def test_a_client_keeps_its_certificate(mdb):
    assert mdb.certificates.client("carol") == mdb.certificates.client("carol")
    assert mdb.certificates.client("carol") != mdb.certificates.client("alice")


async def test_keys_are_their_owners_only_and_gone_at_the_end(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    async with MdbStandIn() as mdb:
        mdb.certificates.foreign("alice")
        (folder,) = tmp_path.glob("scibus-mdb-*")
        secrets = [path for path in folder.iterdir() if path.suffix in (".key", ".creds")]
        modes = {path.stat().st_mode & 0o777 for path in secrets}

    assert len(secrets) > 5
    assert modes == {0o600}
    assert list(tmp_path.iterdir()) == []
