"""What is out of reach, and who is not there, told as `NoAnswer`."""

from collections.abc import Iterator
from contextlib import contextmanager

from nats.errors import Error as NatsError

from scibus.bus.errors import NoAnswer
from scibus.bus.stored import ApiError
from scibus.contracts.problems import BackendUnavailable


def nobody_serves(name: str) -> NoAnswer:
    """What is told where no worker takes `name`, the name of an operation with its service."""
    return NoAnswer(f"no worker serves {name}: start one; `scibus services` tells which there are")


@contextmanager
def reaching(what: str) -> Iterator[None]:
    """Whatever keeps us from `what` becomes a `NoAnswer` that names it."""
    try:
        yield
    except NoAnswer:
        raise
    except (ApiError, BackendUnavailable, NatsError) as error:
        raise NoAnswer(f"{what} is out of reach: {error}") from error
    except TimeoutError as error:
        raise NoAnswer(f"{what} is out of reach: no answer in time") from error
