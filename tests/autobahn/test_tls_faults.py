"""Whatever goes wrong with certificates is told with the file or the host, and what to do."""

import asyncio
import json
import shutil
from contextlib import asynccontextmanager

import pytest

from scibus.contracts.problems import BackendUnavailable, Unauthenticated
from scibus.sandbox import NatsServer
from tests.autobahn.forging import ServerCertificate, answers

UNKNOWN = r"comes from an authority that is not known here \(.*\): set SCIBUS_AUTOBAHN_CA_BUNDLE to a PEM file"


@pytest.fixture
def pair(stand_in, tmp_path):
    """Copies of alice's certificate and key, to be spoiled."""
    for name, path in zip(("alice.crt", "alice.key"), stand_in.certificates.client("alice"), strict=True):
        shutil.copy(path, tmp_path / name)
    return tmp_path / "alice.crt", tmp_path / "alice.key"


@pytest.fixture
def alice(open_mdb, pair):
    return open_mdb(cert=pair[0], key=pair[1])


def replace(pair, by):
    for old, new in zip(pair, by, strict=True):
        shutil.copy(new, old)


async def refused(waiting, problem):
    with pytest.raises(problem) as raised:
        await waiting
    assert not raised.value.details.retryable
    return str(raised.value)


async def test_an_expired_client_certificate_is_told_until_it_is_renewed(alice, pair, stand_in):
    replace(pair, stand_in.certificates.expired("alice"))
    told = await refused(alice.gateway_token.get(), Unauthenticated)
    replace(pair, stand_in.certificates.client("alice"))

    assert f"the client certificate {pair[0]} has expired on 20" in told
    assert "UTC: renew it; the new file is read without a restart" in told
    assert (await alice.gateway_token.get()).cn == "alice"


async def test_a_client_certificate_of_a_foreign_authority_is_told(alice, pair, stand_in):
    replace(pair, stand_in.certificates.foreign("alice"))

    told = await refused(alice.gateway_token.get(), Unauthenticated)

    assert f"the gateway localhost:{stand_in._gateway_port} does not accept the client certificate {pair[0]}" in told
    assert "(unknown ca): have it renewed or replaced" in told


async def test_a_key_of_another_certificate_is_told_while_the_worker_runs(alice, pair, stand_in):
    replace(pair, stand_in.certificates.mismatched("alice"))

    assert f"the key {pair[1]} does not belong to the certificate {pair[0]}" in await refused(
        alice.gateway_token.get(), Unauthenticated
    )


async def test_a_certificate_that_was_removed_is_told_until_it_is_back(alice, pair, stand_in):
    pair[0].rename(pair[0].with_suffix(".away"))
    told = await refused(alice.gateway_token.get(), Unauthenticated)
    pair[0].with_suffix(".away").rename(pair[0])

    assert f"the client certificate {pair[0]} is missing: put it there, or set SCIBUS_AUTOBAHN_CERT" in told
    assert (await alice.gateway_token.get()).cn == "alice"


async def test_an_unknown_authority_of_the_account_server_is_told(open_mdb, stand_in):
    told = await refused(open_mdb(ca_bundle=None).account_server.places(), BackendUnavailable)

    assert f"the certificate of the account server localhost:{stand_in._port} comes from" in told
    assert "set SCIBUS_AUTOBAHN_CA_BUNDLE to a PEM file that holds it" in told


async def test_a_bundle_is_read_anew_when_it_changes(open_mdb, stand_in, tmp_path):
    bundle = tmp_path / "ca.pem"
    bundle.write_bytes(ServerCertificate(tmp_path).cert.read_bytes())
    mdb = open_mdb(ca_bundle=bundle)
    await refused(mdb.account_server.places(), BackendUnavailable)

    bundle.write_bytes(stand_in.certificates.ca.read_bytes())
    assert (await mdb.account_server.places()).api_gateway_url == stand_in.gateway_url

    bundle.unlink()
    assert f"the CA bundle {bundle} is missing" in await refused(
        mdb.account_server._ask_for_places(), BackendUnavailable
    )


@asynccontextmanager
async def serving(certificate):
    """An HTTPS server that shows `certificate`, and says nothing."""

    async def serve(reader, writer):
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0, ssl=certificate.context()) as server:
        yield f"https://localhost:{server.sockets[0].getsockname()[1]}"


@pytest.mark.parametrize(
    ("certificate", "told"),
    [
        ({"days": -1}, "has expired: whoever runs it must renew it"),
        ({"days": 10}, "is not good yet: is the clock of this machine right?"),
        ({"host": "elsewhere"}, r"is one of another host \(Hostname mismatch.*'localhost'\): check the URL"),
    ],
)
async def test_a_certificate_of_the_account_server_that_is_no_good_is_told(open_mdb, tmp_path, certificate, told):
    shown = ServerCertificate(tmp_path, **certificate)

    async with serving(shown) as url:
        with pytest.raises(BackendUnavailable, match=f"the certificate of the account server localhost:.* {told}"):
            await open_mdb(url=url, ca_bundle=shown.cert).account_server.places()


async def test_an_account_server_that_is_a_gateway_is_told(open_mdb, stand_in):
    told = await refused(open_mdb(url=stand_in.gateway_url).account_server.places(), BackendUnavailable)

    assert "asks for a client certificate, which only the gateway is shown" in told


async def test_a_port_without_tls_is_told(open_mdb, stand_in):
    url = stand_in.nats_url.replace("tls://", "https://")

    assert "speaks no TLS: is the port right?" in await refused(
        open_mdb(url=url).account_server.places(), BackendUnavailable
    )


@pytest.mark.parametrize("websocket", [True, False])
@pytest.mark.parametrize(
    ("certificate", "told"),
    [
        ({"days": -1}, "has expired"),
        ({"host": "elsewhere"}, "is one of another host"),
        (None, UNKNOWN),
    ],
)
async def test_a_certificate_of_the_nats_server_that_is_no_good_is_told(
    open_mdb, stand_in, tmp_path, certificate, told, websocket
):
    shown = ServerCertificate(tmp_path, **(certificate or {}))
    bundle = tmp_path / "ca.pem"
    trusted = [stand_in.certificates.ca, *([shown.cert] if certificate else [])]
    bundle.write_bytes(b"".join(path.read_bytes() for path in trusted))
    files = f'cert_file: "{shown.cert}", key_file: "{shown.key}"'
    mdb = open_mdb(ca_bundle=bundle, websocket=websocket)

    async with NatsServer(config=f"tls {{ {files} }}", jetstream=False) as server, serving(shown) as web:
        urls = {"nats_url": f"tls://localhost:{server.port}", "nats_websocket_url": web.replace("https", "wss")}
        stand_in.faults.inject(answers("config", json.dumps({**stand_in._config(), **urls})))
        with pytest.raises(BackendUnavailable, match=f"the certificate of the NATS server localhost:.* {told}"):
            async with asyncio.timeout(30), mdb.sessions.of("weather"):
                pass
