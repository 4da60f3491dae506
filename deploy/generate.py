"""Writes the generated manifests anew: `make manifests`. A test compares them.

From the contracts and `scibus.bus.topology` follow the streams and consumers, as resources of NACK, and what KEDA
looks at, one trigger for each consumer.
"""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml

from scibus.bus.topology import (
    SECOND,
    ConsumerSpec,
    StreamSpec,
    job_consumers,
    job_stream,
    jobs_stream,
    object_store,
    schedule_stream,
    shared_streams,
)
from scibus.contracts.operations import Service
from scibus.contracts.schemas import SERVICES
from scibus.runtime import WorkerSettings

DEPLOY = Path(__file__).parent
ACK_WAIT: float = WorkerSettings.model_fields["ack_wait"].default

STREAM_FIELDS = {
    "allow_atomic": "allowAtomicPublish",
    "allow_direct": "allowDirect",
    "allow_msg_schedules": "allowMsgSchedules",
    "allow_msg_ttl": "allowMsgTtl",
    "allow_rollup_hdrs": "allowRollup",
    "deny_delete": "denyDelete",
    "discard": "discard",
    "discard_new_per_subject": "discardPerSubject",
    "duplicate_window": "duplicateWindow",
    "max_age": "maxAge",
    "max_bytes": "maxBytes",
    "max_msgs_per_subject": "maxMsgsPerSubject",
    "name": "name",
    "num_replicas": "replicas",
    "republish": "republish",
    "retention": "retention",
    "sources": "sources",
    "storage": "storage",
    "subjects": "subjects",
}
CONSUMER_FIELDS = {
    "ack_policy": "ackPolicy",
    "ack_wait": "ackWait",
    "deliver_policy": "deliverPolicy",
    "durable_name": "durableName",
    "filter_subjects": "filterSubjects",
    "max_ack_pending": "maxAckPending",
    "max_deliver": "maxDeliver",
}
SPANS = frozenset({"ack_wait", "duplicate_window", "max_age"})
LAG = "20"
"""Jobs that wait or are held, for each worker: past that there is another one."""


def stream(spec: StreamSpec) -> dict[str, Any]:
    """A Stream resource. Deleting it leaves the stream and all that is in it."""
    config = {STREAM_FIELDS[name]: _value(name, value) for name, value in spec.config().items()}
    return _resource("Stream", spec.name, {**config, "preventDelete": True})


def consumer(spec: ConsumerSpec) -> dict[str, Any]:
    """A Consumer resource."""
    config = {name: value for name, value in spec.config().items() if name != "name"}
    settings = {CONSUMER_FIELDS[name]: _value(name, value) for name, value in config.items()}
    return _resource(
        "Consumer", f"{spec.stream}-{spec.name}", {"streamName": spec.stream, **settings, "preventDelete": True}
    )


def _value(name: str, value: Any) -> Any:
    if name in SPANS:
        seconds = value // SECOND
        return f"{seconds // 3600}h" if seconds % 3600 == 0 else f"{seconds}s"
    if name == "republish":
        return {"source": value["src"], "destination": value["dest"]}
    if name == "sources":
        return [
            {
                "name": source["name"],
                "subjectTransforms": [
                    {"source": transform["src"], "dest": transform["dest"]}
                    for transform in source["subject_transforms"]
                ],
            }
            for source in value
        ]
    return value


def _resource(kind: str, name: str, spec: dict[str, Any]) -> dict[str, Any]:
    metadata = {"name": name.lower().replace("_", "-")}
    return {"apiVersion": "jetstream.nats.io/v1beta2", "kind": kind, "metadata": metadata, "spec": spec}


def topology() -> Iterator[dict[str, Any]]:
    """All that the workers look for when they start with SCIBUS_TOPOLOGY=bind."""
    yield from map(stream, [*shared_streams(), object_store()])
    for service in SERVICES:
        yield stream(schedule_stream(service))
        yield stream(job_stream(service))
        yield from map(consumer, job_consumers(service, ACK_WAIT))


def scaler(service: type[Service]) -> dict[str, Any]:
    """How many workers `service` has: never none, since requests are no lag and nobody would answer them."""
    return {
        "apiVersion": "keda.sh/v1alpha1",
        "kind": "ScaledObject",
        "metadata": {"name": f"{service.service_name}-worker"},
        "spec": {
            "scaleTargetRef": {"name": f"{service.service_name}-worker"},
            "minReplicaCount": 2,
            "maxReplicaCount": 3,
            "pollingInterval": 30,
            "fallback": {"failureThreshold": 4, "replicas": 2},
            "advanced": {
                "horizontalPodAutoscalerConfig": {"behavior": {"scaleDown": {"stabilizationWindowSeconds": 600}}}
            },
            "triggers": [
                {
                    "type": "nats-jetstream",
                    "name": operation.name.replace("_", "-"),
                    "metadata": {
                        "stream": jobs_stream(service.service_name),
                        "consumer": operation.name,
                        "lagThreshold": LAG,
                    },
                    "authenticationRef": {"name": "nats-monitoring"},
                }
                for operation in service.operations()
            ],
        },
    }


def manifests() -> dict[Path, str]:
    """Every generated file and what is in it."""
    return {
        DEPLOY / "topology" / "streams.yaml": _text(topology()),
        DEPLOY / "scaling" / "scalers.yaml": _text(map(scaler, SERVICES)),
    }


class _Indented(yaml.SafeDumper):
    """Lists stand deeper than what they belong to, as in the files that are written by hand."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(resources: Iterable[dict[str, Any]]) -> str:
    body = yaml.dump_all(resources, Dumper=_Indented, sort_keys=False, width=120)
    return f"# Written by deploy/generate.py: `make manifests`.\n---\n{body}"


if __name__ == "__main__":
    for path, text in manifests().items():
        path.write_text(text, encoding="utf-8")
        sys.stdout.write(f"{path.relative_to(DEPLOY.parent)} is up to date\n")
