"""The total of a search: counted within a time, or estimated.

https://hl7.org/fhir/R4/search.html#total
"""

from fhir_server.fhir.errors import Issue
from fhir_server.interactions.context import Context
from fhir_server.search.condition import Condition
from fhir_server.search.query import SearchQuery


async def total(
    context: Context, query: SearchQuery, allow: Condition, issues: list[Issue]
) -> int | None:
    """Give the number of matches where it is asked for; what is to be said of it joins `issues`.

    A count that takes too long becomes an estimate, and that is said.
    """
    if query.total == "none" and query.count > 0:
        return None
    seconds = context.limits.total_seconds
    if query.total != "estimate":
        counted = await context.store.count(
            allow, query.type, query.condition, round(seconds * 1000)
        )
        if counted is not None:
            return counted
    estimate = await context.store.costs.estimate(allow, query.type, query.condition, seconds)
    if estimate is None:
        told = "Neither counting nor estimating ended in time: the total is left out."
        issues.append(Issue("too-costly", f"{told} Narrow the search.", severity="warning"))
    elif query.total != "estimate":
        told = f"Counting takes over {seconds:g} s: the total is an estimate, from a sample."
        issues.append(Issue("too-costly", f"{told} Narrow the search.", severity="warning"))
    return estimate
