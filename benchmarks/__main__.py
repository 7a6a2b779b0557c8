"""`make bench`: every figure beside a floor measured in the same run, the median of five rounds."""

import multiprocessing
import pickle
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from multiprocessing.pool import Pool
from pathlib import Path
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn

from benchmarks import floor, load, report, security, server, validation, workloads
from benchmarks.report import Cell, Start
from benchmarks.workloads import PAGE, Workload
from fhir_server.fhir import json
from fhir_server.store import embedded

ROUNDS = 5
READS, PAGES, BUNDLES, ENVELOPES = 3000, 200, 12, 40
# Processor time is told in ticks of 10 ms: the floor of a read needs many to be measured.
_OFTEN = 10
_SKIPPED = (b"date", b"server", b"connection", b"transfer-encoding")


@dataclass(slots=True)
class Bench:
    """What the rounds share: the processes, the load generator's process, and the cells so far."""

    uri: str
    port: int
    pid: int
    database_pid: int
    generator: Pool
    cells: list[Cell] = field(default_factory=list)

    def measure(self, workload: Workload, port: int, pid: int, kind: str) -> Cell:
        """Run a workload once against a process; SystemExit where a gate is not passed."""
        drift, before = report.calibration(), self._used(pid)
        told: load.Measured = self.generator.apply(load.run, (port, workload))
        after = self._used(pid)
        if told.wrong:
            raise SystemExit(f"{workload.name}, {kind}: {told.wrong}")
        cell = Cell(
            workload.name,
            kind,
            told.requests,
            told.seconds,
            after[0] - before[0],
            after[1] - before[1],
            told.p50,
            told.p99,
            (drift + report.calibration()) / 2,
            workload.resources,
        )
        self.cells.append(cell)
        return cell

    def insert(self, name: str, after: int, number: int) -> None:
        """Run the insert floor over what was committed after `after`."""
        drift, before = report.calibration(), server.cpu_seconds(self.database_pid)
        told: floor.Inserted = self.generator.apply(
            floor.inserts, (self.uri, server.DATABASE, f"floor_{name.replace(' ', '_')}", after)
        )
        used = server.cpu_seconds(self.database_pid) - before
        drift, each = (drift + report.calibration()) / 2, told.documents / number
        self.cells.append(
            Cell(name, "floor", number, told.seconds, told.cpu, used, 0, 0, drift, each)
        )

    def _used(self, pid: int) -> tuple[float, float]:
        return server.cpu_seconds(pid), server.cpu_seconds(self.database_pid)


def main() -> None:
    """Run the benchmark, print the table, write the JSON."""
    began = time.perf_counter()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fhir-bench-")))
        uri = stack.enter_context(embedded.running(folder / "mongodb"))
        (database_pid,) = server.children()
        starts = [*_starts(uri, folder)]
        pid, port, _ = stack.enter_context(server.serving(uri))
        spawn = multiprocessing.get_context("spawn")
        generator = stack.enter_context(spawn.Pool(1, load.pin, (1,)))
        bench = Bench(uri, port, pid, database_pid, generator)
        _literals(port)
        idle = server.resident_megabytes(pid)
        _rounds(bench, stack, folder)
        memory = (idle, server.resident_megabytes(pid))
    judging = validation.measured()
    results = report.summary(bench.cells, starts, memory, time.perf_counter() - began)
    results["validation"] = judging
    report.write(results, Path(__file__).parent / "results")
    report.show(results)
    validation.show(judging)


def _starts(uri: str, folder: Path) -> Iterator[Start]:
    """Start on an empty database without compiled modules, then on a full one with them."""
    for kind in ("cold", "warm"):
        compiled = str(folder / "pycache")
        with server.serving(uri, PYTHONPYCACHEPREFIX=compiled) as (pid, _, seconds):
            yield Start(kind, seconds, server.cpu_seconds(pid), server.resident_megabytes(pid))


