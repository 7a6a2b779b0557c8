"""Closure table: which concepts of a table subsume which others, since a version of it.

https://hl7.org/fhir/R4/conceptmap-operation-closure.html
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fhir_server.fhir.errors import Invalid
from fhir_server.terminology.closure import closure
from fhir_server.terminology.code_system import CodeSystem
from fhir_server.terminology.expand import bare

# Entries told at once.
MAX_ENTRIES = 100_000

# (system with its version, code, version of the table it came with)
Concepts = Sequence[tuple[str, str, int]]


def groups(
    systems: Mapping[str, CodeSystem | None], concepts: Concepts, since: int
) -> Iterator[Mapping[str, Any]]:
    """Yield ConceptMap.group with the entries that are newer than the version `since`.

    An entry says that the target subsumes the code. A code that is not known here is unmatched.
    """
    left = MAX_ENTRIES
    for canonical in dict.fromkeys(system for system, _, _ in concepts):
        added = {code: when for system, code, when in concepts if system == canonical}
        elements = []
        for element in _elements(systems.get(canonical), added, since):
            left -= len(element["target"])
            if left < 0:
                told = f"This closure table has more than {MAX_ENTRIES} new entries; begin others."
                raise Invalid(told, code="too-costly")
            elements.append(element)
        if elements:
            url, _, version = canonical.partition("|")
            named = {"sourceVersion": version, "targetVersion": version} if version else {}
            yield {"source": url, "target": bare(canonical), **named, "element": elements}


def _elements(
    known: CodeSystem | None, added: Mapping[str, int], since: int
) -> Iterator[Mapping[str, Any]]:
    for code, when in added.items():
        if known is None or code not in known.codes:
            if when > since:
                yield {"code": code, "target": [{"equivalence": "unmatched"}]}
            continue
        above = closure(known.parents, code) - {code}
        found = [one for one in added if one in above and max(when, added[one]) > since]
        if found:
            yield {
                "code": code,
                "target": [{"code": one, "equivalence": "subsumes"} for one in found],
            }
