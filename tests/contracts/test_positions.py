"""Times as places in a dataset."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from pydantic import ValidationError

from scibus.contracts.live import Position

TEN_PAST = datetime(2026, 1, 1, 0, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["2026-01-01T00:10:00Z", "2026-01-01T01:10:00+01:00", "2026-01-01T00:10:00", "2026-01-01 00:10:00.000Z"]
)
def test_a_time_is_text_and_in_utc_where_it_names_no_zone(text: str) -> None:
    assert Position.model_validate_json(f'{{"time": "{text}"}}').time == TEN_PAST


def test_a_time_of_python_is_one() -> None:
    assert Position(time=TEN_PAST.astimezone(timezone(timedelta(hours=2)))).time == TEN_PAST


@pytest.mark.parametrize(
    "number", ["2026", "1767226200.5", "true", '"2026"', '"1767226200"', '"-5"', '"20260101"', '""']
)
def test_a_number_is_no_time(number: str) -> None:
    with pytest.raises(ValidationError, match="a time is text as 2026-01-01T00:10:00Z"):
        Position.model_validate_json(f'{{"time": {number}}}')
