"""Counters of a worker, in Prometheus' form."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.process_collector import ProcessCollector

BUCKETS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)

JOB_BUCKETS = (0.01, 0.1, 1, 5, 15, 60, 300, 900, 3600, 4 * 3600, 24 * 3600)


class Metrics:
    """The metrics of one worker process, in a registry of their own."""

    content_type = CONTENT_TYPE_LATEST

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.requests = Counter(
            "scibus_requests",
            "Requests answered, by outcome: ok or the problem's slug.",
            ["service", "operation", "outcome"],
            registry=self.registry,
        )
        self.request_seconds = Histogram(
            "scibus_request_duration_seconds",
            "Time from the arrival of a request to its answer.",
            ["service", "operation"],
            buckets=BUCKETS,
            registry=self.registry,
        )
        self.in_flight = Gauge(
            "scibus_requests_in_flight", "Requests being handled.", ["service", "operation"], registry=self.registry
        )
        self.jobs = Counter(
            "scibus_jobs",
            "Times a job left this worker, by outcome: its final state, retrying, handed-back, lost and so on.",
            ["service", "operation", "outcome"],
            registry=self.registry,
        )
        self.job_seconds = Histogram(
            "scibus_job_duration_seconds",
            "Time for which this worker held a job.",
            ["service", "operation"],
            buckets=JOB_BUCKETS,
            registry=self.registry,
        )
        self.jobs_held = Gauge(
            "scibus_jobs_held", "Jobs that this worker holds.", ["service", "operation"], registry=self.registry
        )
        self.jobs_waiting = Gauge(
            "scibus_jobs_waiting",
            "Of these, jobs that wait for their turn.",
            ["service", "operation"],
            registry=self.registry,
        )
        self.connected = Gauge("scibus_nats_connected", "1 while NATS is connected.", registry=self.registry)
        self.reconnects = Counter("scibus_nats_reconnects", "Times NATS was reconnected.", registry=self.registry)
        self.backend_calls = Counter(
            "scibus_backend_requests",
            "Calls of the backend, by outcome: ok or the problem's slug.",
            ["backend", "operation", "outcome"],
            registry=self.registry,
        )
        self.backend_seconds = Histogram(
            "scibus_backend_request_duration_seconds",
            "Time of one call of the backend.",
            ["backend", "operation"],
            buckets=BUCKETS,
            registry=self.registry,
        )

    def backend_called(self, backend: str, operation: str, outcome: str, seconds: float) -> None:
        """Count one call of a backend."""
        self.backend_calls.labels(backend, operation, outcome).inc()
        self.backend_seconds.labels(backend, operation).observe(seconds)

    def expose(self) -> bytes:
        """All metrics as a Prometheus page."""
        return generate_latest(self.registry)


class OperationMetrics:
    """The metrics of one operation, with their labels looked up once."""

    def __init__(self, metrics: Metrics, service: str, operation: str) -> None:
        self._requests = metrics.requests
        self._labels = (service, operation)
        self._outcomes: dict[str, Counter] = {}
        self.seconds = metrics.request_seconds.labels(*self._labels)
        self.in_flight = metrics.in_flight.labels(*self._labels)

    def count(self, outcome: str) -> None:
        """Count one answer."""
        counter = self._outcomes.get(outcome)
        if counter is None:
            counter = self._outcomes[outcome] = self._requests.labels(*self._labels, outcome)
        counter.inc()


class JobMetrics:
    """The metrics of one operation's jobs, with their labels looked up once."""

    def __init__(self, metrics: Metrics, service: str, operation: str) -> None:
        self._jobs = metrics.jobs
        self._labels = (service, operation)
        self._outcomes: dict[str, Counter] = {}
        self._seconds = metrics.job_seconds.labels(*self._labels)
        self._held = metrics.jobs_held.labels(*self._labels)
        self._waiting = metrics.jobs_waiting.labels(*self._labels)

    def held(self, held: int, waiting: int) -> None:
        """Tell how many jobs are held, and how many of them wait."""
        self._held.set(held)
        self._waiting.set(waiting)

    def ended(self, outcome: str, seconds: float) -> None:
        """Count one job that left this worker."""
        counter = self._outcomes.get(outcome)
        if counter is None:
            counter = self._outcomes[outcome] = self._jobs.labels(*self._labels, outcome)
        counter.inc()
        self._seconds.observe(seconds)
