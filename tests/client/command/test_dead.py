"""`scibus dead`: jobs that could not be done."""

import csv
import io

import pyarrow as pa

from tests.client.command.conftest import Desk
from tests.waiting import until


async def died(desk: Desk, job_id: str, body: bytes) -> str:
    """A job that no worker can do, after it has ended."""
    headers = {"Authorization": "Bearer secret", "X-Own": "kept"}
    await desk.bus.connection.jetstream().publish(f"scibus.v1.job.probe.echo.{job_id}", body, headers=headers)
    job = desk.probe.echo.job(job_id)

    async def ended() -> bool:
        return (await job.status()).is_final

    await until(ended)
    return str(job.ref)


async def test_dead_jobs_are_listed_newest_first(desk: Desk) -> None:
    await died(desk, "first", b"{}")
    await died(desk, "second", b"{}")

    listed = await desk.scibus("dead", "ls", "--service", "probe", "--operation", "echo", "--since", "1h", "-o", "csv")
    none = await desk.scibus("dead", "ls", "--service", "nowhere")

    header, newest, older = list(csv.reader(io.StringIO(listed.text)))[:3]
    assert header == ["job", "problem", "attempt", "died"]
    assert newest[:2] == ["probe.echo.second", "invalid-request"]
    assert older[:2] == ["probe.echo.first", "invalid-request"]
    assert (none.code, none.json) == (0, [])


async def test_a_dead_job_is_shown_as_it_was_submitted_but_for_its_authorization(desk: Desk) -> None:
    shown = await desk.scibus("dead", "show", await died(desk, "shown", b'{"number": 1}'))
    bad = await desk.scibus("dead", "show", await died(desk, "bad", b"no \xff json"))
    table = await desk.scibus("dead", "show", "probe.echo.bad", "-o", "table")
    arrow = await desk.scibus("dead", "show", "probe.echo.bad", "-o", "arrow")

    assert (shown.json["problem"], shown.json["body"]) == ("invalid-request", {"number": 1})
    assert shown.json["headers"]["X-Own"] == "kept"
    assert "secret" not in shown.text
    assert bad.json["body"] == "no \\xff json"
    assert "no \\xff json" in table.text
    assert {"name": "body", "value": "no \\xff json"} in pa.ipc.open_stream(arrow.out).read_all().to_pylist()


async def test_a_dead_job_is_submitted_again_under_a_new_id(desk: Desk) -> None:
    dead = await died(desk, "again", b"{}")

    made_up = await desk.scibus("dead", "replay", dead)
    chosen = await desk.scibus("dead", "replay", dead, "--id", "another")
    ended = await desk.scibus("watch", "probe.echo.another")
    status = await desk.scibus("status", "probe.echo.another")

    assert made_up.text.startswith("probe.echo.again-")
    assert chosen.text == "probe.echo.another\n"
    assert (ended.code, status.json["replay_of"]) == (1, "again")


async def test_what_did_not_die_is_not_found(desk: Desk) -> None:
    shown = await desk.scibus("dead", "show", "probe.echo.alive")
    replayed = await desk.scibus("dead", "replay", "probe.echo.alive")

    assert (shown.code, replayed.code) == (1, 1)
    assert "there is no dead letter of probe.echo.alive" in shown.err
