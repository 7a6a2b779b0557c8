"""`make bench`: every figure beside a floor measured in the same run, the median of five rounds.

Beside each stands how it differs from the run of `baseline.json`, which `--keep` writes. A bench
tells; it fails only where an answer is wrong.
"""

import argparse
import pickle
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn

from benchmarks import floor, report, security, server, validation, workloads
from benchmarks.exchange import Address, answered, fetched, line
from benchmarks.measuring import Bench, Process, bench
from benchmarks.report import Cell, Start
from benchmarks.rows import Site
from benchmarks.workloads import PAGE, Workload
from fhir_server.fhir import json
from fhir_server.store import embedded

ROUNDS = 5
READS, PAGES, CREATES, BUNDLES, ENVELOPES = 3000, 200, 200, 8, 24
# The floor answers so many requests a round, to be measured well.
OFTEN = 20_000
BASELINE = Path(__file__).with_name("baseline.json")
_TYPES = ("Patient", "Encounter", "Condition", "Observation", "MedicationRequest")


def main(arguments: Sequence[str] = ()) -> None:
    """Run the benchmark, print the table, write the JSON."""
    asked, began = _asked(arguments), time.perf_counter()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fhir-bench-")))
        with server.pinned(1):
            uri = stack.enter_context(embedded.running(folder / "mongodb"))
        (database_pid,) = server.children()
        began_at = [*starts(uri, folder)]
        with server.pinned(0):
            pid, port, _ = stack.enter_context(server.serving(uri))
        measured = stack.enter_context(bench())
        ours = Process("server", Address(port), pid, database_pid)
        literals(ours.address)
        idle = server.resident_megabytes(pid)
        _rounds(measured, ours, uri, stack, folder, rounds=asked.rounds)
        memory = (idle, server.resident_megabytes(pid))
    judging = validation.measured()
    results = report.summary(measured.cells, began_at, memory, time.perf_counter() - began)
    results |= {"validation": judging, "refused": measured.refused}
    report.write(results, Path(__file__).parent / "results")
    report.show(results, report.baseline(BASELINE))
    validation.show(judging)
    if asked.keep:
        report.keep(results, BASELINE)


def _asked(arguments: Sequence[str]) -> argparse.Namespace:
    told = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    told.add_argument("--rounds", type=int, default=ROUNDS)
    told.add_argument("--keep", action="store_true", help="compare later runs with this one")
    return told.parse_args(arguments)


def starts(uri: str, folder: Path) -> Iterator[Start]:
    """Start without compiled modules, then as installed: on an empty database, on a full one."""
    compiled = str(folder / "pycache")
    kinds = (("uncompiled", "uncompiled"), ("cold", server.DATABASE), ("warm", server.DATABASE))
    for kind, database in kinds:
        more = {"PYTHONPYCACHEPREFIX": compiled, "FHIR_DATABASE": database}
        with server.serving(uri, **more) as (pid, _, seconds):
            yield Start(kind, seconds, server.cpu_seconds(pid), server.resident_megabytes(pid))


