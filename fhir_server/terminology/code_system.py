"""CodeSystem: the resource → its codes, their texts, properties and hierarchy.

https://hl7.org/fhir/R4/codesystem.html
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

Values = Mapping[str, tuple[str, ...]]
Concept = Mapping[str, Any]

_NOTHING: Values = {}
_PROPERTIES = "http://hl7.org/fhir/concept-properties#"
_ABSTRACT = "notSelectable"
# Properties that are edges, under the names R4 gives them, and whether they lead upwards.
_EDGES = {"parent": True, "subsumedBy": True, "child": False}
# Where the nesting of concepts says nothing about their meaning.
_NO_SUBSUMPTION = frozenset({"grouped-by", "part-of"})
_RETIRED = frozenset({"retired", "inactive"})


@dataclass(frozen=True, slots=True, eq=False)
class CodeSystem:
    """The codes of one system; `codes` has every code, with the values of its properties as text.

    `concepts` are the same codes as the resource has them, `resource` is all else it says.
    `parents` and `children` say, for codes that have some, what they are a kind of and what is a
    kind of them. `abstract` codes are for grouping only. `declared` are the properties the system
    defines; `folded` has the codes by their lower case, where case does not count.
    """

    url: str
    version: str
    content: str
    codes: Mapping[str, Values]
    parents: Mapping[str, Sequence[str]]
    children: Mapping[str, Sequence[str]]
    inactive: frozenset[str]
    declared: frozenset[str]
    abstract: frozenset[str] = frozenset()
    concepts: Mapping[str, Concept] = field(default_factory=dict, repr=False)
    resource: Mapping[str, Any] = field(default_factory=dict, repr=False)
    folded: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def listed(self) -> bool:
        """Say whether the codes are here: all, or the part this server was given."""
        return self.content in {"complete", "fragment", "example"}

    def find(self, code: str) -> str | None:
        """Give a code as the system writes it; None for one that is not here."""
        return code if code in self.codes else self.folded.get(code.casefold())

    def member(self, code: str) -> bool | None:
        """Say whether this is a code of the system; None where not all its codes are here."""
        if self.find(code) is not None:
            return True
        return False if self.content == "complete" else None


def code_system_of(resource: Mapping[str, Any]) -> CodeSystem:
    """Give the CodeSystem of a resource that is well made."""
    edges = _edge_properties(resource)
    nested = resource.get("hierarchyMeaning") not in _NO_SUBSUMPTION
    codes: dict[str, Values] = {}
    concepts: dict[str, Concept] = {}
    upwards: dict[str, dict[str, None]] = {}
    for code, parent, concept in _concepts(resource.get("concept", ())):
        codes[code] = _values(concept)
        concepts[code] = concept
        found = [(code, parent)] if parent and nested else []
        found += [
            (code, value) if edges[name] else (value, code)
            for name, values in codes[code].items()
            if name in edges
            for value in values
        ]
        for lower, upper in found:
            upwards.setdefault(lower, {})[upper] = None
    parents = {
        lower: tuple(upper for upper in uppers if upper in codes and upper != lower)
        for lower, uppers in upwards.items()
        if lower in codes
    }
    used = {name for values in codes.values() for name in values}
    return CodeSystem(
        url=resource.get("url", ""),
        version=resource.get("version", ""),
        content=resource.get("content", ""),
        codes=codes,
        parents=parents,
        children=_turned(parents),
        inactive=frozenset(code for code, values in codes.items() if _is_inactive(values)),
        declared=frozenset(used | {row.get("code", "") for row in resource.get("property", ())}),
        abstract=_abstract(resource, codes),
        concepts=concepts,
        resource={key: value for key, value in resource.items() if key != "concept"},
        folded=_folded(codes) if resource.get("caseSensitive") is False else {},
    )


def _abstract(resource: Mapping[str, Any], codes: Mapping[str, Values]) -> frozenset[str]:
    """Give the codes with the property notSelectable; a system may call it as it likes."""
    names = {
        row.get("code", "")
        for row in resource.get("property", ())
        if row.get("uri") == f"{_PROPERTIES}{_ABSTRACT}"
    } | {_ABSTRACT}
    return frozenset(
        code
        for code, values in codes.items()
        if values and any("true" in values.get(name, ()) for name in names)
    )


def _folded(codes: Iterable[str]) -> Mapping[str, str]:
    return {code.casefold(): code for code in codes}


def _edge_properties(resource: Mapping[str, Any]) -> dict[str, bool]:
    """Give the names of properties that are edges; a system may call them as it likes."""
    named = {
        row["code"]: _EDGES[row["uri"].removeprefix(_PROPERTIES)]
        for row in resource.get("property", ())
        if row.get("uri", "").removeprefix(_PROPERTIES) in _EDGES and "code" in row
    }
    return _EDGES | named


def _concepts(roots: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Give each code, the code it is nested in, and its concept."""
    waiting = [("", concept) for concept in reversed(list(roots))]
    while waiting:
        parent, concept = waiting.pop()
        code = concept.get("code", "")
        if code:
            yield code, parent, concept
        waiting += [(code, inner) for inner in reversed(concept.get("concept", ()))]


def _values(concept: Mapping[str, Any]) -> Values:
    if "property" not in concept:
        return _NOTHING
    found: dict[str, tuple[str, ...]] = {}
    for row in concept["property"]:
        name = row.get("code", "")
        given = [_text(value) for key, value in row.items() if key.startswith("value")]
        found[name] = (*found.get(name, ()), *given)
    return found


def _text(value: Any) -> str:
    """Give a property's value as a filter writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, msgspec.Raw):
        return bytes(value).decode()
    return str(value.get("code", "")) if isinstance(value, dict) else str(value)


def _turned(parents: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for lower, uppers in parents.items():
        for upper in uppers:
            found.setdefault(upper, []).append(lower)
    return {upper: tuple(lowers) for upper, lowers in found.items()}


def _is_inactive(values: Values) -> bool:
    return "true" in values.get("inactive", ()) or not _RETIRED.isdisjoint(values.get("status", ()))
