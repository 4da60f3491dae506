"""The scibus worker for MODOS. `Deployment` can be used from a plain script, without any bus."""

from scibus.modos.deployment import Deployment
from scibus.modos.settings import ModosSettings

__all__ = ["Deployment", "ModosSettings"]
