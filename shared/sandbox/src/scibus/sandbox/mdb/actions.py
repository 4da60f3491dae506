"""What a test in another process may have done to the broker: in words of JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from scibus.sandbox.standin import Action

if TYPE_CHECKING:
    from .stand_in import MdbStandIn


def actions(mdb: MdbStandIn) -> Mapping[str, Action]:
    """Those methods of `mdb` that change the broker or look into it; `publish` takes texts, or a count and a size."""

    async def publish(
        dataset: str,
        payloads: Sequence[str] = (),
        count: int = 0,
        size: int = 100,
        headers: Mapping[str, str] | None = None,
    ) -> int:
        texts = [text.encode() for text in payloads]
        return await mdb.publish(dataset, texts or [numbered(n, size) for n in range(1, count + 1)], headers)

    return {
        "publish": publish,
        "restart_nats": mdb.restart_nats,
        "kill_nats": mdb.kill_nats,
        "start_nats": mdb.start_nats,
        "recreate": mdb.recreate,
        "expire": mdb.expire,
        "drop_connections": mdb.drop_connections,
        "stream": mdb.stream,
        "consumers": mdb.consumers,
        "delete_consumer": mdb.delete_consumer,
        "add_dataset": mdb.add_dataset,
    }


def numbered(n: int, size: int) -> bytes:
    """A message of `size` bytes, or as many as the number `n` takes, that begins with it."""
    return f"{n} ".encode().ljust(size, b".")
