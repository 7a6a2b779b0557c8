"""The figures of a run: medians, ratios to the floor, a table, and a JSON file with the machine."""

import os
import platform
import statistics
import subprocess
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import orjson
from rich.console import Console
from rich.table import Table

from fhir_server.fhir import json

_LIBRARIES = ("fhir-server", "pymongo", "uvicorn", "uvloop", "httptools", "msgspec", "secantusdb")
_MS, _WIDTH, _NOISE = 1000, 120, 0.15


@dataclass(frozen=True, slots=True)
class Cell:
    """One run: `units` done in `seconds`, processor seconds of the process and of the database.

    `kind` is server, floor, or a level; `drift` the seconds the calibration loop took around it,
    and `moved` the slower before or after over the faster; `resources` how many a unit is.
    """

    workload: str
    kind: str
    units: int
    seconds: float
    cpu: float
    database_cpu: float
    p50: float
    p99: float
    drift: float
    resources: float = 1
    moved: float = 1


@dataclass(frozen=True, slots=True)
class Start:
    """One start until ready: seconds, processor seconds, megabytes."""

    kind: str
    seconds: float
    cpu: float
    megabytes: float


def calibration() -> float:
    """Give the seconds a fixed loop takes, the best of three: how fast the machine is just now."""
    return min(_looped() for _ in range(3))


def _looped() -> float:
    began = time.perf_counter()
    total = 0
    for number in range(100_000):
        total += number * number % 7
    return time.perf_counter() - began


def summary(
    cells: Sequence[Cell], starts: Sequence[Start], memory: tuple[float, float], seconds: float
) -> dict[str, Any]:
    """Give all figures of a run as JSON will hold them."""
    names = dict.fromkeys(cell.workload for cell in cells if cell.kind == "server")
    return told() | {
        "seconds": round(seconds, 1),
        "workloads": [_figures(name, cells) for name in names],
        "starts": [asdict(one) for one in starts],
        "megabytes": {"idle": memory[0], "after": memory[1]},
        "cells": [asdict(cell) for cell in cells],
    }


def told() -> dict[str, Any]:
    """Give what every run says of itself: when, which commit, where, with what."""
    folders = ("fhir_server", "mappings", "extensions")
    return {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _output("git", "rev-parse", "HEAD"),
        "changed": bool(_output("git", "status", "--porcelain", *folders)),
        "machine": _machine(),
        "versions": {name: version(name) for name in _LIBRARIES},
    }


def _figures(name: str, cells: Sequence[Cell]) -> dict[str, Any]:
    ours, floor = (
        [one for one in cells if (one.workload, one.kind) == (name, kind)]
        for kind in ("server", "floor")
    )
    pairs = list(zip(ours, floor, strict=True))
    drift = [one.drift for one in (*ours, *floor)]
    return {
        "workload": name,
        "rounds": len(pairs),
        "resources": _median(one.resources for one in floor),
        "per_second": _median(one.units / one.seconds for one in ours),
        "p50_ms": _median(one.p50 * _MS for one in ours),
        "p99_ms": _median(one.p99 * _MS for one in ours),
        "cpu_ms": _median(_cost(one) for one in ours),
        "database_cpu_ms": _median(one.database_cpu / one.units * _MS for one in ours),
        "floor_per_second": _median(one.units / one.seconds for one in floor),
        "floor_cpu_ms": _median(_cost(one) for one in floor),
        "floor_database_cpu_ms": _median(one.database_cpu / one.units * _MS for one in floor),
        "cpu_to_floor": _median(_cost(one) / _cost(other) for one, other in pairs),
        "time_to_floor": _median(
            (one.seconds / one.units) / (other.seconds / other.units) for one, other in pairs
        ),
        "drift": round(max(drift) / min(drift), 2),
    }


def levels(cells: Sequence[Cell]) -> list[dict[str, Any]]:
    """Give the figures of each workload at each level; `ratio` is to the floor of its round."""
    by: dict[tuple[str, str], list[Cell]] = {}
    for cell in cells:
        by.setdefault((cell.workload, cell.kind.partition(",")[0]), []).append(cell)
    return [
        _level(name, level, some, by.get((name, "L0"), [])) for (name, level), some in by.items()
    ]


