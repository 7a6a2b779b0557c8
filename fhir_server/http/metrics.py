"""Prometheus metrics: counts and seconds by interaction and status, never by resource."""

import os
from collections.abc import Mapping
from typing import get_args

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
    multiprocess,
)

from fhir_server.store.jobs import State

STATES = get_args(State)

_requests = Counter("fhir_requests", "Requests answered", ("interaction", "status"))
_seconds = Histogram(
    "fhir_request_seconds",
    "Seconds from the first byte read to the last byte sent",
    ("interaction",),
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
_jobs = Gauge(
    "fhir_jobs",
    "Jobs in the database by state; those that have ended until they are forgotten",
    ("base", "state"),
    # All workers see the same database: whoever looked last is right.
    multiprocess_mode="mostrecent",
)


def observe(interaction: str, status: int, seconds: float) -> None:
    """Count one answer."""
    _requests.labels(interaction, str(status)).inc()
    _seconds.labels(interaction).observe(seconds)


def jobs(base: str, counts: Mapping[str, int]) -> None:
    """Take note of a base's jobs by state."""
    for state in STATES:
        _jobs.labels(base, state).set(counts.get(state, 0))


def exposition() -> tuple[bytes, str]:
    """Give the metrics of all workers and their content type."""
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # it has no types
        return generate_latest(registry), CONTENT_TYPE_LATEST
    return generate_latest(), CONTENT_TYPE_LATEST
