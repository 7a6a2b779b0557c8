"""Prometheus metrics: counts and seconds by interaction and status, never by resource."""

import os
from collections.abc import Mapping, Sequence
from functools import cache
from typing import get_args

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
    multiprocess,
    values,
)

from fhir_server.http.turns import Turns
from fhir_server.store.jobs import State

STATES = get_args(State)

# One of several workers counts on in the files of whoever had its place before: there are never
# more of them than places, however often workers are replaced.
if place := os.environ.get("WORKER_PLACE"):
    values.ValueClass = values.MultiProcessValue(lambda: place)  # type: ignore[no-untyped-call]  # it has no types

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
_overdue = Gauge(
    "fhir_overdue_tasks",
    "Tasks that are not over and past the end of their term",
    ("base",),
    multiprocess_mode="mostrecent",
)
_dead = Gauge(
    "fhir_outbox_dead",
    "Messages to clients that are no longer tried: they wait for a person",
    ("base",),
    multiprocess_mode="mostrecent",
)


def observe(interaction: str, status: int, seconds: float) -> None:
    """Count one answer."""
    _answers.add((interaction, status, seconds))


def _count(answers: Sequence[tuple[str, int, float]]) -> None:
    for interaction, status, seconds in answers:
        answered, took = _kept(interaction, status)
        answered.inc()
        took.observe(seconds)


_answers = Turns(_count)


@cache
def _kept(interaction: str, status: int) -> tuple[Counter, Histogram]:
    """Give what counts the answers of one kind: finding it costs more than counting."""
    return _requests.labels(interaction, str(status)), _seconds.labels(interaction)


def jobs(base: str, counts: Mapping[str, int]) -> None:
    """Take note of a base's jobs by state."""
    for state in STATES:
        _jobs.labels(base, state).set(counts.get(state, 0))


def overdue(base: str, count: int) -> None:
    """Take note of how many of a base's Tasks are late."""
    _overdue.labels(base).set(count)


def dead(base: str, count: int) -> None:
    """Take note of how many of a base's messages to clients are no longer tried."""
    _dead.labels(base).set(count)


def exposition() -> tuple[bytes, str]:
    """Give the metrics of all workers and their content type."""
    _answers.end()
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # it has no types
        return generate_latest(registry), CONTENT_TYPE_LATEST
    return generate_latest(), CONTENT_TYPE_LATEST
