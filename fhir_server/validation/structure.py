"""Structure: whether a resource is built as its definition says.

Unknown elements, cardinality, JSON types, primitive formats, choice elements, required codes.
https://hl7.org/fhir/R4/json.html and https://hl7.org/fhir/R4/validation.html
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, TypeAlias

from fhir_server.fhir.errors import Issue
from fhir_server.spec.spec import Spec
from fhir_server.spec.structures import Element, Key
from fhir_server.validation.elements import (
    Whole,
    accepted,
    companion_of_many,
    companion_of_one,
    many,
    primitive_or_null,
    refused,
)
from fhir_server.validation.fast import accepts
from fhir_server.validation.primitives import CHECKS, ENOUGH, Faults, Rule, coded

# Name of an element → the JSON properties it may appear as.
Alternatives: TypeAlias = list[tuple[str, frozenset[str]]]

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}", re.ASCII)
_OPEN = ("Resource", "DomainResource")
# Attributes and XHTML cannot carry extensions.
_BARE = ("System.String", "xhtml")


def structural_issues(spec: Spec, resource: dict[str, Any], *, limit: int = 100) -> list[Issue]:
    """Give what is wrong with the structure of a resource, at most `limit` issues; [] if nothing.

    Looking ends after about 100, so that a hostile resource costs no more than a good one.
    Each issue is an error with a FHIRPath location: `Patient.contact[0].name.given[1]`.
    """
    faults = None if accepts(spec, resource) else _checks(spec).resource(resource, {})
    if not faults:
        return []
    type_ = resource.get("resourceType")
    root = type_ if isinstance(type_, str) and type_ in spec.types else "Resource"
    return [Issue(code, told, root + place) for place, code, told in faults[:limit]]


@dataclass(frozen=True, slots=True)
class _Checks:
    """The checks of one Spec: those of a type are compiled when it is first met."""

    spec: Spec
    known: dict[str, Whole] = field(default_factory=dict)

    def whole(self, content: str) -> Whole:
        """Give the check of a type, or of an element defined in place."""
        return self.known.get(content) or self.known.setdefault(content, _object(self, content))

    def resource(self, value: Any, _owner: Mapping[str, Any]) -> Faults | None:
        """Check a resource of any type."""
        if type(value) is not dict:
            return [("", "structure", "a resource is expected")]
        type_ = value.get("resourceType")
        if type(type_) is not str or type_ not in self.spec.types:
            return [("", "structure", f"resourceType {str(type_)[:64]!r} is no type known here")]
        return self.whole(type_)(value)

    def contained(self, value: Any, owner: Mapping[str, Any]) -> Faults | None:
        """Check a contained resource, which contains none itself."""
        if type(value) is dict and "contained" in value:
            return [(".contained", "invariant", "dom-2: a contained resource contains no other")]
        return self.resource(value, owner)

    def nested(self, content: str) -> Rule:
        """Give the rule of an object of this content, compiled when first met."""
        known = self.known

        def rule(value: Any, _owner: Mapping[str, Any]) -> Faults | None:
            return (known.get(content) or self.whole(content))(value)

        return rule


@lru_cache(maxsize=16)
def _checks(spec: Spec) -> _Checks:
    return _Checks(spec)


def _object(checks: _Checks, content: str) -> Whole:
    rules = _all_rules(checks, content)
    required, choices = _presence(checks.spec.structures.keys(content))

    def check(value: Any) -> Faults | None:
        if type(value) is not dict:
            return [("", "structure", "an object is expected")]
        faults: Faults = [] if value else [("", "structure", "an object is never empty")]
        for key, inner in value.items():
            place, rule = rules.get(key) or ("", _unknown(content, key))
            if found := rule(inner, value):
                faults += [(place + below, code, told) for below, code, told in found]
                if len(faults) >= ENOUGH:
                    break
        for name, alternatives in required:
            if name not in value and alternatives.isdisjoint(value):
                faults.append((f".{name}", "required", f"{name} is missing"))
        for name, alternatives in choices:
            given = alternatives.intersection(value)
            if len(given) > 1:
                faults += _chosen(name, given)
        return faults or None

    return check


def _all_rules(checks: _Checks, content: str) -> dict[str, tuple[str, Rule]]:
    """Give, by JSON property, the FHIRPath step to it and its rule."""
    rules: dict[str, tuple[str, Rule]] = {}
    for key in checks.spec.structures.keys(content).values():
        for name, rule in _rules(checks, key):
            rules[name] = (f".{key.element.name}", rule)
    if content in checks.spec.types:
        rules["resourceType"] = (".resourceType", accepted)
    return rules


def _unknown(content: str, key: str) -> Rule:
    place = f".{key}" if _NAME.fullmatch(key) else ""
    fault = (place, "structure", f"{content} has no element {key[:64]!r}")
    return lambda _value, _owner: [fault]


def _chosen(name: str, given: frozenset[str]) -> Faults:
    """Refuse `valueString` beside `valueCode`; `_valueString` belongs to `valueString`."""
    if len({key.removeprefix("_") for key in given}) == 1:
        return []
    told = f"one {name}[x] may be given, not {' and '.join(sorted(given))}"
    return [(f".{name}", "structure", told)]


def _presence(keys: Mapping[str, Key]) -> tuple[Alternatives, Alternatives]:
    """Give the required elements and the choice elements."""
    properties: dict[str, set[str]] = {}
    elements: dict[str, Element] = {}
    for key in keys.values():
        properties.setdefault(key.element.name, set()).update((key.key, f"_{key.key}"))
        elements[key.element.name] = key.element
    required = [name for name, element in elements.items() if element.min > 0]
    choices = [name for name, element in elements.items() if element.choice]
    return (
        [(name, frozenset(properties[name])) for name in required],
        [(name, frozenset(properties[name])) for name in choices],
    )


def _rules(checks: _Checks, key: Key) -> Iterator[tuple[str, Rule]]:
    """Give the rules of a JSON property, and of its `_` companion if it is primitive."""
    maximum, companion = key.element.max, f"_{key.key}"
    if maximum == "0":
        yield key.key, refused
        return
    check = _primitive_check(checks.spec, key)
    if check is None:
        one = _complex(checks, key)
        yield key.key, one if maximum == "1" else many(one, maximum)
        return
    element = checks.whole("Element") if key.type not in _BARE else None
    if maximum == "1":
        yield key.key, check
        if element:
            yield companion, companion_of_one(element)
    else:
        yield key.key, many(primitive_or_null(check, companion), maximum)
        if element:
            yield companion, companion_of_many(element, key.key)


def _complex(checks: _Checks, key: Key) -> Rule:
    if key.content in _OPEN:
        return checks.contained if key.element.name == "contained" else checks.resource
    return checks.nested(key.content)


def _primitive_check(spec: Spec, key: Key) -> Rule | None:
    codes = spec.codes(key.element.required) if key.type == "code" else None
    return coded(codes, key.element.required) if codes else CHECKS.get(key.type)
