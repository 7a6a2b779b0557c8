"""A searchset: links given once, matches that can be read again, outcomes that are outcomes.

https://hl7.org/fhir/R4/bundle.html#searchset
"""

from collections.abc import Iterator, Mapping
from typing import Any

from fhir_server.validation.findings import Finding, Findings, Visit, error

_OUTCOME = "OperationOutcome"


def searchset_findings(bundle: Mapping[str, Any], _visit: Visit) -> Findings | None:
    """Give what is wrong with the links and entries of a Bundle that answers a search."""
    if bundle.get("type") != "searchset":
        return None
    return [*_links(bundle), *_entries(bundle)] or None


def _links(bundle: Mapping[str, Any]) -> Iterator[Finding]:
    seen: set[str] = set()
    for index, link in enumerate(bundle.get("link", ())):
        relation = link.get("relation")
        if relation in seen:
            told = f"the link {relation[:64]!r} is given twice"
            yield from error("duplicate", told, f".link[{index}].relation")
        seen.add(relation)


def _entries(bundle: Mapping[str, Any]) -> Iterator[Finding]:
    for index, entry in enumerate(bundle.get("entry", ())):
        resource, place = entry.get("resource"), f".entry[{index}].resource"
        mode = entry.get("search", {}).get("mode")
        if resource is None or mode is None:
            continue
        if mode == "outcome" and resource["resourceType"] != _OUTCOME:
            yield from error("structure", f"an outcome is an {_OUTCOME}", place)
        elif mode == "match" and "id" not in resource:
            yield from error("required", "a resource that was found has an id", place)
