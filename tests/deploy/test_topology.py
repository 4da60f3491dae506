"""The committed streams and consumers, made as NACK makes them, are those that a worker looks for."""

import asyncio
import re
from typing import Any

import pytest
import yaml

from scibus.bus.stored import api
from scibus.client import connect
from scibus.sandbox import NatsServer
from tests.deploy.manifests import DEPLOY

RESOURCES = list(yaml.safe_load_all((DEPLOY / "topology" / "streams.yaml").read_text(encoding="utf-8")))
STREAMS = [resource["spec"] for resource in RESOURCES if resource["kind"] == "Stream"]
CONSUMERS = [resource["spec"] for resource in RESOURCES if resource["kind"] == "Consumer"]
UNITS = {"h": 3600, "m": 60, "s": 1}
NACKS_OWN = {"preventDelete"}


def nanoseconds(span: str) -> int:
    return sum(int(number) * UNITS[unit] for number, unit in re.findall(r"(\d+)([hms])", span)) * 1_000_000_000


def transforms(source: dict[str, Any]) -> dict[str, Any]:
    subjects = [{"src": it["source"], "dest": it["dest"]} for it in source["subjectTransforms"]]
    return {"name": source["name"], "subject_transforms": subjects}


# What NACK's resources of version v1beta2 call a setting, what the server calls it, and how the one becomes the other.
STREAM = {
    "allowAtomicPublish": ("allow_atomic", bool),
    "allowDirect": ("allow_direct", bool),
    "allowMsgSchedules": ("allow_msg_schedules", bool),
    "allowMsgTtl": ("allow_msg_ttl", bool),
    "allowRollup": ("allow_rollup_hdrs", bool),
    "denyDelete": ("deny_delete", bool),
    "discard": ("discard", str),
    "discardPerSubject": ("discard_new_per_subject", bool),
    "duplicateWindow": ("duplicate_window", nanoseconds),
    "maxAge": ("max_age", nanoseconds),
    "maxBytes": ("max_bytes", int),
    "maxMsgsPerSubject": ("max_msgs_per_subject", int),
    "name": ("name", str),
    "replicas": ("num_replicas", int),
    "republish": ("republish", lambda it: {"src": it["source"], "dest": it["destination"]}),
    "retention": ("retention", str),
    "sources": ("sources", lambda its: [transforms(it) for it in its]),
    "storage": ("storage", str),
    "subjects": ("subjects", list),
}
CONSUMER = {
    "ackPolicy": ("ack_policy", str),
    "ackWait": ("ack_wait", nanoseconds),
    "deliverPolicy": ("deliver_policy", str),
    "durableName": ("durable_name", str),
    "filterSubjects": ("filter_subjects", list),
    "maxAckPending": ("max_ack_pending", int),
    "maxDeliver": ("max_deliver", int),
}


def translated(spec: dict[str, Any], fields: dict[str, Any]) -> dict[str, Any]:
    given = {name: value for name, value in spec.items() if name not in NACKS_OWN | {"streamName"}}
    return {fields[name][0]: fields[name][1](value) for name, value in given.items()}


async def apply(server: NatsServer) -> None:
    async with connect(server.url) as bus:
        for stream in STREAMS:
            await api(bus.connection, f"STREAM.CREATE.{stream['name']}", translated(stream, STREAM))
        for consumer in CONSUMERS:
            stream, name = consumer["streamName"], consumer["durableName"]
            body = {"stream_name": stream, "config": translated(consumer, CONSUMER), "action": "create"}
            await api(bus.connection, f"CONSUMER.CREATE.{stream}.{name}", body)


async def on_server(server: NatsServer) -> dict[str, Any]:
    """The settings of all streams and consumers, by their names."""
    found = {}
    async with connect(server.url) as bus:
        for name in (await api(bus.connection, "STREAM.NAMES", {}))["streams"]:
            found[name] = _settings(await api(bus.connection, f"STREAM.INFO.{name}"))
            for consumer in (await api(bus.connection, f"CONSUMER.NAMES.{name}", {}))["consumers"] or []:
                found[f"{name}.{consumer}"] = _settings(await api(bus.connection, f"CONSUMER.INFO.{name}.{consumer}"))
    return found


def _settings(info: dict[str, Any]) -> dict[str, Any]:
    config = {name: value for name, value in info["config"].items() if name not in ("name", "metadata")}
    return config | {name: sorted(config[name]) for name in ("subjects", "filter_subjects") if name in config}


async def test_the_committed_topology_is_what_workers_make(nats_server, spawn_worker, jsoc, mdb, modos_settings):
    async with NatsServer() as another:
        await apply(another)
        await asyncio.gather(
            spawn_worker("drms", SCIBUS_TOPOLOGY="create", SCIBUS_DRMS_BASE_URL=jsoc.cgi_url),
            spawn_worker("autobahn", SCIBUS_TOPOLOGY="create", **mdb.addresses()["settings"]),
            spawn_worker("modos", SCIBUS_TOPOLOGY="create", **modos_settings),
        )

        assert await on_server(another) == await on_server(nats_server)


async def test_a_worker_binds_to_the_committed_topology_and_does_a_job(nats_server, spawn_worker, jsoc):
    await apply(nats_server)
    await spawn_worker(
        "drms",
        SCIBUS_TOPOLOGY="bind",
        SCIBUS_DRMS_BASE_URL=jsoc.cgi_url,
        SCIBUS_DRMS_DOWNLOAD_URL=jsoc.download_url,
    )

    async with connect(nats_server.url) as bus:
        job = await bus.drms.rs_list.submit(ds="hmi.v_45s[2013.07.03_08:42_TAI/3m]", key=["T_REC"])
        assert len((await job.result()).keywords) == 1


async def test_a_worker_binds_to_the_committed_topology_and_forwards_a_dataset(nats_server, spawn_worker, mdb):
    await apply(nats_server)
    await spawn_worker("autobahn", SCIBUS_TOPOLOGY="bind", **mdb.addresses()["settings"])

    async with connect(nats_server.url) as bus, await bus.autobahn.subscribe("weather", offset="begin") as subscription:
        assert [(await anext(subscription)).sequence for _ in range(100)] == list(range(1, 101))
        await subscription.unsubscribe()


async def test_a_worker_binds_to_the_committed_topology_and_lists_objects(nats_server, spawn_worker, modos_settings):
    await apply(nats_server)
    await spawn_worker("modos", SCIBUS_TOPOLOGY="bind", **modos_settings)

    async with connect(nats_server.url) as bus:
        job = await bus.modos.list.submit()
        assert "s3://modos-demo/ex" in (await job.result()).data


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda it: it["metadata"]["name"])
def test_names_are_names_to_kubernetes(resource):
    assert resource["apiVersion"] == "jetstream.nats.io/v1beta2"
    assert re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,251}[a-z0-9])?", resource["metadata"]["name"])
