"""What only a caller can notice: that nobody answered."""

from scibus.contracts.problems import BackendUnavailable


class NoAnswer(BackendUnavailable):
    """No worker answered: none is there, none was quick enough, or NATS is out of reach. Raised by the client."""

    title = "No answer"
