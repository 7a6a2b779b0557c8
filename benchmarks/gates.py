"""Which index served each search of the whole bench, as the database tells."""

from collections.abc import Sequence

from benchmarks.exchange import fetched
from benchmarks.levels import Level
from benchmarks.rows import Row
from fhir_server.fhir import json

_READS_ALL = "COLLSCAN"


def plans(level: Level, rows: Sequence[Row], *, strict: bool) -> dict[str, list[str]]:
    """Give by workload how its search is answered.

    `strict`: SystemExit where one reads a whole type. The embedded database does so where MongoDB,
    by its documentation, does not: docs/search-performance.md names these searches.
    """
    told = {row.name: _told(level, row) for row in rows if row.searches}
    scans = [name for name, lines in told.items() if any(_READS_ALL in one for one in lines)]
    untold = [name for name, lines in told.items() if not lines]
    if untold or (strict and scans):
        raise SystemExit(f"No index serves {scans}; no plan is told of {untold}.")
    return told


def _told(level: Level, row: Row) -> list[str]:
    request = next(row.asks(level.site, 0)).replace(b" HTTP/1.1", b"&__explain=true HTTP/1.1", 1)
    bundle = json.parse_object(fetched(level.process.address, level.site.bearing(request)))
    return [
        issue["diagnostics"]
        for entry in bundle.get("entry", ())
        if entry["resource"]["resourceType"] == "OperationOutcome"
        for issue in entry["resource"]["issue"]
    ]
