"""The input Parameters of an operation: each one known, given once, of the type it must have.

https://hl7.org/fhir/R4/parameters.html
"""

from collections.abc import Mapping
from typing import Any

from fhir_server.fhir.errors import Invalid
from fhir_server.fhir.exchange import FhirRequest
from fhir_server.fhir.reference import target
from fhir_server.interactions.context import Context
from fhir_server.interactions.parameters import only
from fhir_server.interactions.write import checked, resource_of


def inputs(context: Context, request: FhirRequest, known: Mapping[str, str]) -> dict[str, Any]:
    """Give the values by name; `known` maps a name to its property, such as `valueReference`.

    Raises Invalid for a parameter that is unknown, repeated or of another type, and for a body
    that is no Parameters resource.
    """
    only(request)
    resource = checked(context, "Parameters", resource_of(request))
    given: dict[str, Any] = {}
    for place, one in enumerate(resource.get("parameter", ())):
        name, where = one.get("name", ""), f"Parameters.parameter[{place}]"
        if name not in known:
            names = ", ".join(sorted(known))
            told = f"The parameter {name[:64]!r} is not known here; known: {names}."
            raise Invalid(told, code="not-supported", expression=where)
        if name in given:
            raise Invalid(f"The parameter {name} stands twice.", expression=where)
        if known[name] not in one:
            raise Invalid(f"The parameter {name} needs a {known[name]}.", expression=where)
        given[name] = one[known[name]]
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
