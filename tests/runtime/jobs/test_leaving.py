"""A worker that stops hands back what it does not finish: at once, and without an attempt lost."""

import json


async def test_what_it_does_not_finish_goes_to_another_at_once(jobs, spawn_probe):
    leaving = await spawn_probe(SCIBUS_GRACE_PERIOD="4")
    await jobs.work("h1", "save", "gate:h1", "note:end")
    await jobs.gates.reached("h1")

    leaving.terminate()
    assert await leaving.wait() == 0
    status = await jobs.status("h1")
    await spawn_probe()
    await jobs.notes("h1 start 1 from 1")

    assert (status["state"], status["attempt"], status["worker"]) == ("queued", 0, None)
    await jobs.cancel("h1")
    assert await jobs.state("h1") == "cancelled"


async def test_what_it_can_finish_it_finishes(jobs, spawn_probe):
    leaving = await spawn_probe()
    await jobs.work("f1", "gate:f1")
    await jobs.gates.reached("f1")

    leaving.terminate()
    await leaving.logged("draining")
    jobs.gates.open("f1")

    assert await leaving.wait() == 0
    assert json.loads((await jobs.result("f1")).data) == {"text": "f1 in attempt 1"}
    await jobs.none_left()


async def test_what_waits_for_a_turn_is_handed_back_too(jobs, spawn_probe):
    leaving = await spawn_probe()
    await jobs.work("holder", "turn:key", "gate:held")
    await jobs.gates.reached("held")
    await jobs.work("waiter", "turn:key")
    await jobs.reaches("waiter", "waiting")

    leaving.terminate()
    await jobs.reaches("waiter", "queued")
    jobs.gates.open("held")
    assert await leaving.wait() == 0
    assert await jobs.state("holder") == "succeeded"
    assert (await jobs.status("waiter"))["state"] == "queued"
    await spawn_probe()

    assert await jobs.state("waiter") == "succeeded"
    assert (await jobs.reaches("waiter", "succeeded"))["attempt"] == 1


async def test_under_load_no_job_waits_for_an_acknowledgement_timeout(jobs, spawn_probe):
    leaving = await spawn_probe(SCIBUS_ACK_WAIT="60", SCIBUS_CONCURRENCY="8")
    await spawn_probe(SCIBUS_ACK_WAIT="60", SCIBUS_CONCURRENCY="8")
    for i in range(60):
        await jobs.work(f"u{i}", "sleep:0.2")
    await jobs.notes("u5 start 1 from 0")

    leaving.terminate()

    assert await leaving.wait() == 0
    assert [await jobs.state(f"u{i}") for i in range(60)] == ["succeeded"] * 60
    assert {(await jobs.reaches(f"u{i}", "succeeded"))["attempt"] for i in range(60)} == {1}
