"""Streams and buckets that a worker needs: created where they are missing, or only checked."""

import asyncio
from typing import Literal

from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.errors import NoRespondersError
from nats.js.api import ObjectStoreConfig
from nats.js.errors import NotFoundError, ServiceUnavailableError

from scibus.bus.blobs import BUCKET, KEPT_SECONDS
from scibus.runtime.logs import get_logger

log = get_logger(__name__)

TRIES = 5


class TopologyError(Exception):
    """Something on the server is missing or differs; the message lists what."""


async def prepare_topology(connection: Client, mode: Literal["create", "bind"]) -> None:
    """Make sure of the object store for large answers.

    Without JetStream on the server a worker that may create still answers requests, as long as the answers fit into
    messages; one that binds refuses to start.

    Raises:
        TopologyError: `mode` is `bind` and something is missing or differs.
    """
    js = connection.jetstream(timeout=5)
    for trial in range(1, TRIES + 1):
        try:
            info = await js.stream_info(f"OBJ_{BUCKET}")
            break
        except NotFoundError:
            if mode == "bind":
                raise TopologyError(f"missing on the server: object store {BUCKET} ({KEPT_SECONDS} s)") from None
            await js.create_object_store(BUCKET, config=ObjectStoreConfig(bucket=BUCKET, ttl=KEPT_SECONDS))
            return
        except (NoRespondersError, ServiceUnavailableError):
            if mode == "bind":
                raise TopologyError("the server has no JetStream, and SCIBUS_TOPOLOGY=bind needs it") from None
            log.warning("the server has no JetStream: answers larger than a message will be refused")
            return
        except (NatsError, TimeoutError) as error:
            log.warning("JetStream does not answer yet", trial=trial, error=repr(error))
            await asyncio.sleep(1)
    else:
        raise TopologyError(f"JetStream did not answer in {TRIES} tries")
    if mode == "bind" and info.config.max_age != KEPT_SECONDS:
        raise TopologyError(
            f"differs on the server: object store {BUCKET} keeps blobs for {info.config.max_age} s, "
            f"not {KEPT_SECONDS} s"
        )
