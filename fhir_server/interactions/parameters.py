"""Parameters every interaction understands, and the refusal of all others.

https://hl7.org/fhir/R4/http.html#parameters
"""

from collections.abc import Collection, Sequence

from fhir_server.fhir.errors import Invalid, Issue
from fhir_server.fhir.exchange import FhirRequest
from fhir_server.interactions.context import Context
from fhir_server.search.parse import parse
from fhir_server.search.query import SearchQuery

GENERAL = frozenset({"_format", "_pretty", "_summary", "_elements"})


def only(request: FhirRequest, *names: str) -> dict[str, str]:
    """Give the named parameters present; Invalid naming each unknown or repeated one.

    The general parameters are always allowed and are not in the answer.
    """
    if not request.parameters:
        return {}
    known: Collection[str] = {*names, *GENERAL}
    wrong = [name for name, _ in request.parameters if name not in known]
    if wrong:
        raise Invalid(issues=[_unknown(name, names) for name in wrong])
    given = dict(request.parameters)
    if len(given) != len(request.parameters):
        raise Invalid("A parameter stands twice in the URL.")
    return {name: value for name, value in given.items() if name not in GENERAL}


def selection(request: FhirRequest) -> list[tuple[str, str]]:
    """Give the parameters that select: all but the general ones."""
    return [pair for pair in request.parameters if pair[0] not in GENERAL]


def searched(
    context: Context,
    type_: str,
    given: Sequence[tuple[str, str]],
    *,
    strict: bool = True,
    together: Collection[str] = (),
) -> SearchQuery:
    """Give the search these parameters ask for; Invalid names every one at fault.

    `together`: the types that are searched at once, where it is not this one alone.
    """
    return parse(
        context.spec,
        type_,
        given,
        context.place,
        strict=strict,
        default_count=context.limits.default_count,
        max_count=context.limits.max_count,
        together=together,
    )


def _unknown(name: str, names: Collection[str]) -> Issue:
    known = ", ".join(sorted({*names, *GENERAL}))
    return Issue("not-supported", f"The parameter {name[:64]!r} is not known here; known: {known}.")
