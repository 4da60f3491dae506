"""X.509 certificates made on the fly, good ones and bad ones."""

from .folder import Certificates, Pair

__all__ = ["Certificates", "Pair"]
