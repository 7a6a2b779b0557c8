"""Any other FHIR server, asked the same: it gets data of its own under ids of its own."""

import argparse
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from rich.progress import Progress

from benchmarks import levels, workloads
from benchmarks.exchange import Address, answered, fetched
from benchmarks.levels import Level
from benchmarks.measuring import Bench, Process
from benchmarks.rows import ROWS, TAG, Site
from benchmarks.short import literals
from fhir_server.fhir import json

# What refers to others goes first.
_TYPES = ("Observation", "Encounter", "Patient", "Organization")
_PAGE = 100


def measured(asked: argparse.Namespace, bench: Bench, progress: Progress) -> dict[str, Any]:
    """Load, measure and, where that is asked for, delete; give what was measured."""
    url = urlsplit(asked.base.rstrip("/"))
    tls = url.scheme == "https"
    address = Address(url.port or (443 if tls else 80), url.hostname or "127.0.0.1", tls)
    token = asked.token_file.read_text("utf-8").strip() if asked.token_file else ""
    site = Site(url.path, asked.citizens, token=token)
    level = Level(Process("peer", address, asked.pid), site)
    levels.load(address, site)
    try:
        literals(address, site)
        site.version = levels.version(level)
        _rounds(asked, bench, level, progress)
    finally:
        if asked.delete:
            deleted(address, site)
    return {"base": asked.base}


def _rounds(asked: argparse.Namespace, bench: Bench, level: Level, progress: Progress) -> None:
    chosen = [
        one for one in ROWS if not one.national and not one.secured and asked.only in one.name
    ]
    task = progress.add_task("", total=asked.rounds * len(chosen))
    for _ in range(asked.rounds):
        for row in chosen:
            progress.update(task, description=row.name)
            share = asked.share / row.slow
            bench.measure(partial(level.workload, row, share=share), level.process)
            progress.advance(task)


def deleted(address: Address, site: Site) -> None:
    """Delete everything that has the tag of this run."""
    for type_ in _TYPES:
        while True:
            path = f"{type_}?_tag={TAG}%7C{site.tag}&_count={_PAGE}"
            bundle = json.parse_object(fetched(address, site.bearing(site.get(path))))
            ids = [one["resource"]["id"] for one in bundle.get("entry", ())]
            for id_ in ids:
                answered(address, site.bearing(workloads.delete(f"{site.base}/{type_}/{id_}")))
            if not ids:
                break
