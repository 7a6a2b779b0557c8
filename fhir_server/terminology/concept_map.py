"""ConceptMap: the resource → which codes of other systems a code is translated to.

https://hl7.org/fhir/R4/conceptmap.html
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Element = Mapping[str, Any]

# An equivalence as seen from the other side; the others read the same both ways.
_TURNED = {
    "wider": "narrower",
    "narrower": "wider",
    "subsumes": "specializes",
    "specializes": "subsumes",
}


@dataclass(frozen=True, slots=True)
class Match:
    """One translation: a code of `system` (`version`), or none where it is said there is none.

    `needed` are values (property, system, value) it depends on, `product` what it comes with.
    """

    equivalence: str
    system: str = ""
    version: str = ""
    code: str = ""
    display: str = ""
    needed: tuple[tuple[str, str, str], ...] = ()
    product: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Translations from one system to another, by code, and what holds for all other codes."""

    source: str
    target: str
    version: str
    elements: Mapping[str, Element]
    unmapped: Mapping[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class ConceptMap:
    """The groups of one map; `source` and `target` are the value sets it is made for."""

    url: str
    version: str
    source: str
    target: str
    groups: tuple[Group, ...]
    resource: Mapping[str, Any] = field(default_factory=dict, repr=False)


def concept_map_of(resource: Mapping[str, Any]) -> ConceptMap:
    """Give the ConceptMap of a resource that is well made."""
    return ConceptMap(
        url=resource.get("url", ""),
        version=resource.get("version", ""),
        source=resource.get("sourceUri") or resource.get("sourceCanonical", ""),
        target=resource.get("targetUri") or resource.get("targetCanonical", ""),
        groups=tuple(map(_group, resource.get("group", ()))),
        resource=resource,
    )


def _group(row: Mapping[str, Any]) -> Group:
    return Group(
        source=row.get("source", ""),
        target=row.get("target", ""),
        version=row.get("targetVersion", ""),
        elements={one["code"]: one for one in row.get("element", ()) if "code" in one},
        unmapped=row.get("unmapped", {}),
    )


def matches(known: ConceptMap, system: str, code: str, target: str = "") -> Iterator[Match]:
    """Give what a code is translated to, in systems that are `target` where it is not empty.

    A match without a code says that there is none. What `unmapped` leaves to another map is a
    match with the equivalence `other-map` and the map's url as its code.
    https://hl7.org/fhir/R4/conceptmap-definitions.html#ConceptMap.group.unmapped
    """
    for group in known.groups:
        if group.source in (system, "") and group.target in (target or group.target, ""):
            element = group.elements.get(code)
            if element is None:
                yield from _unmapped(group, code)
            else:
                yield from (_match(group, row) for row in element.get("target", ()))


def reversed_matches(
    known: ConceptMap, system: str, code: str, target: str = ""
) -> Iterator[Match]:
    """Give what is translated to a code, in systems that are `target` where it is not empty."""
    for group in known.groups:
        if group.target not in (system, "") or group.source not in (target or group.source, ""):
            continue
        for element in group.elements.values():
            for row in element.get("target", ()):
                if row.get("code") == code:
                    told = row.get("equivalence", "")
                    yield Match(
                        _TURNED.get(told, told),
                        group.source,
                        code=element["code"],
                        display=element.get("display", ""),
                        needed=_needed(row.get("product", ())),
                        product=tuple(row.get("dependsOn", ())),
                    )


def _match(group: Group, row: Mapping[str, Any]) -> Match:
    return Match(
        row.get("equivalence", ""),
        group.target,
        group.version,
        row.get("code", ""),
        row.get("display", ""),
        _needed(row.get("dependsOn", ())),
        tuple(row.get("product", ())),
    )


def _needed(rows: Iterable[Mapping[str, Any]]) -> tuple[tuple[str, str, str], ...]:
    return tuple(
        (row.get("property", ""), row.get("system", ""), row.get("value", "")) for row in rows
    )


def _unmapped(group: Group, code: str) -> Iterator[Match]:
    told = group.unmapped
    mode = told.get("mode")
    if mode == "provided":
        yield Match("inexact", group.target, group.version, code)
    elif mode == "fixed":
        display = told.get("display", "")
        yield Match("inexact", group.target, group.version, told.get("code", ""), display)
    elif mode == "other-map":
        yield Match("other-map", code=told.get("url", ""))
