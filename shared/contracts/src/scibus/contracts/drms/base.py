"""What all questions to a DRMS server have in common."""

from typing import Annotated

from pydantic import AfterValidator, Field

from scibus.contracts.model import Contract

LONGEST_RECORD_SET = 8192
"""Characters of a record set query that the server reads (DRMS_MAXQUERYLEN)."""


def sendable(text: str) -> str:
    """`text`, if JSOC takes it: it refuses a semicolon anywhere, and control characters break its answers."""
    if ";" in text:
        raise ValueError("JSOC refuses ';' in any value")
    if any(ord(character) < 32 or ord(character) == 127 for character in text):
        raise ValueError("control characters and line breaks cannot be sent")
    return text


Text = Annotated[str, Field(max_length=LONGEST_RECORD_SET), AfterValidator(sendable)]

Address = Annotated[str, Field(max_length=254), AfterValidator(sendable)]
"""An e-mail address, of the length that mail allows."""

RecordSet = Annotated[
    Text,
    Field(min_length=1, description="Record set query.", examples=["hmi.v_45s[2013.07.03_08:42_TAI/3m]"]),
]


class ServerQuestion(Contract):
    """A question to one of the DRMS servers that the worker knows."""

    server: str | None = Field(
        default=None, max_length=64, description="Name of the DRMS server; the worker's first one when absent."
    )
