"""The targets of the whole bench by name, and whether a run met them."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from benchmarks.rows import BUNDLE, CREATE, ENVELOPE, GET, PAGE, ROWS, SECURED, Site

Results = Mapping[str, Any]
_US, _BODY = 1e6, b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Target:
    """What is to be reached: `most` or else at least; `of` gives what a run shows, LookupError."""

    name: str
    text: str
    limit: float
    unit: str
    of: Callable[[Results], float]
    most: bool = True

    def judged(self, results: Results) -> dict[str, Any]:
        """Give target, figure and verdict, as JSON will hold them."""
        try:
            value: float | None = self.of(results)
        except LookupError:
            value, told = None, "not measured"
        else:
            reached = self.limit - (value or 0) if self.most else (value or 0) - self.limit
            told = "met" if reached >= 0 else "not met"
        limit = f"{'≤' if self.most else '≥'} {self.limit:,g} {self.unit}".strip()
        return {"name": self.name, "text": self.text, "limit": limit, "value": value, "met": told}


def _row(results: Results, workload: str, level: str) -> Mapping[str, Any]:
    found = (one for one in results["rows"] if (one["workload"], one["level"]) == (workload, level))
    row: Mapping[str, Any] | None = next(found, None)
    if row is None:
        raise LookupError(workload)
    return row


def _ratio(workload: str, level: str) -> Callable[[Results], float]:
    return lambda results: float(_row(results, workload, level)["ratio"])


def _share(workload: str, level: str) -> Callable[[Results], float]:
    return lambda results: 100 / float(_row(results, workload, level)["ratio"])


def _cpu(workload: str, level: str) -> Callable[[Results], float]:
    return lambda results: float(_row(results, workload, level)["cpu_us"]["median"])


def _to_parsing(results: Results) -> float:
    return _cpu(BUNDLE, "L1")(results) / float(results["floor"]["parse_us"])


def _two_workers(results: Results) -> float:
    return 2 * _cpu(GET, "L1")(results) / _cpu(GET, "L1x2")(results)


def _named(results: Results, part: str, name: str, field: str, key: str = "name") -> Any:
    found = (one[field] for one in results[part] if one[key] == name)
    told = next(found, None)
    if told is None:
        raise LookupError(name)
    return told


def _deep(results: Results) -> float:
    first, last = (_named(results, "growth", f"page {n} by keyset", "large") for n in (1, 500))
    return float(last["p50"]) / float(first["p50"])


def _grown(results: Results) -> float:
    bounded = [one for one in results["growth"] if one["bounded"]]
    if not bounded:
        raise LookupError("growth")
    return float(max(one["large"]["p50"] / one["small"]["p50"] for one in bounded))


TARGETS = (
    Target("T1", f"{GET}, L1", 75, "% of R", _share(GET, "L1"), most=False),
    Target("T2", f"{GET}, L2, 32 at once", 40, "% of R", _share(GET, "L2"), most=False),
    Target("T3", f"{SECURED}, L2", 25, "% of R", _share(SECURED, "L2"), most=False),
    Target("T4", f"{PAGE}, L1", 2.7, "R", _ratio(PAGE, "L1")),
    Target("T4", f"{PAGE}, L2", 9, "R", _ratio(PAGE, "L2")),
    Target("T5", f"{CREATE}, L2, 32 at once", 8, "R", _ratio(CREATE, "L2")),
    Target(
        "T6", "parse + structure", 2.8, "J",
        lambda results: float(_named(results, "validation", "parse + structure", "median")),
    ),
    Target(
        "T7", "search fields of a resource, median", 10, "µs",
        lambda results: float(results["extraction"]["median_us"]),
    ),
    Target("T8", f"{BUNDLE}, L1, each resource", 6.5, "J", _to_parsing),
    Target(
        "T9", f"{BUNDLE}, L2, each resource", 110, "µs",
        lambda results: _cpu(BUNDLE, "L2")(results) / 100,
    ),
    Target(
        "T10", "envelopes a second and core, L1", 500, "",
        lambda results: _US / _cpu(ENVELOPE, "L1")(results), most=False,
    ),
    Target("T12", f"two workers, {GET}, L1, by CPU", 1.8, "times one", _two_workers, most=False),
    Target("T13", "page 500 by next link to page 1", 1.5, "times", _deep),
    Target("T13", "200k to 20k, bounded searches, the worst", 1.3, "times", _grown),
    *(
        Target(
            "T14", f"start, {kind}", limit, "s",
            lambda results, kind=kind: float(_named(results, "starts", kind, "seconds", "kind")),  # type: ignore[misc]  # bound
        )
        for kind, limit in (("cold", 3), ("warm", 1.5))
    ),
    Target(
        "T14", "memory of a worker after the load", 180, "MB",
        lambda results: float(results["soak"]["megabytes"][-1]),
    ),
)  # fmt: skip


def judged(results: Results) -> list[dict[str, Any]]:
    """Give each target with what the run shows and whether that meets it."""
    return [one.judged(results) for one in TARGETS]


def parse_floor() -> dict[str, float]:
    """Give J: the µs `orjson.loads` takes of a Bundle that is sent, the best of many."""
    row = next(one for one in ROWS if one.name == BUNDLE)
    body = next(row.asks(Site(), 0)).partition(_BODY)[2]
    taken = []
    for _ in range(50):
        began = time.perf_counter()
        orjson.loads(body)
        taken.append(time.perf_counter() - began)
    return {"parse_us": min(taken) * _US, "bytes": float(len(body))}
