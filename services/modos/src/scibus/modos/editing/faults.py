"""All that is wrong with an order, collected to be told at once."""

from scibus.contracts.problems import FieldError, InvalidRequest


class Faults:
    """Fields of an order, and what is wrong with each."""

    def __init__(self) -> None:
        self._errors: list[FieldError] = []

    def add(self, field: str, message: str) -> None:
        self._errors.append(FieldError(field=field, message=message))

    def check(self, what: str) -> None:
        """End here if there are any.

        Raises:
            InvalidRequest: with all of them.
        """
        if self._errors:
            raise InvalidRequest(f"{what} does not fit the object or the MODOS schema", errors=self._errors)
