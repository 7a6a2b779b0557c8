"""Composite parameters: several values of one and the same element, joined by `$`.

Each element of the index array is one item of the resource with the fields of its components,
named `a`, `b`, … by their place. https://hl7.org/fhir/R4/search.html#composite
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from fhir_server.fhir.errors import Invalid
from fhir_server.search.condition import Condition, both, either, inside
from fhir_server.search.escape import split
from fhir_server.search.place import Place
from fhir_server.spec.spec import SearchParam

Asks = Callable[[SearchParam, Sequence[str], Place], Condition]


def asked(
    sides: Mapping[str, Asks], param: SearchParam, alternatives: Sequence[str], place: Place
) -> Condition:
    """Hold where one item meets all parts of a value; each part is what its own type reads.

    A token that a parameter of the type has too is asked of that as well: indexes stand over it.
    """
    items = []
    for value in alternatives:
        parts = split(value, "$")
        if len(parts) != len(param.components) or not all(parts):
            types = "$".join(component.type for component in param.components)
            raise Invalid(f"{value[:64]!r} has to be {types}.", code="value")
        pairs = list(zip(param.components, parts, strict=True))
        conditions = [sides[one.type](one, [part], place) for one, part in pairs]
        served = [
            sides[one.type](replace(one, code=one.same), [part], place)
            for one, part in pairs
            if one.same and one.type == "token"
        ]
        items.append(both(*served, inside(f"x.{param.code}", both(*conditions))))
    return either(*items)
