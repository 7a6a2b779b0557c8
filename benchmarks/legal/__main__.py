"""`make bench-legal`: applications and checks at a fixed rate, beside the bare signature check."""

import argparse
import multiprocessing
import os
import statistics
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks import report, server
from benchmarks.legal import open_loop
from benchmarks.legal.certificates import People, people
from benchmarks.legal.open_loop import Answered, Stream
from extensions.judicial_record.proof import keyset, signing
from fhir_server.store import embedded

SUBMISSIONS, VERIFICATIONS, CERTIFICATES, SECONDS = 20.0, 200.0, 50, 60.0
_CHECKS, _WARM = 2000, 3
_MS, _WIDTH = 1000, 120

Json = dict[str, Any]


def main() -> None:
    """Run the load, print the table, write the JSON."""
    asked, began = _asked(), time.perf_counter()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fhir-bench-")))
        uri = stack.enter_context(embedded.running(folder / "mongodb"))
        (database_pid,) = server.children()
        served = server.serving(uri, **_settings(uri, folder))
        pid, port, _ = stack.enter_context(served)
        generator = stack.enter_context(multiprocessing.get_context("spawn").Pool(1))
        office = people(uri, server.DATABASE, port)
        for number in track(range(asked.certificates), "Issuing"):
            office.issue(number)
        floors = floor(office)
        generator.apply(open_loop.run, (port, _streams(office, asked, _WARM, 1_000_000)))
        before, offered = _used(pid, database_pid), time.perf_counter()
        answered = generator.apply(
            open_loop.run, (port, _streams(office, asked, asked.seconds, 2_000_000))
        )
        cpu = {name: used - before[name] for name, used in _used(pid, database_pid).items()}
        took = time.perf_counter() - offered
        floors += floor(office)
        results = report.told() | summary(answered, floors, cpu, took)
        results["megabytes"] = server.resident_megabytes(pid)
    results["elapsed"] = round(time.perf_counter() - began, 1)
    report.write(results, Path(__file__).parents[1] / "results")
    show(results)


def _asked() -> argparse.Namespace:
    told = argparse.ArgumentParser(description=__doc__)
    told.add_argument("--seconds", type=float, default=SECONDS)
    told.add_argument("--certificates", type=int, default=CERTIFICATES)
    told.add_argument("--submissions", type=float, default=SUBMISSIONS, help="a second")
    told.add_argument("--verifications", type=float, default=VERIFICATIONS, help="a second")
    return told.parse_args()


def _settings(uri: str, folder: Path) -> dict[str, str]:
    rates = dict.fromkeys(("FHIR_RATE_ADDRESS", "FHIR_RATE_CLIENT"), "0")
    legal = {"FHIR_LEGAL": "true", "FHIR_LEGAL_FOLDER": str(folder / "legal")}
    return {"FHIR_AUTH": "smart", "FHIR_LEGAL_MONGODB_URI": uri, **legal, **rates}


def _used(pid: int, database_pid: int) -> dict[str, float]:
    return {"server": server.cpu_seconds(pid), "database": server.cpu_seconds(database_pid)}


def _streams(office: People, asked: argparse.Namespace, seconds: float, first: int) -> list[Stream]:
    submitted = office.submissions(first, round(asked.submissions * seconds))
    checked = office.verifications(round(asked.verifications * seconds))
    streams = (
        Stream("Task/$submit", submitted, asked.submissions, b'"resourceType":"Task"'),
        Stream("$verify", checked, asked.verifications, b'"valueBoolean":'),
    )
    return [one for one in streams if one.requests]


def floor(office: People) -> list[float]:
    """Give the seconds of each bare signature check: certificate and keys are in memory."""
    keys, taken = keyset.keyset(office.keys()), []
    for number in range(_CHECKS):
        certificate = office.certificates[number % len(office.certificates)]
        began = time.perf_counter()
        signing.check(certificate, keys)
        taken.append(time.perf_counter() - began)
    return taken


def summary(
    answered: Sequence[Answered],
    floors: Sequence[float],
    cpu: Mapping[str, float],
    seconds: float,
) -> Json:
    """Give the figures of a run of `seconds`, to its last answer, as JSON will hold them."""
    cuts = statistics.quantiles(floors, n=100)
    bare = {"p50_ms": cuts[49] * _MS, "p99_ms": cuts[98] * _MS}
    return {
        "seconds": seconds,
        "streams": [_figures(one, bare) for one in answered],
        "signature_check": bare,
        "cores_used": {name: used / seconds for name, used in cpu.items()},
        "load_average_after": os.getloadavg()[0],
    }


def _figures(one: Answered, bare: Mapping[str, float]) -> Json:
    p50, p99 = (one.percentile(which) * _MS for which in (50, 99))
    return {
        "operation": one.name,
        "offered_per_second": one.offered,
        "requests": one.due,
        "achieved_per_second": one.achieved,
        "p50_ms": p50,
        "p99_ms": p99,
        "longest_ms": max(one.seconds) * _MS,
        "p50_to_floor": p50 / bare["p50_ms"],
        "p99_to_floor": p99 / bare["p99_ms"],
        "statuses": dict(one.statuses),
        "wrong": one.wrong,
        "lost": one.due - len(one.seconds),
    }


def show(results: Json) -> None:
    """Print the table."""
    bare, used = results["signature_check"], results["cores_used"]
    table = Table(
        title=f"{results['machine']['processor']}, {results['seconds']:.0f} s",
        caption=(
            f"Bare signature check: p50 {bare['p50_ms']:.2f} ms, p99 {bare['p99_ms']:.2f} ms. "
            f"Cores: server {used['server']:.2f}, database {used['database']:.2f}."
        ),
    )
    columns = ("operation", "offered/s", "achieved/s", "p50 ms", "p99 ms", "longest ms")
    for column in (*columns, "p99 / bare check", "statuses", "wrong", "lost"):
        table.add_column(column, justify="left" if column == "operation" else "right")
    for row in results["streams"]:
        table.add_row(
            row["operation"],
            f"{row['offered_per_second']:.0f}",
            f"{row['achieved_per_second']:.1f}",
            *(f"{row[name]:.1f}" for name in ("p50_ms", "p99_ms", "longest_ms")),
            f"{row['p99_to_floor']:.0f}",
            ", ".join(f"{status}: {count}" for status, count in row["statuses"].items()),
            str(row["wrong"]),
            str(row["lost"]),
        )
    console = Console(width=max(Console().width, _WIDTH))
    console.print(table)


if __name__ == "__main__":
    main()
