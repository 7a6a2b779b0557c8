"""The search interaction within a compartment: one type of it, or all of them (`*`).

https://hl7.org/fhir/R4/http.html#search and https://hl7.org/fhir/R4/compartmentdefinition.html
"""

from collections.abc import Collection
from functools import partial
from textwrap import wrap

from fhir_server.fhir.errors import Issue, NotSupported
from fhir_server.fhir.exchange import FhirRequest, FhirResponse
from fhir_server.fhir.outcome import LONGEST
from fhir_server.interactions import across
from fhir_server.interactions.context import Context, Target
from fhir_server.interactions.search import answer, placed, read_query
from fhir_server.interactions.write import check_id, check_type
from fhir_server.search.compartment import about

ALL = "*"


async def search_compartment(
    context: Context, request: FhirRequest, target: Target
) -> FhirResponse:
    """Answer with a page of what is in the compartment; an empty one where nothing is.

    Nothing is said of whether its resource exists. Raises NotSupported for a compartment that is
    not defined and for a type that is never in it.
    """
    root, identity, wanted = target.type or "", target.id or "", target.compartment or ""
    check_type(context, root)
    check_id(identity)
    if root not in context.spec.compartments:
        raise _not_among(f"{root} is no compartment", context.spec.compartments)
    members = context.spec.compartment(root)
    path = f"{root}/{identity}/{wanted}"
    within = partial(about, context.spec, root, identity)
    if wanted == ALL:
        return await across.search(context, request, path, members, within)
    check_type(context, wanted)
    if wanted not in members:
        raise _not_among(f"{wanted} is never in the compartment of a {root}", members)
    allow = context.allow("search-type", wanted)
    query = placed(read_query(context, request, wanted), path, within(wanted))
    return await answer(context, query, allow)


def _not_among(told: str, known: Collection[str]) -> NotSupported:
    lines = wrap(f"{told}; known: {', '.join(sorted(known))}.", LONGEST)
    return NotSupported(issues=[Issue(NotSupported.code, line) for line in lines])
