"""The levels a workload is measured at: the same server over less and less of a database.

L0 is a bare ASGI application that sends the answers of L3 again, L1 the server over a repository in
its own process (benchmarks/memory), L2 over a canned database (benchmarks/canned), L3 over the
embedded one, L4 over any other. `x2` are two workers, `secured` is asked with a token.
"""

import os
import pickle
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pymongo
from pymongo.errors import PyMongoError

from benchmarks import hospital, rows, security, server, workloads
from benchmarks.exchange import Address, answered, fetched, line
from benchmarks.measuring import Bench, Process
from benchmarks.rows import Row, Site
from benchmarks.workloads import Workload
from fhir_server.fhir import json
from fhir_server.store.embedded import free_port

_SECURED = {"FHIR_AUTH": "smart", "FHIR_RATE_ADDRESS": "0", "FHIR_RATE_CLIENT": "0"}
# Numbers no measured run has.
_WARM_RUN, _FLOOR_RUN = 5_000, 8_000
_WARM, _STILL, _LONGEST = 0.1, 0.02, 10
# Requests at least: what a profile says is compiled when somebody first claims it.
_WARM_LEAST = 24


@dataclass(slots=True)
class Level:
    """A server that is measured, and as what its requests name it."""

    process: Process
    site: Site
    share: float = 1.0

    def workload(self, row: Row, run: int, share: float = 1.0) -> Workload:
        """Give the requests of a row; of updates each run has the next version."""
        if row.whole:
            made = row.workload(self.site, run)
            self.site.version += 1
            return made
        return row.workload(self.site, run, share * self.share)


@dataclass(slots=True)
class Levels:
    """The servers by name; `database` is the name of the one that has a database."""

    database: str
    opened: dict[str, Level] = field(default_factory=dict)

    def of(self, row: Row) -> list[tuple[str, Level]]:
        """Give the levels a row is measured at, the floor first."""
        kind = ", secured" if row.secured else ""
        asked = [self.database if one == "L3" else one for one in row.levels]
        names = ["L0", *(f"{one}{kind}" for one in asked)]
        names += [f"{one}x2" for one in asked] if row.twice else []
        return [(name, self.opened[name]) for name in names if name in self.opened]


def load(address: Address, site: Site) -> None:
    """Put what the rows ask for; SystemExit where it is not taken."""
    for transaction in rows.data(site):
        fetched(address, transaction)


def version(level: Level) -> int:
    """Give the version that what is updated has."""
    request = level.site.get("Observation/updated-0")
    stored = json.parse_object(fetched(level.process.address, level.site.bearing(request)))
    return int(stored["meta"]["versionId"])


@contextmanager
def opened(
    database: tuple[str, str, int], measured: Sequence[Row], site: Site, bench: Bench
) -> Iterator[Levels]:
    """Start all levels over a database: its URI, the level it makes, its pid or 0."""
    uri, base, database_pid = database
    with ExitStack() as stack:
        levels = Levels(base)
        there = levels.opened
        named = stack.enter_context(_named(uri))

        def served(name: str, at: str, workers: int = 1, **settings: str) -> None:
            with server.pinned(0 if workers == 1 else None):
                settings = {"FHIR_DATABASE": named} | settings
                pid, port, _ = stack.enter_context(server.serving(at, workers, **settings))
            pids = (pid, database_pid if at == uri else 0)
            there[name] = Level(Process(name, Address(port), *pids), Site(citizens=site.citizens))

        served(base, uri)
        load(there[base].process.address, site)
        own = _copied(uri, named)
        token = security.token(uri, own)
        canned = stack.enter_context(_canned(uri))
        served("L2", canned)
        for at, name in ((uri, base), (canned, "L2")):
            served(f"{name}x2", at, 2)
            served(f"{name}, secured", at, 1, FHIR_DATABASE=own, **_SECURED)
            there[f"{name}, secured"].site.token = token
        for workers, name in ((1, "L1"), (2, "L1x2")):
            there[name] = stack.enter_context(_in_memory(name, workers, site))
        for name in ("L1", "L2", base):
            there[name].site.version = version(there[name])
        _warmed(levels, measured, bench)
        # What a warm Bundle has not referred to is learnt too.
        for one in hospital.organizations():
            asked = workloads.get(f"{site.base}/Organization/{one['id']}")
            fetched(there["L2"].process.address, asked)
        with pymongo.MongoClient[dict[str, Any]](canned) as client:
            client.admin.command({"learn": 0})
        there["L0"] = stack.enter_context(_floor(there[base], measured, stack))
        for level in there.values():
            _still(level.process)
        yield levels


