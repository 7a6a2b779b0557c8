"""References: whether one is well-formed, leads to what it says, and may point there.

https://hl7.org/fhir/R4/references.html
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from fhir_server.fhir.reference import Reference, parse
from fhir_server.spec.spec import Spec
from fhir_server.validation.entries import Entries
from fhir_server.validation.findings import Findings, Resource, Rule, Visit, error

_SHORT = 100
_UUID = 36
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:").match
# What a Bundle's reference may be instead: the search for its target.
# https://hl7.org/fhir/R4/http.html#trules
_SEARCH = re.compile(r"([A-Z][A-Za-z]+)\?").match
_CORE = "http://hl7.org/fhir/StructureDefinition/"


def of(spec: Spec, targets: Sequence[str]) -> Rule:
    """Give the rule of a Reference that may point at these types; () or Resource: at any."""
    allowed = frozenset(targets)
    open_ = not allowed or "Resource" in allowed
    listed = ", ".join(sorted(allowed))
    fitting = frozenset(spec.types if open_ else allowed.intersection(spec.types))

    def fits(parsed: Reference) -> bool:
        """Say at once that nothing is wrong with what most references are."""
        return parsed.type in fitting if parsed.kind == "relative" else parsed.kind == "urn"

    def rule(value: Any, visit: Visit) -> Findings | None:
        text, said = value.get("reference"), value.get("type")
        if said is None and (text is None or (visit.bundle is None and fits(parse(text)))):
            return None
        if said is not None:
            said = said.removeprefix(_CORE)
            if not _is_type(said) or (said not in spec.types and "/" not in value["type"]):
                return error("value", f"{said[:_SHORT]!r} is no resource type", ".type")
        type_ = said or ""
        if text is not None:
            parsed = parse(text)
            if found := _misformed(spec, text, parsed, visit):
                return found
            type_ = _type_of(spec, text, parsed, visit) or type_
            if said and type_ != said:
                told = f"the reference leads to a {type_}, its type says {said}"
                return error("structure", told, ".type")
        if open_ or not type_ or type_ in allowed or type_ not in spec.types:
            return None
        told = f"a {type_} may not be referred to here, but: {listed}"
        return error("structure", told)

    return rule


def contained_in(root: Resource, identity: str) -> Mapping[str, Any] | None:
    """Give the contained resource with this id; the root itself for ''."""
    if not identity:
        return root
    return next((one for one in root.get("contained", ()) if one.get("id") == identity), None)


def _is_type(text: str) -> bool:
    return text.replace("/", "").isascii()


def _misformed(spec: Spec, text: str, parsed: Reference, visit: Visit) -> Findings | None:
    match parsed.kind:
        case "contained":
            if contained_in(visit.root, parsed.id) is None:
                told = f"ref-1: {text[:_SHORT]!r} is not contained in this resource"
                return error("invariant", told, ".reference")
        case "relative":
            if parsed.type not in spec.types:
                told = f"{text[:_SHORT]!r} names no resource type: write Type/id"
                return error("value", told, ".reference")
            if visit.bundle is not None and len(parsed.id) == _UUID:
                return _of_the_entry(parsed, visit.bundle)
        case "other":
            search = _SEARCH(text)
            if not _ABSOLUTE(text) and not (search and search[1] in spec.types):
                told = f"{text[:_SHORT]!r} is no reference: write Type/id, #id or an absolute URL"
                return error("value", told, ".reference")
        case "absolute" | "urn":
            pass
    return None


def _of_the_entry(parsed: Reference, entries: Entries) -> Findings | None:
    """Say where the entry known by the UUID of a relative reference is of another type."""
    found = entries.find(f"urn:uuid:{parsed.id}")
    if found is None or found["resourceType"] == parsed.type:
        return None
    told = f"the entry with this UUID is of type {found['resourceType']}, not {parsed.type}"
    return error("structure", told, ".reference")


def _type_of(spec: Spec, text: str, parsed: Reference, visit: Visit) -> str:
    """Give the type a reference leads to, '' where it does not tell."""
    if parsed.kind == "contained":
        found = contained_in(visit.root, parsed.id)
        return found["resourceType"] if found else ""
    if parsed.kind == "urn" and visit.bundle is not None:
        found = visit.bundle.find(text)
        return found["resourceType"] if found else ""
    if parsed.kind == "other":
        search = _SEARCH(text)
        return search[1] if search else ""
    return parsed.type if parsed.type in spec.types else ""
