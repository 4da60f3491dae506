"""The bucket of sequences as the published client fills it."""

from __future__ import annotations

import json

from .digests import Digests

SEQUENCES = "sequence/"
METADATA = "metadata/json/"


def published(sequence: bytes) -> dict[str, bytes]:
    """By key. The object of the SQ. name is empty: the redirect in its headers is lost on the way to the store."""
    digests = Digests.of(sequence)
    metadata = {"md5": digests.md5, "ga4gh": digests.ga4gh, "length": len(sequence)}
    return {
        f"{SEQUENCES}{digests.md5}": sequence,
        f"{SEQUENCES}{digests.ga4gh}": b"",
        f"{METADATA}{digests.md5}.json": json.dumps(metadata).encode(),
    }
