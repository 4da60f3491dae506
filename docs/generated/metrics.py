"""What a worker counts and measures."""

from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.metrics_core import Metric

from docs.generated.markdown import Lines, code, table
from scibus.runtime.metrics import Metrics


def metrics(_argument: str) -> Lines:
    """A table of a worker's own metrics, with their labels."""
    registry = Metrics()
    labels = {one._name: one._labelnames for one in vars(registry).values() if isinstance(one, MetricWrapperBase)}
    rows = (
        (code(_exposed(metric)), metric.type, ", ".join(map(code, labels[metric.name])), metric.documentation)
        for metric in registry.registry.collect()
        if metric.name in labels
    )
    return table("metric | type | labels | what it is", rows)


def _exposed(metric: Metric) -> str:
    return f"{metric.name}_total" if metric.type == "counter" else metric.name
