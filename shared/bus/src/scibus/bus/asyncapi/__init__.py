"""The bus described for programs and people of any language: one AsyncAPI 3 document, made of the declarations."""

from scibus.bus.asyncapi.document import describe
from scibus.bus.asyncapi.page import page

__all__ = ["describe", "page"]
