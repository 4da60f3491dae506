"""What may be changed while the stand-in runs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class MdbSettings:
    """How tokens are issued from now on.

    Attributes:
        gateway_token_seconds: for how long the gateway's tokens are good; for ever when None.
        nats_token_seconds: for how long the broker's tokens are good; for ever when None.
        strict: whether the broker's tokens allow no more than the published client needs.
    """

    gateway_token_seconds: float | None = 3600
    nats_token_seconds: float | None = 3600
    strict: bool = False
