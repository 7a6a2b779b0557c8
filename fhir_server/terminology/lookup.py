"""Lookup: what a system says of one of its codes.

https://hl7.org/fhir/R4/codesystem-operation-lookup.html
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from fhir_server.terminology.code_system import CodeSystem, Concept
from fhir_server.terminology.displays import display, speaks

Part = Mapping[str, Any]

_HIERARCHY = frozenset({"parent", "child"})
_LANGUAGE = "lang."


def parts(known: CodeSystem, code: str, wanted: Sequence[str], language: str) -> list[Part]:
    """Give the outputs about a code the system has; `wanted` are properties, none means all."""
    chosen = _chooser(wanted)
    concept, resource = known.concepts[code], known.resource
    native = resource.get("language", "")
    name = resource.get("name") or resource.get("title") or known.url
    found: list[Part] = [{"name": "name", "valueString": name}]
    if known.version:
        found.append({"name": "version", "valueString": known.version})
    found.append({"name": "display", "valueString": display([concept], language, native) or code})
    languages = [one.removeprefix(_LANGUAGE) for one in wanted if one.startswith(_LANGUAGE)]
    if chosen("designation") or languages:
        found += _designations(concept, () if chosen("designation") else languages)
    return found + list(_properties(known, code, chosen, language))


def _chooser(wanted: Sequence[str]) -> Callable[[str], bool]:
    chosen = frozenset(wanted)
    return lambda name: not chosen or name in chosen


def _designations(concept: Concept, languages: Iterable[str]) -> Iterator[Part]:
    asked = list(languages)
    for row in concept.get("designation", ()):
        tag = row.get("language", "")
        if not asked or any(speaks(tag, one) for one in asked):
            told = [{"name": "language", "valueCode": tag}] if tag else []
            if "use" in row:
                told.append({"name": "use", "valueCoding": row["use"]})
            told.append({"name": "value", "valueString": row.get("value", "")})
            yield {"name": "designation", "part": told}


def _properties(
    known: CodeSystem, code: str, chosen: Callable[[str], bool], language: str
) -> Iterator[Part]:
    concept = known.concepts[code]
    if chosen("definition") and concept.get("definition"):
        yield _property("definition", {"valueString": concept["definition"]})
    if chosen("inactive") and code in known.inactive:
        yield _property("inactive", {"valueBoolean": True})
    for name, edges in (("parent", known.parents), ("child", known.children)):
        for other in edges.get(code, ()) if chosen(name) else ():
            told = display([known.concepts[other]], language)
            yield _property(name, {"valueCode": other}, told)
    for row in concept.get("property", ()):
        name = row.get("code", "")
        if chosen(name) and name not in _HIERARCHY | {"inactive"}:
            value = {key: value for key, value in row.items() if key.startswith("value")}
            yield _property(name, value)


def _property(name: str, value: Mapping[str, Any], description: str = "") -> Part:
    told: list[Part] = [{"name": "code", "valueCode": name}]
    if value:
        told.append({"name": "value", **value})
    if description:
        told.append({"name": "description", "valueString": description})
    return {"name": "property", "part": told}
