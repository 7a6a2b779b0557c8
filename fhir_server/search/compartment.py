"""A compartment as a condition: which resources of a type are in it, and when they were.

https://hl7.org/fhir/R4/compartmentdefinition.html
"""

from fhir_server.search.condition import (
    AnyOf,
    Between,
    Condition,
    Element,
    Everything,
    Not,
    Present,
    either,
)
from fhir_server.search.index import PATIENT_FIELD
from fhir_server.spec.spec import Spec

# What a CompartmentDefinition says of the type it is named after: the resource itself.
_ITSELF = "{def}"

# The parameter that says when something happened to the person: the first a type has.
DATES = (
    "authoredon", "date", "occurrence", "effective", "effective-time", "event-date", "period",
    "recorded-date", "started", "collected", "whenhandedover", "sent", "authored", "created",
    "datetime", "datewritten", "identified", "recorded", "start-date",
)  # fmt: skip


def about(spec: Spec, root: str, identity: str, type_: str) -> Condition:
    """Hold for the resources of a type in the compartment of `root`/`identity`.

    Raises KeyError for a compartment that is not defined, and a type that is in none.
    """
    if root == "Patient":
        return AnyOf(f"x.{PATIENT_FIELD}", (identity,))
    return either(
        *(
            AnyOf("_id", (identity,))
            if code == _ITSELF
            else AnyOf(f"x.{code}", (f"{root}/{identity}",))
            for code in spec.compartment(root)[type_]
        )
    )


def happened(spec: Spec, type_: str, low: int | None, high: int | None) -> Condition:
    """Hold for what touches the half-open range of µs; also for what has no date of care."""
    params = spec.search_params(type_)
    code = next((code for code in DATES if code in params), None)
    if code is None or (low is None and high is None):
        return Everything()
    parts = []
    if high is not None:
        parts.append(Between("lo", None, high, single=True))
    if low is not None:
        parts.append(Between("hi", low + 1, None, single=True))
    field = f"x.{code}"
    return either(Element(field, tuple(parts), params[code].single), Not(Present(field)))
