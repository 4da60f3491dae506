"""What is out of reach, told as `NoAnswer`."""

from collections.abc import Iterator
from contextlib import contextmanager

from nats.errors import Error as NatsError

from scibus.bus.errors import NoAnswer
from scibus.bus.stored import ApiError
from scibus.contracts.problems import BackendUnavailable


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