@contextmanager
def _named(uri: str) -> Iterator[str]:
    """Give the name of a database of this run, dropped with what belongs to it at the end."""
    name = f"{server.DATABASE}_{os.getpid()}"
    yield name
    with suppress(PyMongoError), pymongo.MongoClient[dict[str, Any]](uri) as client:
        for one in (name, f"{name}_oauth", f"{name}_own", f"{name}_own_oauth"):
            client.drop_database(one)


def _copied(uri: str, name: str) -> str:
    """Copy a database; who is served from the copy seals its events himself, and is counted."""
    own = f"{name}_own"
    with pymongo.MongoClient[dict[str, Any]](uri) as client:
        for one in client[name].list_collection_names():
            rows = [*client[name][one].find()] if one not in ("locks", "writers") else []
            if rows:
                client[own][one].insert_many(rows)
    return own


def _warmed(levels: Levels, measured: Sequence[Row], bench: Bench) -> None:
    """Ask everything of every level once: L2 first, to learn before anything is updated."""
    names = sorted(levels.opened, key=lambda name: not name.startswith("L2"))
    for name in names:
        for number, row in enumerate(measured):
            asked = dict(levels.of(row)).get(name)
            if asked:
                share = max(_WARM, _WARM_LEAST / row.number)
                workload = asked.workload(row, _WARM_RUN + number, share)
                bench.warm(workload, asked.process)


@contextmanager
def _canned(uri: str) -> Iterator[str]:
    port = free_port()
    command = [sys.executable, "-m", "benchmarks.canned", str(port), uri]
    with server.pinned(1), server.running(command, {}, port, None):
        yield f"mongodb://127.0.0.1:{port}/?directConnection=true"


@contextmanager
def _in_memory(name: str, workers: int, site: Site) -> Iterator[Level]:
    settings = {"BENCH_CITIZENS": str(site.citizens), "FHIR_AUTH": "none"}
    with ExitStack() as stack:
        with server.pinned(0 if workers == 1 else None):
            run = server.hosting(
                "benchmarks.memory:application", settings, workers, "/health/ready"
            )
            pid, port = stack.enter_context(run)
        yield Level(Process(name, Address(port), pid), Site(citizens=site.citizens))


@contextmanager
def _floor(level: Level, measured: Sequence[Row], stack: ExitStack) -> Iterator[Level]:
    """Run the application that answers what a level answers."""
    known: dict[str, bytes] = {}
    for number, row in enumerate(measured):
        if not row.secured:
            asked = row.workload(level.site, _FLOOR_RUN + number).requests
            known |= {line(one): one for one in asked}
    address = level.process.address
    answers = {
        name: answered(address, one) for name, one in known.items() if "updated-" not in name
    }
    created = answered(address, next(rows.creates(level.site, 0)))
    answers |= {name: created for name in known if "updated-" in name}
    folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="fhir-bench-"))
    file = Path(folder) / "answers.pickle"
    file.write_bytes(pickle.dumps(answers))
    with server.pinned(0):
        pid, port = stack.enter_context(server.flooring(file))
    yield Level(Process("L0", Address(port), pid), Site(citizens=level.site.citizens), share=2)


def _still(process: Process) -> None:
    """Wait until a process does nothing more of its own."""
    until = time.monotonic() + _LONGEST
    while time.monotonic() < until:
        before = sum(map(server.cpu_seconds, server.tree(process.pid)))
        time.sleep(0.5)
        if sum(map(server.cpu_seconds, server.tree(process.pid))) - before < _STILL:
            return
