"""Metrics of a worker, in Prometheus' form, named as OpenTelemetry's semantic conventions name them where they do."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.process_collector import ProcessCollector

BUCKETS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 3 * 3600, 24 * 3600)
CALL_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 30, 60, 300)
WENT_WELL = ""
"""`error_type` of what went well: a label that is empty is as good as absent."""


class Metrics:
    """The metrics of one worker process, in a registry of their own."""

    content_type = CONTENT_TYPE_LATEST

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        whose = ["scibus_service", "scibus_operation"]
        self.processed = Histogram(
            "messaging_process_duration_seconds",
            "Time from the arrival of a request to its answer, or for which this worker held a job. error_type: the "
            "problem's slug; of a job that did not succeed, what became of it: failed, cancelled, retrying and so on.",
            ["messaging_system", "messaging_destination_name", *whose, "error_type"],
            buckets=BUCKETS,
            registry=self.registry,
        )
        self.in_flight = Gauge("scibus_requests_in_flight", "Requests being handled.", whose, registry=self.registry)
        self.jobs_held = Gauge("scibus_jobs_held", "Jobs that this worker holds.", whose, registry=self.registry)
        self.jobs_waiting = Gauge(
            "scibus_jobs_waiting", "Of these, jobs that wait for their turn.", whose, registry=self.registry
        )
        self.live_messages = Counter(
            "scibus_live_messages",
            "Messages of live datasets put onto the bus.",
            ["scibus_service", "scibus_subscription"],
            registry=self.registry,
        )
        self.live_lag = Gauge(
            "scibus_live_lag_messages",
            "Messages at the source that this worker has yet to put onto the bus.",
            ["scibus_service", "scibus_subscription"],
            registry=self.registry,
        )
        self.live_failing = Gauge(
            "scibus_live_failing",
            "1 while the source of a subscription that this worker forwards gives nothing.",
            ["scibus_service", "scibus_subscription"],
            registry=self.registry,
        )
        self.connected = Gauge("scibus_nats_connected", "1 while NATS is connected.", registry=self.registry)
        self.reconnects = Counter("scibus_nats_reconnects", "Times NATS was reconnected.", registry=self.registry)
        self.http_calls = Histogram(
            "http_client_request_duration_seconds",
            "Time of one HTTP request to a backend. error_type: a problem's slug, or the name of another exception.",
            ["server_address", "http_request_method", "url_template", "error_type"],
            buckets=CALL_BUCKETS,
            registry=self.registry,
        )

    def expose(self) -> bytes:
        """All metrics as a Prometheus page."""
        return generate_latest(self.registry)


class Processed:
    """How long messages of one subject took, with the labels looked up once.

    Args:
        metrics: of the worker.
        subject: without what differs from message to message.
        service: that the operation belongs to.
        operation: its name.
    """

    def __init__(self, metrics: Metrics, subject: str, service: str, operation: str) -> None:
        self._labels = ("nats", subject, service, operation)
        self._histogram = metrics.processed
        self._by_error: dict[str, Histogram] = {}

    def observe(self, seconds: float, error_type: str = WENT_WELL) -> None:
        """Count one message."""
        found = self._by_error.get(error_type)
        if found is None:
            found = self._by_error[error_type] = self._histogram.labels(*self._labels, error_type)
        found.observe(seconds)
