"""The inputs of an operation: each one known, of its type, from the URL or the body.

https://hl7.org/fhir/R4/operations.html#request and https://hl7.org/fhir/R4/parameters.html
"""

from collections.abc import Iterator, Mapping
from typing import Any

from fhir_server.fhir.errors import Invalid
from fhir_server.fhir.exchange import FhirRequest
from fhir_server.fhir.reference import target
from fhir_server.interactions.context import Context
from fhir_server.interactions.parameters import GENERAL
from fhir_server.interactions.write import built, resource_of
from fhir_server.validation.primitives import CHECKS

RESOURCE, MANY = "resource", "*"

# (name, value, where it stands in the body)
Given = Iterator[tuple[str, Any, str]]


def inputs(context: Context, request: FhirRequest, known: Mapping[str, str]) -> dict[str, Any]:
    """Give the values by name; `known` maps a name to its property, such as `valueReference`.

    A `*` behind the property: it may be repeated, and its value is a list. A primitive may stand
    in the URL. The property `resource` is a whole resource, not checked here; where one is known,
    a body that is no Parameters is that resource.
    Raises Invalid for an input that is unknown, repeated or of another type, and for a body that
    is no Parameters resource.
    """
    given: dict[str, Any] = {}
    for name, value, where in (*_of_url(request, known), *_of_body(context, request, known)):
        if known[name].endswith(MANY):
            given.setdefault(name, []).append(value)
        elif name in given:
            raise Invalid(f"The parameter {name} stands twice.", expression=where)
        else:
            given[name] = value
    return given


def referred(context: Context, given: Mapping[str, Any], name: str, *types: str) -> str:
    """Give the id the Reference `name` points at; Invalid unless it is one of these types here."""
    text = given.get(name, {}).get("reference", "")
    type_, _, identity = target(text, (context.base_url,)).partition("/")
    if type_ not in types or not identity or "/" in identity:
        raise Invalid(
            f"{name} must be a reference to a {' or '.join(types)} here.", code="required"
        )
    return identity


def _of_url(request: FhirRequest, known: Mapping[str, str]) -> Given:
    for name, text in request.parameters:
        if name not in GENERAL:
            property_ = _property(name, known)
            type_ = property_.removeprefix("value")
            yield name, _primitive(name, type_[:1].lower() + type_[1:], text), ""


def _primitive(name: str, type_: str, text: str) -> Any:
    if type_ not in CHECKS:
        raise Invalid(f"The parameter {name} is no plain value: send it in a Parameters body.")
    value: Any = {"true": True, "false": False}.get(text, text) if type_ == "boolean" else text
    if type_ in ("integer", "positiveInt", "unsignedInt") and _is_integer(text):
        value = int(text)
    if CHECKS[type_](value, {}):
        told = f"The parameter {name} needs a {type_}, not {text[:64]!r}."
        raise Invalid(told, code="value")
    return value


def _is_integer(text: str) -> bool:
    digits = text.removeprefix("-")
    return digits.isascii() and digits.isdigit() and len(digits) <= len(str(2**31))


def _of_body(context: Context, request: FhirRequest, known: Mapping[str, str]) -> Given:
    if request.resource is None and not request.body:
        return
    resource = resource_of(request)
    whole = next((name for name, property_ in known.items() if property_ == RESOURCE), None)
    if whole and resource.get("resourceType") != "Parameters":
        yield whole, resource, ""
        return
    built(context, "Parameters", _without_resources(resource, known))
    for place, one in enumerate(resource.get("parameter", ())):
        name, where = one.get("name", ""), f"Parameters.parameter[{place}]"
        property_ = _property(name, known, where)
        if property_ not in one:
            raise Invalid(f"The parameter {name} needs a {property_}.", expression=where)
        yield name, one[property_], where


def _without_resources(resource: dict[str, Any], known: Mapping[str, str]) -> dict[str, Any]:
    """Give the Parameters without the resources among them that the operation itself looks at."""
    listed = resource.get("parameter")
    if not isinstance(listed, list):
        return resource
    looked_at = {name for name, property_ in known.items() if property_ == RESOURCE}
    return {**resource, "parameter": [_bare(one, looked_at) for one in listed]}


def _bare(one: Any, looked_at: set[str]) -> Any:
    if not isinstance(one, dict) or not isinstance(one.get(RESOURCE), dict):
        return one
    name = one.get("name")
    if not isinstance(name, str) or name not in looked_at:
        return one
    return {name: value for name, value in one.items() if name != RESOURCE}


def _property(name: str, known: Mapping[str, str], where: str = "") -> str:
    if name not in known:
        names = ", ".join(sorted(known)) or "none"
        told = f"The parameter {name[:64]!r} is not known here; known: {names}."
        raise Invalid(told, code="not-supported", expression=where)
    return known[name].removesuffix(MANY)
