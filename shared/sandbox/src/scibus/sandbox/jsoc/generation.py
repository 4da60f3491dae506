"""Which of two generations of the server is stood in for."""

from __future__ import annotations

from typing import Literal

Generation = Literal["old", "new"]
