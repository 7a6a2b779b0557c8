"""Listing: the codes of a ValueSet as an expansion tells them: chosen, paged, nested, named.

https://hl7.org/fhir/R4/valueset-operation-expand.html
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fhir_server.fhir.errors import Invalid
from fhir_server.search.fold import fold
from fhir_server.terminology.code_system import CodeSystem, Concept
from fhir_server.terminology.displays import designations, display, speaks, texts
from fhir_server.terminology.expand import Codes

# Inputs of the operation that say how an expansion is wanted, as `operations.inputs` reads them.
PARAMETERS: Mapping[str, str] = {
    "filter": "valueString",
    "offset": "valueInteger",
    "count": "valueInteger",
    "includeDesignations": "valueBoolean",
    "designation": "valueString*",
    "includeDefinition": "valueBoolean",
    "activeOnly": "valueBoolean",
    "excludeNested": "valueBoolean",
    "excludeNotForUI": "valueBoolean",
    "excludePostCoordinated": "valueBoolean",
    "displayLanguage": "valueCode",
    "exclude-system": "valueCanonical*",
    "system-version": "valueCanonical*",
    "check-system-version": "valueCanonical*",
    "force-system-version": "valueCanonical*",
}
# Deeper levels of a hierarchy stand beside the others.
MAX_LEVELS = 30


@dataclass(frozen=True, slots=True)
class Asked:
    """How an expansion is wanted: see the parameters of the operation, by nearly the same names.

    `uses` are designations by language or `system|code` of their use, empty for all; `excluded`
    are systems, with or without a version. `most` is how many codes may be told at once.
    """

    text: str = ""
    offset: int = 0
    count: int | None = None
    designations: bool = False
    uses: Sequence[str] = ()
    language: str = ""
    active_only: bool = False
    nested: bool = False
    selectable_only: bool = False
    excluded: Sequence[str] = ()
    most: int = 10_000


@dataclass(slots=True)
class Row:
    """A code of the expansion: what the ValueSet and the system say of it."""

    system: str
    code: str
    version: str
    known: CodeSystem | None
    concepts: Sequence[Concept]
    inner: "list[Row]" = field(default_factory=list)
    level: int = 1


def listing(
    codes: Codes, systems: Mapping[str, CodeSystem | None], asked: Asked
) -> Mapping[str, Any]:
    """Give the elements `total`, `offset` and `contains` of the expansion.

    `systems` are those of the clauses by their canonical. Raises Invalid (too-costly) for more
    codes than may be told, without `count`.
    """
    found = list(_fitting(_rows(codes, systems), asked))
    told: dict[str, Any] = {"total": len(found)}
    paged = asked.count is not None or asked.offset > 0
    if asked.count is None and len(found) - asked.offset > asked.most:
        raise Invalid(
            f"The ValueSet has {len(found)} codes here, over {asked.most}: ask for a page with "
            "count, or for fewer with filter.",
            code="too-costly",
        )
    if paged:
        count = asked.most if asked.count is None else min(asked.count, asked.most)
        told["offset"] = asked.offset
        found = found[asked.offset : asked.offset + count]
    elif asked.nested:
        found = _nested(found)
    return told | ({"contains": [_told(row, asked) for row in found]} if found else {})


def _rows(codes: Codes, systems: Mapping[str, CodeSystem | None]) -> Iterator[Row]:
    for system, listed in codes.items():
        for code, clause in listed.items():
            known = systems.get(clause.system)
            own = known.concepts.get(code) if known else None
            said = clause.codes.get(code) if clause.codes else None
            _, _, version = clause.system.partition("|")
            concepts = [one for one in (said, own) if one]
            yield Row(system, code, version, known, concepts)


def _fitting(rows: Iterable[Row], asked: Asked) -> Iterator[Row]:
    words = [f" {word}" for word in fold(asked.text).split()]
    for row in rows:
        known = row.known
        if known and asked.active_only and row.code in known.inactive:
            continue
        if known and asked.selectable_only and row.code in known.abstract:
            continue
        if asked.excluded and _excluded(row, asked.excluded):
            continue
        if not asked.text or _said(row, words):
            yield row


def _excluded(row: Row, canonicals: Iterable[str]) -> bool:
    version = row.version or (row.known.version if row.known else "")
    return row.system in canonicals or f"{row.system}|{version}" in canonicals


def _said(row: Row, words: Sequence[str]) -> bool:
    """Say whether each word begins one of those the code is called by, or of the code."""
    said = "".join(f" {fold(text)}" for text in (row.code, *texts(row.concepts)))
    return bool(words) and all(word in said for word in words)


def _nested(rows: Sequence[Row]) -> list[Row]:
    """Give the rows that stand under no other, each with those under it."""
    here = {(row.system, row.code): row for row in rows}
    roots: list[Row] = []
    under: dict[int, list[Row]] = {}
    for row in rows:
        above = _above(row, here)
        (roots if above is None else under.setdefault(id(above), [])).append(row)
    waiting = list(roots)
    while waiting:
        row = waiting.pop()
        inner = under.pop(id(row), [])
        if row.level < MAX_LEVELS:
            row.inner = inner
        else:
            roots += inner
        for one in inner:
            one.level = row.level + 1 if row.inner else 1
        waiting += inner
    # Only codes that are above each other in a circle are left.
    return roots + [row for inner in under.values() for row in inner]


def _above(row: Row, here: Mapping[tuple[str, str], Row]) -> Row | None:
    parents = row.known.parents.get(row.code, ()) if row.known else ()
    return next((here[row.system, one] for one in parents if (row.system, one) in here), None)


def _told(row: Row, asked: Asked) -> dict[str, Any]:
    native = row.known.resource.get("language", "") if row.known else ""
    known = row.known
    told: dict[str, Any] = {"system": row.system}
    if known and row.code in known.abstract:
        told["abstract"] = True
    if known and row.code in known.inactive:
        told["inactive"] = True
    if row.version:
        told["version"] = row.version
    told["code"] = row.code
    if text := display(row.concepts, asked.language, native):
        told["display"] = text
    if asked.designations and (found := list(_wanted(row, asked.uses))):
        told["designation"] = found
    if row.inner:
        told["contains"] = [_told(one, asked) for one in row.inner]
    return told


def _wanted(row: Row, uses: Sequence[str]) -> Iterator[Mapping[str, Any]]:
    for one in designations(row.concepts):
        use, language = one.get("use", {}), one.get("language", "")
        names = {f"{use.get('system', '')}|{use.get('code', '')}", use.get("code")}
        if not uses or any(
            wanted in names or speaks(language, wanted.removeprefix("urn:ietf:bcp:47|"))
            for wanted in uses
        ):
            yield one
