"""Packages: FHIR definitions as published → the rows this server keeps of them.

Used by scripts/build_r4.py for HL7's own and by `load` for a guest's folder of JSON.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fhir_server.spec.codes import bare
from fhir_server.spec.structures import Element, Invariant, Structure

_TYPE_URL = "http://hl7.org/fhir/StructureDefinition/"
_STATUS_URL = "http://hl7.org/fhir/StructureDefinition/structuredefinition-standards-status"
_OUTERMOST_URL = "http://hl7.org/fhir/StructureDefinition/elementdefinition-maxValueSet"
_STRENGTHS = ("required", "extensible")
_SYSTEM_STRING = "http://hl7.org/fhirpath/System.String"
# What a differential repeats of Resource, DomainResource and BackboneElement.
_INHERITED_IN_PLACE = frozenset(["id", "extension", "modifierExtension"])
_INHERITED = _INHERITED_IN_PLACE | {"meta", "implicitRules", "language", "text", "contained"}


@dataclass(frozen=True, slots=True)
class ComponentRow:
    """One part of a composite search parameter: another parameter's url, a relative path."""

    definition: str
    expression: str


@dataclass(frozen=True, slots=True)
class ParameterRow:
    """A SearchParameter as defined; `base` are the types it was written for."""

    code: str
    url: str
    type: str
    base: tuple[str, ...]
    expression: str = ""
    target: tuple[str, ...] = ()
    component: tuple[ComponentRow, ...] = field(default_factory=tuple)


def structure_of(definition: Mapping[str, Any]) -> Structure:
    """Give the Structure of a StructureDefinition with derivation `specialization`.

    Raises KeyError or ValueError if it has neither snapshot nor differential.
    """
    view = definition.get("snapshot") or definition.get("differential")
    if not view:
        raise ValueError("neither snapshot nor differential")
    name = definition["type"].rpartition("/")[2]
    elements: dict[str, tuple[Element, ...]] = {}
    invariants: dict[str, tuple[Invariant, ...]] = {}
    for found in view["element"]:
        path = found["path"]
        if own := invariants_of(found, definition["url"]):
            invariants[path.removesuffix("[x]")] = own
        parent = path.rpartition(".")[0]
        if parent and not _is_inherited(found, parent):
            elements[parent] = (*elements.get(parent, ()), element_of(found))
    return Structure(
        name=name,
        kind=definition["kind"],
        url=definition["url"],
        base=definition.get("baseDefinition", "").rpartition("/")[2],
        abstract=definition.get("abstract", False),
        normative=any(
            one.get("url") == _STATUS_URL and one.get("valueCode") == "normative"
            for one in definition.get("extension", ())
        ),
        elements={} if definition["kind"] == "primitive-type" else elements,
        invariants=invariants,
    )


# R4's que-7 writes FHIRPath's own type for FHIR's; R4B says boolean.
_ERRATA = {
    "operator = 'exists' implies (answer is Boolean)": (
        "operator = 'exists' implies (answer is boolean)"
    )
}


def invariants_of(found: Mapping[str, Any], url: str) -> tuple[Invariant, ...]:
    """Give the rules an ElementDefinition of the definition `url` adds; inherited ones name theirs.

    One without an expression cannot be checked here, and is left out.
    """
    return tuple(
        Invariant(
            key=rule["key"],
            expression=_ERRATA.get(rule["expression"], rule["expression"]),
            human=rule.get("human", ""),
            warning=rule.get("severity") == "warning",
        )
        for rule in found.get("constraint", ())
        if rule.get("source", url) == url and "expression" in rule
    )


def _is_inherited(found: Mapping[str, Any], parent: str) -> bool:
    path, name = found["path"], found["path"].rpartition(".")[2]
    if "base" in found:
        return bool(found["base"]["path"] != path)
    return name in (_INHERITED_IN_PLACE if "." in parent else _INHERITED)


def element_of(found: Mapping[str, Any]) -> Element:
    """Give the Element of an ElementDefinition."""
    name = found["path"].rpartition(".")[2]
    binding = found.get("binding", {})
    bound = binding.get("strength") in _STRENGTHS and "valueSet" in binding
    return Element(
        name=name.removesuffix("[x]"),
        types={
            _type_name(type_, found["path"]): tuple(
                target.removeprefix(_TYPE_URL) for target in type_.get("targetProfile", ())
            )
            for type_ in found.get("type", ())
        },
        min=found.get("min", 0),
        max=found.get("max", "1"),
        choice=name.endswith("[x]"),
        content=found.get("contentReference", "").rpartition("#")[2],
        binding=bare(binding["valueSet"]) if bound else "",
        extensible=bound and binding["strength"] == "extensible",
        outermost=_outermost(binding),
        summary=found.get("isSummary", False),
        modifier=found.get("isModifier", False),
    )


def _outermost(binding: Mapping[str, Any]) -> str:
    for one in binding.get("extension", ()):
        if one.get("url") == _OUTERMOST_URL:
            return bare(one.get("valueCanonical") or one.get("valueUri", ""))
    return ""


def _type_name(type_: Mapping[str, Any], path: str) -> str:
    """Name an element's type; ids and urls that XML writes as attributes are `System.String`.

    (R4 gives Resource.id as a System.String too, though it is an element with extensions.)
    """
    if type_["code"] != _SYSTEM_STRING:
        return str(type_["code"])
    return "id" if path == "Resource.id" else "System.String"


def parameter_of(definition: Mapping[str, Any]) -> ParameterRow:
    """Give the row of a SearchParameter; KeyError names what it lacks.

    One without an expression is `special`: the server itself says what it means.
    """
    expression = definition.get("expression", "")
    return ParameterRow(
        code=definition["code"],
        url=definition["url"],
        type=definition["type"] if expression else "special",
        base=tuple(definition["base"]),
        expression=expression,
        target=tuple(definition.get("target", ())),
        component=tuple(
            ComponentRow(part["definition"], part["expression"])
            for part in definition.get("component", ())
        ),
    )


def compartment_of(definition: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Give, by resource type, the parameters a CompartmentDefinition names for it."""
    return {row["code"]: tuple(row["param"]) for row in definition["resource"] if row.get("param")}
