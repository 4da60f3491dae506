"""Accounts as production has them: a worker logs in with its credentials file, and KEDA finds its account by the id."""

import httpx
import pytest

from scibus.contracts.schemas import SERVICES
from scibus.sandbox import NatsServer
from tests.deploy.operators import accounts
from tests.waiting import free_port

OPERATIONS = {service.service_name: {it.name for it in service.operations()} for service in SERVICES}
workers = pytest.mark.parametrize("service", sorted(OPERATIONS))


@pytest.fixture
def signed():
    return accounts()


@pytest.fixture
def monitor():
    return free_port()


@pytest.fixture
async def nats_server(signed, monitor):
    async with NatsServer(config=f"http: 127.0.0.1:{monitor}\n{signed.config}") as server:
        yield server


@pytest.fixture
def credentials(signed, tmp_path):
    file = tmp_path / "user.creds"
    file.write_text(signed.credentials, encoding="utf-8")
    return str(file)


@pytest.fixture
def settings(service, mdb, modos_settings):
    """What a worker does not start without."""
    return {"autobahn": mdb.addresses()["settings"], "modos": modos_settings}.get(service, {})


async def test_a_worker_without_credentials_is_not_let_in(spawn_worker):
    """Any: it is the server that knows the accounts."""
    worker = await spawn_worker("drms", ready=False)

    assert await worker.wait() == 1
    assert "Authorization Violation" in worker.log_text()


@workers
async def test_a_worker_logs_in_with_its_credentials_and_its_lag_is_found_by_the_id_of_the_account(
    spawn_worker, service, settings, credentials, signed, monitor
):
    await spawn_worker(service, SCIBUS_NATS_CREDS=credentials, **settings)

    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{monitor}") as http:
        page = await http.get("/jsz", params={"acc": signed.account, "consumers": "true", "config": "true"})
    (account,) = page.json()["account_details"]
    (queue,) = [stream for stream in account["stream_detail"] if stream["name"] == f"SCIBUS_JOBS_{service.upper()}"]

    assert account["id"] == signed.account
    assert {consumer["name"] for consumer in queue["consumer_detail"]} == OPERATIONS[service]
    assert all({"num_pending", "num_ack_pending"} <= consumer.keys() for consumer in queue["consumer_detail"])
