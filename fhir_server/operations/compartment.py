"""A patient's or an encounter's compartment, for operations: when it was, which types there are.

https://hl7.org/fhir/R4/compartmentdefinition.html
"""

from collections.abc import Collection

from fhir_server.interactions.context import Context
from fhir_server.search.condition import (
    Between,
    Condition,
    Element,
    Everything,
    Not,
    Present,
    either,
)

# The parameter that says when something happened to the person: the first a type has.
CARE_DATES = (
    "authoredon", "date", "occurrence", "effective", "effective-time", "event-date", "period",
    "recorded-date", "started", "collected", "whenhandedover", "sent", "authored", "created",
    "datetime", "datewritten", "identified", "recorded", "start-date",
)  # fmt: skip


def happened(context: Context, type_: str, low: int | None, high: int | None) -> Condition:
    """Hold for what touches the half-open range of µs; also for what has no date of care."""
    params = context.spec.search_params(type_)
    code = next((code for code in CARE_DATES if code in params), None)
    if code is None or (low is None and high is None):
        return Everything()
    parts = []
    if high is not None:
        parts.append(Between("lo", None, high, single=True))
    if low is not None:
        parts.append(Between("hi", low + 1, None, single=True))
    field = f"x.{code}"
    return either(Element(field, tuple(parts), params[code].single), Not(Present(field)))


async def types(context: Context, root: str) -> list[str]:
    """Give the types that may be in the compartment, and of which there are; the root is not."""
    there = await context.store.collections()
    return sorted(one for one in context.spec.compartment(root) if one in there and one != root)


def unknown(context: Context, wanted: Collection[str]) -> list[str]:
    """Give the names that are no resource types here."""
    return sorted(set(wanted) - context.spec.types.keys())
