"""`make bench-full`: every workload at every level, the targets and whether they are met.

    python -m benchmarks full [--mongodb-uri URI] [--rounds N] [--soak MINUTES] [--growth]
    python -m benchmarks full --base URL --floor none [--token-file FILE] [--pid PID] [--delete]
    python -m benchmarks full --table    writes the newest run into docs/performance.md

The second measures any other FHIR server with the same requests, see docs/performance.md.
"""

import argparse
import asyncio
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks import (
    extraction,
    gates,
    levels,
    peer,
    report,
    searches,
    server,
    table,
    targets,
    validation,
)
from benchmarks.documented import SEARCHES
from benchmarks.levels import Level, Levels
from benchmarks.measuring import Bench, bench
from benchmarks.rows import MIXED, ROWS, Row, Site
from benchmarks.short import literals, starts
from fhir_server.store import embedded

ROUNDS, SOAK, CITIZENS = 5, 10.0, 40
RESULTS = Path(__file__).parent / "results"
_COLUMNS = (
    TextColumn("{task.description:50}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
)  # fmt: skip

Json = dict[str, Any]


def main(arguments: Sequence[str] = ()) -> None:
    """Run what is asked for, print the tables, write the JSON."""
    asked = _asked(arguments)
    if asked.table:
        table.put(table.newest(RESULTS))
        return
    began = time.perf_counter()
    with bench(steady=not asked.hurry) as measured, Progress(*_COLUMNS) as progress:
        found = (
            peer.measured(asked, measured, progress)
            if asked.base
            else _own(asked, measured, progress)
        )
    results = report.told() | found
    results |= {
        "seconds": round(time.perf_counter() - began, 1),
        "rows": report.levels(measured.cells),
        "thrown": measured.thrown,
        "refused": measured.refused,
        "cells": [asdict(one) for one in measured.cells],
    }
    results["targets"] = targets.judged(results) if not asked.base else []
    report.write(results, RESULTS, "full-" if not asked.base else "peer-")
    table.show(results)


def _asked(arguments: Sequence[str]) -> argparse.Namespace:
    told = argparse.ArgumentParser(prog="python -m benchmarks full", description=__doc__)
    told.formatter_class = argparse.RawDescriptionHelpFormatter
    told.add_argument("--rounds", type=int, default=ROUNDS)
    told.add_argument("--citizens", type=int, default=CITIZENS, help="each has 111 resources")
    told.add_argument("--only", default="", help="workloads whose name has this in it")
    told.add_argument("--share", type=float, default=1.0, help="of the requests of a round")
    told.add_argument("--hurry", action="store_true", help="throw no round away")
    told.add_argument("--soak", type=float, default=SOAK, help="minutes of mixed load at the end")
    told.add_argument("--growth", action="store_true", help="20k against 200k results; long")
    told.add_argument("--mongodb-uri", default="", help="L4: this instead of the embedded database")
    told.add_argument(
        "--database-pid", type=int, default=0, help="whose processor time is told too"
    )
    told.add_argument(
        "--base", default="", help="another FHIR server, such as http://host:8080/fhir"
    )
    told.add_argument("--floor", choices=("none",), help="with --base: there is no floor")
    told.add_argument("--token-file", type=Path, help="with --base: an access token")
    told.add_argument("--pid", type=int, default=0, help="with --base: the server, if it is here")
    told.add_argument("--delete", action="store_true", help="with --base: delete all that was made")
    told.add_argument("--table", action="store_true", help="write docs/performance.md's table")
    return told.parse_args(arguments)


@contextmanager
def _database(asked: argparse.Namespace, folder: Path) -> Iterator[tuple[str, str, int]]:
    """Give the URI of the database, the level it makes, and its pid."""
    if asked.mongodb_uri:
        yield asked.mongodb_uri, "L4", asked.database_pid
        return
    before = server.children()
    with ExitStack() as stack:
        with server.pinned(1):
            uri = stack.enter_context(embedded.running(folder / "mongodb"))
        (pid,) = server.children() - before
        yield uri, "L3", pid


def _own(asked: argparse.Namespace, measured: Bench, progress: Progress) -> Json:
    found: Json = {"growth": [], "starts": [], "validation": []}
    if not asked.only:
        found |= {"extraction": extraction.measured(), "validation": validation.measured()}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fhir-bench-")))
        uri, name, pid = stack.enter_context(_database(asked, folder))
        if not asked.only:
            found["starts"] = [asdict(one) for one in starts(uri, folder)]
        site = Site(citizens=asked.citizens)
        rows = [row for row in ROWS if asked.only in row.name]
        task = progress.add_task("starting and loading", total=None)
        every = stack.enter_context(levels.opened((uri, name, pid), rows, site, measured))
        progress.remove_task(task)
        for one in ("L1", "L2", name):
            literals(every.opened[one].process.address)
        found["plans"] = gates.plans(every.opened[name], rows, strict=name == "L4")
        found["floor"] = targets.parse_floor()
        _rounds(measured, every, rows, asked, progress)
        found["soak"] = _soaked(measured, every.opened[name], asked.soak, progress)
    if asked.growth:
        with tempfile.TemporaryDirectory(prefix="fhir-bench-") as other, ExitStack() as stack:
            uri = asked.mongodb_uri or stack.enter_context(embedded.running(Path(other)))
            figures = asyncio.run(searches.measured(uri, progress))
        bounded = {search.name: search.bounded for search in SEARCHES}
        found["growth"] = [
            {"name": one, "bounded": bounded[one], "small": asdict(small), "large": asdict(large)}
            for one, (small, large) in figures.items()
        ]
    return found


def _rounds(
    measured: Bench,
    every: Levels,
    rows: Sequence[Row],
    asked: argparse.Namespace,
    progress: Progress,
) -> None:
    """Measure each row at all its levels, one after the other, again and again."""
    cells = [(row, name, level) for row in rows for name, level in every.of(row)]
    task = progress.add_task("", total=asked.rounds * len(cells))
    for _ in range(asked.rounds):
        for row, name, level in cells:
            progress.update(task, description=f"{name}: {row.name}")
            share = asked.share / (row.slow if name.startswith("L3") else 1)
            measured.measure(partial(level.workload, row, share=share), level.process)
            progress.advance(task)


def _soaked(measured: Bench, level: Level, minutes: float, progress: Progress) -> Json:
    """Let the mixed load go on, and tell what the worker holds before and after."""
    mixed = next(row for row in ROWS if row.name == MIXED)
    pid = level.process.pid
    told: Json = {"minutes": minutes, "megabytes": [server.resident_megabytes(pid)], "p99_ms": 0.0}
    task = progress.add_task("soak", total=minutes * 60)
    began, requests = time.perf_counter(), 0
    while (spent := time.perf_counter() - began) < minutes * 60:
        progress.update(task, completed=spent)
        for run in measured.once((partial(level.workload, mixed), level.process)):
            requests += run.units
            told["p99_ms"] = max(told["p99_ms"], run.p99 * 1000)
        told["megabytes"].append(server.resident_megabytes(pid))
    told |= {"requests": requests, "load_average": os.getloadavg()[0]}
    return told
