"""Streams and buckets that a worker needs: created where they are missing, or only checked."""

import asyncio
from typing import Literal

from nats.aio.client import Client

from scibus.bus.blobs import BUCKET, KEPT_SECONDS, Blobs
from scibus.contracts.problems import BackendUnavailable, TooLarge
from scibus.runtime.logs import get_logger

log = get_logger(__name__)

TRIES = 5


class TopologyError(Exception):
    """Something on the server is missing or differs; the message lists what."""


async def prepare_topology(connection: Client, mode: Literal["create", "bind"]) -> Blobs:
    """The object store for large answers, made sure of.

    Without JetStream on the server a worker that may create still answers requests, as long as the answers fit into
    messages; one that binds refuses to start.

    Raises:
        TopologyError: `mode` is `bind` and something is missing or differs, or JetStream does not answer.
    """
    blobs = Blobs(connection, create=mode == "create")
    for trial in range(1, TRIES + 1):
        try:
            await blobs.ensure_bucket()
            break
        except TooLarge as problem:
            if mode == "bind":
                raise TopologyError(f"missing on the server: object store {BUCKET} ({problem})") from None
            log.warning("answers larger than a message will be refused", reason=str(problem))
            return blobs
        except BackendUnavailable as problem:
            log.warning("JetStream does not answer yet", trial=trial, reason=str(problem))
            await asyncio.sleep(1)
    else:
        raise TopologyError(f"JetStream did not answer in {TRIES} tries")
    if mode == "bind":
        await _compare(connection)
    return blobs


async def _compare(connection: Client) -> None:
    kept = (await connection.jetstream(timeout=5).stream_info(f"OBJ_{BUCKET}")).config.max_age
    if kept != KEPT_SECONDS:
        raise TopologyError(
            f"differs on the server: object store {BUCKET} keeps blobs for {kept} s, not {KEPT_SECONDS} s"
        )
