"""Bundles: fullUrls that say what their entries are, documents that hold what they speak of.

https://hl7.org/fhir/R4/bundle.html#references and https://hl7.org/fhir/R4/documents.html#content
"""

from collections.abc import Mapping
from typing import Any

from fhir_server.fhir.reference import parse, references
from fhir_server.validation.findings import Findings, Resource, Visit, error, warning
from fhir_server.validation.uris import is_absolute

_SHORT = 100
# Entries may be new here, and then have no identity yet.
_WITHOUT_URL = ("transaction", "batch", "transaction-response", "batch-response")
_NEW = ("transaction", "batch")
# What R4 says SHALL be in the document: these references of its Composition.
_CARRIED = ("subject", "encounter", "author", "attester", "custodian", "event", "section")
_FOCUS = {"document": "Composition", "message": "MessageHeader"}


def rule(value: Any, visit: Visit) -> Findings | None:
    """Look at a Bundle that has entries."""
    found: Findings = []
    kind = value.get("type", "")
    for index, entry in enumerate(value["entry"]):
        found += _entry(kind, entry, index, visit)
    if kind in _FOCUS:
        found += _whole(value, _FOCUS[kind])
    return found or None


def _entry(kind: str, entry: Resource, index: int, visit: Visit) -> Findings:
    url, resource = entry.get("fullUrl"), entry.get("resource")
    place = f".entry[{index}]"
    if url is None:
        outcome = entry.get("search", {}).get("mode") == "outcome"
        if resource is None or kind in _WITHOUT_URL or outcome:
            return []
        return error("required", f"an entry of a {kind} needs a fullUrl, its identity", place)
    if not is_absolute(url):
        told = f"{url[:_SHORT]!r} is not absolute: write the whole URL"
        return error("value", told, f"{place}.fullUrl")
    parsed = parse(url)
    if resource is None or parsed.type not in visit.definitions.spec.types:
        return []
    identity = resource.get("id", None if kind not in _NEW else parsed.id)
    if (parsed.type, parsed.id) == (resource["resourceType"], identity):
        return []
    own = f"{resource['resourceType']}/{identity or '?'}"
    told = f"the fullUrl {url[:_SHORT]!r} is not that of the resource, {own}"
    return error("invariant", told, f"{place}.fullUrl")


def _whole(bundle: Resource, focus: str) -> Findings:
    """Say what a document does not hold, and which entries nothing in it leads to."""
    entries = bundle["entry"]
    first = entries[0].get("resource", {})
    if first.get("resourceType") != focus:
        return []
    by_url = _by_url(entries)
    found: Findings = []
    edges: dict[int, set[int]] = {index: set() for index in range(len(entries))}
    for index, entry in enumerate(entries):
        for place, text in references(entry.get("resource", {})):
            reached = _reached(by_url, entry.get("fullUrl", ""), text)
            if reached is not None:
                edges[index].add(reached)
                edges[reached].add(index)
            elif index == 0 and focus == "Composition" and _carried(place) and text[:1] != "#":
                told = f"{text[:_SHORT]!r} is not in the document: add an entry with its fullUrl"
                found += error("not-found", told, f".entry[0].resource.{place.partition('.')[2]}")
    say = error if focus == "Composition" else warning
    for index in sorted(edges.keys() - _connected(edges)):
        told = f"no reference leads from the {focus} to this entry or from it back"
        found += say("informational" if say is warning else "invariant", told, f".entry[{index}]")
    return found


def _by_url(entries: list[Resource]) -> Mapping[str, int]:
    """Give the entry of each fullUrl, with and without its version."""
    found: dict[str, int] = {}
    for index, entry in enumerate(entries):
        if url := entry.get("fullUrl"):
            version = entry.get("resource", {}).get("meta", {}).get("versionId")
            found.setdefault(url, index)
            found.setdefault(f"{url}/_history/{version}", index)
    return found


def _reached(by_url: Mapping[str, int], own: str, text: str) -> int | None:
    """Give the entry a reference in the resource at `own` leads to.

    A relative reference is read beside a fullUrl that is RESTful.
    """
    text = text.partition("#")[0]
    if text in by_url:
        return by_url[text]
    base = parse(own)
    if parse(text).kind == "relative" and base.kind == "absolute":
        return by_url.get(f"{base.base}/{text}")
    return None


def _carried(place: str) -> bool:
    return place.split(".")[1].partition("[")[0] in _CARRIED


def _connected(edges: Mapping[int, set[int]]) -> set[int]:
    seen, waiting = {0}, [0]
    while waiting:
        new = edges[waiting.pop()] - seen
        seen |= new
        waiting += new
    return seen
