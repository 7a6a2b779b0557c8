"""`python -m benchmarks.validation`: what judging a resource costs beside reading its JSON at all.

Part of `make bench`. The floor is `orjson.loads` of the same bytes, measured in turn with the rest.
"""

import statistics
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import orjson
from rich.console import Console
from rich.progress import track
from rich.table import Table

from fhir_server.fhir import json
from fhir_server.fhir.errors import Invalid
from fhir_server.interactions.judging import definitions as known_to
from fhir_server.main import definitions
from fhir_server.spec.spec import Spec, load
from fhir_server.validation import fast
from fhir_server.validation.questions import Questions
from fhir_server.validation.structure import structural_issues
from fhir_server.validation.validator import Definitions, rule_issues
from mappings.decision_4750.bundle import to_bundle
from mappings.decision_4750.visit import Visit, read
from mappings.plugin import plugin
from mappings.synthetic.envelope import envelope
from mappings.synthetic.plan import plan
from mappings.terms.identifiers import HL7_VIETNAM

Judge: TypeAlias = Callable[[str, bytes], object]

# All official examples where `make conformance` has brought them, else those of the repository.
FOLDERS = (Path(".cache/r4-examples/package"), Path("tests/conformance/r4_examples"))
SAMPLE, ROUNDS, LARGEST = 1_000, 7, 200_000
# Citizens of the synthetic hospital, and how many of what they leave there is judged.
SEED, CITIZENS, VISITED = 4750, 8, 400
EXAMPLES = Path("mappings/decision_4750/examples")
# Profiles that come with R4, by the type they are of: most examples are of the first two.
_PROFILE = "http://hl7.org/fhir/StructureDefinition/"
_PROFILES = {
    "ValueSet": "shareablevalueset",
    "CodeSystem": "shareablecodesystem",
    "Observation": "vitalsigns",
    "DiagnosticReport": "lipidprofile",
    "Composition": "clinicaldocument",
    "ServiceRequest": "servicerequest-genetics",
}


@dataclass(slots=True)
class Row:
    """A way to judge a resource, of some types if they are named; what it took, floor = 1."""

    name: str
    target: float | None
    judge: Judge
    types: Collection[str] = ()
    ratios: list[float] = field(default_factory=list)


def measured() -> list[dict[str, Any]]:
    """Give the median and the 90th percentile of each row: official examples, then a hospital."""
    spec = load()
    rows = [*_rows(spec)]
    for type_, body in track([*examples(spec)], "Judging examples"):
        _measure(rows, type_, body)
    vietnam = known_to(definitions([plugin(HL7_VIETNAM.base)]))
    own = Row("a hospital's visit, its own profiles", 44, partial(_claimed, vietnam))
    for type_, body in track([*_of_visits()], "Judging visits"):
        _measure([own], type_, body)
    return [_figures(row) for row in (*rows, own)]


def _rows(spec: Spec) -> Iterator[Row]:
    yield Row("parse", None, lambda _, body: json.parse(body))
    yield Row("parse + structure", 2.8, partial(_structure, spec))
    definitions = Definitions(spec)
    yield Row("parse + structure + base rules", 14, partial(_rules, definitions))
    yield Row("the same + one profile", 44, partial(_profile, definitions), _PROFILES)


def _structure(spec: Spec, type_: str, body: bytes) -> dict[str, Any]:
    """Do what a create does: in one pass, or by the table where that has no yes."""
    found = fast.parsed(spec, type_, body)
    if found is None:
        found = json.parse_object(body)
        structural_issues(spec, found)
    return found


def _rules(definitions: Definitions, type_: str, body: bytes) -> None:
    """Go on to the rules; what only a store or another server knows stays open."""
    resource = _structure(definitions.spec, type_, body)
    rule_issues(definitions, resource, [], Questions(), None)


def _profile(definitions: Definitions, type_: str, body: bytes) -> None:
    """Go on to a profile of R4's own, and those the example claims."""
    resource = _structure(definitions.spec, type_, body)
    rule_issues(definitions, resource, [_PROFILE + _PROFILES[type_]], Questions())


def _claimed(definitions: Definitions, type_: str, body: bytes) -> None:
    """Go on to the profiles a resource claims and the extensions it has."""
    resource = _structure(definitions.spec, type_, body)
    rule_issues(definitions, resource, [], Questions())


def _measure(rows: Sequence[Row], type_: str, body: bytes) -> None:
    """Take each row's best of a few rounds, in turn with the floor's."""
    rows = [row for row in rows if not row.types or type_ in row.types]
    best = dict.fromkeys(range(len(rows) + 1), float("inf"))
    judges: list[Judge] = [lambda _, text: orjson.loads(text), *(row.judge for row in rows)]
    for _ in range(ROUNDS):
        for number, judge in enumerate(judges):
            began = time.perf_counter()
            judge(type_, body)
            best[number] = min(best[number], time.perf_counter() - began)
    for number, row in enumerate(rows, 1):
        row.ratios.append(best[number] / best[0])


def examples(spec: Spec) -> Iterator[tuple[str, bytes]]:
    """Yield type and bytes of examples evenly from the whole list."""
    folder = next(one for one in FOLDERS if one.exists())
    files = sorted(folder.glob("*.json"))
    for file in files[:: max(1, len(files) // SAMPLE)]:
        body = file.read_bytes()
        if len(body) <= LARGEST:
            try:
                type_ = json.parse_object(body).get("resourceType")
            except Invalid:
                continue
            if isinstance(type_, str) and type_ in spec.types:
                yield type_, body


def _of_visits() -> Iterator[tuple[str, bytes]]:
    """Yield type and bytes of what the mapping writes, evenly from golden and synthetic visits."""
    files = [file.read_bytes() for file in sorted(EXAMPLES.glob("*/envelope.xml"))]
    for number in range(CITIZENS):
        citizen = plan(SEED, number)
        files += [envelope(citizen, visit) for visit in citizen.visits]
    found = [
        entry["resource"]
        for file in files
        for visit in read(file)
        if isinstance(visit, Visit)
        for entry in to_bundle(visit)["entry"]
    ]
    for resource in found[:: max(1, len(found) // VISITED)]:
        yield resource["resourceType"], json.dump(resource)


def _figures(row: Row) -> dict[str, Any]:
    tenths = statistics.quantiles(row.ratios, n=10)
    return {
        "name": row.name,
        "examples": len(row.ratios),
        "median": round(statistics.median(row.ratios), 2),
        "p90": round(tenths[-1], 2),
        "target": row.target,
    }


def show(figures: Sequence[dict[str, Any]]) -> None:
    """Print the table."""
    table = Table(title="Times orjson.loads of the same bytes, resource by resource")
    for column in ("", "resources", "median", "90 %", "target"):
        table.add_column(column, justify="right" if column else "left")
    for row in figures:
        target = f"≤ {row['target']}" if row["target"] else ""
        table.add_row(
            row["name"], str(row["examples"]), f"{row['median']:.1f}", f"{row['p90']:.1f}", target
        )
    Console().print(table)


if __name__ == "__main__":
    show(measured())
