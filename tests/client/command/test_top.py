"""`scibus top`: services and queues as they work."""

import pytest

from scibus.client.command.rates import Look, joined_rows, service_rows
from scibus.client.discovery import EndpointInfo, WorkerInfo
from tests.client.command.conftest import Desk
from tests.client.command.terminals import on_screen


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow the machine is, the worker is heard."""
    monkeypatch.setattr("scibus.client.command.rates.LOOK_SECONDS", 30.0)


def look(moment: float, **requests: int) -> Look:
    """What workers of the probe have done, by instance: each tenth request an error, each of 2 ms."""
    workers = [
        WorkerInfo(
            name="probe",
            id=instance,
            version="1",
            endpoints=[
                EndpointInfo(
                    name="echo",
                    subject="scibus.v1.req.probe.echo",
                    num_requests=count,
                    num_errors=count // 10,
                    average_processing_time=2_000_000,
                )
            ],
        )
        for instance, count in requests.items()
    ]
    return Look(moment, workers, [])


async def test_rates_are_what_was_done_between_two_looks(desk: Desk) -> None:
    [row] = service_rows(look(10.0, a=1000, b=0), look(12.0, a=1100, b=100, new=5000))

    assert row == {"service": "probe", "instances": 3, "requests_per_s": 100.0, "errors_per_s": 10.0, "mean_ms": 2.0}


async def test_a_service_that_does_nothing_has_no_mean(desk: Desk) -> None:
    [row] = service_rows(look(10.0, a=1000), look(12.0, a=1000))

    assert (row["requests_per_s"], row["mean_ms"]) == (0.0, None)


async def test_a_service_without_a_queue_is_told_too(desk: Desk) -> None:
    services = service_rows(look(10.0, a=0), look(12.0, a=0))

    [row] = joined_rows(services, [])

    assert (row["service"], row["operation"], row["instances"]) == ("probe", None, 1)


async def test_elsewhere_than_on_a_terminal_it_tells_once_what_there_is(desk: Desk) -> None:
    table = await desk.scibus("top", "--interval", "0.1")
    comma = await desk.scibus("top", "--interval", "0.1", "-o", "csv")
    machine = await desk.scibus("top", "--interval", "0.1", "-o", "json")

    assert table.text.splitlines()[0].split() == [
        *("service", "operation", "instances", "requests_per_s", "errors_per_s", "mean_ms"),
        *("waiting", "held", "oldest_s", "bytes", "limit_bytes"),
    ]
    assert comma.text.splitlines()[1].startswith("probe,brief,1,")
    assert len(comma.text.splitlines()) == 1 + 8
    assert machine.json["services"][0]["service"] == "probe"
    assert {queue["operation"] for queue in machine.json["queues"]} >= {"echo", "work"}


async def test_a_job_under_way_shows_in_its_queue(desk: Desk) -> None:
    job = await desk.probe.work.submit_as("busy", steps=["sleep:60"])

    result = await desk.scibus("top", "--interval", "0.1", "-o", "json")
    await job.cancel()

    [queue] = [queue for queue in result.json["queues"] if queue["operation"] == "work"]
    assert (queue["waiting"], queue["held"]) == (0, 1)
    assert queue["oldest_s"] >= 0
    assert queue["bytes"] > 0


async def test_on_a_terminal_it_goes_on_until_ctrl_c(desk: Desk) -> None:
    async with on_screen(desk.process, "top", "--interval", "0.1") as screen:
        await screen.shows("requests_per_s")
        await screen.shows("limit_bytes")
        await desk.scibus("call", "probe", "fail", "--text", "not-found")
        await screen.shows("1.1 GB")

        assert await screen.ctrl_c() == 130
        assert "Traceback" not in screen.text
