"""Counts and durations for Prometheus, under TensorFlow Serving's names."""

import collections

from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import Metric

PATH = "/monitoring/prometheus/metrics"

_COUNT = ":tensorflow:serving:request_count"
_LATENCY = ":tensorflow:serving:request_latency"
_RUNTIME = ":tensorflow:serving:runtime_latency"
_MICROSECONDS = tuple(round(10 * 1.8**step) for step in range(1, 27))  # 18 microseconds to 43 s


class Metrics:
    """The counts of one server.

    `request_count` has the labels `model_name` and `status`, `request_latency`, in microseconds,
    `model_name`, `API` and `entrypoint`, `runtime_latency`, of each run of a model for one or more
    requests, `model_name` and `API`. Only names of served models become labels, or a stranger
    could make any number of them.
    """

    def __init__(self):
        self._counts = collections.Counter()
        self._registry = CollectorRegistry()
        self._registry.register(self)
        self._latency = Histogram(
            _LATENCY,
            "Duration of predict requests in microseconds.",
            ("model_name", "API", "entrypoint"),
            buckets=_MICROSECONDS,
            registry=self._registry,
        )
        self._runtime = Histogram(
            _RUNTIME,
            "Duration of runs of a model in microseconds.",
            ("model_name", "API"),
            buckets=_MICROSECONDS,
            registry=self._registry,
        )

    def observe_request(self, model_name, status, seconds):
        """Count one predict request.

        Args:
            model_name: str, of a served model.
            status: str, "OK" or "ERROR".
            seconds: float.
        """
        self._counts[model_name, status] += 1
        self._latency.labels(model_name, "Predict", "REST").observe(1e6 * seconds)

    def observe_run(self, model_name, seconds):
        """Count one run of a model.

        Args:
            model_name: str, of a served model.
            seconds: float.
        """
        self._runtime.labels(model_name, "Predict").observe(1e6 * seconds)

    def collect(self):
        """For `prometheus_client`, whose own counter would append `_total` to the name."""
        metric = Metric(_COUNT, "Number of predict requests.", "unknown")
        for (model_name, status), count in self._counts.items():
            metric.add_sample(_COUNT, {"model_name": model_name, "status": status}, count)
        yield metric

    def text(self):
        """Prometheus' text form, bytes."""
        return generate_latest(self._registry)