def _rounds(bench: Bench, stack: ExitStack, folder: Path) -> None:
    seed = workloads.bundles(0, 8)
    bench.measure(seed, bench.port, bench.pid, "warm-up")
    reads = _answered(bench.port, _read_paths(bench.port))
    path, chart = workloads.chart()
    bench.measure(chart, bench.port, bench.pid, "warm-up")
    pages = _answered(bench.port, [path])
    answers = folder / "answers.pickle"
    answers.write_bytes(pickle.dumps({**reads, **pages}))
    floor_pid, floor_port = stack.enter_context(server.flooring(answers))
    get = Workload("GET by id", _gets(reads, READS), 32, b'"lastUpdated":', 1)
    name = f"search page of {PAGE}"
    page = Workload(name, _gets(pages, PAGES), 8, b'"fullUrl":', PAGE, PAGE)
    securing, secured = _securing(bench, stack, seed)
    columns = ("Measuring", BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns) as progress:
        for number in progress.track(range(ROUNDS)):
            for one in (get, page):
                bench.measure(one, bench.port, bench.pid, "server")
                often = replace(one, requests=one.requests * _OFTEN)
                bench.measure(often, floor_port, floor_pid, "floor")
            bench.measure(secured, securing[1], securing[0], "server")
            bench.measure(replace(get, name=secured.name), bench.port, bench.pid, "floor")
            _ingest(bench, workloads.bundles(1_000 * (number + 1), BUNDLES))
            _ingest(bench, workloads.envelopes(100_000 + ENVELOPES * number, ENVELOPES))


def _securing(bench: Bench, stack: ExitStack, seed: Workload) -> tuple[tuple[int, int], Workload]:
    """Give pid and port of a server that knows who asks, narrows it and writes it down.

    Its floor is the server that lets everyone do everything and writes nothing down. It has a
    database of its own, so that the seals are counted with it.
    """
    name = f"{server.DATABASE}_secured"
    rates = dict.fromkeys(("FHIR_RATE_ADDRESS", "FHIR_RATE_CLIENT"), "0")
    settings = {"FHIR_AUTH": "smart", "FHIR_DATABASE": name, **rates}
    pid, port, _ = stack.enter_context(server.serving(bench.uri, **settings))
    token = security.token(bench.uri, name)
    written = tuple(workloads.bearing(one, token) for one in seed.requests)
    bench.measure(replace(seed, requests=written), port, pid, "warm-up")
    gets = _gets(_answered(port, _read_paths(port, token), token), READS)
    asked = tuple(workloads.bearing(one, token) for one in gets)
    return (pid, port), Workload("GET by id, secured", asked, 32, b'"lastUpdated":', 1)


def _ingest(bench: Bench, workload: Workload) -> None:
    after = floor.last_commit(bench.uri, server.DATABASE)
    bench.measure(workload, bench.port, bench.pid, "server")
    bench.insert(workload.name, after, len(workload.requests))


def _read_paths(port: int, token: str = "") -> list[str]:
    """Give the paths of resources of several types, from what the warm-up stored."""
    found: list[str] = []
    for type_ in ("Patient", "Encounter", "Condition", "Observation", "MedicationRequest"):
        bundle = json.parse_object(_fetched(port, f"/fhir/{type_}?_count=100", token)[1])
        found += [f"/fhir/{type_}/{one['resource']['id']}" for one in bundle.get("entry", ())]
    return found


def _answered(port: int, paths: list[str], token: str = "") -> dict[bytes, Any]:
    """Give the server's own headers and body for each path: what the floor will answer."""
    answers = {}
    for path in paths:
        headers, body = _fetched(port, path, token)
        name, _, query = path.partition("?")
        kept = [(key, value) for key, value in headers if key.lower() not in _SKIPPED]
        answers[f"{name}?{query}".encode()] = (kept, body)
    return answers


def _fetched(port: int, path: str, token: str = "") -> tuple[list[tuple[bytes, bytes]], bytes]:
    sent = {"Authorization": f"Bearer {token}"} if token else {}
    asked = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers=sent)
    with urllib.request.urlopen(asked) as answer:  # noqa: S310 - our own server's address
        headers = [(key.encode(), value.encode()) for key, value in answer.headers.items()]
        return headers, answer.read()


def _gets(answers: dict[bytes, Any], count: int) -> tuple[bytes, ...]:
    """Give `count` requests that ask for these in turn."""
    paths = [path.decode().rstrip("?") for path in answers]
    return tuple(workloads.get(paths[k % len(paths)]) for k in range(count))


def _literals(port: int) -> None:
    """Put awkward number literals and read them back; SystemExit where a digit is another."""
    path, body, literals = workloads.decimals()
    url = f"http://127.0.0.1:{port}{path}"
    headers = {"Content-Type": "application/fhir+json"}
    put = urllib.request.Request(url, body, headers, method="PUT")
    with urllib.request.urlopen(put):  # noqa: S310 - our own server
        stored = _fetched(port, path)[1]
    lost = [one for one in literals if b'"value":' + one + b"}" not in stored.replace(b" ", b"")]
    if lost:
        raise SystemExit(f"Number literals changed on the way: {lost}")


if __name__ == "__main__":
    main()
