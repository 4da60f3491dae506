"""What others must be told to reach the broker."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .broker import Broker
from .certificates import Certificates
from .datasets import Dataset


def worker_settings(url: str, certificates: Certificates, reader: str) -> dict[str, str]:
    """Of a worker that reads as `reader`."""
    certificate, key = certificates.client(reader)
    return {
        "SCIBUS_AUTOBAHN_URL": url,
        "SCIBUS_AUTOBAHN_CERT": str(certificate),
        "SCIBUS_AUTOBAHN_KEY": str(key),
        "SCIBUS_AUTOBAHN_CA_BUNDLE": str(certificates.ca),
    }


def publisher(broker: Broker, certificates: Certificates, datasets: Iterable[Dataset]) -> dict[str, Any]:
    """Of one who publishes past the stand-in, as fast as he can: the credentials allow everything."""
    return {
        "url": broker.url,
        "ca": str(certificates.ca),
        "datasets": {
            dataset.slug: {
                "credentials": str(broker.credentials(dataset)),
                "stream": dataset.stream,
                "subject": dataset.subject,
            }
            for dataset in datasets
        },
    }
