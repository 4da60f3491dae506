"""The fuzzy finder of ontology terms."""

from .server import Fuzon

__all__ = ["Fuzon"]
