"""Where the services of a deployment are, told by servers of both generations or by a setting."""

import pytest

from scibus.contracts.modos import Endpoints
from scibus.contracts.problems import BackendUnavailable, BadBackendAnswer, Unsupported
from scibus.modos.deployment import Deployment
from scibus.sandbox.modos import ModosStandIn
from scibus.sandbox.standin import Fault
from tests.modos.conftest import OpenDeployment


async def test_every_service_is_told(deployment: Deployment, stand_in: ModosStandIn) -> None:
    endpoints = await deployment.endpoints.all()

    base = stand_in.url.rstrip("/")
    assert endpoints.htsget == f"{base}/htsget"
    assert endpoints.refget == f"{base}/refget"
    assert endpoints.fuzon == f"{base}/fuzon"
    assert (endpoints.auth, endpoints.kms) == (None, None)
    assert endpoints.s3 is not None
    assert endpoints.s3.startswith("file:///")


async def test_a_deployment_with_logins_names_their_issuer(deployment: Deployment, stand_in: ModosStandIn) -> None:
    stand_in.settings.login = True

    endpoints = await deployment.endpoints.all()

    assert endpoints.auth is not None
    assert endpoints.auth.url.startswith(stand_in.url)
    assert endpoints.kms == f"{stand_in.url}kms"


async def test_the_older_server_says_the_same(deployment: Deployment, stand_in: ModosStandIn) -> None:
    newer = await deployment.endpoints.all()
    stand_in.settings.generation = "0.3.5"

    older = await deployment.endpoints.all(refresh=True)

    assert older == newer


async def test_the_answer_is_kept(deployment: Deployment, stand_in: ModosStandIn) -> None:
    for _ in range(3):
        await deployment.endpoints.all()

    assert stand_in.count("root") == 1


async def test_what_was_told_counts_on_while_the_server_is_away(
    open_deployment: OpenDeployment, stand_in: ModosStandIn
) -> None:
    deployment = await open_deployment(endpoints_seconds=0)
    before = await deployment.endpoints.all()
    stand_in.faults.inject(Fault(operation="root", status=503, times=None))

    assert await deployment.endpoints.all() == before
    with pytest.raises(BackendUnavailable):
        await deployment.endpoints.all(refresh=True)


@pytest.mark.parametrize("end", ["", "/"])
@pytest.mark.parametrize("prefix", ["", "/deep/modos"])
async def test_no_path_ever_has_two_slashes(open_deployment: OpenDeployment, prefix: str, end: str) -> None:
    async with ModosStandIn(prefix=prefix) as stand_in:
        deployment = await open_deployment(url=stand_in.url.rstrip("/") + end)

        assert await deployment.catalogue.names()
        await (await deployment.fuzon()).collections()
        await (await deployment.refget()).service_info()

        asked = [request.path for request in stand_in.log]
        assert len(asked) >= 4
        assert [path for path in asked if "//" in path or not path.startswith(prefix)] == []


async def test_without_a_server_the_setting_tells(open_deployment: OpenDeployment, stand_in: ModosStandIn) -> None:
    deployment = await open_deployment(url=None, services={"htsget": f"{stand_in.url}htsget/"})

    assert await deployment.endpoints.all() == Endpoints(htsget=f"{stand_in.url}htsget")
    with pytest.raises(Unsupported, match="has no fuzon: it has htsget"):
        await deployment.fuzon()


async def test_a_web_page_is_no_deployment(deployment: Deployment, stand_in: ModosStandIn) -> None:
    stand_in.faults.inject(Fault(operation="root", status=200, body="[1, 2]", times=None))

    with pytest.raises(BadBackendAnswer, match="SCIBUS_MODOS_URL"):
        await deployment.endpoints.all()
