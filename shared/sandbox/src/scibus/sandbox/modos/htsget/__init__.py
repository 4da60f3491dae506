"""htsget 1.3.0: tickets for parts of genome files, and the blocks that they name."""

from .blocks import BlockStore
from .server import Htsget
from .shelf import Shelf

__all__ = ["BlockStore", "Htsget", "Shelf"]
