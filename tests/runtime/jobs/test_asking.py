"""Asking for jobs goes on, whatever happens to one question."""

import asyncio

from scibus.runtime.jobs.puller import Puller


async def test_a_question_that_fails_in_an_unexpected_way_is_asked_again(bus):
    connection, taken = bus.connection, asyncio.Queue()
    js = connection.jetstream()
    await js.add_stream(name="SOME", subjects=["some.*"], retention="workqueue")
    await js.add_consumer("SOME", durable_name="one", ack_policy="explicit")
    await js.publish("some.a", b"a job")
    publish, failures = connection.publish, [RuntimeError("the handler is closed")]

    async def failing_once(*arguments, **options):
        if failures:
            raise failures.pop()
        await publish(*arguments, **options)

    async def there():
        """The stream is."""

    puller = Puller(connection, "SOME", "one", free=lambda: 4, batch=2, take=taken.put_nowait, repair=there)
    connection.publish = failing_once
    await puller.start()
    puller.more()

    async with asyncio.timeout(30):
        message = await taken.get()

    assert (message.data, failures) == (b"a job", [])
    await puller.stop()
