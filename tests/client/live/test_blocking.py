"""Subscriptions in a program without an event loop."""

import threading
import time
from datetime import timedelta

import pytest

from scibus.client import connect_sync
from scibus.contracts import Blocking
from scibus.contracts.problems import Forbidden
from tests.runtime.live.ticker import Ticker


class BlockingTicker(Blocking, Ticker):
    """The ticker, waiting."""


@pytest.fixture
def asked(nats_server, ticks):
    with connect_sync(nats_server.url) as bus:
        yield bus.service(BlockingTicker)


def take(subscription, count):
    return [next(subscription).sequence for _ in range(count)]


def test_messages_are_iterated_over(asked, dial):
    dial.set(30, "iterated")
    found = []

    with asked.subscribe("iterated", offset="begin") as subscription:
        for message in subscription:
            found.append(message.sequence)
            if message.sequence == 30:
                break

    assert found == list(range(1, 31))


def test_a_callback_is_called_on_another_thread_and_waited_for(asked, dial):
    dial.set(30, "called")
    found = []

    def call(message):
        found.append((message.sequence, threading.current_thread() is threading.main_thread()))

    with asked.subscribe("called", offset="begin", callback=call) as subscription:
        done = subscription.wait(messages=30, timeout=40)
        more = subscription.wait(timeout=timedelta(seconds=0.1))

    assert (done, more, found) == (30, 0, [(number, False) for number in range(1, 31)])


def test_what_the_callback_raises_is_raised_here(asked, dial):
    dial.set(3, "failing")

    def call(message):
        raise ZeroDivisionError

    with asked.subscribe("failing", offset="begin", callback=call) as subscription, pytest.raises(ZeroDivisionError):
        subscription.wait(timeout=40)


def test_it_is_steered(asked, dial):
    dial.set(10, "steered")

    with asked.subscribe("steered", offset="begin") as subscription:
        first = take(subscription, 3)
        moved = subscription.seek(9)
        rest = take(subscription, 2)
        paused, resumed = subscription.pause(), subscription.resume()
        told = subscription.status()
        ended = subscription.unsubscribe()

    assert (first, rest) == ([1, 2, 3], [9, 10])
    assert [moved.epoch, paused.state, resumed.state, told.state, ended.state] == [
        2,
        "paused",
        "running",
        "running",
        "leaving",
    ]
    assert list(subscription) == []


def test_a_reader_with_a_name_goes_on(asked, dial):
    dial.set(6, "named")
    with asked.subscribe("named", offset="begin", reader="me") as subscription:
        first = take(subscription, 4)
        subscription.done()
    with asked.subscribe("named", reader="me") as subscription:
        rest = take(subscription, 2)

    assert (first, rest) == ([1, 2, 3, 4], [5, 6])


def test_messages_go_to_the_callback_or_are_iterated_over_not_both(asked):
    with asked.subscribe("either", callback=lambda _: None) as subscription, pytest.raises(TypeError, match="callback"):
        next(subscription)


def test_closing_it_ends_the_iteration_of_another_thread(asked):
    subscription = asked.subscribe("closed")
    iterating = threading.Thread(target=list, args=[subscription])
    iterating.start()
    time.sleep(0.2)

    subscription.close()
    iterating.join(40)

    assert not iterating.is_alive()


def test_what_is_refused_is_raised_as_itself(asked):
    with pytest.raises(Forbidden):
        asked.subscribe("secret")


def test_what_is_no_place_is_a_type_error(asked):
    with asked.subscribe("still") as subscription, pytest.raises(TypeError, match="seek takes"):
        subscription.seek(True)
