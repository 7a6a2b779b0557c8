"""What a search costs: refused or warned of before, explained where asked, noted when slow.

docs/search-performance.md says what an index serves.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from fhir_server.fhir.errors import Issue, Unprocessable
from fhir_server.interactions.context import Context
from fhir_server.search import cursor
from fhir_server.search.condition import Condition, Nothing, both
from fhir_server.search.plan import Plan, code_of, described, narrowed, plan
from fhir_server.search.query import SearchQuery
from fhir_server.search.shape import shape_of
from fhir_server.store.costs import Facts


async def weighed(context: Context, query: SearchQuery, allow: Condition) -> list[Issue]:
    """Give the warning where no index serves a search of a large type, and its plan if asked for.

    Raises Unprocessable (too-costly) where the type is too large for that, and Forbidden for a
    plan the caller may not see.
    """
    if query.explain:
        context.allow("$explain", query.type)
    issues = []
    facts = await context.store.costs.facts(query.type)
    large = facts.count is None or facts.count > context.limits.scan_warning
    if query.count and large and not narrowed(both(query.condition, allow), facts.indexes):
        found = planned(query, allow, facts)
        if found.scans:
            issues.append(_warning(context, query, found, facts))
    if query.explain:
        issues += await _explained(context, query, allow, facts)
    return issues


def planned(query: SearchQuery, allow: Condition, facts: Facts) -> Plan:
    """Give the plan of a search as the caller's access narrows it."""
    condition = both(query.condition, allow)
    if isinstance(condition, Nothing):
        return Plan(bounded="_id")
    return plan(condition, query.sort, facts.indexes)


@contextmanager
def timed(context: Context, query: SearchQuery, allow: Condition) -> Iterator[None]:
    """Note the shape of the search when what is done inside takes long."""
    began = time.monotonic()
    try:
        yield
    finally:
        ms = round((time.monotonic() - began) * 1000)
        if ms >= context.limits.slow_search_ms:
            condition = both(query.condition, allow)
            context.store.costs.note(shape_of(query.type, condition, query.sort), ms)


def _warning(context: Context, query: SearchQuery, found: Plan, facts: Facts) -> Issue:
    codes = sorted({code_of(field) for field in found.compared})
    order = sorted({code_of(key.field) for key in query.sort} - {"_id"})
    by = [f"by {', '.join(codes)}"] if codes else []
    by += [f"in the order of {', '.join(order)}"] if order and not found.ordered else []
    leading = sorted({code_of(index[0][0]) for index in facts.indexes if index} - {"_references"})
    known = facts.count is not None
    size = f"about {facts.count} resources" if known else "more resources than are quickly counted"
    told = (
        f"No index serves a search of {query.type} {' '.join(by) or 'as a whole'}: {size} are "
        f"read. Narrow it by one of: {', '.join(leading)}; or add an "
        "index (`fhir-server indexes --advise`)."
    )
    if facts.count is not None and facts.count > context.limits.scan_limit:
        raise Unprocessable(told, code="too-costly")
    return Issue("too-costly", told, severity="warning")


async def _explained(
    context: Context, query: SearchQuery, allow: Condition, facts: Facts
) -> list[Issue]:
    told = described(planned(query, allow, facts), query.sort)
    if query.count:
        step = cursor.steps(query.sort, cursor.unseal(context.cursor_key, query))[0]
        told += await context.store.costs.explain(
            allow,
            query.type,
            query.condition,
            step=step,
            limit=query.count + 1,
        )
    return [Issue("informational", one, severity="information") for one in told]
