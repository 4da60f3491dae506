"""The scibus worker that owns JSOC DRMS. `Jsoc` can be used from a plain script, without any bus."""

from scibus.drms.jsoc import Jsoc

__all__ = ["Jsoc"]