def _rounds(
    measured: Bench, ours: Process, uri: str, stack: ExitStack, folder: Path, *, rounds: int
) -> None:
    seed = workloads.bundles(0, 8)
    measured.warm(seed, ours)
    path, chart = workloads.chart()
    measured.warm(chart, ours)
    get = Workload("GET by id", _gets(_paths(ours.address), READS), 32, b'"lastUpdated":', 1)
    name = f"search page of {PAGE}"
    page = Workload(name, _gets([path], PAGES), 8, b'"fullUrl":', PAGE, PAGE)
    create = workloads.creates(CREATES)
    bare = _floor([get, page, create], ours.address, stack, folder)
    securing, secured = _securing(measured, ours, uri, stack, seed)
    plain = replace(ours, kind="floor")
    columns = ("Measuring", BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns) as progress:
        for number in progress.track(range(rounds)):
            for one in (get, page, create):
                measured.measure(one, ours)
                often = replace(one, requests=one.requests * (OFTEN // len(one.requests)))
                measured.measure(often, bare)
            beside = replace(get, name=secured.name)
            measured.in_turn((secured, securing), (beside, plain))
            for ingest in (
                workloads.bundles(1_000 * (number + 1), BUNDLES),
                workloads.envelopes(100_000 + ENVELOPES * number, ENVELOPES),
            ):
                _ingest(measured, ours, uri, ingest)


def _floor(asked: Iterable[Workload], address: Address, stack: ExitStack, folder: Path) -> Process:
    """Run the application that answers what the server answers; give its process."""
    known = {line(one): one for workload in asked for one in workload.requests}
    answers = {target: answered(address, one) for target, one in known.items()}
    file = folder / "answers.pickle"
    file.write_bytes(pickle.dumps(answers))
    with server.pinned(0):
        pid, port = stack.enter_context(server.flooring(file))
    return Process("floor", Address(port), pid)


def _securing(
    measured: Bench, ours: Process, uri: str, stack: ExitStack, seed: Workload
) -> tuple[Process, Workload]:
    """Give a server that knows who asks, narrows it and writes it down, and what it is asked.

    Its floor is the server that lets everyone do everything and writes nothing down, asked in turn
    with it by the same clients: by itself the floor is asked four times as often, because its
    database has no event to keep, and then shares among more requests what it asks and what it does
    each second anyway. It has a database of its own, so that the seals are counted with it.
    """
    name = f"{server.DATABASE}_secured"
    rates = dict.fromkeys(("FHIR_RATE_ADDRESS", "FHIR_RATE_CLIENT"), "0")
    settings = {"FHIR_AUTH": "smart", "FHIR_DATABASE": name, **rates}
    with server.pinned(0):
        pid, port, _ = stack.enter_context(server.serving(uri, **settings))
    process = Process("server", Address(port), pid, ours.database_pid)
    token = security.token(uri, name)
    written = tuple(workloads.bearing(one, token) for one in seed.requests)
    measured.warm(replace(seed, requests=written), process)
    gets = _gets(_paths(process.address, token), READS)
    asked = tuple(workloads.bearing(one, token) for one in gets)
    return process, Workload("GET by id, secured", asked, 32, b'"lastUpdated":', 1)


def _ingest(measured: Bench, ours: Process, uri: str, workload: Workload) -> None:
    """Run a workload, then the insert floor over what that committed."""
    after = floor.last_commit(uri, server.DATABASE)
    measured.measure(workload, ours)
    speed, before = report.calibration(), server.cpu_seconds(ours.database_pid)
    name, number = f"floor_{workload.name.replace(' ', '_')}", len(workload.requests)
    told: floor.Inserted = measured.generator.apply(
        floor.inserts, (uri, server.DATABASE, name, after)
    )
    used = server.cpu_seconds(ours.database_pid) - before
    speed, each = (speed + report.calibration()) / 2, told.documents / number
    measured.cells.append(
        Cell(workload.name, "floor", number, told.seconds, told.cpu, used, 0, 0, speed, each)
    )


def _paths(address: Address, token: str = "") -> list[str]:
    """Give the paths of resources of several types, from what the warm-up stored."""
    found: list[str] = []
    for type_ in _TYPES:
        request = workloads.get(f"/fhir/{type_}?_count=100")
        request = workloads.bearing(request, token) if token else request
        bundle = json.parse_object(fetched(address, request))
        found += [f"/fhir/{type_}/{one['resource']['id']}" for one in bundle.get("entry", ())]
    return found


def _gets(paths: Sequence[str], count: int) -> tuple[bytes, ...]:
    """Give `count` requests that ask for these in turn."""
    return tuple(workloads.get(paths[k % len(paths)]) for k in range(count))


def literals(address: Address, site: Site | None = None) -> None:
    """Put awkward number literals and read them back; SystemExit where a digit is another."""
    site = site or Site()
    path, body, sent = workloads.decimals(site.base)
    fetched(address, site.bearing(workloads.put(path, body)))
    stored = fetched(address, site.bearing(workloads.get(path))).replace(b" ", b"")
    lost = [one for one in sent if b'"value":' + one + b"}" not in stored]
    if lost:
        raise SystemExit(f"Number literals changed on the way: {lost}")