def _level(name: str, level: str, cells: Sequence[Cell], floor: Sequence[Cell]) -> dict[str, Any]:
    costs = [_cost(one) * _MS for one in cells]
    pairs = zip(cells, floor, strict=False)
    ratios = [_cost(one) / _cost(bare) for one, bare in pairs if bare.cpu]
    return {
        "workload": name,
        "level": level,
        "rounds": len(cells),
        "resources": cells[0].resources,
        "cpu_us": {"min": round(min(costs), 2), "median": round(statistics.median(costs), 2)},
        "ratio": _median(ratios) if ratios else None,
        "database_us": _median(one.database_cpu / one.units * _MS * _MS for one in cells),
        "per_second": _median(one.units / one.seconds for one in cells),
        "most_per_second": round(max(one.units / one.seconds for one in cells), 1),
        "p50_ms": _median(one.p50 * _MS for one in cells),
        "p99_ms": _median(one.p99 * _MS for one in cells),
        "moved": round(max(one.moved for one in cells), 2),
    }


def _cost(cell: Cell) -> float:
    return cell.cpu / cell.units * _MS


def _median(values: Iterable[float]) -> float:
    return round(statistics.median(values), 4)


def _machine() -> dict[str, Any]:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return {
        "processor": models[0] if models else platform.processor(),
        "cores": len(os.sched_getaffinity(0)),
        "system": platform.system() + " " + platform.release(),
        "python": platform.python_version(),
        "load_average": [round(one, 2) for one in os.getloadavg()],
    }


def _output(*command: str) -> str:
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    return told.stdout.strip()


def write(results: dict[str, Any], folder: Path, kind: str = "") -> Path:
    """Write a run's figures to a file of its own, named after its kind and its time."""
    folder.mkdir(exist_ok=True)
    stamp = results["time"].replace(":", "").replace("-", "").partition("+")[0]
    path = folder / f"{kind}{stamp}.json"
    path.write_bytes(json.pretty(json.dump(results)) + b"\n")
    return path


def keep(results: dict[str, Any], file: Path) -> None:
    """Write what of a run the next ones are compared with."""
    ratios = {row["workload"]: row["cpu_to_floor"] for row in results["workloads"]}
    own = {name: results[name] for name in ("time", "commit", "machine")}
    file.write_bytes(json.pretty(json.dump(own | {"cpu_to_floor": ratios})) + b"\n")


def baseline(file: Path) -> dict[str, Any]:
    """Give what was kept of a run, empty where none was."""
    found: dict[str, Any] = orjson.loads(file.read_bytes()) if file.exists() else {}
    return found


def change(row: dict[str, Any], baseline: dict[str, Any]) -> str:
    """Give by how much a row's CPU ÷ floor differs from that of the baseline, coloured."""
    before = baseline.get("cpu_to_floor", {}).get(row["workload"])
    if not before:
        return "new"
    told = row["cpu_to_floor"] / before - 1
    colour = "red" if told > _NOISE else "green" if told < -_NOISE else "dim"
    return f"[{colour}]{told:+.0%}[/]"


def show(results: dict[str, Any], baseline: dict[str, Any]) -> None:
    """Print the table; beside each ratio how it differs from that of the baseline."""
    machine = results["machine"]
    table = Table(
        title=f"{machine['processor']}, {machine['cores']} cores, {results['seconds']} s in all",
        caption="All per request. CPU is the server process alone; the floor has its own. Change: "
        f"of CPU / floor since {baseline.get('time', 'never')}; 15 % is noise.",
    )
    for column in ("workload", "resources", "per s", "p50 ms", "p99 ms", "CPU ms", "floor CPU ms"):
        table.add_column(column, justify="left" if column == "workload" else "right")
    for column in ("CPU / floor", "change", "time / floor", "database CPU ms"):
        table.add_column(column, justify="right")
    for row in results["workloads"]:
        table.add_row(
            row["workload"],
            f"{row['resources']:.0f}",
            f"{row['per_second']:,.0f}",
            f"{row['p50_ms']:.1f}",
            f"{row['p99_ms']:.1f}",
            f"{row['cpu_ms']:.3f}",
            f"{row['floor_cpu_ms']:.3f}",
            f"{row['cpu_to_floor']:.1f}",
            change(row, baseline),
            f"{row['time_to_floor']:.1f}",
            f"{row['database_cpu_ms']:.2f}",
        )
    console = Console(width=max(Console().width, _WIDTH))
    console.print(table)
    for one in results["starts"]:
        console.print(
            f"Start, {one['kind']}: {one['seconds']:.2f} s ({one['cpu']:.2f} s of CPU), "
            f"{one['megabytes']:.0f} MB"
        )
    idle, after = results["megabytes"]["idle"], results["megabytes"]["after"]
    console.print(f"Memory of the worker: {idle:.0f} MB before the load, {after:.0f} MB after.")
